"""The event's clock: the time that pages, baselines and schedules take for now."""

from __future__ import annotations


def event_now(
    clock_mode: str, clock_at: int, clock_set_at: float, clock_speed: float, wall: float
) -> int:
    """The event's time (Unix seconds) when the wall clock shows ``wall``.

    ``live`` is the wall clock itself; ``replay`` runs on from ``clock_at``, where it was set at
    ``clock_set_at``, ``clock_speed`` times as fast; ``over`` stands at ``clock_at``.
    """
    if clock_mode == "live":
        return int(wall)
    if clock_mode == "replay":
        return int(clock_at + max(0.0, wall - clock_set_at) * clock_speed)
    return clock_at

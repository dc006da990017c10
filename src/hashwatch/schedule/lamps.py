"""Where each source stands, told to the archive: one lamp a source, server and event."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hashwatch.archive.runs import PlaceState
from hashwatch.archive.store import Archive
from hashwatch.collect.source import Place
from hashwatch.collect.streaming import Standing
from hashwatch.model import Event
from hashwatch.schedule.windows import events_of

# The worst comes first: a server with three hashtags shows the one that is in trouble.
_WORST_FIRST: tuple[PlaceState, ...] = (
    "denied", "unreachable", "rate-limited", "collecting", "replaying", "finished", "outside",
    "off",
)  # fmt: skip
LampKey = tuple[str, str, str]


class Lamps:
    """Puts together what the places of one server say, event by event."""

    def __init__(self, archive: Archive, events: Sequence[Event], now: Callable[[], float]) -> None:
        self._archive, self._events, self._now = archive, tuple(events), now
        self._standings: dict[LampKey, dict[Place, Standing]] = {}
        self._said: dict[LampKey, Standing] = {}

    def tell(self, place: Place, standing: Standing, asked_for: Sequence[Event]) -> None:
        """A place was asked, or failed to be; shown for each event that it was asked for."""
        for event in events_of(place, asked_for):
            key = (place.source, place.instance, event.slug)
            standings = self._standings.setdefault(key, {})
            standings[place] = standing
            worst = min(standings.values(), key=_worst_first)
            self._show(key, worst, checked=True)

    def say(self, source: str, instance: str, event: str, state: PlaceState, detail: str) -> None:
        """Where a server stands for an event without having been asked; repeating it is free."""
        key = (source, instance, event)
        if self._said.get(key) != Standing(state, detail):
            self._standings.pop(key, None)
            self._show(key, Standing(state, detail), checked=False)

    def show(
        self, source: str, instance: str, event: str, standing: Standing, *, checked: bool
    ) -> None:
        """Where something stands that is one event's alone; ``checked`` when it was just asked."""
        self._show((source, instance, event), standing, checked=checked)

    def turn_off_others(self) -> None:
        """Lamps of sources, servers and events that nobody speaks for any more go off."""
        for key in self._archive.places():
            if key not in self._said:
                self.say(*key, "off", "not in the configuration")

    def _show(self, key: LampKey, standing: Standing, *, checked: bool) -> None:
        now = self._now()
        attempt = None if standing.next_attempt is None else int(now + standing.next_attempt)
        self._said[key] = standing
        self._archive.set_place(
            *key, standing.state, standing.detail, int(now),
            checked=checked, next_attempt_at=attempt,
        )  # fmt: skip


def _worst_first(standing: Standing) -> tuple[int, bool]:
    """Among equals the one that has something to say."""
    return _WORST_FIRST.index(standing.state), not standing.detail

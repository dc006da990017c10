"""How often somebody may try to sign in. Pure: time is given."""

from __future__ import annotations

from collections import OrderedDict, deque

WINDOW_SECONDS = 900
BY_NAME, BY_ADDRESS = 8, 40
MAX_KEPT = 10_000


class Throttle:
    """Remembers failures of the last quarter of an hour, by name and by address."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, name: str, address: str, now: float) -> int:
        """Whole seconds until another try is taken; 0 for at once."""
        return max(
            self._wait(f"name {name}", BY_NAME, now), self._wait(f"from {address}", BY_ADDRESS, now)
        )

    def failed(self, name: str, address: str, now: float) -> None:
        """Notes a try that failed."""
        for key in (f"name {name}", f"from {address}"):
            self._failures.setdefault(key, deque(maxlen=BY_ADDRESS)).append(now)
            self._failures.move_to_end(key)
        while len(self._failures) > MAX_KEPT:
            self._failures.popitem(last=False)

    def _wait(self, key: str, allowed: int, now: float) -> int:
        failures = self._failures.get(key)
        while failures and failures[0] <= now - WINDOW_SECONDS:
            failures.popleft()
        if not failures or len(failures) < allowed:
            return 0
        return int(failures[-allowed] + WINDOW_SECONDS - now) + 1

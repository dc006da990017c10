"""Trains the archive's compression dictionaries on invented payloads.

Run as ``python -m training.dictionaries``. A dictionary once shipped is never changed: archives
name it by number. A better one gets a new number in ``hashwatch.archive.payloads``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import zstandard
from bench.payloads import Payloads

from hashwatch.archive.payloads import FORMAT_NUMBERS, LEVEL

FOLDER = Path(__file__).parent.parent / "src" / "hashwatch" / "archive" / "dictionaries"
SAMPLES = 3_000
BYTES = 16_384


def train(make: Callable[[Payloads], bytes], number: int) -> bytes:
    """A dictionary from payloads by ``make``, numbered so that frames name it."""
    payloads = Payloads(seed=number)
    samples = [make(payloads) for _ in range(SAMPLES)]
    return zstandard.train_dictionary(BYTES, samples, dict_id=number, level=LEVEL).as_bytes()


MAKERS: dict[str, Callable[[Payloads], bytes]] = {
    "mastodon": Payloads.mastodon,
    "jetstream": Payloads.jetstream,
    "x1": lambda payloads: json.dumps(payloads.x1(), separators=(",", ":")).encode(),
    "x2": Payloads.x2,
}

if __name__ == "__main__":
    for name, number in FORMAT_NUMBERS.items():
        path = FOLDER / f"{number}.zdict"
        if path.exists():
            print(f"{path.name}: kept, as archives may name it")
            continue
        path.write_bytes(train(MAKERS[name], number))
        print(f"{path.name}: trained for {name}")

"""How many notes of Nostr can be taken in: read, proven by their signatures, made into posts.

In a relay's stream nearly all is wanted, since it is asked for by hashtag; what a relay sends
besides is passed over before its signature is looked at.

    PYTHONPATH=src:tests python -m bench.nostr 10000
"""

from __future__ import annotations

import json
import sys
import time

from fake_platform.nostr import Person
from hashwatch.collect.source import Query
from hashwatch.collect.sources.nostr import parse_page
from hashwatch.collect.sources.nostr.events import Verify, find_verify

AT = 1_790_000_000
ROUNDS = 5
QUERY = Query(("natsec17",), (), 0, 2 * AT, AT)


def main() -> None:
    """Each way several times, in turn; the best and the worst."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    people = [Person(f"p{number}") for number in range(50)]
    wanted = [frame(people[number % 50], number, "natsec17") for number in range(count)]
    others = [frame(people[number % 50], number, "natsec18") for number in range(count)]
    ways = {
        "wanted, each signature checked": (wanted, find_verify()),
        "wanted, unchecked": (wanted, lambda *_: True),
        "not wanted": (others, find_verify()),
    }
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, (frames, verify) in ways.items():
            rates[way].append(rate(frames, verify))
    for way, found in rates.items():
        print(f"{way}: {min(found):,.0f}–{max(found):,.0f} a CPU-second")


def frame(person: Person, number: int, hashtag: str) -> bytes:
    """A message with a note of usual length."""
    text = f"Post {number} on the oversight of it all, with a link https://a.example/{number}"
    return json.dumps(["EVENT", "n", person.note(f"{text} #{hashtag}", AT + number)]).encode()


def rate(frames: list[bytes], verify: Verify) -> float:
    """Messages a CPU-second."""
    began = time.process_time()
    parse_page(frames, "relay.example", QUERY, verify)
    return len(frames) / (time.process_time() - began)


if __name__ == "__main__":
    main()

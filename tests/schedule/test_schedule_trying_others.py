"""What trying Nostr, YouTube and Threads says: a verdict for each, and what to do about it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fake_platform import threads, youtube
from fake_platform.mastodon import Fault
from fake_platform.nostr import FakeRelay, Faults, Person
from fake_platform.threads import FakeThreads
from fake_platform.youtube import FakeYouTube
from hashwatch.config import parse_config
from hashwatch.schedule.trying import Trial, try_sources

AT = 1_790_961_600
ADA = Person("Ada")


def trying(tmp_path: Path, table: str) -> list[Trial]:
    """What is said of a source with these settings."""
    text = f"""
[[event]]
slug = "fair"
title = "Fair"
hashtags = ["NatSec17"]
timezone = "UTC"
starts = 2026-10-01
ends = 2026-10-04
{table}
"""
    return asyncio.run(try_sources(parse_config(text, tmp_path / "config.toml"), ask="all"))


def relays(tmp_path: Path, *made: FakeRelay) -> list[Trial]:
    """What is said of these relays."""

    async def run() -> list[Trial]:
        for relay in made:
            await relay.__aenter__()
        listed = ", ".join(f'"{relay.url}"' for relay in made)
        table = f"[sources.nostr]\nallow_loopback = true\nrelays = [{listed}]"
        try:
            return await asyncio.to_thread(trying, tmp_path, table)
        finally:
            for relay in made:
                await relay.__aexit__(None, None, None)

    return asyncio.run(run())


def test_relays_are_compared_with_each_other(tmp_path: Path) -> None:
    """By all that each has, however it comes."""
    notes = [ADA.note(f"{number} #natsec17", AT + number) for number in range(40)]
    big, small = relays(tmp_path, FakeRelay(notes, Faults(most=15)), FakeRelay(notes[:3]))
    assert (big.verdict, small.verdict) == ("collects", "sees too little")
    assert "fake 1.0; 40 posts" in big.answer
    assert "shows 3 of the 40" in small.answer


@pytest.mark.parametrize(
    ("faults", "verdict", "words"),
    [
        (Faults(refuse=[503]), "unreachable", "503"), (Faults(refuse=[403]), "blocked", "403"),
        (Faults(refuse=[404]), "unusable", "is no relay of Nostr"),
        (Faults(close={"notes": "auth-required: members only"}), "blocked", "members only"),
        (Faults(close={"notes": "rate-limited: later"}), "rate-limited", "later"),
        (Faults(close={"deletions": "unsupported: no"}), "collects", "deletions cannot be heard"),
    ],
)  # fmt: skip
def test_a_verdict_on_a_relay(tmp_path: Path, faults: Faults, verdict: str, words: str) -> None:
    """With the reason, in words."""
    relay = FakeRelay([ADA.note("Hello #natsec17", AT)], faults)
    (trial,) = relays(tmp_path, relay)
    assert (trial.verdict, trial.hashtag) == (verdict, "")
    assert words in trial.answer
    assert relay.fired.total() == 1


def refusal(status: int, answer: object) -> Fault:
    """An answer that refuses."""
    return Fault(status=status, body=json.dumps(answer).encode())


@pytest.mark.parametrize(
    ("fault", "verdict", "words"),
    [
        (None, "collects", "each hashtag is searched for every 16 min"),
        (refusal(*youtube.refused(403, "quotaExceeded")), "rate-limited", "searches at YouTube"),
        (refusal(*youtube.refused(403, "accessNotConfigured")), "needs a token", "switched on"),
        (Fault(status=503), "unreachable", "503"), (Fault(body=b"<html>"), "unusable", "else"),
    ],
)  # fmt: skip
def test_a_verdict_on_youtube(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault | None, verdict: str, words: str
) -> None:
    """One search is made, and nothing else."""
    monkeypatch.setenv("YOUTUBE_API_KEY", youtube.KEY)
    with FakeYouTube() as server:
        server.video("Hello #natsec17", AT)
        server.faults = [fault] if fault else []
        table = f"[sources.youtube]\ntoken_env = 'YOUTUBE_API_KEY'\naddress = '{server.address}'"
        (trial,) = trying(tmp_path, table)
        assert len(server.asked) == 1
    assert trial.verdict == verdict
    assert words in trial.answer


@pytest.mark.parametrize(
    ("arrange", "verdict", "words"),
    [
        (lambda _: None, "collects", "signed in as @ana.example; 2 posts"),
        (lambda s: setattr(s, "approved", False), "sees too little", "not approved"),
        (lambda s: setattr(s, "left", 0), "rate-limited", "number of searches"),
        (lambda s: s.faults.append(refusal(400, threads.refused(190))), "needs a token", "run out"),
        (lambda s: s.faults.append(refusal(400, threads.refused(10))), "blocked", "approved"),
        (lambda s: s.faults.append(Fault(status=503)), "unreachable", "503"),
    ],
)  # fmt: skip
def test_a_verdict_on_threads(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arrange: Callable[[FakeThreads], None],
    verdict: str,
    words: str,
) -> None:
    """An app that is not approved is shown its own user's posts, and that is said."""
    monkeypatch.setenv("THREADS_TOKEN", threads.TOKEN)
    with FakeThreads() as server:
        server.write("Mine", AT, by="ana.example")
        server.write("Another's", AT + 1)
        arrange(server)
        table = f"[sources.threads]\ntoken_env = 'THREADS_TOKEN'\naddress = '{server.address}'"
        (trial,) = trying(tmp_path, table)
    assert trial.verdict == verdict
    assert words in trial.answer

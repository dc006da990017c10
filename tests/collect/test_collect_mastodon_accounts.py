"""An event's accounts: asked where they live, read like a hashtag, a missing one is no failure."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from collect.test_collect_mastodon import AT, QUERY, Run, running
from fake_platform.mastodon import FakeMastodon, Fault
from hashwatch.collect.accounts import asked_where, local_name
from hashwatch.collect.http import Http
from hashwatch.collect.source import Place, find_source
from hashwatch.errors import BadAnswerError, DeniedError


def reading(server: FakeMastodon, account: str = "ana@social.example", runs: int = 1) -> Run:
    """So many runs of that account's place."""

    async def job(run: Run) -> None:
        run.place = Place("mastodon", server.instance, f"@{account}")
        for number in range(runs):
            await run.once(msgspec.structs.replace(QUERY, now=AT + 1_000 * (number + 1)))

    return running(server, job)


@pytest.mark.parametrize(
    ("account", "instance", "name"),
    [
        ("ana@b.example", "b.example", "ana"),
        ("ana@c.example", "a.example", "ana@c.example"),
        ("ana", None, ""),
        ("ana.c.example", None, ""),
        ("did:plc:abc", None, ""),
    ],
)
def test_an_account_is_asked_for_where_it_lives(
    account: str, instance: str | None, name: str
) -> None:
    """Else on the first server; a name alone, or another network's, nowhere."""
    asked = asked_where([account], ["a.example", "b.example"])
    assert asked == ([(instance, account)] if instance else [])
    if instance:
        assert local_name(account, instance) == name


def test_accounts_are_places_behind_the_hashtags() -> None:
    """One each, and marked as what they are."""
    module = find_source("mastodon")
    source = module.connect(module.Settings(servers=["a.example", "b.example"]), Http())
    query = msgspec.structs.replace(QUERY, accounts=("ana@b.example", "cpa_uk"))
    assert source.places(query)[2:] == (Place("mastodon", "b.example", "@ana@b.example"),)


def test_all_posts_of_the_account_arrive(mastodon: FakeMastodon) -> None:
    """With or without the hashtag, back to the window's start and forward; of others none."""
    for number in range(90):
        mastodon.post(f"{number}", AT + number, tags=("other",))
    mastodon.post("by somebody else", AT + 95, tags=("other",), author="bo")
    boosted = mastodon.post("worth repeating", AT + 96, tags=(), author="bo")
    mastodon.boost(boosted, AT + 97, author="ana")

    async def job(run: Run) -> None:
        run.place = Place("mastodon", mastodon.instance, "@ana@social.example")
        await run.once()
        mastodon.post("later", AT + 700, tags=())
        await run.once(msgspec.structs.replace(QUERY, now=AT + 710))

    run = running(mastodon, job)
    texts = [post.text for post in run.posts.values() if post.author.handle.startswith("ana@")]
    assert len(texts) == 92
    assert any(text.startswith("later") for text in texts)
    assert not any("somebody else" in post.text for post in run.posts.values())
    assert [one.kind for one in run.posts.values()].count("boost") == 1
    asked = [request.path for request in mastodon.asked]
    assert asked.count("/api/v1/accounts/lookup") == 1
    assert mastodon.asked[0].parameters == {"acct": "ana@social.example"}


def test_an_account_that_is_not_there_has_no_posts(mastodon: FakeMastodon) -> None:
    """It is looked up again at the next run: it may come."""
    mastodon.no_accounts = {"ana"}
    run = reading(mastodon, runs=2)
    assert not run.posts
    assert not run.gaps
    asked = [request.path for request in mastodon.asked]
    assert asked.count("/api/v1/accounts/lookup") == 2


def test_an_account_that_has_gone_is_looked_up_again(mastodon: FakeMastodon) -> None:
    """The server's id for it may have become another one."""
    mastodon.post("hello", AT, tags=())

    async def job(run: Run) -> None:
        run.place = Place("mastodon", mastodon.instance, "@ana@social.example")
        await run.once()
        mastodon.faults = [Fault(status=404, body=b'{"error": "Record not found"}')]
        await run.once()
        await run.once()

    run = running(mastodon, job)
    assert mastodon.fired["answer"] == 1
    assert len(run.posts) == 1
    asked = [request.path for request in mastodon.asked]
    assert asked.count("/api/v1/accounts/lookup") == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=401, body=b'{"error": "nein"}'), DeniedError),
        (Fault(status=200, body=b'["no account"]'), BadAnswerError),
        (Fault(status=200, body=b"<html>"), BadAnswerError),
    ],
)
def test_a_refused_look_up_is_the_platforms_failure(
    mastodon: FakeMastodon, fault: Fault, error: type[Exception]
) -> None:
    """It ends the run, and is said."""
    mastodon.faults = [fault]
    with pytest.raises(error):
        reading(mastodon)
    assert mastodon.fired["answer"] == 1


def test_check_names_the_account(mastodon: FakeMastodon) -> None:
    """And whether anything is there."""
    mastodon.post("hello", AT, tags=())
    said: list[str] = []

    async def job(run: Run) -> Any:
        place = Place("mastodon", mastodon.instance, "@ana@social.example")
        said.append(await run.source.check(place))

    running(mastodon, job)
    assert said[0].endswith("@ana@social.example answers with a post")

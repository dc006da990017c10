"""Who is on a roster, by handle and network."""

from __future__ import annotations

import pytest

from hashwatch.enrich.roster import Roster, network_of
from hashwatch.model import Member

ROSTER = Roster(
    (
        Member("delegates", "Ana", "mastodon", "ana@a.example"),
        Member("speakers", "Ana", "", "Ana@a.example"),
        Member("press", "The Gazette", "x", "gazette"),
        Member("press", "The Gazette", "bluesky", "gazette.example"),
    )
)


@pytest.mark.parametrize(
    ("handle", "uri", "groups"),
    [
        ("ana@a.example", "https://a.example/users/ana", ("delegates", "speakers")),
        ("ANA@A.example", "", ("delegates", "speakers")),
        ("ana@b.example", "https://b.example/users/ana", ()),
        ("ana", "https://x.com/i/user/1", ()),
        ("gazette", "https://x.com/i/user/2", ("press",)),
        ("gazette", "did:plc:abc", ()),
        ("gazette.example", "did:plc:abc", ("press",)),
        ("ana@a.example", "did:plc:abc", ("speakers",)),
    ],
)
def test_groups_are_found_by_handle_and_network(
    handle: str, uri: str, groups: tuple[str, ...]
) -> None:
    """A member without a network is one on all of them."""
    assert ROSTER.groups_of(handle, uri) == groups


def test_an_identity_tells_its_network() -> None:
    """Or nothing: then only the handle counts."""
    assert network_of("did:plc:abc") == "bluesky"
    assert network_of("https://twitter.com/i/user/1") == "x"
    assert network_of("https://a.example/users/ana") == "mastodon"
    assert network_of("csv:ana") == ""
    assert network_of("https://www.threads.com/@ana") == "threads"
    assert network_of("https://www.youtube.com/channel/UCana") == "youtube"


def test_no_roster_is_nobody() -> None:
    """It is false, so that nothing is looked up."""
    assert not Roster(())
    assert Roster(()).groups_of("ana", "") == ()

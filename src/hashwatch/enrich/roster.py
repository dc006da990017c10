"""Who is on an event's roster: delegates, speakers, press. Everybody else is the public. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from hashwatch.model import Member, fold_account

# Networks that a roster cannot name: its handles are not theirs.
_OTHERS = {
    "nostr": "nostr:",
    "threads": "https://www.threads.com/",
    "youtube": "https://www.youtube.com/",
}


class Roster:
    """Finds the groups of an author by handle and network.

    A handle is compared without ``@`` and case. A member without a network is looked for on all; a
    Mastodon handle without a server is nobody's, since each server may have its own.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self._groups: dict[str, list[tuple[str, str]]] = {}
        for member in members:
            listed = self._groups.setdefault(fold_account(member.handle), [])
            listed.append((member.network, member.group))

    def __bool__(self) -> bool:
        return bool(self._groups)

    def groups_of(self, handle: str, uri: str) -> tuple[str, ...]:
        """The groups of the author with this handle and identity, each once, in their order."""
        listed = self._groups.get(fold_account(handle))
        if not listed:
            return ()
        network = network_of(uri)
        return tuple(
            sorted({group for wanted, group in listed if not network or wanted in ("", network)})
        )


def network_of(uri: str) -> str:
    """The network that an author's identity tells of, empty where it tells of none."""
    if uri.startswith("did:"):
        return "bluesky"
    if uri.startswith(("https://x.com/", "https://twitter.com/")):
        return "x"
    for network, beginning in _OTHERS.items():
        if uri.startswith(beginning):
            return network
    return "mastodon" if "/users/" in uri or "/@" in uri else ""

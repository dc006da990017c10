"""What a server says of itself (``/api/v2/instance``), as far as it matters here. Pure."""

from __future__ import annotations

import msgspec


class Feeds(msgspec.Struct, frozen=True):
    local: str = "public"
    remote: str = "public"


class Access(msgspec.Struct, frozen=True):
    hashtag_feeds: Feeds | None = None


class Urls(msgspec.Struct, frozen=True):
    streaming: str = ""


class Configuration(msgspec.Struct, frozen=True):
    timelines_access: Access = Access()
    urls: Urls = Urls()


class Instance(msgspec.Struct, frozen=True):
    version: str = "unknown"
    configuration: Configuration = Configuration()

    def words(self) -> str:
        """Software version and who may read hashtags (``timelines_access``, since 4.5)."""
        feeds = self.configuration.timelines_access.hashtag_feeds
        access = f", hashtags: local {feeds.local}, remote {feeds.remote}" if feeds else ""
        return f"version {self.version[:40]}{access}"

    def kept_back(self, with_token: bool) -> str:
        """Which posts of hashtags are not shown, to somebody with a token or without."""
        feeds = self.configuration.timelines_access.hashtag_feeds
        if feeds is None:
            return ""
        shown = ("public", "authenticated") if with_token else ("public",)
        hidden = [
            f"{what} ({'needs a token' if access == 'authenticated' else 'switched off'})"
            for what, access in (
                ("its own people's", feeds.local),
                ("other servers'", feeds.remote),
            )
            if access not in shown
        ]
        return f"it does not show {' and '.join(hidden)} posts" if hidden else ""


def read_about(payload: bytes) -> Instance:
    """Raises a msgspec error for what is no such document."""
    return msgspec.json.decode(payload, type=Instance)

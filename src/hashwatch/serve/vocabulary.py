"""The words that tables hold and pages show, marked for translation; ``said(word)`` shows them."""

from __future__ import annotations

from hashwatch.wording import N_

TONES = (N_("positive"), N_("neutral"), N_("negative"), N_("unknown"), N_("tone unknown"))
GRAINS = (N_("minute"), N_("hour"), N_("day"))
STATES = (
    N_("collecting"), N_("ok"), N_("replaying"), N_("rate-limited"), N_("asked to wait"),
    N_("stale"),
    N_("partial"), N_("running"), N_("unreachable"), N_("denied"), N_("access refused"),
    N_("failed"),
    N_("off"), N_("outside"), N_("outside its window"), N_("finished"), N_("waiting"), N_("done"),
)  # fmt: skip
ROLES = (N_("everybody"), N_("viewer"), N_("moderator"), N_("admin"))
MEDIA = (N_("image"), N_("video"), N_("audio"), N_("gif"), N_("link"), N_("file"))
FIELDS = (N_("tone"), N_("language"), N_("theme"), N_("session"))
"""What a tag says."""

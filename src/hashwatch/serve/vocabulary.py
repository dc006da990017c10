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
CHANGES = (
    N_("imported"), N_("added"), N_("moved"), N_("renamed"), N_("changed"), N_("cancelled"),
    N_("forgotten"),
)  # fmt: skip
"""What became of a session of the programme."""
VERDICTS = (
    N_("collects"), N_("needs a token"), N_("blocked"), N_("sees too little"), N_("unusable"),
    N_("not asked"),
)  # fmt: skip
WISHES = (
    N_("asks not to be indexed or shown to strangers"), N_("does not want posts found by search"),
    N_("does not want to be discovered"), N_("says #nobot"),
)  # fmt: skip
REASONS = (
    N_("parent"), N_("phrase"), N_("similarity"), N_("slot"), N_("rule"), N_("speaker"),
)  # fmt: skip
"""Why a post was given a theme or a session."""
SNOOZES = (N_("30 minutes"), N_("2 hours"), N_("12 hours"))
ALERTS = (
    N_("Spike"), N_("Negative posts"), N_("Words"), N_("Account"), N_("Group"),
    N_("Questions waiting"), N_("Silence"), N_("Source down"), N_("Digest"),
)  # fmt: skip
GAPS = (
    N_("hashwatch was not running"), N_("the stream is down, and nothing was polled since"),
    N_("reading it would pass the budget"), N_("the server repeats its older pages"),
    N_("the server ignores min_id"), N_("the search reaches back seven days"),
    N_("the relay gives no more of one second"), N_("poll cap"),
)  # fmt: skip
"""Why nothing is known of a stretch of time; reasons that a server worded stay as they came."""
SQL = (N_("Show the SQL"), N_("Hide the SQL"))

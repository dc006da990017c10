"""Page data by hand: rich, empty, stale and hostile, in the shapes that the pages render.

Everybody in it is invented; hosts end in ``.example``.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Data = dict[str, Any]

ZONE = ZoneInfo("Europe/London")
NOW = datetime(2017, 3, 31, 9, 50, tzinfo=UTC)
BASE = "/events/natsec17"
TONES = ("positive", "neutral", "negative", "unknown")

EVENT: Data = {
    "slug": "natsec17",
    "title": "International Parliamentary Conference on National Security and Cybersecurity",
    "hashtags": ["NATSEC17", "CYBERPARL"],
    "timezone": "Europe/London",
    "place": "London",
    "starts": "2017-03-28",
    "ends": "2017-04-01",
    "days": "28 Mar – 1 Apr 2017",
    "url": "https://conference.example/natsec17",
}

THEMES = (
    ("Countering extremism", 312, 0.26, 2.4, (70, 150, 66, 26)),
    ("Security and human rights", 268, 0.22, 0.7, (52, 130, 71, 15)),
    ("Cybersecurity", 190, 0.16, 1.0, (40, 118, 20, 12)),
    ("Equality and diversity", 121, 0.1, 1.6, (61, 44, 9, 7)),
    ("Partnerships", 96, 0.08, 0.4, (22, 60, 8, 6)),
    ("Oversight of the private sector", 41, 0.03, None, (6, 22, 12, 1)),
    ("Threats, strategies and legislation", 0, 0.0, None, (0, 0, 0, 0)),
)

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> “><svg onload=alert(3)>"

# (name, handle, language, text, tone, kind)
WRITTEN = (
    ("Amina Dlamini-Okonkwo", "amina@parl.example", "en",
     "Strong panel this morning. The point about scrutiny before, not after, is the one I take home. "
     "#NATSEC17", "positive"),
    ("Tómas Við", "tomas.vid@social.example", "en",
     "Can the panel say who pays for this oversight, and who reads the reports? #NATSEC17", "neutral"),
    ("ليلى منصور", "layla@mina.example", "ar",
     "جلسة مهمة عن مكافحة التطرف وتماسك المجتمع، لكن لم نسمع صوت الشباب بعد. #NATSEC17", None),
    ("Bénédicte Laurens-Maréchal", "bl@assemblee.example", "fr",
     "Trop de généralités ce matin ; on attend des engagements chiffrés. #NATSEC17", "negative"),
    ("João Pestana", "jpestana@camara.example", "pt",
     "Boa pergunta da plateia sobre a fiscalização das empresas privadas de segurança. #NATSEC17", None),
    ("Käthe Schwarzenbach", "kaethe@bund.example", "de",
     "Gute Debatte über Bürgerrechte und Überwachung – mehr davon, bitte. #NATSEC17", "positive"),
    ("Inés Quiroga", "ines@cortes.example", "es",
     "¿Dónde están las mujeres en la mesa? Una mesa sobre igualdad con cinco hombres. #NATSEC17",
     "negative"),
    ("markup tester", "m@hostile.example", "en", HOSTILE + " #NATSEC17", None),
    ("Rev. Dr. Bartholomew Featherstonehaugh-Cholmondeley of Upper Slaughter",
     "averyveryverylonghandlewithoutanybreaks@an-extremely-long-subdomain.of.a.host.example", "en",
     "Supercalifragilisticexpialidocioussecuritycyberparliamentarianoversightcommitteehearingtranscript"
     "s https://documents.example/very/long/path/that/never/ends/and/goes/on/report-2017-final-v3.pdf",
     "neutral"),
    ("ok", "o@x.example", "und", "👏👏👏", None),
    ("Press desk", "press@conference.example", "en",
     "Next on stage: Countering Extremism and Community Cohesion. Room change: the session moves to the "
     "Attlee Suite; doors open five minutes early. Interpreters in French and Arabic.", "neutral"),
    ("Miriam Oyelaran", "miriam@ngo.example", "en",
     "Surveillance powers without a sunset clause are not a compromise, they are a surrender. #CYBERPARL",
     "negative"),
)


def local(at: datetime) -> str:
    """31 Mar 10:45, in the event's zone."""
    there = at.astimezone(ZONE)
    return f"{there.day} {there:%b %H:%M}"


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def escape(text: str) -> str:
    for raw, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(raw, safe)
    return text


def markup(text: str) -> str:
    """What the server's escaping leaves of a text: hashtags and links, everything else as text."""
    words = []
    for word in escape(text).split(" "):
        if word.startswith("#"):
            words.append(f'<a href="{BASE}/posts?hashtag={word[1:].lower()}">{word}</a>')
        elif word.startswith("https://"):
            words.append(f'<a href="{word}" rel="noopener noreferrer nofollow ugc">{word[8:]}</a>')
        else:
            words.append(word)
    return "<p>" + " ".join(words) + "</p>"


def shell(**changes: Any) -> Data:
    return {
        "event": dict(EVENT),
        "clock": {"mode": "replay", "now": iso(NOW), "local": "31 Mar 10:50", "speed": 60},
        "age_seconds": 8,
        "invented": True,
        "events": [
            {"slug": "natsec17", "title": EVENT["title"], "href": BASE},
            {"slug": "ipu137", "title": "Panel on cyber warfare, 137th IPU Assembly",
             "href": "/events/ipu137"},
        ],
        "sources": sources(),
        "version": 41,
    } | changes


def sources() -> list[Data]:
    rows = (
        ("replay", "replay", "replaying", "", 3),
        ("mastodon", "mastodon.example", "rate-limited", "asked to wait until 10:54", 40),
        ("mastodon", "a-rather-long-server-name.example", "unreachable", "no answer in 20 s", 310),
        ("bluesky", "jetstream.example", "outside", "the window ended on 29 April 2017", 7200),
    )
    return [
        {"source": source, "instance": instance, "state": state, "detail": detail,
         "checked_at": iso(NOW - timedelta(seconds=age)), "age_seconds": age, "next_attempt_at": None}
        for source, instance, state, detail, age in rows
    ]


def post(n: int, **changes: Any) -> Data:
    name, handle, language, text, tone = WRITTEN[n % len(WRITTEN)]
    at = NOW - timedelta(seconds=40 + n * 97)
    return {
        "id": 1_500_000_000_000_000 - n, "href": f"{BASE}/posts/{1_500_000_000_000_000 - n}",
        "url": f"https://social.example/@{handle.split('@')[0]}/{n}", "source": "replay",
        "instance": "replay",
        "author": {"id": n, "handle": handle, "name": name, "url": "https://social.example/@a",
                   "bot": n % 12 == 10, "href": f"{BASE}/posts?author={n}"},
        "created_at": iso(at), "local": local(at), "text": text, "language": language,
        "sentiment": tone, "polarity": None if tone is None else 0.2, "confidence": 0.7,
        "kind": "reply" if n % 12 == 1 else "post",
        "boosts": (n * 7) % 23, "likes": (n * 5) % 41, "replies": n % 4, "quotes": n % 3,
        "themes": [{"name": THEMES[n % 6][0], "href": f"{BASE}/posts?theme=x"}] if n % 3 else [],
        "session": {"code": "d4-2", "title": "Countering Extremism and Community Cohesion",
                    "href": f"{BASE}/sessions/d4-2"} if n % 2 else None,
        "content_warning": "strong words" if n % 12 == 11 else None, "sensitive": n % 12 == 11,
        "media": [{"kind": "image", "url": "https://social.example/m/1.png",
                   "alt": "Five people behind a long table, seen from the back row"}]
        if n % 12 == 6 else [],
        "poll": ["Yes, by law", "Yes, by custom", "No"] if n % 12 == 1 else [], "edited": n % 12 == 3,
        "invented": True, "folded": (n * 7) % 23 if n % 4 == 0 else 0,
        "parent": {"id": 1, "href": f"{BASE}/posts/1", "author": "Amina Dlamini-Okonkwo"}
        if n % 12 == 1 else None,
        "markup": markup(text),
    } | changes


def series(grain: str = "hour", **changes: Any) -> Data:
    seconds = {"minute": 60, "hour": 3600, "day": 86400}[grain]
    start = {"minute": datetime(2017, 3, 31, 8, 0, tzinfo=UTC),
             "hour": datetime(2017, 3, 29, 5, 0, tzinfo=UTC),
             "day": datetime(2017, 3, 27, 23, 0, tzinfo=UTC)}[grain]
    count = {"minute": 120, "hour": 56, "day": 5}[grain]
    dice = random.Random(11)
    points = []
    for i in range(count):
        at = start + timedelta(seconds=seconds * i)
        hour = at.astimezone(ZONE).hour
        busy = 1.0 if 9 <= hour < 18 else (0.35 if 7 <= hour < 22 else 0.04)
        size = int(dice.gammavariate(2, 26 if grain == "hour" else 2.2) * busy) * (1 if at < NOW else 0)
        if grain == "hour" and i == 31:
            size = 214
        boosts = int(size * 0.45)
        rest = size - boosts
        positive, negative, unknown = int(rest * 0.28), int(rest * 0.2), int(rest * 0.1)
        points.append({
            "bucket": int(at.timestamp()), "local": local(at), "posts": size, "boosts": boosts,
            "positive": positive, "neutral": rest - positive - negative - unknown,
            "negative": negative, "unknown": unknown,
            "href": f"{BASE}/posts?from={at.astimezone(ZONE):%Y-%m-%dT%H:%M}",
        })
    top = max(points, key=lambda p: p["posts"])
    base = int(start.timestamp())
    day = int(datetime(2017, 3, 31, 8, 0, tzinfo=UTC).timestamp())
    sessions = [
        (d, t, day + a * 60, day + b * 60)
        for d, t, a, b in (
            ("d4-1", "National Security vs Human Rights", 60, 100),
            ("d4-2", "Countering Extremism and Community Cohesion", 105, 165),
            ("d4-5", "Breakout: threats, strategies and legislation", 110, 160),
        )
    ]
    return {
        "grain": grain, "from": iso(start), "to": iso(start + timedelta(seconds=seconds * count)),
        "seconds": seconds,
        "points": points,
        "gaps": [{"from": base + seconds * 9, "to": base + seconds * 12, "source": "mastodon",
                  "instance": "mastodon.example", "reason": "the server did not answer",
                  "local": "29 Mar 15:00–18:00"}],
        "sessions": [{"code": c, "title": t, "from": a, "to": b, "href": f"{BASE}/sessions/{c}"}
                     for c, t, a, b in sessions],
        "summary": "3,120 posts in 56 hours, most on 30 March between 13:00 and 14:00 (214).",
        "peak": {"bucket": top["bucket"], "posts": top["posts"], "local": top["local"],
                 "href": top["href"]},
        "grains": [{"key": g, "label": g, "href": f"{BASE}?grain={g}", "selected": g == grain}
                   for g in ("minute", "hour", "day")],
        "whole": None, "now": int(NOW.timestamp()),
        "from_local": "2017-03-29T06:00", "to_local": "2017-03-31T14:00",
    } | changes


def tone(n: int = 88, unknown: int = 6, window: str = "last hour") -> Data:
    parts = {"positive": (27, 0.31, 0.06), "neutral": (46, 0.52, 0.1), "negative": (15, 0.17, 0.05)}
    if not n:
        parts = dict.fromkeys(parts, (0, None, None))
    return {"n": n, "unknown": unknown, "window": window} | {
        name: {"posts": posts, "share": share, "margin": margin,
               "href": f"{BASE}/posts?sentiment={name}"}
        for name, (posts, share, margin) in parts.items()
    }


def theme_rows() -> list[Data]:
    return [
        {"name": name, "href": f"{BASE}/posts?theme={i}", "posts": posts, "share": share,
         "change": change, "tone": dict(zip(TONES, counts, strict=True)),
         "terms": ["radicalisation", "extremism", "community cohesion", "extrémisme", "تطرف"][: i + 2],
         "points": [{"bucket": h, "local": f"30 Mar {h % 24:02}:00", "href": BASE,
                     "posts": (h * (i + 3)) % 17 * posts // 200} for h in range(60)]}
        for i, (name, posts, share, change, counts) in enumerate(THEMES)
    ]


def session_rows(timed: bool = True) -> list[Data]:
    rows = (
        ("d4-1", "National Security vs Human Rights", "10:00–10:40", "Committee Room 14", 268, "past"),
        ("d4-2", "Countering Extremism and Community Cohesion", "10:45–11:45", "Attlee Suite", 312, "now"),
        ("d4-3", "Equality and Diversity in Security", "12:00–12:50", "Attlee Suite", 121, "next"),
        ("d4-4", "Building International and Regional Partnerships and Agreements", "14:00–15:00",
         "Attlee Suite", 96, "later"),
        ("d4-5", "Breakout: threats, strategies and legislation", "15:15–16:00", "Rooms 9 and 10", 12,
         "later"),
        ("d4-6", "Partnering and Oversight of the Private Sector", "16:10–17:00", "Attlee Suite", 0,
         "later"),
    )
    return [
        {"code": code, "title": title, "date": "2017-03-31", "starts_at": None, "ends_at": None,
         "local": times if timed else "", "room": room if timed else "", "track": "",
         "theme": THEMES[i][0], "speakers": ["Hon. Amina Dlamini-Okonkwo", "Dr Tómas Við"],
         "posts": posts, "tone": dict(zip(TONES, THEMES[i][4], strict=True)),
         "href": f"{BASE}/sessions/{code}", "state": state if timed else "open"}
        for i, (code, title, times, room, posts, state) in enumerate(rows)
    ]


def rank(key: str, *names: tuple[str, int]) -> list[Data]:
    return [{key: name, "name": name, "posts": posts, "share": 0.1, "url": "https://a.example/",
             "href": f"{BASE}/posts?x={i}"} for i, (name, posts) in enumerate(names)]


def overview(**changes: Any) -> Data:
    href = f"{BASE}/posts?from=2017-03-31T10:20"
    return shell() | {
        "sentence": [
            {"text": "42 posts", "href": href}, {"text": " in the last 30 minutes, ", "href": None},
            {"text": "twice the usual", "href": href}, {"text": "; mostly about ", "href": None},
            {"text": "Countering extremism", "href": href}, {"text": ", on stage now; ", "href": None},
            {"text": "3 questions", "href": f"{BASE}?tab=questions"}, {"text": " wait.", "href": None},
        ],
        "now": {
            "last_5": {"posts": 9, "baseline": 4.3, "ratio": 2.1, "href": href},
            "last_30": {"posts": 42, "baseline": 21.0, "ratio": 2.0, "href": href},
            "total": {"posts": 3120, "boosts": 1404, "authors": 388, "href": f"{BASE}/posts"},
        },
        "stage": {"current": session_rows()[1:2], "next": session_rows()[2:4],
                  "day_label": "Friday 31 March"},
        "tone": tone(), "series": series(), "themes": theme_rows(), "sessions": session_rows(),
        "hashtags": rank("shown", ("#NATSEC17", 2804), ("#CYBERPARL", 911), ("#HumanRights", 204),
                         ("#ParliamentaryOversightOfSecurityServices", 61), ("#extremism", 40)),
        "authors": rank("name", ("Amina Dlamini-Okonkwo", 88), ("Press desk", 74), ("ليلى منصور", 31),
                        ("Bénédicte Laurens-Maréchal", 22), ("ok", 12)),
        "links": rank("host", ("documents.example", 120), ("parl.example", 64), ("press.example", 9)),
        "languages": rank("name", ("English", 2410), ("French", 311), ("Arabic", 140),
                          ("Portuguese", 96), ("not recognised", 44)),
        "tab": "latest",
        "tabs": [{"key": k, "label": k.capitalize(), "href": f"{BASE}?tab={k}", "count": c}
                 for k, c in (("latest", None), ("top", None), ("questions", 3), ("negative", 204))],
        "posts": [post(n) for n in range(12)],
    } | changes


def empty_overview() -> Data:
    zero = {"posts": 0, "baseline": 0, "ratio": None, "href": f"{BASE}/posts"}
    nothing = series() | {"points": [], "gaps": [], "sessions": [], "peak": None,
                          "summary": "No posts so far."}
    clock = {"mode": "live", "now": iso(NOW), "local": "31 Mar 10:50", "speed": 1}
    return overview(
        sentence=[{"text": "No posts yet; four sources are being asked.", "href": None}],
        now={"last_5": zero, "last_30": zero, "total": zero | {"boosts": 0, "authors": 0}},
        stage={"current": [], "next": [], "day_label": ""}, tone=tone(0, 0), series=nothing, themes=[],
        sessions=[], hashtags=[], authors=[], links=[], languages=[], posts=[], sources=[],
        invented=False, clock=clock, age_seconds=2,
    )


def stale_overview() -> Data:
    clock = {"mode": "live", "now": iso(NOW), "local": "31 Mar 10:50", "speed": 1}
    return overview(age_seconds=1260, clock=clock, invented=False, sessions=session_rows(False),
                    stage={"current": [], "next": [], "day_label": "Friday 31 March"},
                    series=series("minute"))


def posts(**changes: Any) -> Data:
    def options(key: str, *pairs: tuple[str, str, int | None]) -> list[Data]:
        return [{"value": v, "label": label, "count": c, "href": f"{BASE}/posts?{key}={v}",
                 "selected": v == "en"} for v, label, c in pairs]
    none: list[Data] = []
    filters = (
        ("q", "Words", none),
        ("theme", "Theme", options("theme", *((n, n, c) for n, c, *_ in THEMES))),
        ("session", "Session", options("session", *((r["code"], r["title"], r["posts"])
                                                    for r in session_rows()))),
        ("sentiment", "Tone", options("sentiment", ("positive", "positive", 311),
                                      ("neutral", "neutral", 820), ("negative", "negative", 204),
                                      ("unknown", "unknown", 130))),
        ("language", "Language", options("language", ("en", "English", 2410), ("fr", "French", 311),
                                         ("ar", "Arabic", 140))),
        ("source", "Source", options("source", ("mastodon", "Mastodon", 1900),
                                     ("bluesky", "Bluesky", 1220))),
        ("author", "Author", none), ("hashtag", "Hashtag", none),
        ("kind", "Kind", options("kind", ("post", "posts", None), ("reply", "replies", None))),
        ("media", "Media", options("media", ("yes", "with media", None))),
        ("link", "Links", options("link", ("yes", "with a link", None))),
        ("from", "From", none), ("to", "To", none),
    )
    return shell() | {
        "query": {"q": "oversight OR scrutiny", "language": "en"},
        "filters": [{"key": k, "label": label, "options": o, "value": "",
                     "kind": "select" if o else "datetime" if k in ("from", "to") else "text"}
                    for k, label, o in filters],
        "chips": [{"label": "oversight OR scrutiny", "href_without": f"{BASE}/posts?language=en"},
                  {"label": "Language: English", "href_without": f"{BASE}/posts?q=oversight"}],
        "total": 1204, "total_is_exact": True, "posts": [post(n) for n in range(12)],
        "next": f"{BASE}/posts?after=2",
        "exports": {"csv": f"{BASE}/posts.csv", "jsonl": f"{BASE}/posts.jsonl"},
        "sorts": [{"key": "newest", "label": "Newest", "href": f"{BASE}/posts", "selected": True},
                  {"key": "engaged", "label": "Most engaged", "href": f"{BASE}/posts?sort=engaged",
                   "selected": False}],
    } | changes


def one_post(n: int = 0) -> Data:
    at = iso(NOW)
    return shell() | {
        "post": post(n, themes=[{"name": THEMES[0][0], "href": BASE}]),
        "tags": {
            "language": {"value": "en", "source": "the platform"},
            "sentiment": {"label": "positive", "polarity": 0.43, "confidence": 0.81,
                          "annotator": "textblob", "version": "0.20.1",
                          "drivers": [{"start": 0, "end": 6, "text": "Strong", "weight": 0.43}]},
            "themes": [{"name": THEMES[0][0], "confidence": 0.9,
                        "reasons": [{"kind": "phrase", "text": "scrutiny"}]}],
            "session": {"code": "d4-2", "title": "Countering Extremism and Community Cohesion",
                        "href": f"{BASE}/sessions/d4-2", "confidence": 0.7,
                        "reasons": [{"kind": "slot", "text": "10:45–11:45"}]},
        },
        "engagement": [{"seen_at": at, "local": f"31 Mar 10:{10 + i}", "boosts": i * 4, "likes": i * 9,
                        "replies": i, "quotes": None} for i in range(5)],
        "sightings": [{"instance": "mastodon.example", "seen_at": at, "local": "31 Mar 10:12"},
                      {"instance": "fosstodon.example", "seen_at": at, "local": "31 Mar 10:14"}],
        "boosts": [{"author": post(i)["author"], "local": "31 Mar 10:20"} for i in range(2, 7)],
        "replies": [post(1), post(4)], "original_url": "https://social.example/@amina/1",
    }


def heat_hours(days: int = 3) -> list[Data]:
    start = datetime(2017, 3, 29, 7, 0, tzinfo=UTC)
    return [{"bucket": int((start + timedelta(days=d, hours=h)).timestamp()),
             "local": local(start + timedelta(days=d, hours=h))}
            for d in range(days) for h in range(12)]


def sessions() -> Data:
    dice = random.Random(3)
    hours = heat_hours()
    rows = [{"code": r["code"], "title": r["title"], "href": r["href"],
             "cells": [None if i > 28 else {"posts": int(dice.paretovariate(0.7)) % 60 if i % 5 else 0,
                                            "href": BASE} for i in range(len(hours))]}
            for r in session_rows()]
    cybersecurity = session_rows(False)[0] | {"code": "d5-1", "title": "Cybersecurity", "posts": 44}
    return shell() | {
        "days": [{"date": "2017-03-31", "label": "Friday 31 March", "sessions": session_rows()},
                 {"date": "2017-04-01", "label": "Saturday 1 April", "sessions": [cybersecurity]}],
        "heat": {"hours": hours, "rows": rows, "max": 59},
    }


def session() -> Data:
    return shell() | {
        "session": session_rows()[1] | {
            "abstract": "What elected representatives can do to bring communities together and to answer "
            "the stories that violent extremism tells."},
        "tone": tone(window="whole event"), "series": series("minute"),
        "themes": theme_rows()[:3], "posts": [post(n) for n in range(6)], "next": f"{BASE}/posts?x=1",
    }


def themes() -> Data:
    dice = random.Random(5)

    def cell() -> Data:
        a, b, c, d = (dice.randrange(0, 30) for _ in range(4))
        return {"posts": a + b + c + d, "positive": a, "neutral": b, "negative": c, "unknown": d,
                "href": BASE}
    columns = [{"key": f"2017-03-{d}", "local": f"{d} Mar"} for d in range(28, 32)]
    rows = [{"name": r["name"], "href": r["href"], "cells": [None, *(cell() for _ in range(3))]}
            for r in theme_rows()]
    return shell() | {"themes": theme_rows(), "grain": "day",
                      "heat": {"columns": columns, "rows": rows, "max": 116}}


def coverage() -> Data:
    hours = heat_hours()
    rows = []
    for k, place in enumerate(sources()):
        cells = []
        for i in range(len(hours)):
            state = "outside" if k == 3 else ("gap" if (i + k) % 13 == 4 else
                                              ("failed" if (i + k) % 17 == 6 else
                                               ("none" if i > 30 else "ok")))
            cells.append({"posts": (i * 37) % 1700, "runs": 4, "failed": 0, "gap": state == "gap",
                          "state": state, "href": BASE})
        rows.append({"source": place["source"], "instance": place["instance"], "cells": cells})
    states = ("ok", "ok", "partial", "ok", "failed", "skipped")
    return shell() | {
        "summary": "Three of four sources answered within the last hour; two gaps are open.",
        "places": [p | {"runs": 212, "failed": 3, "received": 9120, "new": 3120, "rejected": 2,
                        "checked_local": "31 Mar 10:49"} for p in sources()],
        "hours": hours, "rows": rows,
        "gaps": [{"source": "mastodon", "instance": "mastodon.example", "hashtag": "NATSEC17",
                  "from": iso(NOW), "to": None, "local": "29 Mar 15:00–18:00",
                  "reason": "the server did not answer", "filled": f}
                 for f in (None, "29 Mar 18:20")],
        "runs": [{"id": i, "source": "mastodon", "instance": "mastodon.example", "hashtag": "NATSEC17",
                  "started_at": iso(NOW), "local": f"31 Mar 10:{48 - i}", "seconds": 1.2,
                  "state": states[i % 6], "pages": 2, "received": 40, "new": 12, "changed": 3,
                  "rejected": 0, "reason": "no answer in 20 s" if i % 6 == 4 else ""}
                 for i in range(14)],
        "rejects": 2,
    }


def events() -> Data:
    card = {"posts": 3120, "boosts": 1404, "invented": True,
            "description": "Members of parliament and experts on how far a state may go to keep people "
            "safe, and who watches it."}
    return {"built_at": iso(NOW), "age_seconds": 8, "events": [
        EVENT | card | {"href": BASE, "clock": shell()["clock"]},
        EVENT | card | {
            "slug": "ipu137", "title": "Panel on cyber warfare, 137th IPU Assembly",
            "href": "/events/ipu137", "hashtags": ["IPU137"], "place": "St. Petersburg",
            "days": "14 Oct – 18 Oct 2017", "posts": 0, "boosts": 0, "description": "",
            "clock": {"mode": "over", "local": "18 Oct 2017", "now": iso(NOW), "speed": 0}},
    ]}

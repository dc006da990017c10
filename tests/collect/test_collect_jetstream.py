"""Jetstream's events: what is picked out of them, and what they become."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_platform.jetstream import (
    account_event,
    as_second_version,
    delete_event,
    identity_event,
    post_event,
)
from hashwatch.collect.jetstream import (
    Event,
    Handles,
    Wanted,
    microseconds,
    parse_event,
    read_event,
)
from hashwatch.collect.sources.bluesky import parse_page
from hashwatch.model import Page, Post, Reject, Tombstone, fold_hashtag

RECORDED = Path(__file__).parents[2].parent / "shared" / "recorded" / "bluesky"
NOON = 1_490_961_600_000_000
HASHTAG = "app.bsky.richtext.facet#tag"
MENTION = "app.bsky.richtext.facet#mention"


def wanted(*hashtags: str, accounts: tuple[str, ...] = ()) -> Wanted:
    return Wanted([fold_hashtag(tag) for tag in hashtags], accounts)


def page(*frames: bytes, want: Wanted | None = None, handles: Handles | None = None) -> Page:
    """What is wanted of the frames, the same from both versions."""
    first = parse_page(frames, want or wanted("natsec17"), handles or Handles())
    wrapped = [as_second_version(frame, n) for n, frame in enumerate(frames)]
    second = parse_page(wrapped, want or wanted("natsec17"), handles or Handles())
    assert [msgspec.structs.replace(p, raw=b"") for p in first.posts] == [
        msgspec.structs.replace(p, raw=b"") for p in second.posts
    ]
    assert (first.tombstones, first.cursor) == (second.tombstones, second.cursor)
    return first


def facet(text: str, part: str, **feature: str) -> dict[str, object]:
    """A facet over ``part`` of ``text``, in bytes."""
    start = text.encode().index(part.encode())
    return {
        "index": {"byteStart": start, "byteEnd": start + len(part.encode())},
        "features": [feature],
    }


def test_a_post_carries_what_its_record_says() -> None:
    """Text, facets, hidden tags, reply, embeds, languages and labels arrive in the post."""
    text = "🎉 Read this, @bo.sky.example: parl.example/ag… #NatSec17"
    frame = post_event(
        1,
        text,
        time_us=NOON,
        createdAt="2017-03-31T06:59:00-05:00",
        langs=["pt"],
        tags=["CyberParl", "natsec17"],
        facets=[
            facet(text, "@bo.sky.example", did="did:plc:inventedbo", **{"$type": MENTION}),
            facet(text, "parl.example/ag…", uri="https://parl.example/agenda"),
            facet(text, "#NatSec17", tag="NatSec17", **{"$type": HASHTAG}),
        ],
        reply={"parent": {"uri": "at://did:plc:x/app.bsky.feed.post/3kparent", "cid": "b"}},
        embed={
            "$type": "app.bsky.embed.recordWithMedia",
            "record": {"record": {"uri": "at://did:plc:y/app.bsky.feed.post/3kquoted"}},
            "media": {
                "images": [{"alt": "Uma sala", "image": {"ref": {"$link": "bafyimage"}}}],
                "external": {"uri": "https://news.example/1", "title": "t"},
            },
        },
        labels={"values": [{"val": "graphic-media"}, {"val": "!no-unauthenticated"}]},
    )
    (post,) = page(frame).posts
    assert post.uri == "at://did:plc:inventedada/app.bsky.feed.post/3k00000000001"
    assert post.url == "https://bsky.app/profile/did:plc:inventedada/post/3k00000000001"
    assert (post.source, post.raw_format, post.raw) == ("bluesky", "jetstream", frame)
    assert post.author.uri == post.author.handle == "did:plc:inventedada"
    assert post.created_at == NOON // 10**6 - 60
    assert (post.text, post.language) == (text, "pt")
    assert post.hashtags == ("NatSec17", "CyberParl")
    assert post.mentions == ("bo.sky.example",)
    assert post.links == ("https://parl.example/agenda", "https://news.example/1")
    assert post.kind == "reply"
    assert post.reply_to == "at://did:plc:x/app.bsky.feed.post/3kparent"
    assert post.quote_of == "at://did:plc:y/app.bsky.feed.post/3kquoted"
    assert [(m.kind, m.alt) for m in post.media] == [("image", "Uma sala")]
    assert post.media[0].url is not None
    assert "bafyimage" in post.media[0].url
    assert post.labels == ("graphic-media", "!no-unauthenticated")
    assert (post.content_warning, post.sensitive) == ("graphic-media", True)


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("#NATSEC17", {}),
        ("#nätsec17 with an accent", {}),
        ("＃ＮＡＴＳＥＣ１７", {}),
        ("hidden", {"tags": ["NatSec17"]}),
        ("facet", {"facets": [{"index": {"byteStart": 0, "byteEnd": 5},
                               "features": [{"tag": "natsec17"}]}]}),
        ("hello @bo.sky.example", {}),
        ("hello", {"facets": [{"index": {"byteStart": -5, "byteEnd": 10**9},
                               "features": [{"did": "did:plc:inventedcy"}]}]}),
    ],
)  # fmt: skip
def test_what_is_wanted_is_found(text: str, record: dict[str, object]) -> None:
    """A hashtag in the text, a facet or hidden, a mention by handle or by DID: each is enough."""
    want = wanted("natsec17", accounts=("@Bo.sky.example", "did:plc:inventedcy"))
    assert len(page(post_event(1, text, time_us=NOON, **record), want=want).posts) == 1


@pytest.mark.parametrize("text", ["natsec17 without the sign", "#natsec2017", "#xnatsec17", ""])
def test_what_is_not_wanted_is_left(text: str) -> None:
    """A word, a longer hashtag, another text: not wanted, and not rejected."""
    found = page(post_event(1, text, time_us=NOON))
    assert (found.posts, found.rejects) == ((), ())


def test_the_posts_of_a_wanted_account_are_found_once_its_handle_is_known() -> None:
    """An identity event tells whose the handle is; from then on its posts are wanted."""
    want = wanted(accounts=("cpa.sky.example",))
    frames = [
        post_event(1, "before", time_us=NOON),
        identity_event("cpa.sky.example", time_us=NOON + 1),
        post_event(2, "after", time_us=NOON + 2),
        post_event(3, "other", time_us=NOON + 3, did="did:plc:inventedbo"),
    ]
    found = parse_page(frames, want, Handles())
    assert [post.text for post in found.posts] == ["after"]
    assert found.posts[0].author.handle == "cpa.sky.example"


def test_handles_are_bounded() -> None:
    """The map of handles forgets the oldest, and does not keep an invalid one."""
    handles = Handles(most=2)
    for name in ("a", "b", "c"):
        handles.learn(f"did:plc:{name}", f"{name}.example")
    handles.learn("did:plc:c", "handle.invalid")
    assert [handles.of(f"did:plc:{name}") for name in "abc"] == [
        "did:plc:a", "b.example", "did:plc:c",
    ]  # fmt: skip


def test_deletions_become_tombstones() -> None:
    """A deleted post, a deleted and a taken-down account; a deactivated one may come back."""
    found = page(
        delete_event(7, time_us=NOON),
        account_event("deleted", time_us=NOON + 10**6),
        account_event("takendown", time_us=NOON + 10**6, did="did:plc:inventedbo"),
        account_event("deactivated", time_us=NOON, did="did:plc:inventedcy"),
        account_event(None, time_us=NOON, did="did:plc:inventedcy"),
    )
    second = NOON // 10**6
    assert [(t.uri, t.author_uri, t.at) for t in found.tombstones] == [
        ("at://did:plc:inventedada/app.bsky.feed.post/3k00000000007", None, second),
        (None, "did:plc:inventedada", second + 1),
        (None, "did:plc:inventedbo", second + 1),
    ]


def test_deletions_of_other_records_are_left() -> None:
    """Deleting a like or a follow is none of our business."""
    frame = delete_event(7, time_us=NOON).replace(b"app.bsky.feed.post", b"app.bsky.feed.like")
    assert page(frame).tombstones == ()


def test_an_update_is_an_edit() -> None:
    """An updated post says when it was edited."""
    frame = post_event(1, "#natsec17", time_us=NOON).replace(b'"create"', b'"update"')
    (post,) = page(frame).posts
    assert post.edited_at == NOON // 10**6


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [
        ("2017-03-31T11:00:00Z", NOON // 10**6 - 3600),
        ("2099-01-01T00:00:00Z", NOON // 10**6),
        ("yesterday", NOON // 10**6),
        ("2017-03-31T11:00:00", NOON // 10**6),
        ("0001-01-01T00:00:00Z", NOON // 10**6),
    ],
)
def test_the_earlier_of_claimed_and_seen_counts(claimed: str, expected: int) -> None:
    """A claimed time that lies ahead, before 1970 or cannot be read gives way to the stream's."""
    (post,) = page(post_event(1, "#natsec17", time_us=NOON, createdAt=claimed)).posts
    assert post.created_at == expected


def test_several_languages_are_none() -> None:
    """A post that declares two languages leaves the choice to the detector."""
    frame = post_event(1, "#natsec17", time_us=NOON, langs=["es", "en"])
    assert page(frame).posts[0].language is None


@pytest.mark.parametrize(
    ("change", "rejected"),
    [
        ((b'"text":"#natsec17"', b'"text":["#natsec17"]'), 1),
        ((b'"text":"#natsec17"', b'"text":17'), 0),
        ((b'"langs":["en"]', b'"langs":7'), 1),
        ((b'"kind":"commit"', b'"kind":{}'), 1),
        ((b'"time_us":1', b'"time_us":-1'), 1),
        ((b'"time_us":1', b'"time_us":99999999999999999999'), 1),
        ((b'"commit":{', b'"commit":[{'), 1),
    ],
)
def test_an_unreadable_event_is_rejected_alone(change: tuple[bytes, bytes], rejected: int) -> None:
    """A retyped field costs that one event, kept as it came if it is ours; the rest goes on."""
    broken = post_event(1, "#natsec17", time_us=NOON, langs=["en"]).replace(*change)
    fine = post_event(2, "#natsec17", time_us=NOON)
    found = parse_page([broken, fine], wanted("natsec17"), Handles())
    assert len(found.posts) == 1
    assert len(found.rejects) == rejected
    assert all(reject.raw == broken[:2000] and reject.reason for reject in found.rejects)


def test_an_event_cut_anywhere_never_breaks_the_page() -> None:
    """Cut at every byte, an event is rejected or left, and the next one is read."""
    whole = post_event(1, "#natsec17 é", time_us=NOON)
    fine = post_event(2, "#natsec17", time_us=NOON)
    for end in range(len(whole)):
        found = parse_page([whole[:end], fine], wanted("natsec17"), Handles())
        assert len(found.posts) == 1


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (b"#natsec17 \\u0000NUL", "#natsec17 NUL"),
        (b"#natsec17 \\ud800 lone", "#natsec17 \ufffd lone"),
        (b"#natsec17 \xff\xfe", "#natsec17 \ufffd\ufffd"),
        (b"#nat\\u0000sec17", "#natsec17"),
        (b"#nat\x00sec17", "#natsec17"),
        (b"\\u0023nat\\u0073ec17", "#natsec17"),
    ],
)
def test_unsafe_text_is_made_safe_and_kept_raw(escaped: bytes, text: str) -> None:
    """NUL, lone surrogates and broken UTF-8 leave the text; the raw event stays as it came."""
    frame = post_event(1, "TEXT", time_us=NOON).replace(b"TEXT", escaped)
    (post,) = parse_page([frame], wanted("natsec17"), Handles()).posts
    assert post.text == text
    assert post.raw == frame
    assert wanted("natsec17").may_match(frame)


def test_deep_nesting_is_rejected() -> None:
    """An event nested thousands deep is an unreadable one, not a crash."""
    deep = b"[" * 50_000 + b"]" * 50_000
    frame = post_event(1, "#natsec17", time_us=NOON, embed="X").replace(b'"X"', deep)
    found = parse_page([frame], wanted("natsec17"), Handles())
    assert len(found.posts) + len(found.rejects) == 1


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2017-03-31T12:00:00.000000Z", NOON),
        ("2017-03-31T12:00:00.1234567Z", NOON + 123_456),
        ("2017-03-31T12:00:00Z", NOON),
        ("2017-03-31T14:00:00.5+02:00", NOON + 500_000),
    ],
)
def test_times_keep_their_microseconds(time: str, expected: int) -> None:
    """Version 2's times become the same cursor as version 1's."""
    assert microseconds(time) == expected


# Ways of writing a letter of a hashtag that folds to the same one.
def variants(letter: str) -> list[str]:
    wide = chr(ord(letter) + 0xFEE0)
    marked = letter + "\u0301"
    return [letter, letter.upper(), wide, wide.upper(), marked, letter.upper() + "\u0308"]


@st.composite
def written(draw: st.DrawFn, tag: str) -> str:
    return "".join(draw(st.sampled_from(variants(letter))) for letter in tag)


@st.composite
def frames(draw: st.DrawFn, tag: str) -> bytes:
    """Events with the tag written somehow somewhere, or without, in JSON written somehow."""
    sign = draw(st.sampled_from(["#", "＃", "", " #", "##"]))
    word = draw(st.one_of(written(tag), st.text(max_size=12), st.just(tag)))
    around = draw(st.text(max_size=10))
    place = draw(st.sampled_from(["text", "tags", "facet"]))
    record: dict[str, object] = {"text": around, "createdAt": "2017-03-31T12:00:00Z"}
    if place == "text":
        record["text"] = f"{around} {sign}{word} {around}"
    elif place == "tags":
        record["tags"] = [f"{sign}{word}"]
    else:
        record["facets"] = [{"features": [{"tag": f"{sign}{word}"}]}]
    operation = draw(st.sampled_from(["create", "update", "delete"]))
    commit = {"operation": operation, "collection": "app.bsky.feed.post", "rkey": "3k"}
    event = {"did": "did:plc:x", "time_us": NOON, "kind": "commit", "commit": commit}
    if operation != "delete":
        commit["record"] = record  # type: ignore[assignment]
    ascii_only = draw(st.booleans())
    raw = json.dumps(event, ensure_ascii=ascii_only, indent=draw(st.sampled_from([None, 1])))
    octets = raw.encode("utf-8", "surrogatepass")
    if draw(st.booleans()):
        letter = draw(st.sampled_from(sorted(set(tag))))
        octets = octets.replace(letter.encode(), b"\\u%04x" % ord(letter), 1)
    return octets


@given(st.data())
def test_the_look_at_the_bytes_never_misses(data: st.DataObject) -> None:
    """Whatever reading an event would find, the look at its bytes has let through."""
    tag = data.draw(st.sampled_from(["natsec17", "ipu137", "x"]))
    frame = data.draw(frames(tag))
    want = Wanted([tag], ())
    try:
        event = read_event(frame)
    except ValueError:
        return
    found = parse_event(event, want, Handles(), "bsky.network")
    if isinstance(found, Post | Tombstone | Reject):
        assert want.may_match(frame)


@pytest.mark.parametrize("tag", ["a/b", 'a"b', "a b", "", "über"])
def test_awkward_hashtags_are_looked_for_soundly(tag: str) -> None:
    """A tag that JSON may write in several ways, or that is not ASCII, is not missed either."""
    record = {"tags": [tag], "createdAt": "2017-03-31T12:00:00Z"}
    for frame in (
        post_event(1, "", time_us=NOON, **record),
        json.dumps(json.loads(post_event(1, "", time_us=NOON, **record))).encode(),
        post_event(1, "", time_us=NOON, **record).replace(b"a/b", b"a\\/b"),
    ):
        want = wanted(tag)
        event = read_event(frame)
        if parse_event(event, want, Handles(), "bsky.network") is not None:
            assert want.may_match(frame)


def test_the_look_at_the_bytes_passes_over_most() -> None:
    """A plain post about something else is not read."""
    want = wanted("natsec17")
    assert not want.may_match(post_event(1, "something else", time_us=NOON))
    assert want.may_match(post_event(1, "#NatSec17", time_us=NOON))


@given(st.binary(max_size=200))
def test_any_bytes_are_taken(octets: bytes) -> None:
    """No frame breaks the reading: it is an event or a ``ValueError``."""
    with suppress(ValueError):
        assert isinstance(read_event(octets), Event)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded answers are not here")
def test_every_recorded_event_is_read() -> None:
    """Genuine events of every kind read without a reject, and every post among them is found."""
    files = sorted(RECORDED.glob("*jetstream*"))
    assert files

    class Everything(Wanted):
        def may_match(self, _: bytes) -> bool:
            return True

        def matches(self, _: str, __: object) -> bool:
            return True

    for path in files:
        lines = [line for line in path.read_bytes().splitlines() if line.strip()]
        events = [msgspec.json.decode(line) for line in lines]
        posts = {
            f"at://{e['did']}/app.bsky.feed.post/{e['commit']['rkey']}": e["commit"]
            for e in events
            if e["kind"] == "commit" and e["commit"]["collection"] == "app.bsky.feed.post"
        }
        for frames in (lines, [as_second_version(line, 1) for line in lines]):
            found = parse_page(frames, Everything((), ()), Handles())
            assert found.rejects == ()
            assert {p.uri: p.text for p in found.posts} == {
                uri: c["record"]["text"] for uri, c in posts.items() if c["operation"] != "delete"
            }
            assert {t.uri for t in found.tombstones if t.uri} == {
                uri for uri, c in posts.items() if c["operation"] == "delete"
            }
            assert found.cursor is not None
            assert found.cursor.forward == str(max(e["time_us"] for e in events))

"""What people decide is shown and hidden: on the dashboard, and in what everybody may see."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from archive import strategies
from hashwatch.archive.moderation import SURFACES, VERDICTS, Moderation
from hashwatch.archive.wishes import opted_out
from hashwatch.errors import ArchiveError, ConflictError
from hashwatch.model import Author, Event, Post, Tombstone
from hashwatch.publish.publisher import Publisher
from publish.test_publish_dashboard import EVENT, NOW, OTHER, TABLES, Room

LATE = replace(EVENT, post_moderated=("wall", "page"))


def post(number: int, **more: object) -> Post:
    """The post with this number; ``author`` and ``hashtags`` may be given too."""
    own = {name: more.pop(name) for name in ("author", "hashtags") if name in more}
    return replace(strategies.post(number, **more), **own)  # type: ignore[arg-type]  # as they come


class Stage(Room):
    """An archive, its dashboard and public.db, and somebody who decides."""

    event: Event = EVENT

    @property
    def moderation(self) -> Moderation:
        """What the server would write through."""
        return Moderation(self.archive_path)

    def publisher(self, events: Sequence[Event] = ()) -> Publisher:
        """The publisher of this stage's events."""
        return super().publisher(events or (self.event, OTHER))

    def rule(self, subject: str, ref: object, verdict: str | None, event: str = "natsec17") -> None:
        """A person decides."""
        self.moderation.decide("ana", event, subject, [str(ref)], verdict, now=NOW)

    def author_of(self, one: Post) -> int:
        """The number of a post's author."""
        with closing(sqlite3.connect(self.archive_path)) as connection:
            sql = "SELECT id FROM authors WHERE uri = ?"
            return int(connection.execute(sql, (one.author.uri,)).fetchone()[0])

    def public(self, sql: str) -> list[tuple[object, ...]]:
        """What a reader of public.db sees."""
        path = self.dashboard_path.with_name("public.db")
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute(sql).fetchall()

    def on(self, surface: str, event: int = 1) -> set[str]:
        """The texts on a surface."""
        rows = self.public(
            "SELECT text FROM shown JOIN posts ON posts.id = post_id"
            f" WHERE surface = '{surface}' AND event_id = {event}"
        )
        return {str(row[0]) for row in rows}

    def board(self) -> set[str]:
        """The texts on the dashboard."""
        return {str(row[0]) for row in self.rows("SELECT text FROM posts")}

    def everything_public(self) -> dict[str, list[str]]:
        """All of public.db that is derived from posts, in a form to compare."""
        tables = [name for name in (*TABLES, "shown") if name not in ("hashtags", "links")]
        return {name: sorted(map(repr, self.public(f"SELECT * FROM {name}"))) for name in tables}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Six posts by four people, published; nothing is decided."""
    made = Stage(tmp_path)
    made.store(*(post(n, text=f"word{n} on oversight #NATSEC17") for n in range(6)))
    made.publish()
    yield made
    made.archive.close()


def text(number: int) -> str:
    """The text of one of the stage's posts."""
    return f"word{number} on oversight #NATSEC17"


def test_nothing_is_public_that_nobody_let_on(stage: Stage) -> None:
    """Every surface is empty, and so is the file."""
    assert len(stage.board()) == 6
    assert stage.public("SELECT count(*) FROM posts") == [(0,)]
    assert stage.public("SELECT slug FROM events ORDER BY id") == [("natsec17",), ("other",)]


def test_an_approved_post_is_on_every_surface_and_goes_when_that_is_taken_back(
    stage: Stage,
) -> None:
    """With its tags and its rollups; the others are not in the file."""
    number = stage.id_of(post(2))
    stage.rule("post", number, "approve")
    stage.publish()
    assert all(stage.on(surface) == {text(2)} for surface in SURFACES)
    assert stage.public("SELECT id FROM posts") == [(number,)]
    assert stage.public("SELECT name FROM post_themes JOIN themes ON id = theme_id") == [
        ("Oversight",)
    ]
    assert stage.public("SELECT posts FROM rollup_day WHERE facet = 'all'") == [(1,)]
    stage.rule("post", number, None)
    stage.publish()
    assert stage.public("SELECT count(*) FROM posts") == [(0,)]
    assert stage.public("SELECT posts FROM rollup_day WHERE posts <> 0") == []
    assert text(2) in stage.board()


@pytest.mark.parametrize("subject", ["post", "author", "term"])
@pytest.mark.parametrize("verdict", ["reject", "hide"])
def test_kept_off_is_gone_from_public_surfaces_and_hidden_from_the_dashboard_too(
    stage: Stage, subject: str, verdict: str
) -> None:
    """A post, all of an author's, all with a word; back again when that is taken back."""
    stage.event = LATE
    stage.publish()
    assert text(3) in stage.on("wall")
    ref: object = {"post": stage.id_of(post(3)), "author": 0, "term": "WORD3"}[subject]
    if subject == "author":
        ref = stage.author_of(post(3))
    stage.rule(subject, ref, verdict)
    stage.publish()
    assert all(text(3) not in stage.on(surface) for surface in SURFACES)
    assert (text(3) in stage.board()) == (verdict == "reject")
    assert text(2) in stage.on("page") or subject == "author"
    stage.rule(subject, ref, None)
    stage.publish()
    assert text(3) in stage.on("wall")
    assert text(3) in stage.board()


def test_boosts_of_what_is_hidden_are_hidden(stage: Stage) -> None:
    """They show its words."""
    original = post(3)
    boost = post(
        20, kind="boost", boost_of=original.uri, text=None,
        author=Author(uri="https://m.example/users/fan", handle="fan@m.example"),
    )  # fmt: skip
    stage.store(boost)
    stage.publish()
    assert stage.rows("SELECT count(*) FROM posts WHERE kind = 'boost'") == [(1,)]
    stage.rule("post", stage.id_of(original), "hide")
    stage.publish()
    assert stage.rows("SELECT count(*) FROM posts WHERE text LIKE '%word3%'") == [(0,)]
    stage.rule("post", stage.id_of(original), None)
    stage.publish()
    assert stage.rows("SELECT count(*) FROM posts WHERE kind = 'boost'") == [(1,)]


def test_what_is_hidden_in_one_event_stays_in_another(stage: Stage) -> None:
    """Each event decides for itself."""
    stage.store(post(30, text="both #NATSEC17 #CYBERPARL", hashtags=("NATSEC17", "CYBERPARL")))
    stage.publish()
    stage.rule("post", stage.id_of(post(30)), "hide")
    stage.publish()
    number = stage.id_of(post(30))
    assert stage.rows(f"SELECT event_id FROM event_posts WHERE post_id = {number}") == [(2,)]


def test_the_wall_takes_what_nobody_looked_at_only_where_it_is_safe(stage: Stage) -> None:
    """Post-moderated: no replies, bots or sensitive posts; approved ones but the sensitive."""
    stage.event = LATE
    bot = Author(uri="https://m.example/users/bot", handle="bot@m.example", bot=True)
    odd = {
        "reply": post(40, text="a reply #NATSEC17", kind="reply", reply_to=post(1).uri),
        "bot": post(41, text="by a bot #NATSEC17", author=bot),
        "sensitive": post(42, text="sensitive #NATSEC17", sensitive=True),
        "warned": post(43, text="warned #NATSEC17", content_warning="careful"),
    }
    stage.store(*odd.values())
    stage.publish()
    texts = {name: str(one.text) for name, one in odd.items()}
    assert not stage.on("wall") & set(texts.values())
    assert stage.on("page") >= set(texts.values())
    assert not stage.on("feed")
    for one in odd.values():
        stage.rule("post", stage.id_of(one), "approve")
    stage.publish()
    assert stage.on("wall") & set(texts.values()) == {texts["reply"], texts["bot"]}
    assert stage.on("feed") == set(texts.values())


def test_an_allowed_author_is_public_from_now_on(stage: Stage) -> None:
    """What they wrote before and what they write next; a rejected post of theirs is not."""
    stage.rule("author", stage.author_of(post(1)), "allow")
    stage.publish()
    known = stage.on("page")
    assert text(1) in known
    stage.store(replace(post(60, text="the next #NATSEC17"), author=post(1).author))
    stage.rule("post", stage.id_of(post(1)), "reject")
    stage.publish()
    assert stage.on("page") == known - {text(1)} | {"the next #NATSEC17"}


@pytest.mark.parametrize(
    "wish", [{"noindex": True}, {"indexable": False}, {"discoverable": False},
             {"bio": "Here to read. #NoBot"}],
)  # fmt: skip
def test_those_who_want_no_publicity_get_none(stage: Stage, wish: dict[str, object]) -> None:
    """Approved or not, allowed or not; the dashboard of the conference's own staff has them."""
    shy = replace(Author(uri="https://m.example/users/shy", handle="shy@m.example"), **wish)
    stage.store(post(50, text="quietly #NATSEC17", author=shy))
    stage.rule("post", stage.id_of(post(50)), "approve")
    stage.rule("author", stage.author_of(post(50, author=shy)), "allow")
    stage.publish()
    assert "quietly #NATSEC17" in stage.board()
    assert stage.public("SELECT count(*) FROM posts WHERE text LIKE 'quietly%'") == [(0,)]


def test_wishes_are_named() -> None:
    """Unknown flags say nothing."""
    assert opted_out(None, None, None, "") == ""
    assert opted_out(0, 1, 1, "I build bots") == ""
    assert "indexed" in opted_out(1, None, None, "")
    assert opted_out(None, None, None, "x #NOBOT y") == "says #nobot"


def test_a_stopped_surface_is_empty_at_once_and_goes_on_as_it_would_be(stage: Stage) -> None:
    """The wall alone; what is decided meanwhile counts when it goes on."""
    for number in (1, 2):
        stage.rule("post", stage.id_of(post(number)), "approve")
    stage.publish()
    stage.rule("surface", "wall", "stop")
    stage.publish()
    assert stage.on("wall") == set()
    assert stage.on("page") == {text(1), text(2)}
    stage.rule("post", stage.id_of(post(3)), "approve")
    stage.publish()
    assert stage.on("wall") == set()
    stage.rule("surface", "wall", None)
    stage.publish()
    assert stage.on("wall") == {text(1), text(2), text(3)}


def test_every_change_of_what_is_public_is_another_revision(stage: Stage) -> None:
    """Also when the file is filled anew: whoever looks at it hears of each."""
    seen = [revision(stage)]
    for subject, ref, verdict in (
        ("post", stage.id_of(post(1)), "approve"), ("surface", "wall", "stop"),
        ("surface", "wall", None), ("post", stage.id_of(post(1)), "hide"),
    ):  # fmt: skip
        stage.rule(subject, ref, verdict)
        stage.publish()
        seen.append(revision(stage))
    assert seen == sorted(set(seen))
    stage.store(post(70, text="nothing to do with it #NATSEC17"))
    stage.publish()
    assert revision(stage) == seen[-1]


def revision(stage: Stage) -> int:
    """How often what is public has changed."""
    return int(str(stage.public("SELECT value FROM meta WHERE key = 'revision'")[0][0]))


def test_a_deleted_post_leaves_public_surfaces_too(stage: Stage) -> None:
    """With what was noted about it."""
    number = stage.id_of(post(2))
    stage.moderation.decide(
        "ana", "natsec17", "post", [str(number)], "approve", now=NOW, note="by Some Body"
    )
    stage.publish()
    stage.store(tombstones=[Tombstone(uri=post(2).uri, reason="deleted", at=NOW)])
    stage.publish()
    assert stage.public("SELECT count(*) FROM posts") == [(0,)]
    assert stage.moderation.log("natsec17", 10)[0].note == ""


def test_a_running_publisher_obeys(stage: Stage) -> None:
    """One decision, and both files have it, without a restart."""
    with stage.publisher() as publisher:
        publisher.catch_up()
        stage.rule("post", stage.id_of(post(4)), "approve")
        publisher.catch_up()
        assert stage.on("wall") == {text(4)}
        stage.rule("post", stage.id_of(post(4)), "hide")
        publisher.catch_up()
        assert stage.on("wall") == set()
        assert text(4) not in stage.board()


@pytest.mark.parametrize("kept", ["dashboard.db", "public.db"])
def test_a_lost_file_is_made_anew_with_what_stands(stage: Stage, kept: str) -> None:
    """Either of the two: hidden stays hidden, approved approved."""
    stage.rule("post", stage.id_of(post(1)), "approve")
    stage.rule("post", stage.id_of(post(2)), "hide")
    stage.publish()
    board, public = stage.board(), stage.everything_public()
    for file in stage.dashboard_path.parent.glob("*.db*"):
        if not file.name.startswith((kept, "archive.db")):
            file.unlink()
    stage.publish()
    assert stage.board() == board
    assert stage.everything_public() == public


def test_somebody_else_who_decided_meanwhile_is_named(stage: Stage) -> None:
    """Nothing is recorded of a bulk of which one was decided otherwise."""
    one, two = str(stage.id_of(post(1))), str(stage.id_of(post(2)))
    decide = stage.moderation.decide
    decide("ben", "natsec17", "post", [one], "reject", now=NOW, seen={one: 0})
    with pytest.raises(ConflictError, match=r"ben decided “reject” in the meantime"):
        decide("ana", "natsec17", "post", [two, one], "approve", now=NOW, seen={one: 0, two: 0})
    assert stage.moderation.standing("natsec17").of("post", two) is None
    seen = stage.moderation.standing("natsec17").rulings["post", one].id
    decide("ana", "natsec17", "post", [two, one], "approve", now=NOW, seen={one: seen, two: 0})
    assert stage.moderation.standing("natsec17").of("post", one) == "approve"
    assert [ruling.actor for ruling in stage.moderation.log("natsec17", 9)] == ["ana", "ana", "ben"]


def test_decisions_on_what_is_shown_are_never_changed(stage: Stage) -> None:
    """Not by a mistake of ours either; and what cannot be decided is refused."""
    stage.rule("post", 1, "approve")
    with closing(sqlite3.connect(stage.archive_path)) as connection:
        for sql in ("DELETE FROM moderation", "UPDATE moderation SET verdict = 'hide'"):
            with pytest.raises(sqlite3.IntegrityError, match="never"):
                connection.execute(sql)
    with pytest.raises(ValueError, match="nobody can decide"):
        stage.rule("surface", "wall", "hide")
    with pytest.raises(ArchiveError, match="no archive yet"):
        Moderation(stage.archive_path.with_name("none.db")).decide(
            "ana", "natsec17", "term", ["x"], "hide", now=NOW
        )


DECISIONS = st.lists(
    st.tuples(
        st.sampled_from(("post", "author", "term", "pin", "surface")), st.integers(0, 5),
        st.integers(0, 3), st.booleans(),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(decisions=DECISIONS, late=st.booleans())
def test_step_by_step_gives_what_making_anew_gives(
    tmp_path_factory: pytest.TempPathFactory,
    decisions: list[tuple[str, int, int, bool]],
    late: bool,
) -> None:
    """Whatever is decided in whatever order, published after each or all at once."""
    stage = Stage(tmp_path_factory.mktemp("stage"))
    stage.event = LATE if late else EVENT
    stage.store(*(post(n, text=text(n)) for n in range(6)))
    for subject, number, verdict, publish in decisions:
        choices = (*VERDICTS[subject], None)
        ref: object = {
            "post": stage.id_of(post(number)), "pin": stage.id_of(post(number)),
            "author": stage.author_of(post(number)), "term": f"word{number}",
            "surface": SURFACES[number % len(SURFACES)],
        }[subject]  # fmt: skip
        stage.rule(subject, ref, choices[verdict % len(choices)])
        if publish:
            stage.publish()
    stage.publish()
    board, public = stage.everything(), stage.everything_public()
    for file in stage.dashboard_path.parent.glob("*.db*"):
        if not file.name.startswith("archive.db"):
            file.unlink()
    stage.publish()
    assert stage.everything() == board
    assert stage.everything_public() == public
    stage.archive.close()

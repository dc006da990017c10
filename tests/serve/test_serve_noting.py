"""Notes beside the chart: written, changed, taken back, and kept through a rebuild."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import visiting
from visiting import Visitor

from archive import strategies
from hashwatch.archive.erasing import Sought, erase
from hashwatch.archive.notes import Notes
from hashwatch.errors import ConflictError
from publish.test_publish_dashboard import NOW
from publish.test_publish_moderation import Stage, post

T = TypeVar("T")
PAGE = "/events/natsec17/notes"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Thirty posts within two minutes: a spike."""
    made = Stage(tmp_path)
    made.store(
        *(
            post(n, text=f"word{n} on oversight #NATSEC17", at=strategies.BEGIN + n)
            for n in range(30)
        )
    )
    made.publish()
    yield made
    made.archive.close()


class Person(Visitor):
    """Somebody at a browser, while the publisher publishes what they decide."""

    async def data(self, page: str = PAGE) -> dict[str, Any]:
        """A page's data, as no answer that the server keeps for a second has it."""
        await asyncio.to_thread(self.stage.publish)
        mark = "&" if "?" in page else "?"
        return await self.look(f"{page}{mark}_={next(FRESH)}")

    async def post(self, **form: object) -> httpx.Response:
        """A form of the page."""
        return await self.send(PAGE, **form)

    async def write(self, **form: object) -> None:
        """A form that must be taken."""
        answer = await self.post(do="write", **form)
        assert answer.status_code == 303, answer.text


def visit(stage: Stage, go: Callable[[Person], Coroutine[Any, Any, T]]) -> T:
    """Runs ``go`` against a server on the stage's files."""
    return visiting.visit(stage, Person, go, lambda: float(NOW))


FRESH = itertools.count()
OVERVIEW = "/events/natsec17?from=2017-03-27&to=2017-04-02&grain=hour"


def test_a_note_stands_on_the_chart_until_it_is_taken_back(stage: Stage) -> None:
    """Its time is the event's; changing it changes it everywhere; the log keeps all three."""

    async def go(person: Person) -> None:
        await person.write(moment="2017-03-31T10:30", words="  Keynote   began ")
        data = await person.data()
        (note,) = data["notes"]
        assert (note["words"], note["moment"]) == ("Keynote began", "2017-03-31T10:30")
        series = (await person.data(OVERVIEW))["series"]
        assert [(one["at"], one["words"]) for one in series["notes"]] == [
            (1490936400, "Keynote began")
        ]
        await person.write(
            note=note["note"], seen=note["seen"], moment="2017-03-31T10:40", words="It began late"
        )
        (changed,) = (await person.data())["notes"]
        assert (changed["note"], changed["words"]) == (note["note"], "It began late")
        answer = await person.post(
            do="back", note=note["note"], seen=changed["seen"], moment=changed["moment"]
        )
        assert answer.status_code == 303
        assert (await person.data())["notes"] == []
        assert (await person.data(OVERVIEW))["series"]["notes"] == []
        log = (await person.data("/events/natsec17/log"))["log"]
        assert [one["words"] for one in log] == [
            "note taken back", "noted “It began late”", "noted “Keynote began”",
        ]  # fmt: skip
        assert log[1]["what"]["words"] == "31 Mar 10:40"

    visit(stage, go)


def test_a_spike_that_is_worded_keeps_its_words_through_a_rebuild(stage: Stage) -> None:
    """Its beginning finds it; without the spike the words stand as a note."""

    async def go(person: Person) -> None:
        (spike,) = (await person.data())["spikes"]
        assert spike["words"] == ""
        await person.write(spike=spike["from"], words="The minister resigned")
        with stage.publisher() as publisher:
            publisher.rebuild()
        (worded,) = (await person.data())["spikes"]
        assert (worded["words"], worded["from"]) == ("The minister resigned", spike["from"])
        series = (await person.data(OVERVIEW))["series"]
        assert [one["words"] for one in series["spikes"]] == ["The minister resigned"]
        assert series["notes"] == []
        for number in range(20):
            stage.rule("post", stage.id_of(post(number)), "hide")
        assert (await person.data())["spikes"] == []
        (left,) = (await person.data())["notes"]
        assert (left["words"], left["spike"]) == ("The minister resigned", spike["from"])
        series = (await person.data(OVERVIEW))["series"]
        assert [one["words"] for one in series["notes"]] == ["The minister resigned"]

    visit(stage, go)


def test_who_comes_second_reads_who_was_first(stage: Stage) -> None:
    """Nothing is overwritten that its author had not before their eyes."""
    notes = Notes(stage.archive_path)
    notes.write("ana", "natsec17", 1490936400, "Keynote began", now=NOW)
    (first,) = notes.standing("natsec17")
    notes.write("ana", "natsec17", 1490936400, "Begun", now=NOW, note=1, seen=first.seen)
    with pytest.raises(ConflictError, match="ana wrote on this note"):
        notes.write("ben", "natsec17", 1490936400, None, now=NOW, note=1, seen=first.seen)
    notes.write("ana", "natsec17", 60, "One", now=NOW, is_spike=True)
    with pytest.raises(ConflictError):  # two people word the same spike at once
        notes.write("ben", "natsec17", 60, "Two", now=NOW, is_spike=True)
    assert [one.words for one in notes.standing("natsec17")] == ["One", "Begun"]
    assert notes.standing("other") == []


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({"do": "write", "moment": "soon", "words": "x"}, 400, "“soon” is no date"),
        ({"do": "write", "moment": "2017-03-31T10:30", "words": "  "}, 400, "1 to 120 characters"),
        ({"do": "write", "moment": "2017-03-31T10:30", "words": "x" * 121}, 400, "1 to 120"),
        ({"do": "shout", "moment": "2017-03-31T10:30", "words": "x"}, 400, "none of write, back"),
        ({"do": "write", "spike": "-1", "words": "x"}, 400, "is no number"),
        ({"do": "back", "note": "77", "moment": "2017-03-31T10:30"}, 404, "no such note"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    stage: Stage, form: dict[str, str], status: int, says: str
) -> None:
    """A sentence, and no row."""
    answer = visit(stage, lambda person: person.post(**form))
    assert answer.status_code == status
    assert says in answer.text
    assert Notes(stage.archive_path).standing("natsec17") == []


def test_words_of_a_note_stay_text(stage: Stage) -> None:
    """Markup in it is shown as written, on the page and in the chart's data."""

    async def go(person: Person) -> None:
        await person.write(moment="2017-03-31T10:30", words="</script><script>alert(1)</script>")
        await person.data()
        for page in (PAGE, OVERVIEW):
            text = (await person.client.get(page)).text
            assert "<script>alert" not in text
            assert "alert(1)" in text

    visit(stage, go)


def test_erasing_somebody_takes_the_name_out_of_notes(stage: Stage) -> None:
    """The note stays, without it."""
    handle = "person3@town.example"
    Notes(stage.archive_path).write("ana", "natsec17", 60, f"Reply by @{handle}", now=NOW)
    erase(stage.archive_path, Sought(handle=handle), now=NOW, by="ana")
    with closing(sqlite3.connect(stage.archive_path)) as connection:
        assert connection.execute("SELECT words FROM notes").fetchall() == [("Reply by @…",)]
        for forbidden in ("DELETE FROM notes", "UPDATE notes SET actor = 'x'"):
            with pytest.raises(sqlite3.IntegrityError, match="decisions are never"):
                connection.execute(forbidden)

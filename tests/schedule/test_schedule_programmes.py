"""A programme that changes while the collector runs: fetched, kept, or left as it was."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from fake_platform.mastodon import FakeMastodon, Fault
from hashwatch.archive.programme import Programmes
from hashwatch.archive.store import Archive
from hashwatch.collect import RunReport
from hashwatch.collect.http import Http
from hashwatch.errors import ArchiveError
from hashwatch.model import Event, RunState, Theme
from hashwatch.schedule import Collector
from hashwatch.schedule.lamps import Lamps
from hashwatch.schedule.programmes import FILE_SECONDS, watches

NOW = 1_490_950_800
FIRST = b"code,title,date\na,The tides,2017-03-31\nb,The quays,2017-03-31\n"
SECOND = b"code,title,date\na,The tides,2017-04-01\n"


class Room:
    """An archive and an event whose programme is at ``location``."""

    def __init__(self, folder: Path, location: str, *, ends: int = NOW + 9) -> None:
        self.archive = Archive(folder / "archive.db")
        self.event = Event(
            "harbour", "Harbour", ("harbour",), "UTC", NOW, NOW + 1, NOW - 9, ends,
            themes=(Theme("Tides"),), programme=location, programme_interval=60,
        )  # fmt: skip
        self.programmes = Programmes(self.archive.path)

    def look(self, times: int = 1) -> tuple[float, RunReport]:
        """Looks as often as told, as one collector would; what came of the last time."""

        async def looking() -> tuple[float, RunReport]:
            http = Http()
            lamps = Lamps(self.archive, [self.event], lambda: NOW)
            (watch,) = watches([self.event], self.archive.path, http, lambda: NOW)
            watch.begin(lamps)
            try:
                for _ in range(times):
                    found = await watch.look(lamps)
            finally:
                await http.close()
            return found

        return asyncio.run(looking())

    def codes(self) -> list[str]:
        """The sessions that stand."""
        stands = self.programmes.standing(self.event)
        return [session.code for session in stands.sessions] if stands else []

    def lamp(self) -> tuple[str, str] | None:
        """State and detail of the programme's lamp."""
        connection = sqlite3.connect(self.archive.path)
        row = connection.execute(
            "SELECT state, detail FROM places WHERE source = 'programme'"
        ).fetchone()
        connection.close()
        return row


def test_an_address_is_asked_with_what_its_server_said_last(
    tmp_path: Path, mastodon: FakeMastodon
) -> None:
    """``ETag`` and ``Last-Modified`` go back; 304 leaves the programme, a new body changes it."""
    room = Room(tmp_path, f"{mastodon.url}/schedule.csv")
    dated = "Fri, 31 Mar 2017 08:00:00 GMT"
    mastodon.faults = [
        Fault(headers={"ETag": '"1"', "Last-Modified": dated}, body=FIRST),
        Fault(status=304),
        Fault(headers={"ETag": '"2"'}, body=SECOND),
    ]
    assert room.look() == (60.0, RunReport(room_place(room), RunState.OK, "2 sessions"))
    assert room.look()[1].state is RunState.OK
    assert room.codes() == ["a", "b"]
    assert mastodon.asked[1].headers["if-none-match"] == '"1"'
    assert mastodon.asked[1].headers["if-modified-since"] == dated
    room.look()
    assert room.codes() == ["a"]
    assert not mastodon.faults
    kinds = [one.change.kind for one in room.programmes.changes("harbour", 9)]
    assert kinds == ["cancelled", "moved", "imported"]
    assert room.lamp() == ("collecting", "1 session")


@pytest.mark.parametrize(
    ("fault", "state", "words"),
    [
        (Fault(status=500), "unreachable", "500"),
        (Fault(status=403), "denied", "403"),
        (Fault(status=404), "unreachable", "404"),
        (Fault(status=429, headers={"Retry-After": "300"}), "rate-limited", "300 s"),
        (Fault(body=b"<html>maintenance</html>"), "unreachable", "schedule.csv:1:"),
        (Fault(body=b"code,title,theme\na,A,Winds\n"), "unreachable", "no theme 'Winds'"),
        (Fault(kind="huge"), "unreachable", "more than"),
        (Fault(status=302, headers={"Location": "http://10.0.0.1/"}), "unreachable", "10.0.0.1"),
    ],
)
def test_what_cannot_be_had_leaves_the_last_good_programme(
    tmp_path: Path, mastodon: FakeMastodon, fault: Fault, state: str, words: str
) -> None:
    """The lamp says what went wrong and that the last good one stands; a later answer mends it."""
    room = Room(tmp_path, f"{mastodon.url}/schedule.csv")
    mastodon.faults = [Fault(body=FIRST), fault, Fault(body=SECOND)]
    room.look()
    wait, report = room.look()
    assert len(mastodon.faults) == 1
    assert report.state is RunState.FAILED
    assert wait == (300.0 if state == "rate-limited" else 60.0)
    assert room.codes() == ["a", "b"]
    lamp = room.lamp()
    assert lamp is not None
    assert lamp[0] == state
    assert words in lamp[1]
    assert lamp[1].endswith("the last good one stands, with 2 sessions")
    room.look()
    assert room.codes() == ["a"]


def test_an_address_is_left_alone_after_the_collection_window(tmp_path: Path) -> None:
    """Nothing is asked, and the lamp says why."""
    room = Room(tmp_path, "http://127.0.0.1:9/never-asked.csv", ends=NOW)
    assert room.look()[1].state is RunState.SKIPPED
    lamp = room.lamp()
    assert lamp is not None
    assert lamp[0] == "outside"


def test_a_file_is_read_when_it_has_become_another(tmp_path: Path) -> None:
    """It has no lamp while all is well; one that is broken or gone leaves the last good one."""
    file = tmp_path / "programme.csv"
    file.write_bytes(FIRST)
    room = Room(tmp_path, str(file))
    assert room.look(times=2)[0] == FILE_SECONDS
    assert (room.codes(), room.lamp()) == (["a", "b"], None)
    file.write_bytes(SECOND)
    room.look()
    assert room.codes() == ["a"]
    file.unlink()
    assert room.look()[1].state is RunState.FAILED
    assert room.codes() == ["a"]
    lamp = room.lamp()
    assert lamp is not None
    assert "No such file" in lamp[1]


def test_a_file_that_is_mended_turns_its_lamp_back(tmp_path: Path) -> None:
    """Within one collector: broken, said so, mended."""
    file = tmp_path / "programme.csv"
    room = Room(tmp_path, str(file))

    async def run() -> None:
        http = Http()
        lamps = Lamps(room.archive, [room.event], lambda: NOW)
        (watch,) = watches([room.event], room.archive.path, http, lambda: NOW)
        for _ in range(3):
            await watch.look(lamps)  # there is no file yet, which is written down once
        connection = sqlite3.connect(room.archive.path)
        changes = connection.execute("SELECT kind FROM changes").fetchall()
        connection.close()
        assert changes == [("place",)]
        file.write_bytes(b"nonsense")
        await watch.look(lamps)
        assert room.lamp() is not None
        file.write_bytes(FIRST)
        await watch.look(lamps)
        await http.close()

    asyncio.run(run())
    assert room.lamp() == ("collecting", "2 sessions")


def test_a_file_is_read_again_when_the_archive_refused_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk loses no change of the programme."""
    file = tmp_path / "programme.csv"
    file.write_bytes(FIRST)
    room = Room(tmp_path, str(file))

    async def run() -> None:
        http = Http()
        lamps = Lamps(room.archive, [room.event], lambda: NOW)
        (watch,) = watches([room.event], room.archive.path, http, lambda: NOW)
        with monkeypatch.context() as patched:
            patched.setattr("hashwatch.archive.connection.BUSY_SECONDS", 0.05)
            holder = sqlite3.connect(room.archive.path, isolation_level=None)
            holder.execute("BEGIN IMMEDIATE")
            with pytest.raises(ArchiveError):
                await watch.look(lamps)
            holder.close()
        await watch.look(lamps)
        await http.close()

    asyncio.run(run())
    assert room.codes() == ["a", "b"]


def test_the_collector_looks_beside_its_sources(tmp_path: Path) -> None:
    """Once with ``--once``, with a report; the programme is in the archive afterwards."""
    file = tmp_path / "programme.csv"
    file.write_bytes(FIRST)
    room = Room(tmp_path, str(file))
    http = Http()
    programmes = watches([room.event], room.archive.path, http, lambda: NOW)
    collector = Collector(
        [room.event], {}, room.archive, programmes=programmes, now=lambda: float(NOW)
    )
    (report,) = asyncio.run(collector.once())
    assert report.reason == "2 sessions"
    assert room.codes() == ["a", "b"]


def room_place(room: Room) -> object:
    """What the lamps call the room's programme."""
    (watch,) = watches([room.event], room.archive.path, Http(), lambda: NOW)
    return watch.place

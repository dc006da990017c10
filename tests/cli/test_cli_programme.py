"""``programme``: imported, shown, changed, forgotten, as a user meets it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cli.command_line import CONFIG, Hashwatch
from fake_platform.mastodon import FakeMastodon, Fault

PROGRAMMES = Path(__file__).parents[2] / ".." / "shared" / "programmes"
FIRST = """\
code,title,date,start,end,speakers,track
d4-2,Extremism online,2017-03-31,11:15,12:30,Kim Sample,Radicalisation
d4-3,Lunch talk,2017-03-31,13:00,14:00,,Main track
"""
SECOND = FIRST.replace("11:15,12:30", "15:00,16:00").replace("Lunch talk", "A talk at lunch")


def dashboard(place: Path, sql: str) -> list[tuple[object, ...]]:
    """What the dashboard answers."""
    connection = sqlite3.connect(place / "data" / "dashboard.db")
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


def put_in(place: Path, hashwatch: Hashwatch, text: str, *more: str) -> tuple[int, str, str]:
    """Imports a programme from a file."""
    (place / "p.csv").write_text(text)
    return hashwatch("programme", "import", "p.csv", "--event", "natsec17", *more)


def test_an_import_is_on_the_dashboard_and_what_follows_is_logged(
    imported: Path, hashwatch: Hashwatch
) -> None:
    """Sessions, tracks as themes, and each change; the configuration's own session stays."""
    answer = put_in(imported, hashwatch, FIRST)
    imported_line = f"  imported {imported / 'p.csv'}: 2 sessions\n"
    assert answer[:2] == (0, f"2 sessions in 2 tracks imported\n{imported_line}")
    sql = "SELECT code, name FROM sessions LEFT JOIN themes ON themes.id = theme_id ORDER BY code"
    assert dashboard(imported, sql) == [
        ("d4-1", None), ("d4-2", "Radicalisation"), ("d4-3", None),
    ]  # fmt: skip
    assert "nothing became different" in put_in(imported, hashwatch, FIRST)[1]
    said = put_in(imported, hashwatch, SECOND)[1]
    assert "moved d4-2 “Extremism online”: 2017-03-31 11:15–12:30 → 2017-03-31 15:00–16:00" in said
    assert "renamed d4-3 “A talk at lunch”: Lunch talk → A talk at lunch" in said
    logged = dashboard(imported, "SELECT kind, code FROM programme_changes ORDER BY id")
    assert logged == [("imported", ""), ("moved", "d4-2"), ("renamed", "d4-3")]
    shown = hashwatch("programme", "show", "--event", "natsec17", "--changes", "--json").json
    assert [one["kind"] for one in shown] == ["renamed", "moved", "imported"]


def test_an_imported_programme_tags_posts_and_outlives_a_rebuild(
    imported: Path, hashwatch: Hashwatch
) -> None:
    """A post that names its speaker gets the session; ``tag`` and ``show`` know it as well."""
    (imported / "more.csv").write_text(
        "id,created_at,author,text\n9,2017-03-31T10:20:00Z,kai@town.example,"
        "Kim Sample on extremism online #NATSEC17\n"
    )
    hashwatch("import", "more.csv", "--event", "natsec17")
    sql = "SELECT code FROM post_sessions JOIN sessions ON sessions.id = session_id"
    assert ("d4-2",) not in dashboard(imported, sql)
    put_in(imported, hashwatch, FIRST)
    assert ("d4-2",) in dashboard(imported, sql)
    assert hashwatch("publish", "--rebuild").code == 0
    assert ("d4-2",) in dashboard(imported, sql)
    text = "Kim Sample on extremism online"
    tagged = hashwatch("tag", text, "--event", "natsec17").out
    assert "session    d4-2" in tagged
    assert "speaker “Kim Sample”" in tagged
    assert [session["code"] for session in shown(hashwatch)] == ["d4-2", "d4-3", "d4-1"]


def shown(hashwatch: Hashwatch) -> list[dict[str, object]]:
    """The sessions that stand."""
    found: list[dict[str, object]] = hashwatch(
        "programme", "show", "--event", "natsec17", "--json"
    ).json
    return found


def test_a_dry_run_stores_nothing(place: Path, hashwatch: Hashwatch) -> None:
    """It says what would become different, and makes no archive."""
    answer = put_in(place, hashwatch, FIRST, "--dry-run", "--json")
    assert answer[0] == 0
    assert '"stored": false' in answer[1]
    assert not (place / "data").exists()


def test_forgetting_brings_the_configured_programme_back(
    imported: Path, hashwatch: Hashwatch
) -> None:
    """Once; a second time there is nothing to forget."""
    put_in(imported, hashwatch, FIRST)
    assert hashwatch("programme", "forget", "--event", "natsec17").code == 0
    assert [session["code"] for session in shown(hashwatch)] == ["d4-1"]
    again = hashwatch("programme", "forget", "--event", "natsec17")
    assert (again.code, again.err) == (2, "natsec17 has no imported programme\n")


def test_an_edited_file_that_the_configuration_names_is_published(
    place: Path, hashwatch: Hashwatch
) -> None:
    """Without a collector, ``publish`` reads it; each change of it is logged."""
    (place / "p.csv").write_text(FIRST)
    config = CONFIG.replace("[[event.theme]]", 'programme = "p.csv"\n[[event.theme]]', 1)
    (place / "config.toml").write_text(config)
    hashwatch("import", "rows.csv", "--event", "natsec17")
    (place / "p.csv").write_text(SECOND)
    assert hashwatch("publish").code == 0
    logged = dashboard(place, "SELECT kind, code FROM programme_changes ORDER BY id")
    assert logged == [("imported", ""), ("moved", "d4-2"), ("renamed", "d4-3")]
    assert dashboard(place, "SELECT title FROM sessions WHERE code = 'd4-3'") == [
        ("A talk at lunch",)
    ]


@pytest.mark.parametrize(
    ("text", "more", "said"),
    [
        ("title,start\nA,25:99\n", (), "p.csv:2: start"),
        ("title\nA\n", ("--format", "frab"), "p.csv:1: it begins like csv"),
        ("Vortrag\nA\n", (), "there is no column 'title'"),
        ("title,theme\nA,Wrongs\n", (), "the event has no theme 'Wrongs'"),
        ("title\nA\n", ("--format", "word"), "no format 'word'"),
        ("title\nA\n", ("--map", "title"), "--map: 'title' is not FIELD=COLUMN"),
    ],
)
def test_a_bad_file_is_refused_whole(
    place: Path, hashwatch: Hashwatch, text: str, more: tuple[str, ...], said: str
) -> None:
    """File, line and reason; exit code 2, nothing stored."""
    code, _, err = put_in(place, hashwatch, text, *more)
    assert code == 2
    assert said in err
    assert not (place / "data").exists()


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [(FIRST.encode(), 0, "2 sessions"), (b"<html>Back soon</html>", 1, "schedule.csv:1:")],
)
def test_check_asks_a_programmes_address(
    place: Path, hashwatch: Hashwatch, mastodon: FakeMastodon, body: bytes, code: int, said: str
) -> None:
    """Beside the sources, and only with ``--live``; the window must be open for the collector."""
    address = f"{mastodon.url}/schedule.csv"
    config = CONFIG.replace("[[event.theme]]", f'programme = "{address}"\n[[event.theme]]', 1)
    (place / "config.toml").write_text(config.replace("[sources.replay]\n", ""))
    (trial,) = hashwatch("check", "--json").json
    assert trial["source"] == "programme"
    assert not mastodon.asked
    mastodon.faults = [Fault(body=body)]
    answer = hashwatch("check", "--live", "--json")
    assert answer.code == code
    assert said in answer.json[0]["answer"]
    assert answer.json[0]["would"].startswith("nothing: the collection window ended")


def test_columns_can_be_mapped(place: Path, hashwatch: Hashwatch) -> None:
    """A header in another language."""
    put_in(place, hashwatch, "Vortrag\nGezeiten\n", "--map", "title=Vortrag")
    assert shown(hashwatch)[0]["title"] == "Gezeiten"


@pytest.mark.skipif(not PROGRAMMES.is_dir(), reason="the real programmes are not on this machine")
@pytest.mark.parametrize(
    ("file", "sessions", "tracks"),
    [
        ("fosdem2026.xml", 1079, 71), ("38c3_2024.xml", 1007, 7), ("frab_camp2019.json", 79, 7),
        ("pretalx_rc3_2020.json", 48, 5), ("user2018.csv", 174, 36),
    ],
)  # fmt: skip
def test_real_programmes_are_imported_whole(
    place: Path, hashwatch: Hashwatch, file: str, sessions: int, tracks: int
) -> None:
    """Every session is on the dashboard."""
    command = ("programme", "import", str(PROGRAMMES / file), "--event", "natsec17", "--json")
    answer = hashwatch(*command).json
    assert (answer["sessions"], answer["tracks"]) == (sessions, tracks)
    assert dashboard(place, "SELECT count(*) FROM sessions") == [(sessions + 1,)]

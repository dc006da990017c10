"""``hashwatch import``: every row in, or refused with its reason."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import threading
from pathlib import Path

import pytest
from command_line import Hashwatch

from hashwatch.archive.connection import sole
from hashwatch.archive.payloads import decompress
from hashwatch.collect.importers import importer_names
from hashwatch.config import load_config
from hashwatch.publish.publisher import Publisher


def posts(data: Path) -> list[tuple[object, ...]]:
    """The texts in the dashboard."""
    connection = sqlite3.connect(data / "dashboard.db")
    found = connection.execute("SELECT text FROM posts ORDER BY id").fetchall()
    connection.close()
    return found


def test_rows_become_posts_and_the_others_are_named(place: Path, hashwatch: Hashwatch) -> None:
    """Exit code 3; the rejects file has line, reason and the raw row; the dashboard follows."""
    answer = hashwatch("import", "rows.csv", "--event", "natsec17")
    assert answer.code == 3
    assert "3 new" in answer.out
    assert "1 row refused" in answer.out
    assert "data/rows.csv.rejects.csv" in answer.out
    with (place / "data" / "rows.csv.rejects.csv").open(newline="") as file:
        (reject,) = csv.DictReader(file)
    assert reject["line"] == "4"
    assert "not a time" in reject["reason"]
    assert reject["raw"] == '3,not a time,kim@town.example,"A row without a time #NATSEC17",0'
    assert len(posts(place / "data")) == 3


def test_importing_again_changes_nothing(place: Path, hashwatch: Hashwatch) -> None:
    """Neither posts nor what is known of them."""
    hashwatch("import", "rows.csv", "--event", "natsec17")
    before = posts(place / "data")
    answer = hashwatch("import", "rows.csv", "--event", "natsec17", "--json")
    (file,) = answer.json["files"]
    assert (file["new"], file["changed"], file["unchanged"], file["rejected"]) == (0, 0, 3, 1)
    assert file["rejects"] == "data/rows.csv.rejects.csv"
    assert posts(place / "data") == before


def test_only_the_events_hashtags_if_wanted(place: Path, hashwatch: Hashwatch) -> None:
    """Posts without them are counted as left out."""
    answer = hashwatch("import", "rows.csv", "--event", "natsec17", "--only-hashtags", "--json")
    (file,) = answer.json["files"]
    assert (file["received"], file["left_out"]) == (2, 1)
    assert len(posts(place / "data")) == 2


def test_a_dry_run_stores_nothing(place: Path, hashwatch: Hashwatch) -> None:
    """It says what would come of it: span, hashtags, languages, and each reason with its rows."""
    rows = (place / "rows.csv").read_text()
    (place / "rows.csv").write_text(
        rows + "".join(f"{n},never {n},kim@town.example,Nothing,0\n" for n in range(10, 14))
    )
    arguments = ("import", "rows.csv", "--event", "natsec17", "--dry-run")
    answer = hashwatch(*arguments)
    assert answer.code == 3
    head, span, hashtags, languages, *refused = answer.out.splitlines()
    assert (
        head == "rows.csv: 3 posts read as csv, 3 would be new, 0 archived already, 5 rows refused"
    )
    assert span == "  from 2017-03-31 10:10 to 2017-03-31 10:30 (Europe/London)"
    assert hashtags == "  hashtags: #NATSEC17 2"
    assert languages == "  languages declared: none 3"
    assert refused == [
        "  5 rows refused (line 4, line 6, line 7, …): 'not a time' cannot be read as a time"
    ]
    (file,) = hashwatch(*arguments, "--json").json["files"]
    assert (file["from"], file["to"]) == ("2017-03-31T09:10:00Z", "2017-03-31T09:30:00Z")
    assert file["hashtags"] == {"NATSEC17": 2}
    assert file["refused"][0]["rows"] == 5
    assert not (place / "data").exists()


def test_a_dry_run_tells_what_is_new(place: Path, hashwatch: Hashwatch) -> None:
    """Archived, repeated in these files, erased: as the import itself then counts."""
    hashwatch("import", "rows.csv", "--event", "natsec17", "--only-hashtags")
    assert hashwatch("erase", "--handle", "lee@town.example", "--yes").code == 0
    header, *rows = (place / "rows.csv").read_text().splitlines()
    more = "91,2017-03-31T09:10:00Z,bo@town.example,Another #NATSEC17,0"
    gone = "92,2017-03-31T09:10:00Z,lee@town.example,Erased #NATSEC17,0"
    (place / "more.csv").write_text("\n".join([header, *rows, more, more, gone]) + "\n")
    before = (place / "data" / "archive.db").read_bytes()
    arguments = ("import", "more.csv", "more.csv", "--event", "natsec17")
    answer = hashwatch(*arguments, "--dry-run")
    assert answer.out.splitlines()[0] == (
        "more.csv: 6 posts read as csv, 2 would be new, 2 archived already, 1 repeated,"
        " 1 erased or deleted, not to come back, 1 row refused"
    )
    once, again = hashwatch(*arguments, "--dry-run", "--json").json["files"]
    assert once["would_be"] == {"new": 2, "archived": 2, "repeated": 1, "withheld": 1}
    assert again["would_be"] == {"new": 0, "archived": 2, "repeated": 3, "withheld": 1}
    assert (place / "data" / "archive.db").read_bytes() == before
    first, _ = hashwatch(*arguments, "--json").json["files"]
    assert first["new"] == once["would_be"]["new"]


def test_a_dry_run_beside_an_archive_that_cannot_be_read(
    imported: Path, hashwatch: Hashwatch
) -> None:
    """It does not claim that all is new."""
    connection = sqlite3.connect(imported / "data" / "archive.db")
    connection.execute("ALTER TABLE posts RENAME TO lost")
    connection.close()
    answer = hashwatch("import", "rows.csv", "--event", "natsec17", "--dry-run")
    assert answer.code == 1
    assert "archive.db: could not be read" in answer.err
    assert "would be new" not in answer.out


def test_refused_rows_of_files_with_one_name_are_kept_apart(
    place: Path, hashwatch: Hashwatch
) -> None:
    """From several folders, in one import."""
    for folder in ("a", "b"):
        (place / folder).mkdir()
        rows = (place / "rows.csv").read_text().replace("not a time", f"never {folder}")
        (place / folder / "rows.csv").write_text(rows)
    files = hashwatch("import", "a/rows.csv", "b/rows.csv", "--event", "natsec17", "--json").json[
        "files"
    ]
    assert [file["rejects"] for file in files] == [
        "data/rows.csv.rejects.csv", "data/rows.csv.2.rejects.csv",
    ]  # fmt: skip
    for folder, file in zip("ab", files, strict=True):
        assert f"never {folder}" in Path(file["rejects"]).read_text()


def test_a_clean_file_takes_the_old_rejects_away(place: Path, hashwatch: Hashwatch) -> None:
    """Exit code 0, and no file of refused rows."""
    hashwatch("import", "rows.csv", "--event", "natsec17")
    rows = (place / "rows.csv").read_text().replace("not a time", "2017-03-31T09:25:00Z")
    (place / "rows.csv").write_text(rows)
    assert hashwatch("import", "rows.csv", "--event", "natsec17").code == 0
    assert not (place / "data" / "rows.csv.rejects.csv").exists()


def test_columns_and_zone_can_be_told(place: Path, hashwatch: Hashwatch) -> None:
    """For a table that no one knows."""
    (place / "odd.csv").write_text(
        "nr,wann,wer,was\n7,2017-03-31 11:00,ada@town.example,Hello\n", encoding="utf-8"
    )
    mapping = ["id=nr", "created_at=wann", "author=wer", "text=was"]
    options = [word for pair in mapping for word in ("--map", pair)]
    answer = hashwatch(
        "import", "odd.csv", "--event", "natsec17", "--format", "csv",
        "--timezone", "Europe/Berlin", *options,
    )  # fmt: skip
    assert answer.code == 0, answer
    rows = hashwatch("export", "--event", "natsec17", "--format", "jsonl").out
    assert '"created_at":"2017-03-31T09:00:00Z"' in rows
    assert '"uri":"csv:post/7"' in rows


def test_everything_wrong_with_the_options_is_told_at_once(
    place: Path,  # noqa: ARG001 - the command runs there
    hashwatch: Hashwatch,
) -> None:
    """Exit code 2."""
    answer = hashwatch(
        "import", "rows.csv", "--event", "natsec17", "--format", "xls", "--timezone", "Nowhere",
        "--encoding", "base64", "--map", "text", "--map", "colour=x",
    )  # fmt: skip
    assert answer.code == 2
    assert [line.split(":")[0] for line in answer.err.splitlines()] == [
        "--format", "--timezone", "--encoding", "--map", "--map",
    ]  # fmt: skip


def test_the_encoding_can_be_told_where_the_guess_is_wrong(
    place: Path, hashwatch: Hashwatch
) -> None:
    """The warning says how; told, there is none, and the names are right."""
    text = "Dvořák a Škoda: příliš žluťoučký kůň #NATSEC17"
    rows = f"id,created_at,author,text\n1,2017-03-31T09:10:00Z,ada,{text}\n"
    (place / "czech.csv").write_bytes(rows.encode("iso-8859-2"))
    arguments = ("import", "czech.csv", "--event", "natsec17")
    guessed = hashwatch(*arguments)
    assert "which is a guess" in guessed.err
    assert "--encoding" in guessed.err
    assert posts(place / "data") != [(text,)]
    told = hashwatch(*arguments, "--encoding", "iso-8859-2")
    assert told.code == 0, told
    assert "guess" not in told.err
    assert posts(place / "data") == [(text,)]


def test_an_unusable_file_does_not_keep_others_out(place: Path, hashwatch: Hashwatch) -> None:
    """Exit code 3 with some imported, 1 with none."""
    (place / "noise.bin").write_bytes(b"\x00\x01\x02")
    answer = hashwatch("import", "noise.bin", "rows.csv", "--event", "natsec17")
    assert answer.code == 3
    assert "noise.bin" in answer.err
    assert len(posts(place / "data")) == 3
    assert hashwatch("import", "noise.bin", "--event", "natsec17").code == 1


def test_a_running_publisher_is_waited_for(place: Path, hashwatch: Hashwatch) -> None:
    """When the import ends, the posts are on the dashboard."""
    config = load_config(place / "config.toml")
    hashwatch("import", "rows.csv", "--event", "natsec17", "--only-hashtags")
    stop = threading.Event()

    def publish() -> None:
        with Publisher(
            place / "data" / "archive.db", place / "data" / "dashboard.db", config.events, ""
        ) as publisher:
            publisher.catch_up()
            started.set()
            publisher.run(stop)

    started = threading.Event()
    thread = threading.Thread(target=publish)
    thread.start()
    try:
        assert started.wait(30)
        answer = hashwatch("import", "rows.csv", "--event", "natsec17")
        found = posts(place / "data")
    finally:
        stop.set()
        thread.join()
    assert answer.code == 3
    assert "waiting for the running publisher" in answer.err
    assert len(found) == 3


def test_a_publisher_that_does_not_publish_is_not_waited_for_for_ever(
    imported: Path, hashwatch: Hashwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import has done its part, and says what is missing."""
    monkeypatch.setattr("hashwatch.cli.publishing.PUBLISHER_SECONDS", 0.0)
    more = (imported / "rows.csv").read_text().replace("\n1,", "\n91,")
    (imported / "more.csv").write_text(more)
    with sole(imported / "data" / "dashboard.db", "publisher"):
        answer = hashwatch("import", "more.csv", "--event", "natsec17")
    assert answer.code == 3
    assert "has not taken all to the dashboard" in answer.err


@pytest.mark.parametrize("arguments", [["--event", "other"], []])
def test_an_event_must_be_named(
    place: Path,  # noqa: ARG001 - the command runs there
    hashwatch: Hashwatch,
    arguments: list[str],
) -> None:
    """One that there is; exit code 2."""
    assert hashwatch("import", "rows.csv", *arguments).code == 2


def test_every_format_is_named_where_one_looks(hashwatch: Hashwatch) -> None:
    """In the command's help, and with a section of its own in the documentation."""
    said = hashwatch("import", "--help").out
    page = (Path(__file__).parents[2] / "docs" / "archives.md").read_text()
    for name in importer_names():
        assert re.search(rf"\b{name}\b", said)
        assert f"\n### {name}\n" in page


def test_private_posts_of_an_archive_reach_no_file(place: Path, hashwatch: Hashwatch) -> None:
    """Every byte of the data folder, payloads decompressed."""
    public, ada = "https://www.w3.org/ns/activitystreams#Public", "https://town.example/users/ada"
    items = [
        {
            "id": f"{ada}/{word}/activity", "type": "Create", "actor": ada, "to": to, "cc": [],
            "object": {"id": f"{ada}/{word}", "type": "Note", "to": to, "content": f"{word} here",
                       "published": published},
        }
        for word, to, published in (
            ("openword", [public], "2017-03-31T09:10:00Z"),
            ("badword", [public], "never"),
            ("hiddenword", [f"{ada}/followers"], "2017-03-31T09:10:00Z"),
            ("hiddenword", [f"{ada}/followers"], "never"),
            ("hiddenword", ["https://lake.example/users/bo"], "2017-03-31T09:10:00Z"),
        )
    ]  # fmt: skip
    content = json.dumps({"type": "OrderedCollection", "orderedItems": items})
    # The last one is cut in the midst.
    (place / "outbox.json").write_text(content[: content.rindex("published")])
    answer = hashwatch("import", "outbox.json", "--event", "natsec17")
    assert answer.code == 3, answer
    assert "2 posts were not addressed to the public" in answer.err
    connection = sqlite3.connect(place / "data" / "archive.db")
    kept = [
        decompress(raw)
        for (raw,) in connection.execute("SELECT raw FROM posts UNION ALL SELECT raw FROM versions")
    ]
    connection.close()
    kept += [path.read_bytes() for path in (place / "data").iterdir() if path.is_file()]
    everything = b"".join(kept) + (answer.out + answer.err).encode()
    assert b"openword" in everything
    assert b"badword" in everything
    assert b"hiddenword" not in everything

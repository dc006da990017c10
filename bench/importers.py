"""Every importer on 5,000 invented posts: read, and read and stored, in posts a CPU-second.

Run as ``make bench ARGS="importers [POSTS]"``. Where the file is JSON, what msgspec takes merely to
parse it (untyped, line by line or as one) stands beside it; and how much longer reading and storing
take than parsing and the same storing.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import libipld
import msgspec
import openpyxl

from bench.payloads import BEGIN, Payloads
from hashwatch.archive.bulk import without_cycle_search
from hashwatch.archive.store import Archive, PlaceKey
from hashwatch.collect.importers import ImportSettings, find_importer
from hashwatch.model import RunState

POSTS, ROUNDS = 5_000, 3
Writer = Callable[[Path, int, Payloads], Path]


def main() -> None:
    """Writes each kind of file, reads it some times, and prints the best."""
    posts = int(sys.argv[1]) if len(sys.argv) > 1 else POSTS
    print(f"{'posts a CPU-second':22}{'read':>9}{'stored':>9}{'merely parsed':>16}{'times':>8}")
    with tempfile.TemporaryDirectory() as name:
        for kind, write in FILES.items():
            path = write(Path(name), posts, Payloads(seed=5, repeats=0.0))
            reads = max(measured(read, path, kind, posts) for _ in range(ROUNDS))
            stores = max(measured(stored, path, kind, posts) for _ in range(ROUNDS))
            parse = PARSED.get(kind)
            parses = max(measured(parse, path, kind, posts) for _ in range(ROUNDS)) if parse else 0
            least = 1 / stores - 1 / reads + (1 / parses if parse else 0)
            beside = f"{parses:>16,.0f}{1 / stores / least:>7.1f}×" if parse else ""
            print(f"{kind:22}{reads:>9,.0f}{stores:>9,.0f}{beside}", flush=True)


def measured(work: Callable[[Path, str], int], path: Path, kind: str, posts: int) -> float:
    """Posts a CPU-second; every post of the file must have come."""
    begun = time.process_time()
    came = without_cycle_search()(work)(path, kind)
    took = time.process_time() - begun
    assert came == posts, f"{kind}: {came} of {posts}"
    return posts / took


def read(path: Path, kind: str) -> int:
    """How many posts the importer makes of the file."""
    settings = ImportSettings(author="ada.example")
    return sum(len(page.posts) for page in find_importer(_format(kind), path).read(path, settings))


def stored(path: Path, kind: str) -> int:
    """The same, and into an archive."""
    settings = ImportSettings(author="ada.example")
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(folder) / "archive.db", bulk=True)
        place = PlaceKey("bench", "importers")
        run = archive.begin_run(place, BEGIN)
        new = sum(
            archive.store(page, run, place, BEGIN, event="bench").new
            for page in find_importer(_format(kind), path).read(path, settings)
        )
        archive.end_run(run, RunState.OK, "", BEGIN)
        archive.close()
    return new


def lines_parsed(path: Path, kind: str) -> int:  # noqa: ARG001 - as the others
    """What it takes to parse JSON line by line."""
    decode = msgspec.json.Decoder().decode
    with path.open("rb") as lines:
        return sum(1 for line in lines if decode(line))


def outbox_parsed(path: Path, kind: str) -> int:  # noqa: ARG001 - as the others
    """What it takes to unpack and parse the outbox of an archive."""
    with tarfile.open(path) as packed:
        member = packed.extractfile("outbox.json")
        assert member is not None
        return len(msgspec.json.decode(member.read())["orderedItems"])


def _format(kind: str) -> str:
    return {"4CAT": "csv", "X": "x_archive"}.get(kind.split()[0], "auto")


def _iso(number: int) -> str:
    return datetime.fromtimestamp(BEGIN + number, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _id(number: int) -> str:
    """The id that X gives at that time: its milliseconds since its own beginning."""
    return str(((BEGIN + number) * 1000 - 1_288_834_974_657) << 22 | number & 0xFFF)


def _table(folder: Path, name: str, rows: Iterable[dict[str, str]]) -> Path:
    path = folder / name
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(file, list(row))
                writer.writeheader()
            writer.writerow(row)
    return path


def _plain_rows(posts: int, payloads: Payloads) -> Iterable[dict[str, str]]:
    for n in range(posts):
        yield {
            "id": str(n), "created_at": _iso(n), "author": f"person{n % 900}",
            "text": payloads.text(), "likes": str(n % 40),
        }  # fmt: skip


def _tags_rows(posts: int, payloads: Payloads) -> Iterable[dict[str, str]]:
    for n in range(posts):
        at, who = datetime.fromtimestamp(BEGIN + n, UTC), f"person{n % 900}"
        yield {
            "id_str": _id(n), "from_user": who, "text": payloads.text(),
            "created_at": at.strftime("%a %b %d %H:%M:%S +0000 %Y"),
            "time": at.strftime("%d/%m/%Y %H:%M:%S"), "geo_coordinates": "", "user_lang": "en",
            "in_reply_to_user_id_str": "", "in_reply_to_screen_name": "",
            "from_user_id_str": str(1_000 + n % 900), "in_reply_to_status_id_str": "",
            "source": "Web App", "profile_image_url": "", "user_followers_count": "12",
            "user_friends_count": "9", "status_url": f"http://twitter.com/{who}/statuses/{_id(n)}",
            "entities_str": "",
        }  # fmt: skip


def _rtweet_rows(posts: int, payloads: Payloads) -> Iterable[dict[str, str]]:
    for n in range(posts):
        who = f"person{n % 900}"
        yield {
            "user_id": f"x{1_000 + n % 900}", "status_id": f"x{_id(n)}", "created_at": _iso(n),
            "screen_name": who, "text": payloads.text(), "source": "Web App",
            "reply_to_status_id": "NA", "is_quote": "FALSE", "is_retweet": "FALSE",
            "favorite_count": str(n % 40), "retweet_count": "3", "hashtags": "NatSec17",
            "urls_expanded_url": "NA", "media_url": "NA", "mentions_screen_name": "NA",
            "lang": "en", "name": who.capitalize(), "description": "Reads laws",
            "followers_count": "120", "status_url": f"https://twitter.com/{who}/status/{_id(n)}",
        }  # fmt: skip


def _fourcat_rows(posts: int, payloads: Payloads) -> Iterable[dict[str, str]]:
    for n in range(posts):
        yield {
            "id": str(n), "thread_id": str(n), "timestamp": _iso(n)[:-1].replace("T", " "),
            "unix_timestamp": str(BEGIN + n), "author": f"person{n % 900}",
            "body": payloads.text(), "like_count": str(n % 40),
        }  # fmt: skip


def _csv(folder: Path, posts: int, payloads: Payloads) -> Path:
    return _table(folder, "plain.csv", _plain_rows(posts, payloads))


def _tags(folder: Path, posts: int, payloads: Payloads) -> Path:
    return _table(folder, "tags.csv", _tags_rows(posts, payloads))


def _rtweet(folder: Path, posts: int, payloads: Payloads) -> Path:
    return _table(folder, "rtweet.csv", _rtweet_rows(posts, payloads))


def _fourcat(folder: Path, posts: int, payloads: Payloads) -> Path:
    return _table(folder, "4cat.csv", _fourcat_rows(posts, payloads))


def _xlsx(folder: Path, posts: int, payloads: Payloads) -> Path:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Archive")
    for n, row in enumerate(_tags_rows(posts, payloads)):
        if n == 0:
            sheet.append(list(row))
        sheet.append(list(row.values()))
    book.save(folder / "tags.xlsx")
    return folder / "tags.xlsx"


def _lines(folder: Path, name: str, lines: Iterable[bytes]) -> Path:
    path = folder / name
    with path.open("wb") as file:
        file.writelines(line + b"\n" for line in lines)
    return path


def _jsonl(folder: Path, posts: int, payloads: Payloads) -> Path:
    rows = (msgspec.json.encode(row) for row in _plain_rows(posts, payloads))
    return _lines(folder, "plain.jsonl", rows)


def _twarc1(folder: Path, posts: int, payloads: Payloads) -> Path:
    rows = (msgspec.json.encode(payloads.x1()) for _ in range(posts))
    return _lines(folder, "twarc1.jsonl", rows)


def _twarc2(folder: Path, posts: int, payloads: Payloads) -> Path:
    return _lines(folder, "twarc2.jsonl", (payloads.x2() for _ in range(posts)))


def _x_archive(folder: Path, posts: int, payloads: Payloads) -> Path:
    items = [{"tweet": payloads.x1()} for _ in range(posts)]
    account = [{"account": {"accountId": "1", "username": "ada", "accountDisplayName": "Ada"}}]
    path = folder / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, value in (("tweets", items), ("account", account)):
            script = f"window.YTD.{name}.part0 = {json.dumps(value, indent=1)}"
            packed.writestr(f"data/{name}.js", script)
    return path


def _mastodon_archive(folder: Path, posts: int, payloads: Payloads) -> Path:
    me = "https://town.example/users/ada"
    items = [
        {
            "id": f"{me}/statuses/{n}/activity", "type": "Create", "actor": me,
            "published": _iso(n), "to": ["https://www.w3.org/ns/activitystreams#Public"],
            "object": {
                "id": f"{me}/statuses/{n}", "type": "Note", "published": _iso(n),
                "attributedTo": me, "to": ["https://www.w3.org/ns/activitystreams#Public"],
                "url": f"https://town.example/@ada/{n}", "sensitive": False, "summary": None,
                "content": f"<p>{payloads.text()}</p>", "attachment": [], "tag": [],
            },
        }
        for n in range(posts)
    ]  # fmt: skip
    actor = {"id": me, "type": "Person", "preferredUsername": "ada", "name": "Ada", "url": me}
    outbox = {"id": "outbox.json", "type": "OrderedCollection", "orderedItems": items}
    path = folder / "mastodon.tar.gz"
    with tarfile.open(path, "w:gz") as packed:
        for name, value in (("outbox.json", outbox), ("actor.json", actor)):
            content = json.dumps(value).encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return path


def _car(folder: Path, posts: int, payloads: Payloads) -> Path:
    """A repository whose tree is one node: what takes time is the records."""
    collection, blocks, entries, before = "app.bsky.feed.post", [], [], b""
    for n in range(posts):
        record = {"$type": collection, "text": payloads.text(), "createdAt": _iso(n)}
        identity = _block(record, blocks)
        key = f"{collection}/3k{n:011d}".encode()
        shared = next((i for i, (a, b) in enumerate(zip(before, key, strict=False)) if a != b), 0)
        entries.append({"p": shared, "k": key[shared:], "v": identity, "t": None})
        before = key
    tree = _block({"l": None, "e": entries}, blocks)
    commit = {"did": "did:plc:abcdefghijklmnopqrstuvwx", "version": 3, "data": tree,
              "rev": "3kzzzzzzzzzzz", "prev": None, "sig": b"s"}  # fmt: skip
    top = _block(commit, blocks)
    header = libipld.encode_dag_cbor({"roots": [top], "version": 1})
    path = folder / "ada.car"
    path.write_bytes(_sized(header) + b"".join(blocks))
    return path


def _block(value: object, blocks: list[bytes]) -> bytes:
    """The content id of a value, whose block is put with the others."""
    octets = libipld.encode_dag_cbor(value)
    identity = b"\x01\x71\x12\x20" + sha256(octets).digest()
    blocks.append(_sized(identity + octets))
    return identity


def _sized(octets: bytes) -> bytes:
    length, size = len(octets), bytearray()
    while length > 0x7F:
        size.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([*size, length]) + octets


FILES: dict[str, Writer] = {
    "CSV": _csv, "JSONL": _jsonl, "TAGS CSV": _tags, "TAGS XLSX": _xlsx, "twarc v1.1": _twarc1,
    "twarc v2": _twarc2, "rtweet CSV": _rtweet, "4CAT CSV": _fourcat, "X archive": _x_archive,
    "Mastodon archive": _mastodon_archive, "Bluesky CAR": _car,
}  # fmt: skip
PARSED: dict[str, Callable[[Path, str], int]] = {
    "JSONL": lines_parsed, "twarc v1.1": lines_parsed, "twarc v2": lines_parsed,
    "Mastodon archive": outbox_parsed,
}  # fmt: skip

if __name__ == "__main__":
    main()

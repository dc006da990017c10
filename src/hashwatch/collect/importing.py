"""Files into the archive: the loop around an importer, and the file of refused rows."""

from __future__ import annotations

import csv
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from zoneinfo import ZoneInfo

import msgspec

from hashwatch.archive.bulk import without_cycle_search
from hashwatch.archive.forecast import Forecast, Forecaster
from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive, Stored
from hashwatch.collect.columns import FIELDS
from hashwatch.collect.importers import ImportSettings, find_importer, importer_names
from hashwatch.collect.survey import Survey
from hashwatch.errors import ConfigError
from hashwatch.model import Event, Page, Post, Reject, RunState, fold_hashtag
from hashwatch.queries.rows import neutral_row

Progress = Callable[[int, int], None]

_HANDLE = re.compile(r"@?[\w.-]{1,253}(@[\w.-]{1,253})?")
_LINE = re.compile(r"line (\d+)")


class Imported(msgspec.Struct, frozen=True):
    """What came of one file. ``rejects_path`` is where its refused rows are, if there were any.

    After a dry run, ``survey`` tells what is in it, and ``forecast`` what would become of that.
    """

    path: Path
    format: str
    stored: Stored
    left_out: int
    warnings: tuple[str, ...]
    rejects_path: Path | None
    survey: Survey | None = None
    forecast: Forecast | None = None


def import_settings(
    format_: str,
    timezone: str | None,
    columns: Sequence[str],
    encoding: str | None = None,
    author: str | None = None,
) -> ImportSettings:
    """What the operator said, checked; raises ``ConfigError`` with all that is wrong."""
    problems = []
    if format_ != "auto" and format_ not in importer_names():
        known = ", ".join(["auto", *importer_names()])
        problems.append(f"--format: no format {format_!r}; there are {known}")
    try:
        if timezone is not None:
            ZoneInfo(timezone)
    except (ValueError, OSError, KeyError):
        problems.append(
            f"--timezone: no zone is called {timezone!r}; write an IANA name, as in Europe/London"
        )
    if encoding is not None and not _is_text_encoding(encoding):
        problems.append(
            f"--encoding: no encoding is called {encoding!r}; write a name as in cp1252 or utf-16"
        )
    if author is not None and not _HANDLE.fullmatch(author):
        problems.append(f"--author: {author!r} is no handle; write it as in @ada or ada.example")
    mapping = {}
    for pair in columns:
        field, equals, column = pair.partition("=")
        if not (field and equals and column):
            problems.append(f"--map: {pair!r} is not FIELD=COLUMN")
        elif field not in FIELDS:
            problems.append(f"--map: no field {field!r}; there are {', '.join(FIELDS)}")
        mapping[field] = column
    if problems:
        raise ConfigError(problems)
    return ImportSettings(timezone=timezone, columns=mapping, encoding=encoding, author=author)


def _is_text_encoding(name: str) -> bool:
    """Whether Python can read text by it: base64 and its like are codecs too."""
    try:
        "".encode(name)
    except (LookupError, UnicodeError):
        return False
    return True


class Importing:
    """Imports files into one event, a page a transaction, beside a running collector or not.

    Raises ``ImportFormatError`` for a file that is unusable as a whole.
    """

    def __init__(
        self,
        data_dir: Path,
        event: Event,
        format_: str,
        settings: ImportSettings,
        *,
        only_hashtags: bool = False,
        dry_run: bool = False,
    ) -> None:
        self._data_dir, self._event = data_dir, event
        self._format, self._settings = format_, settings
        self._hashtags = {fold_hashtag(tag) for tag in event.hashtags} if only_hashtags else None
        self._archive: Archive | None = None
        self._forecaster: Forecaster | None = None
        self._dry_run = dry_run
        self._names: Counter[str] = Counter()

    def __enter__(self) -> Importing:
        path = self._data_dir / "archive.db"
        if self._dry_run:
            self._forecaster = Forecaster(path)
        else:
            self._archive = Archive(path, bulk=True)
            self._archive.check()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._archive is not None:
            self._archive.close()
        if self._forecaster is not None:
            self._forecaster.close()

    def read(self, path: Path, on_progress: Progress) -> Imported:
        """One file, from its first row to its last."""
        importer = find_importer(self._format, path)
        size = path.stat().st_size
        stored, left_out, warnings = Stored(), 0, list[str]()
        survey, forecast = Survey() if self._dry_run else None, Forecast()
        with ExitStack() as exits:
            exits.enter_context(without_cycle_search())
            rejects = exits.enter_context(RejectsFile(self._rejects_path(path), self._dry_run))
            keep = exits.enter_context(self._run(importer.name, path))
            for page in importer.read(path, self._settings):
                kept = self._wanted(page)
                left_out += len(page.posts) - len(kept.posts)
                stored += keep(kept)
                if survey is not None and self._forecaster is not None:
                    survey.take(kept)
                    forecast += self._forecaster.take(kept.posts)
                rejects.write(page.rejects)
                warnings += page.warnings
                on_progress(min(page.progress, size), size)
        return Imported(
            path, importer.name, stored, left_out, tuple(warnings), rejects.written,
            survey, forecast if survey else None,
        )  # fmt: skip

    @contextmanager
    def _run(self, format_: str, path: Path) -> Iterator[Callable[[Page], Stored]]:
        """A run's row around the file; gives what makes a page durable."""
        archive = self._archive
        if archive is None:
            yield lambda page: Stored(received=len(page.posts), rejected=len(page.rejects))
            return
        key = PlaceKey("import", format_, path.name)
        run = archive.begin_run(key, int(time.time()))
        state, reason = RunState.FAILED, "stopped"
        refused = 0

        def keep(page: Page) -> Stored:
            nonlocal refused
            refused += len(page.rejects)
            now = int(time.time())
            return archive.store(page, run, key, now, event=self._event.slug)

        try:
            yield keep
            state, reason = RunState.OK, ""
            if refused:
                state, reason = (
                    RunState.PARTIAL,
                    f"{refused} row{'' if refused == 1 else 's'} refused",
                )
        except Exception as error:
            reason = str(error)
            raise
        finally:
            archive.end_run(run, state, reason, int(time.time()))

    def _wanted(self, page: Page) -> Page:
        wanted = self._hashtags
        if wanted is None:
            return page
        posts = tuple(post for post in page.posts if _carries(post, wanted))
        return msgspec.structs.replace(page, posts=posts)

    def _rejects_path(self, path: Path) -> Path:
        """Where the file's refused rows go; files of one name from several folders are numbered."""
        self._names[path.name] += 1
        number = self._names[path.name]
        name = path.name if number == 1 else f"{path.name}.{number}"
        return self._data_dir / f"{name}.rejects.csv"


class RejectsFile:
    """Refused rows as CSV: line, reason, raw. There is none for a file without any."""

    def __init__(self, path: Path, dry_run: bool) -> None:
        self._path = path
        self._exits = ExitStack()
        self._dry_run = dry_run
        self.written: Path | None = None

    def __enter__(self) -> RejectsFile:
        if not self._dry_run:
            self._path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def write(self, rejects: Iterable[Reject]) -> None:
        """Adds rows, as they were in the file, save that no cell can run as a formula."""
        for reject in rejects:
            if self._dry_run:
                continue
            if self.written is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                file = self._path.open("w", encoding="utf-8", newline="")
                self._exits.enter_context(file)
                self._rows = csv.writer(file)
                self._rows.writerow(["line", "reason", "raw"])
                self.written = self._path
            raw = reject.raw.decode("utf-8", "backslashreplace").rstrip("\r\n")
            line = _LINE.match(reject.where)
            self._rows.writerow(
                neutral_row([line[1] if line else reject.where, reject.reason, raw])
            )


def _carries(post: Post, hashtags: set[str]) -> bool:
    return any(fold_hashtag(tag) in hashtags for tag in post.hashtags)

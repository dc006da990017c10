"""The money that sources spend, written down in the archive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from hashwatch.archive.spending import day_at
from hashwatch.archive.store import Archive
from hashwatch.collect.source import Ledger, Source, SpendingSource
from hashwatch.errors import BudgetError

# Where nothing is left, it is looked again so often (seconds): a new month may have begun, or
# something that was held may have been given back.
AGAIN = 3_600.0
MICRO = 1_000_000


class ArchiveLedger:
    """One source's ledger, as :class:`hashwatch.collect.source.Ledger` describes it.

    ``now`` gives wall seconds.
    """

    def __init__(
        self, archive: Archive, source: str, budget: int, now: Callable[[], float]
    ) -> None:
        self._archive, self._source, self._budget, self._now = archive, source, budget, now

    def hold(self, amount: int) -> int:
        """Sets apart, or raises ``BudgetError``."""
        number = self._archive.hold_money(self._source, amount, self._budget, self._now())
        if number is None:
            raise BudgetError(
                f"sources.{self._source}: {self.words()}; the next answer may cost"
                f" {dollars(amount)}, so that nothing is asked until there is more: raise budget,"
                " or wait for the next month",
                AGAIN,
            )
        return number

    def settle(
        self, number: int, things: Mapping[str, int], flat: int = 0, *, keep: int = 0
    ) -> int:
        """Counts what came."""
        return self._archive.settle_money(
            number, self._source, things, flat, self._now(), keep=keep
        )

    def release(self, number: int) -> None:
        """Gives back."""
        self._archive.release_money(number)

    def left(self) -> int:
        """What is left."""
        return self._archive.money(self._source, self._budget, self._now()).left

    def part(self, name: str, share: float) -> Ledger:
        """A purpose's own."""
        own = ArchiveLedger(
            self._archive, f"{self._source} {name}", int(self._budget * share), self._now
        )
        return PartLedger(self, own)

    def is_one_day(self) -> bool:
        """Whether it is, and not nearly another."""
        return day_at(self._now()) is not None

    def words(self) -> str:
        """``$3.20 of $50.00 spent in November 2026, $46.80 left``."""
        stands = self._archive.money(self._source, self._budget, self._now())
        month = f"{datetime.fromtimestamp(stands.month, UTC):%B %Y}"
        held = f" and {dollars(stands.held)} held for answers under way" if stands.held else ""
        return (
            f"{dollars(stands.spent)} of {dollars(stands.budget)} spent in {month}{held},"
            f" {dollars(max(0, stands.left))} left"
        )


class PartLedger:
    """A ledger within another: what is spent counts in both, and must fit into both."""

    def __init__(self, whole: ArchiveLedger, own: ArchiveLedger) -> None:
        self._whole, self._own = whole, own
        self._numbers: dict[int, int] = {}

    def hold(self, amount: int) -> int:
        """Sets apart in both, or in none."""
        number = self._own.hold(amount)
        try:
            self._numbers[number] = self._whole.hold(amount)
        except BudgetError:
            self._own.release(number)
            raise
        return number

    def settle(
        self, number: int, things: Mapping[str, int], flat: int = 0, *, keep: int = 0
    ) -> int:
        """Counts what came. The whole knows what was paid for already."""
        cost = self._whole.settle(self._numbers[number], things, flat, keep=keep)
        self._own.settle(number, {}, cost, keep=keep)
        return cost

    def release(self, number: int) -> None:
        """Gives back."""
        self._whole.release(self._numbers.pop(number))
        self._own.release(number)

    def left(self) -> int:
        """What is left in both."""
        return min(self._whole.left(), self._own.left())

    def part(self, name: str, share: float) -> Ledger:
        """A part of the part."""
        return self._own.part(name, share)

    def is_one_day(self) -> bool:
        """As the whole."""
        return self._whole.is_one_day()

    def words(self) -> str:
        """Of the part."""
        return self._own.words()


def open_ledgers(sources: Iterable[Source], archive: Archive, now: Callable[[], float]) -> None:
    """Gives each source that spends money its ledger."""
    for source in sources:
        if isinstance(source, SpendingSource):
            source.spend_from(ArchiveLedger(archive, source.name, source.budget, now))


def dollars(amount: int) -> str:
    """Millionths of a dollar for people."""
    return f"${amount / MICRO:,.2f}"

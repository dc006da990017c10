"""What negation, absence and comparison make of the words of praise and blame that they reach.

``No one left bored``, ``far from dull`` and ``could not be better`` praise with words of blame or
of negation, ``hardly useful`` blames with a word of praise: a bag of words adds up what grammar
multiplies. So each clause is read once from left to right, with what is in force at each word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hashwatch.enrich.sentiment.polar_words import Polarity, polarity
from hashwatch.enrich.sentiment.roles import Role, in_words, roles_of

REACH = 4
"""Words within which *not* finds what it negates."""
FAR = 6
"""The same of *nobody*, *never* and their like, which hold for a whole clause."""
LINKED = 3
"""Words after *or* and *nor* in which it goes on."""
BACK = 2
"""Words that a negation behind its verb looks back: *bereue es nicht*, *regret nothing*."""
AFTER = 3
"""Words in which a comparison may follow: *could not agree more*, *can't praise them enough*."""
LONGEST = 30
"""Letters of a word that may mean something."""
ASSERTED = 3
"""Words after *is*, *very* or *full of* in which a milder word too counts by itself."""


_CONTRAST = re.compile(r"\b(?:but|though|although|however|mais|aber|pero|mas|ma|sondern)\b|\bلكن\b")
_BREAK = re.compile(r"[,.;:!?؟،–—()\n]+")
_WORD = re.compile(r"⟨\w+⟩|[^\W\d_]+")
_ENGLISH_WORD = re.compile(r"⟨\w+⟩|[^\W\d_]+(?:'[^\W\d_]+)*")
_BEHIND = frozenset(
    ("nothing", "nobody", "none", "nicht", "nichts", "niemand", "nie", "pas", "rien", "personne")
)
"""Negations that may stand behind what they negate."""

_SILENT = frozenset(Role) - {Role.COMPARES, Role.LESSENS, Role.ASSERTS}
"""Words with one of these are not themselves praise or blame."""


class Reading(NamedTuple):
    """Praise (1) and blame (−1) that are said, and whether by scope rather than by strong words."""

    signs: frozenset[int]
    is_made: bool


NOTHING = Reading(frozenset(), False)


def read(folded: str, language: str, is_brief: bool) -> Reading:
    """What the words of a folded text say; of one that is not brief, its strong words only.

    What scope made goes before what is strong by itself in a clause, and what follows a contrast
    before what it is set against.
    """
    word = _ENGLISH_WORD if language == "en" else _WORD
    for part in reversed(_CONTRAST.split(in_words(folded.replace("’", "'")))):
        clauses = [
            _clause(word.findall(clause), language, is_brief) for clause in _BREAK.split(part)
        ]
        signs = frozenset(sign for clause in clauses for sign in clause.signs)
        if signs:
            return Reading(signs, any(clause.is_made for clause in clauses))
    return NOTHING


@dataclass
class _Scope:
    """What is in force at a word; ``left`` is for how many words more."""

    sign: int = 1
    left: int = 0
    negates: bool = False
    permits: bool = False
    records: bool = False
    lacks: bool = False
    compares: int = 0
    asserted: int = 0

    def take(self, held: frozenset[Role]) -> None:
        """A word with these roles comes by."""
        if Role.ENDS in held:
            self.sign, self.left, self.records, self.permits = 1, 0, False, False
            self.asserted = 0
        if Role.EMPHASISES in held or (Role.EXPECTS in held and self.left):
            # Nothing but praise, not expected to be so good: it holds, all the more.
            self.sign, self.left, self.records, self.permits = 1, FAR, False, False
        self.permits |= Role.PERMITS in held
        self.records |= Role.RECORDS in held
        self.lacks |= Role.LACKS in held
        if held & {Role.NEGATES, Role.RECORDS}:
            self.negate(FAR if Role.RECORDS in held else REACH)
        if held & {Role.UNDOES, Role.LACKS}:
            self.undo()
        if held & {Role.COMPARES, Role.LESSENS}:
            self.compares = -1 if Role.LESSENS in held else 1
        if Role.ASSERTS in held:
            self.asserted = ASSERTED
        elif Role.CONCERNS in held:
            self.asserted = 0

    def negate(self, reach: int) -> None:
        """A second negation does not undo the first: *neither … nor*, *no … nada*."""
        self.sign, self.left, self.negates = -1, reach, True

    def undo(self) -> None:
        """This one does: *never fails to*, *no lack of*, *not without*."""
        self.sign, self.left = -self.sign, REACH

    def pass_on(self) -> None:
        """A word that says nothing went by."""
        self.left, self.asserted = max(0, self.left - 1), max(0, self.asserted - 1)
        if not self.left:
            self.sign = 1

    def makes(self, sign: int) -> int | None:
        """What the scope makes of praise or blame, or ``None`` where nothing is in force."""
        if self.compares and self.left and (self.records or self.permits):
            # Never been so good, could not be better: nothing is negated, and much is said.
            return sign * self.compares
        if self.compares and self.permits:
            return -sign * self.compares
        if self.left:
            return sign * self.sign * (self.compares or 1)
        return -sign if self.compares < 0 else None


def _clause(words: Sequence[str], language: str, is_brief: bool) -> Reading:
    scope = _Scope()
    made: set[int] = set()
    strong: set[int] = set()
    bare: tuple[int, int] | None = None  # The last word that nothing reached, and its place.
    for place, word in enumerate(words):
        held = roles_of(word, language)
        if held:
            scope.take(held)
        said = None if held & _SILENT else _said(word, language, scope)
        if said is None or not (is_brief or said.is_strong):
            if bare and word == "⟨again⟩":
                strong.add(bare[0])
            elif bare and word in _BEHIND and place - bare[1] <= BACK:
                made.add(-bare[0])
            elif not held:
                scope.pass_on()
            continue
        after = [roles_of(one, language) for one in words[place + 1 : place + 1 + AFTER]]
        if any(Role.COMPARES in held for held in after):
            scope.compares = scope.compares or 1
        sign = scope.makes(said.sign)
        bare = (said.sign, place) if sign is None else None
        if sign is not None:
            made.add(sign)
        elif said.is_strong or (scope.asserted and said.is_listed):
            strong.add(said.sign)
        goes_on = scope.left and after and Role.LINKS in after[0]
        scope = _Scope()
        if goes_on:
            scope.negate(LINKED)
    if not made and scope.lacks and is_brief:
        made.add(1 if scope.negates else -1)
    return Reading(frozenset(made or strong), bool(made))


def _said(word: str, language: str, scope: _Scope) -> Polarity | None:
    """Of an English comparative what it is the comparative of, noted in ``scope``."""
    if len(word) > LONGEST:
        return None
    if language == "en" and len(word) > 4 and word.endswith("er"):
        stem = word[:-2]
        for base in (stem, stem + "e", stem[:-1] + "y" if stem[-1] == "i" else stem[:-1]):
            said = polarity(base, "en")
            if said is not None:
                scope.compares = scope.compares or 1
                return said
    return polarity(word, language)

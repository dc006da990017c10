"""A search as people type it, made into an FTS5 expression that is always well formed.

Words stand side by side and must all occur; ``"a phrase"``, ``OR``, ``NOT`` or ``-word``, ``word*``
and parentheses work as one expects; everything else is text. Nothing that can be typed is an error:
a quote or parenthesis that is never closed ends with the query.
"""

from __future__ import annotations

import re
import unicodedata

import msgspec

from hashwatch.queries.fold import is_one_unspaced_character, query_text

MAX_WORDS = 40
MIN_PREFIX = 3
"""Letters before a ``*``; a shorter beginning fits so many words that it is read as a word."""

_TOKEN = re.compile(r'-?"[^"]*"?\*?|[()]|[^\s()"]+')
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Match(msgspec.Struct, frozen=True):
    """Posts that match ``expression``, or all others when it is ``excluded``.

    An expression of ``None`` matches nothing: the search holds no word.
    """

    expression: str | None
    excluded: bool = False


def translate(query: str) -> Match:
    """The FTS5 expression for ``query``; it never raises and never makes SQLite raise."""
    tokens = _TOKEN.findall(_UNSTORABLE.sub(" ", query))
    found = _Parser(tokens[: MAX_WORDS * 4]).disjunction()
    return found if found is not None else Match(None)


class _Parser:
    """Recursive descent over the tokens; each rule gives a match, or None where there is no word.

    FTS5 has no unary NOT, so every match carries whether it is to be read as its complement.
    """

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.position = 0
        self.words = 0

    def disjunction(self, depth: int = 0) -> Match | None:
        """``conjunction (OR conjunction)*``; it takes everything up to its closing parenthesis."""
        found: Match | None = None
        while self.position < len(self.tokens) and not (depth and self._peek() == ")"):
            if self._peek() in ("OR", ")"):
                self.position += 1
                continue
            found = _either(found, self._conjunction(depth))
        return found

    def _conjunction(self, depth: int) -> Match | None:
        found: Match | None = None
        negated = False
        while self.position < len(self.tokens) and self._peek() not in ("OR", ")"):
            token = self.tokens[self.position]
            self.position += 1
            if token == "NOT":
                negated = not negated
                continue
            if token == "AND":
                continue
            term = self._term(token, depth)
            if term is not None and negated:
                term = Match(term.expression, excluded=not term.excluded)
            negated = False
            found = _both(found, term)
        return found

    def _term(self, token: str, depth: int) -> Match | None:
        if token == "(":
            if depth >= 8:
                return None
            inner = self.disjunction(depth + 1)
            self.position += 1
            return inner
        excluded = token.startswith("-") and len(token) > 1
        if self.words >= MAX_WORDS:
            return None
        quoted = _quoted(token[1:] if excluded else token)
        if quoted is None:
            return None
        self.words += 1
        return Match(quoted, excluded)

    def _peek(self) -> str:
        return self.tokens[self.position]


def _quoted(token: str) -> str | None:
    """A word or phrase as an FTS5 string, with its ``*`` where it ends in one."""
    text = query_text(token.rstrip("*").replace('"', " ")).strip()
    letters = sum(unicodedata.category(c)[0] in "LN" for c in text)
    if not letters:
        return None
    prefix = token.endswith("*") and letters >= MIN_PREFIX
    # A single character without spaces is the beginning of the pairs that index_text wrote.
    prefix = prefix or is_one_unspaced_character(text)
    return f'"{text}"*' if prefix else f'"{text}"'


def _both(left: Match | None, right: Match | None) -> Match | None:
    if left is None or right is None:
        return left or right
    if left.excluded and right.excluded:
        return Match(f"({left.expression} OR {right.expression})", excluded=True)
    if right.excluded:
        return Match(f"({left.expression} NOT {right.expression})")
    if left.excluded:
        return Match(f"({right.expression} NOT {left.expression})")
    return Match(f"({left.expression} AND {right.expression})")


def _either(left: Match | None, right: Match | None) -> Match | None:
    if left is None or right is None:
        return left or right
    if left.excluded and right.excluded:
        return Match(f"({left.expression} AND {right.expression})", excluded=True)
    if right.excluded:
        return Match(f"({right.expression} NOT {left.expression})", excluded=True)
    if left.excluded:
        return Match(f"({left.expression} NOT {right.expression})", excluded=True)
    return Match(f"({left.expression} OR {right.expression})")

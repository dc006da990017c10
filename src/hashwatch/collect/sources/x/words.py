"""What to search for, in X's words. Pure.

https://docs.x.com/x-api/posts/search/integrate/build-a-query: a query has 512 characters at most,
one of the whole archive and a rule of the stream 1,024.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from hashwatch.collect.source import Place, Query
from hashwatch.model import fold_hashtag

LONGEST = 512
LONGEST_OF_ARCHIVE = 1_024
LONGEST_RULE = 1_024
# So many names are asked for one by one, each with a cursor of its own, so that a change of the
# others costs nothing. More would make the rounds slow.
ALONE = 12
_NAME = re.compile(r"[a-z0-9_]{1,15}", re.IGNORECASE)
_JOIN = " OR "
_NO_BOOSTS = " -is:retweet"


def searchable(accounts: Iterable[str]) -> tuple[str, ...]:
    """Those accounts that can be X's: a name without a host."""
    return tuple(each for each in accounts if _NAME.fullmatch(each))


def groups(query: Query, longest: int, *, boosts: bool) -> list[tuple[str, ...]]:
    """The names (hashtags, ``@account``) that are asked for together.

    Accounts stand apart from hashtags, so that it is clear for which event they are asked.
    """
    hashtags = [*query.hashtags]
    accounts = [f"@{each}" for each in searchable(query.accounts)]
    if len(hashtags) + len(accounts) <= ALONE:
        return [(name,) for name in (*hashtags, *accounts)]
    return [
        group
        for names in (sorted(hashtags), sorted(accounts))
        for group in _packed(names, query, longest, boosts=boosts)
    ]


def words_for(names: Sequence[str], query: Query, *, boosts: bool) -> str:
    """The query for some names: every spelling of a hashtag, an account's posts and mentions."""
    terms = [term for name in names for term in _terms(name, query)]
    either = _JOIN.join(terms)
    return (f"({either})" if len(terms) > 1 else either) + ("" if boosts else _NO_BOOSTS)


def words_of(place: Place, query: Query, *, boosts: bool) -> str:
    """The query of a place."""
    return words_for(place.hashtags, query, boosts=boosts)


def rules(query: Query, *, boosts: bool) -> list[str]:
    """The rules of a stream of everything that is wanted, as few as there can be."""
    names = sorted([*query.hashtags, *(f"@{each}" for each in searchable(query.accounts))])
    packed = _packed(names, query, LONGEST_RULE, boosts=boosts)
    return [words_for(group, query, boosts=boosts) for group in packed]


def _terms(name: str, query: Query) -> list[str]:
    if name.startswith("@"):
        return [f"from:{name[1:]}", name]
    spellings = [each.strip().lstrip("#") for each in query.written if fold_hashtag(each) == name]
    different = {each.casefold(): each for each in spellings or [name]}
    return [f"#{each}" for each in different.values()]


def _packed(
    names: Sequence[str], query: Query, longest: int, *, boosts: bool
) -> list[tuple[str, ...]]:
    """The names in their order, as many together as fit."""
    packed: list[tuple[str, ...]] = []
    for name in names:
        together = (*packed[-1], name) if packed else (name,)
        if packed and len(words_for(together, query, boosts=boosts)) <= longest:
            packed[-1] = together
        else:
            packed.append((name,))
    return packed

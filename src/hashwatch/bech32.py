"""How Nostr shows keys and ids to people: ``npub1…``, ``note1…``, ``nevent1…``. Pure.

https://github.com/nostr-protocol/nips/blob/master/19.md, on the checksum of BIP 173.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {letter: value for value, letter in enumerate(_LETTERS)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM = 6
# What stands in an entity with parts: of what kind, how long, and what.
_SPECIAL, _AUTHOR = 0, 2
_LONGEST = 5_000


@lru_cache(maxsize=16_384)
def npub(key: str) -> str:
    """A public key (64 hexadecimal digits) as people write it."""
    return _encode("npub", bytes.fromhex(key))


def note(event: str) -> str:
    """An event's id, where nothing else is known of it."""
    return _encode("note", bytes.fromhex(event))


def nevent(event: str, author: str) -> str:
    """An event's id together with its author's key: the same for everybody, and nobody else's."""
    parts = ((_SPECIAL, bytes.fromhex(event)), (_AUTHOR, bytes.fromhex(author)))
    return _encode("nevent", b"".join(bytes((kind, len(part))) + part for kind, part in parts))


def key_of(shown: str) -> str:
    """The key in an ``npub1…`` or ``nprofile1…``; raises ``ValueError`` for anything else."""
    prefix, octets = _decode(shown)
    if prefix == "nprofile":
        octets = next((part for kind, part in _parts(octets) if kind == _SPECIAL), b"")
    elif prefix != "npub":
        raise ValueError(f"{shown[:20]} is no key")
    if len(octets) != 32:
        raise ValueError(f"{shown[:20]} holds {len(octets)} bytes, not 32")
    return octets.hex()


def plain_of(uri: str) -> tuple[str, ...]:
    """The hexadecimal keys and ids in a Nostr URI, as they stand in events; none of another URI."""
    if not uri.startswith("nostr:"):
        return ()
    try:
        prefix, octets = _decode(uri.removeprefix("nostr:"))
    except ValueError:
        return ()
    if prefix in ("npub", "note"):
        return (octets.hex(),)
    return tuple(part.hex() for kind, part in _parts(octets) if kind in (_SPECIAL, _AUTHOR))


def _parts(octets: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 2 <= len(octets):
        kind, length = octets[position], octets[position + 1]
        yield kind, octets[position + 2 : position + 2 + length]
        position += 2 + length


def _encode(prefix: str, octets: bytes) -> str:
    values = list(_regrouped(octets, 8, 5))
    if (rest := len(octets) * 8 % 5) != 0:
        last = int.from_bytes(octets[-1:]) & ((1 << rest) - 1)
        values.append(last << (5 - rest))
    check = _polymod([*_expanded(prefix), *values, *[0] * _CHECKSUM]) ^ 1
    values += [check >> 5 * (_CHECKSUM - 1 - place) & 31 for place in range(_CHECKSUM)]
    return f"{prefix}1{''.join(_LETTERS[value] for value in values)}"


def _decode(shown: str) -> tuple[str, bytes]:
    prefix, found, letters = shown.rpartition("1")
    if not found or not prefix or len(letters) < _CHECKSUM or len(shown) > _LONGEST:
        raise ValueError(f"{shown[:20]!r} is nothing in bech32")
    try:
        values = [_VALUES[letter] for letter in letters]
    except KeyError:
        raise ValueError(f"{shown[:20]!r} holds a letter that bech32 does not") from None
    if _polymod([*_expanded(prefix), *values]) != 1:
        raise ValueError(f"{shown[:20]}…: the checksum does not fit")
    return prefix, bytes(_regrouped(values[:-_CHECKSUM], 5, 8))


def _regrouped(values: Iterable[int], width: int, wanted: int) -> Iterator[int]:
    """Whole groups of ``wanted`` bits out of groups of ``width``; what is left over is dropped."""
    held = bits = 0
    for value in values:
        held, bits = held << width | value, bits + width
        while bits >= wanted:
            bits -= wanted
            yield held >> bits & ((1 << wanted) - 1)
            held &= (1 << bits) - 1


def _expanded(prefix: str) -> list[int]:
    return [*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix)]


def _polymod(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, factor in enumerate(_GENERATOR):
            if top >> place & 1:
                check ^= factor
    return check

"""A repository of the AT protocol in a CAR file: blocks of DAG-CBOR, a tree of keys, records.

The tree (https://atproto.com/specs/repository) names every record that the account has now; what
was deleted is not in it. Each block stands behind its content id, the hash of its bytes, so that
what is damaged is known for what it is. Two passes over the file keep memory small: the tree is
read first, then the records one by one.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

import libipld
import msgspec

from hashwatch.errors import ImportFormatError

BLOCK_BYTES = 4 * 1024 * 1024  # the network takes records up to 1 MB
TREE_BYTES = 256 * 1024 * 1024
KEY_BYTES = 1_024
# Version 1, then DAG-CBOR (records) or raw bytes (pictures), then SHA-256, 32 bytes long.
RECORD_ID = b"\x01\x71\x12\x20"
BLOB_ID = b"\x01\x55\x12\x20"
ID_BYTES = 36
PROFILE = "app.bsky.actor.profile/self"
SORTABLE = {letter: value for value, letter in enumerate("234567abcdefghijklmnopqrstuvwxyz")}

BROKEN = (ValueError, RecursionError, TypeError, OverflowError)
"""What libipld raises for what is no DAG-CBOR."""


class Block(NamedTuple):
    """One block: its content id, its bytes, and where it begins in the file."""

    identity: bytes
    octets: bytes
    at: int

    def is_whole(self) -> bool:
        """Whether the bytes are those that the content id stands for."""
        return hashlib.sha256(self.octets).digest() == self.identity[4:]


class Cut(NamedTuple):
    """The file ends, or goes on with something else, from ``at`` on."""

    at: int
    reason: str


class Tree(msgspec.Struct):
    """What a repository holds: the account's DID, its revision, and content id → keys.

    ``lost`` counts the parts of the tree that are missing: nobody knows what they named.
    """

    did: str
    revision: str
    keys: dict[bytes, tuple[str, ...]]
    profile: Mapping[str, Any] | None = None
    lost: int = 0


class Reader:
    """Reads a CAR file forward. ``roots`` are the content ids that it is about."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.at = 0
        length = self.number()
        try:
            header: Any = libipld.decode_dag_cbor(self.take(length)) if length else None
            self.roots = [bytes(root) for root in header["roots"]]
        except (*BROKEN, KeyError, EOFError) as error:
            raise ImportFormatError("it does not begin as a CAR file does") from error

    def blocks(self) -> Iterator[Block | Cut]:
        """Every block; a cut comes last."""
        while True:
            at = self.at
            try:
                length = self.number()
                if length is None:
                    return
                octets = self.take(length)
            except EOFError:
                yield Cut(at, "the file is cut off here")
                return
            except ValueError as error:
                yield Cut(at, f"the file is damaged from here on: {error}")
                return
            yield Block(octets[:ID_BYTES], octets[ID_BYTES:], at)

    def number(self) -> int | None:
        """A length in seven bits a byte; ``None`` at the end of the file."""
        value = shift = 0
        while octet := self.stream.read(1):
            self.at += 1
            value |= (octet[0] & 0x7F) << shift
            if octet[0] < 0x80:
                return value
            shift += 7
            if shift > 28:
                raise ValueError("a length is out of all bounds")
        if shift:
            raise EOFError
        return None

    def take(self, length: int) -> bytes:
        """So many bytes; raises ``EOFError``, or ``ValueError`` where no block is as long."""
        if length > BLOCK_BYTES:
            raise ValueError(f"a block of {length:,} bytes is longer than any record")
        octets = self.stream.read(length)
        self.at += len(octets)
        if len(octets) < length:
            raise EOFError
        return octets


def read_tree(stream: BinaryIO, collection: str) -> Tree:
    """The keys of a collection's records; raises ``ImportFormatError`` for no repository."""
    reader = Reader(stream)
    nodes: dict[bytes, bytes] = {}
    profiles: dict[bytes, bytes] = {}
    commit: Mapping[str, Any] | None = None
    size = 0
    for block in reader.blocks():
        if not isinstance(block, Block) or not block.is_whole():
            continue
        value = decode(block.octets)
        if block.identity in reader.roots and "did" in value and "data" in value:
            commit = value
        elif "e" in value and "$type" not in value:
            nodes[block.identity] = block.octets
            size += len(block.octets)
        elif value.get("$type") == "app.bsky.actor.profile":
            profiles[block.identity] = block.octets
        if size > TREE_BYTES:
            raise ImportFormatError(f"its tree of keys has more than {TREE_BYTES >> 20} MB")
    if commit is None:
        raise ImportFormatError("holds no repository: there is no commit in it, or it is damaged")
    tree = Tree(str(commit["did"]), str(commit.get("rev", "")), {})
    described = walk(tree, bytes(commit["data"]), nodes, f"{collection}/".encode())
    if described is not None and described in profiles:
        tree.profile = decode(profiles[described])
    return tree


def walk(tree: Tree, root: bytes, nodes: dict[bytes, bytes], wanted: bytes) -> bytes | None:
    """Fills in the keys that begin with ``wanted``; gives the content id of the profile.

    Nodes are taken out as they are met, so that one which leads back to itself is met once.
    """
    profile = None
    waiting = [root]
    while waiting:
        octets = nodes.pop(waiting.pop(), None)
        if octets is None:
            tree.lost += 1
            continue
        node = decode(octets)
        waiting += [left] if (left := as_identity(node.get("l"))) else []
        key = b""
        for entry in node["e"] if isinstance(node["e"], list) else []:
            key, record, right = read_entry(entry, key)
            waiting += [right] if right else []
            if record and key.startswith(wanted):
                rkey = key[len(wanted) :].decode("utf-8", "replace")
                tree.keys[record] = (*tree.keys.get(record, ()), rkey)
            elif record and key == PROFILE.encode():
                profile = record
    return profile


def read_entry(entry: object, before: bytes) -> tuple[bytes, bytes | None, bytes | None]:
    """An entry's key, of which it holds what differs from the one before, and what it leads to."""
    if not isinstance(entry, dict):
        return before, None, None
    shared, rest = entry.get("p"), entry.get("k")
    if not isinstance(shared, int) or not isinstance(rest, bytes) or len(rest) > KEY_BYTES:
        return before, None, None
    key = before[: max(0, shared)] + rest
    return key[:KEY_BYTES], as_identity(entry.get("v")), as_identity(entry.get("t"))


def as_identity(value: object) -> bytes | None:
    """A content id of a record or a node."""
    if isinstance(value, bytes) and len(value) == ID_BYTES and value.startswith(RECORD_ID):
        return value
    return None


def decode(octets: bytes) -> Mapping[str, Any]:
    """A block's value; empty for one that is no map or no DAG-CBOR."""
    try:
        value = libipld.decode_dag_cbor(octets)
    except BROKEN:
        return {}
    return value if isinstance(value, dict) else {}


def as_json(value: Any) -> Any:
    """A decoded value in the protocol's JSON form, in which records come by other ways."""
    if isinstance(value, bytes):
        if len(value) == ID_BYTES and value.startswith((RECORD_ID, BLOB_ID)):
            return {"$link": libipld.encode_cid(value)}
        return {"$bytes": base64.b64encode(value).decode().rstrip("=")}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    return value


def key_time(key: str) -> int | None:
    """UTC seconds at which a key was made, where it is one that holds its time."""
    if len(key) != 13 or any(letter not in SORTABLE for letter in key):
        return None
    number = 0
    for letter in key:
        number = number << 5 | SORTABLE[letter]
    return (number >> 10) // 1_000_000 if number < 1 << 63 else None

"""What a PDS tells of its repositories (``subscribeRepos``), in Jetstream's form.

Frames are a header and a body in DAG-CBOR; a commit's body brings its records as a CAR file.
https://atproto.com/specs/event-stream and https://github.com/bluesky-social/jetstream
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import libipld
import msgspec
from websockets.asyncio.client import connect

from fake_platform.jetstream import FakeJetstream

_CID_BYTES = 36
_CID_BEGINS = (b"\x01\x71\x12\x20", b"\x01\x55\x12\x20")


@asynccontextmanager
async def bridged(pds: str, jetstream: FakeJetstream) -> Any:
    """Passes on all that ``pds`` tells, from its beginning, as long as this is open."""
    address = pds.replace("http", "ws", 1) + "/xrpc/com.atproto.sync.subscribeRepos?cursor=0"
    async with connect(address, max_size=None) as socket:

        async def pass_on() -> None:
            last = 0
            async for frame in socket:
                assert isinstance(frame, bytes)
                for event in events_of(frame):
                    # Each event has a time of its own, and none goes back.
                    last = max(last + 1, time.time_ns() // 1_000)
                    await jetstream.publish([msgspec.json.encode({**event, "time_us": last})])

        passing = asyncio.create_task(pass_on())
        try:
            yield
        finally:
            passing.cancel()
            with suppress(asyncio.CancelledError):
                await passing  # what it could not read is raised here


def events_of(frame: bytes) -> Iterator[dict[str, Any]]:
    """The events of one frame, without their times."""
    header, body = libipld.decode_dag_cbor_multi(frame)
    assert header["op"] == 1, body
    match header["t"]:
        case "#commit":
            _, blocks = libipld.decode_car(body["blocks"])
            for change in body["ops"]:
                yield _event(body["repo"], commit=_commit(body["rev"], change, blocks))
        case "#identity" | "#account" as kind:
            name = kind.removeprefix("#")
            yield _event(body["did"], **{name: as_json(body)})


def _event(did: str, **what: dict[str, Any]) -> dict[str, Any]:
    (kind,) = what
    return {"did": did, "kind": kind, **what}


def _commit(rev: str, change: dict[str, Any], blocks: dict[bytes, Any]) -> dict[str, Any]:
    collection, _, key = change["path"].partition("/")
    commit = {
        "rev": rev, "operation": change["action"], "collection": collection, "rkey": key,
    }  # fmt: skip
    if change["cid"] is not None:
        commit |= {
            "record": as_json(blocks[change["cid"]]), "cid": libipld.encode_cid(change["cid"]),
        }  # fmt: skip
    return commit


def as_json(value: Any) -> Any:
    """A decoded value in the protocol's JSON form."""
    if isinstance(value, bytes):
        if len(value) == _CID_BYTES and value.startswith(_CID_BEGINS):
            return {"$link": libipld.encode_cid(value)}
        return {"$bytes": base64.b64encode(value).decode().rstrip("=")}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    return value

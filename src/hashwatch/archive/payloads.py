"""Raw payloads as they are kept: zstd, with a dictionary of the payload's format.

The dictionaries are trained on invented payloads (see ``bench/``): one trained on collected posts
would keep their words past an erasure. A frame names its dictionary by number, and the number
names the format and its version, so that nothing else need be stored beside it.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import zstandard

LEVEL = 5
"""A sixteenth smaller than 3 for 5 µs a post; beyond it little is won."""
FORMAT_NUMBERS = {"mastodon": 1001, "jetstream": 1002, "x1": 1003, "x2": 1004}


def compress(raw: bytes, raw_format: str) -> bytes:
    """``raw`` as a zstd frame; formats without a dictionary are compressed plainly."""
    return _compressor(FORMAT_NUMBERS.get(raw_format, 0)).compress(raw)


def decompress(frame: bytes) -> bytes:
    """What :func:`compress` was given."""
    number = zstandard.get_frame_parameters(frame).dict_id
    return _decompressor(number).decompress(frame)


@cache
def _compressor(number: int) -> zstandard.ZstdCompressor:
    return zstandard.ZstdCompressor(
        level=LEVEL, dict_data=_dictionary(number), write_checksum=False, write_content_size=True
    )


@cache
def _decompressor(number: int) -> zstandard.ZstdDecompressor:
    return zstandard.ZstdDecompressor(dict_data=_dictionary(number))


@cache
def _dictionary(number: int) -> zstandard.ZstdCompressionDict | None:
    if number == 0:
        return None
    path = files("hashwatch.archive") / "dictionaries" / f"{number}.zdict"
    return zstandard.ZstdCompressionDict(path.read_bytes())

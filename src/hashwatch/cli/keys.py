"""The secret of pseudonymous exports, in the data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from hashwatch.errors import ArchiveError

NAME = "pseudonyms.key"
LENGTH = 64


def pseudonym_key(data_dir: Path) -> bytes:
    """The secret by which pseudonyms are made; a new one where there is none.

    Raises ``ArchiveError`` for a file that cannot be one.
    """
    path = data_dir / NAME
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) != LENGTH:
            raise ArchiveError(
                f"{path}: this is no key of ours (not {LENGTH} characters long); delete it, and a"
                " new one is made, with other pseudonyms"
            ) from None
        return key
    key = secrets.token_hex(LENGTH // 2).encode()
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key

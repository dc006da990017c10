"""What others wrote and pages load is here as they shipped it, with its licence."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from hashwatch import serve

VENDOR = Path(serve.__file__).parent / "static" / "vendor"
LIBRARIES = sorted(VENDOR.iterdir())


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda folder: folder.name)
def test_vendored_files_are_as_they_were_shipped(library: Path) -> None:
    """Every file has its checksum, and is what that says."""
    lines = (library / "CHECKSUMS").read_text().splitlines()
    said = dict(line.split()[::-1] for line in lines if not line.startswith("#"))
    found = {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in library.iterdir()
        if path.name != "CHECKSUMS"
    }
    assert found == said
    assert "LICENSE" in found

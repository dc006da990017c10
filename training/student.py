"""``python -m training.student``: labelled posts in, ``student.npz`` and its figures out.

One thread, fixed seeds, twelve minutes of one core, a third of it sentence embeddings
(``--cache FOLDER`` keeps those between runs).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from training import english, pooled
from training.package import save
from training.teacher import Encoder

OUTPUT = Path(__file__).resolve().parents[1] / "src/hashwatch/enrich/sentiment/student.npz"


def main() -> None:
    """Train both models, print what was measured, write the weights."""
    parser = argparse.ArgumentParser(prog="python -m training.student", description=__doc__)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--cache", type=Path, help="a folder to keep sentence embeddings in")
    options = parser.parse_args()
    if options.cache is not None:
        options.cache.mkdir(parents=True, exist_ok=True)
    encoder = Encoder(options.cache)
    trained = {"en": english.train(encoder), "pooled": pooled.train(encoder)}
    save(options.output, {name: model for name, (model, _) in trained.items()})
    print(json.dumps({name: figures for name, (_, figures) in trained.items()}, indent=2))
    print(f"{options.output}: {options.output.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

"""Trained models → the file that the package ships: int8 tables and what calibrates them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.calibration import Calibration
from training.data import Floats
from training.linear import LinearModel

FULL_SCALE = 127


@dataclass(frozen=True)
class Trained:
    """A model with its calibration, and the reader whose logits count for ``share`` beside it."""

    model: LinearModel
    calibration: Calibration
    reader: dict[str, Any] | None = None
    share: float = 0.0


def relative(weights: Floats) -> Floats:
    """Three columns → two: negative and positive against neutral, which says the same."""
    return weights[:, [0, 2]] - weights[:, [1]]


def quantise(table: Floats) -> tuple[np.ndarray, Floats]:
    """int8 and a scale a column; the few weights beyond the 99.9th percentile are cut to it."""
    limit = np.maximum(np.quantile(np.abs(table), 0.9995, axis=0), 1e-6)
    scale = (limit / FULL_SCALE).astype(np.float32)
    small = np.clip(np.rint(table / scale), -FULL_SCALE, FULL_SCALE).astype(np.int8)
    return small, scale


def save(path: Path, models: dict[str, Trained]) -> None:
    """Write every model's arrays under ``NAME_…``."""
    arrays: dict[str, np.ndarray] = {}
    for name, trained in models.items():
        table, scale = quantise(relative(trained.model.weights["table"]))
        offsets = trained.calibration.offsets
        arrays |= {
            f"{name}_table": table,
            f"{name}_scale": scale,
            f"{name}_dense": relative(trained.model.weights["dense"]),
            f"{name}_offsets": (offsets[[0, 2]] - offsets[1]).astype(np.float32),
            f"{name}_temperature": np.float32(trained.calibration.temperature),
            f"{name}_confidence": np.stack(trained.calibration.confidence),
        }
        if trained.reader is not None:
            arrays[f"{name}_reader_share"] = np.float32(trained.share)
            arrays |= {f"{name}_reader_{key}": array for key, array in trained.reader.items()}
    np.savez_compressed(path, **arrays)

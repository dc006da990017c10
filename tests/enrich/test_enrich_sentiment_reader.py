"""The reader of words in order: the same tone in any company, and order that counts."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.enrich.sentiment.reader import HIGHEST, LONGEST, UNKNOWN_ROWS, Reader
from hashwatch.enrich.sentiment.student import WEIGHTS

WORDS = ("late", "good", "not", "queue", "again", "thanks", "panel", "!", "⟨topic⟩", "zzyzx")
posts = st.lists(st.lists(st.sampled_from(WORDS), max_size=LONGEST + 9), min_size=1, max_size=20)


@pytest.fixture(scope="module")
def arrays() -> dict[str, Any]:
    """Those of the shipped student."""
    with np.load(WEIGHTS) as file:
        return {
            name.removeprefix("en_reader_"): file[name]
            for name in file.files
            if name.startswith("en_reader_")
        }


@pytest.fixture(scope="module")
def reader(arrays: dict[str, Any]) -> Reader:
    return Reader(arrays)


@given(posts)
def test_company_changes_nothing(reader: Reader, posts: list[list[str]]) -> None:
    rows = [[reader.row(word) for word in post] for post in posts]
    together = reader.logits(rows)
    alone = np.concatenate([reader.logits([post]) for post in rows])
    assert together.tolist() == alone.tolist()


def test_whole_numbers_are_what_plain_arithmetic_gives(
    reader: Reader, arrays: dict[str, Any]
) -> None:
    """The same sums word by word in Python's integers."""
    draw = random.Random(5)
    rows = [draw.randrange(1, len(arrays["table"])) for _ in range(23)]
    values = [[0] * arrays["table"].shape[1], *arrays["table"][rows].tolist()]
    once = _layer(arrays, "first", [*values, values[0]])
    twice = _layer(arrays, "second", [[0] * len(once[0]), *once, [0] * len(once[0])])
    both = np.array(once) + np.array(twice)
    pooled = np.concatenate([both.max(axis=0), both.mean(axis=0), [1.0]])
    assert np.allclose(reader.logits([rows])[0], pooled @ arrays["head"], atol=1e-9)


def test_order_counts(reader: Reader) -> None:
    words = ["this", "is", "not", "good", ",", "it", "is", "late"]
    rows = [reader.row(word) for word in words]
    other = [reader.row(word) for word in ["this", "is", "good", ",", "it", "is", "not", "late"]]
    assert sorted(rows) == sorted(other)
    assert reader.logits([rows]).tolist() != reader.logits([other]).tolist()


def test_what_lies_beyond_the_longest_is_not_read(reader: Reader) -> None:
    rows = [reader.row("late")] * LONGEST
    assert reader.logits([rows]).tolist() == reader.logits([[*rows, reader.row("good")]]).tolist()


def test_a_word_that_nobody_taught_has_a_row(reader: Reader, arrays: dict[str, Any]) -> None:
    row = reader.row("qwrtzpsdf")
    assert len(arrays["table"]) - UNKNOWN_ROWS <= row < len(arrays["table"])
    assert reader.row("¬good") == reader.row("good")


def _layer(arrays: dict[str, Any], name: str, padded: list[list[int]]) -> list[list[int]]:
    """``padded`` has a row of nothing at either end."""
    weights = arrays[name].tolist()
    found = []
    for place in range(1, len(padded) - 1):
        row = []
        for number, (scale, bias) in enumerate(
            zip(arrays[f"{name}_scale"], arrays[f"{name}_bias"], strict=True)
        ):
            total = sum(
                value * weight[number]
                for near, by_value in zip(padded[place - 1 : place + 2], weights, strict=True)
                for value, weight in zip(near, by_value, strict=True)
            )
            rounded = float(np.rint(np.float32(total) * scale + bias))
            row.append(int(min(max(rounded, 0.0), HIGHEST)))
        found.append(row)
    return found

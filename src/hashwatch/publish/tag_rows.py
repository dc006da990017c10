"""What was found and decided of tagged posts, as rows of the dashboard's tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from hashwatch.publish.batch import Tagged
from hashwatch.publish.rows import iso
from hashwatch.publish.tagging import Tagger

INSERT_QUESTION = "INSERT INTO post_questions VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
INSERT_CORRECTION = "INSERT INTO corrections VALUES (?, ?, ?, ?, ?, ?, ?)"


def question_rows(tagged: Iterable[Tagged], tagger: Tagger) -> list[tuple[object, ...]]:
    """Rows of ``post_questions``."""
    return [
        (event + 1, one.post.id, found.asked, found.confidence, found.start, found.end,
         *tagger.question_version(event))
        for one in tagged
        for event, found in one.questions.items()
    ]  # fmt: skip


def correction_rows(tagged: Iterable[Tagged]) -> list[tuple[object, ...]]:
    """Rows of ``corrections``."""
    return [
        (one.post.id, field, event + 1, held.decision.value or None, held.tagged,
         held.decision.id, iso(held.decision.at))
        for one in tagged
        for (field, event), held in one.corrected.items()
    ]  # fmt: skip

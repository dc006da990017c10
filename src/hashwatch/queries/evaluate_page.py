"""The labelling of a sample, one post at a time, and the known error that comes of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Container

from hashwatch.model import Sample
from hashwatch.queries.accuracy import SIDES, confusion
from hashwatch.queries.buckets import local_text
from hashwatch.queries.cards import post_cards
from hashwatch.queries.events import Event
from hashwatch.queries.measured import Measured, measure
from hashwatch.queries.programme import NO_COUNTS, facet_totals, tones
from hashwatch.queries.retagged import last_retagging
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask
from hashwatch.queries.tone import tone
from hashwatch.wording import say

SHOWN = ("id", "author", "local", "created_at", "text", "markup", "language", "content_warning",
         "sensitive", "media", "poll", "url", "source", "instance")  # fmt: skip
"""What a person who labels sees of a post: nothing that a machine said of its tone."""


def evaluate_page(
    connection: sqlite3.Connection,
    event: Event,
    sample: Sample | None,
    labelled: Container[int],
    can_label: bool,
) -> Data:
    """The next post of ``sample`` that is not among ``labelled``, and the figures so far."""
    measured = measure(connection, event)
    counts = tones(facet_totals(connection, event, "all").get("", NO_COUNTS))
    here = _here(connection, event, sample)
    waiting = [number for number in here if number not in labelled]
    cards = post_cards(connection, event, waiting[:1])
    return {
        "can_label": can_label,
        "sample": None
        if sample is None
        else {
            "size": len(here),
            "labelled": len(here) - len(waiting),
            "seed": sample.seed,
            "drawn_local": local_text(sample.at, event.zone),
            "annotator": sample.annotator,
        },
        "post": {key: cards[0][key] for key in SHOWN} if cards else None,  # type: ignore[literal-required]
        "tone": tone(event.slug, counts, say("whole event"), {}, measured),
        "confusion": confusion_rows(measured),
        "retagged": last_retagging(connection, event),
    }


def confusion_rows(measured: Measured) -> list[Data]:
    """What a person says against what the annotator says, as shares of all posts; none without."""
    if not measured.labelled:
        return []
    table = confusion(measured.labelled)
    return [
        {
            "person": truth,
            "cells": [
                {
                    "label": label,
                    "share": round(table[truth][label], 4),
                    "labels": sum(
                        (one.truth, one.label) == (truth, label) for one in measured.labelled
                    ),
                }
                for label in SIDES
            ],
        }
        for truth in SIDES
    ]


def _here(connection: sqlite3.Connection, event: Event, sample: Sample | None) -> list[int]:
    """The sample's posts that are still shown, in its order."""
    if sample is None:
        return []
    ids = [one.post_id for one in sample.posts]
    rows = ask(connection, "here", {"ids": json.dumps(ids), "event": event.id})
    shown = {row[0] for row in rows}
    return [number for number in ids if number in shown]

"""Weights of the evidence for a session, fitted by ``python -m training.session``."""

from __future__ import annotations

WEIGHTS = {
    "bias": -2.2270,
    "crowd": -0.4655,
    "name": 5.0538,
    "first": 3.7489,
    "author": 0.3307,
    "likely_handle": 2.9106,
    "name_and_words": 0.7456,
    "title_share": 1.4055,
    "whole_title": 1.0192,
    "title_run": 1.7483,
    "gain": 0.8326,
    "density": 3.4035,
    "lead": 1.8386,
    "one_word": -0.6077,
    "track": 0.0000,
    "parent": 3.6015,
    "other_parent": 0.0000,
    "now": 2.2502,
    "near": 0.8135,
    "live": 0.8606,
    "only_live": 0.5445,
    "initials_now": 4.9954,
    "cued": 1.0516,
    "place_now": 0.7436,
    "own": 0.0000,
}

"""Weights of the evidence for a session, fitted by ``python -m training.session``."""

from __future__ import annotations

WEIGHTS = {
    "bias": -2.7475,
    "size": -0.2274,
    "name": 5.3114,
    "first": 1.0189,
    "author": 1.2753,
    "likely_handle": 4.8917,
    "name_and_words": 0.4023,
    "title_share": 1.1654,
    "whole_title": 1.3718,
    "title_run": 1.8872,
    "gain": 0.3377,
    "density": 4.2409,
    "lead": 2.4101,
    "one_word": -1.3480,
    "track": 0.8838,
    "parent": 3.9545,
    "other_parent": 0.0000,
    "now": 2.5802,
    "near": 1.2300,
    "live": 1.0515,
    "only_live": 1.4546,
    "initials_now": 4.8797,
}

"""Weights of the evidence for a session, fitted by ``python -m training.session``."""

from __future__ import annotations

WEIGHTS = {
    "bias": -2.2275,
    "crowd": -0.4656,
    "name": 5.0505,
    "first": 3.6961,
    "author": 0.3319,
    "likely_handle": 2.9112,
    "name_and_words": 0.7449,
    "title_share": 1.4061,
    "whole_title": 1.0190,
    "title_run": 1.7480,
    "gain": 0.8336,
    "density": 3.4022,
    "lead": 1.8392,
    "one_word": -0.6080,
    "track": 0.0000,
    "parent": 3.6021,
    "other_parent": 0.0000,
    "now": 2.2505,
    "near": 0.8139,
    "live": 0.8590,
    "only_live": 0.5455,
    "initials_now": 4.9957,
    "cued": 1.0521,
    "place_now": 0.7448,
    "own": 0.0000,
}

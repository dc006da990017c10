"""Weights of the evidence for a session, fitted by ``python -m training.session``."""

from __future__ import annotations

WEIGHTS = {
    "bias": -2.6864,
    "crowd": -0.3110,
    "name": 4.5515,
    "first": 2.3800,
    "author": 0.9333,
    "likely_handle": 3.9592,
    "name_and_words": 0.0488,
    "title_share": 1.5590,
    "whole_title": 0.6351,
    "title_run": 2.1407,
    "gain": 0.3137,
    "density": 1.9157,
    "lead": 2.5049,
    "one_word": -0.6418,
    "track": 0.4809,
    "parent": 4.1343,
    "other_parent": 0.0000,
    "now": 1.9741,
    "near": 0.8092,
    "live": 1.0348,
    "only_live": 1.7678,
    "initials_now": 5.4138,
}

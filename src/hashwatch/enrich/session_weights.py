"""Weights of the evidence for a session, fitted by ``python -m training.session``."""

from __future__ import annotations

WEIGHTS = {
    "bias": -2.8256,
    "crowd": -0.3123,
    "name": 4.6561,
    "first": 2.4286,
    "author": 0.9658,
    "likely_handle": 4.0080,
    "name_and_words": 0.0000,
    "title_share": 1.4882,
    "whole_title": 0.6619,
    "title_run": 2.1444,
    "gain": 0.4355,
    "density": 1.9547,
    "lead": 2.5287,
    "one_word": -0.5956,
    "track": 0.3386,
    "parent": 4.2485,
    "other_parent": -0.0244,
    "now": 1.9984,
    "near": 0.7950,
    "live": 1.0471,
    "only_live": 1.7624,
    "initials_now": 5.4461,
}

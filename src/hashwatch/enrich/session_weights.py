"""Weights of the evidence for a session, fitted by ``python -m training.session``."""

from __future__ import annotations

WEIGHTS = {
    "bias": -3.3194,
    "crowd": -0.2311,
    "name": 4.6653,
    "first": 2.3387,
    "author": 0.9709,
    "likely_handle": 4.3018,
    "name_and_words": 0.0000,
    "title_share": 1.6693,
    "whole_title": 0.7175,
    "title_run": 2.0554,
    "gain": 0.3760,
    "density": 3.0716,
    "lead": 2.4198,
    "one_word": -0.7001,
    "track": 0.3254,
    "parent": 4.4637,
    "other_parent": 0.0000,
    "now": 1.9569,
    "near": 1.0119,
    "live": 1.0648,
    "only_live": 1.8237,
    "initials_now": 5.6481,
}

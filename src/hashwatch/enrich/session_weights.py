"""Weights of the evidence for a session, fitted by ``python -m training.session``."""

from __future__ import annotations

WEIGHTS = {
    "bias": -4.8370,
    "full": 2.9990,
    "surname": 6.9767,
    "first": 1.2229,
    "handle": 5.0824,
    "likely_handle": 6.1119,
    "author": 0.0000,
    "title_share": 2.1219,
    "whole_title": 0.2665,
    "title_gain": 0.0000,
    "title_run": 2.2421,
    "abstract_gain": 0.6516,
    "abstract_more": -0.0158,
    "density": 6.1231,
    "track": 0.5397,
    "room_now": 0.1826,
    "parent": 0.0000,
    "other_parent": 0.0000,
    "now": 2.4783,
    "sole_now": 0.0000,
    "near": 2.1923,
    "same_day": -1.0545,
    "far": 0.0000,
    "live": 0.9214,
    "name_and_words": 0.0000,
    "size": -0.0822,
    "busy_person": 0.0000,
    "rival": 4.5020,
}

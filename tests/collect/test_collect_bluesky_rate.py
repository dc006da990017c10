"""Following Bluesky at the rate of a surge."""

from __future__ import annotations

import asyncio

import pytest
from bench.jetstream import filter_cost, follow


@pytest.mark.long
def test_two_thousand_events_a_second_are_followed_without_loss() -> None:
    """At 2,000 events/s nothing wanted is lost and filtering takes under a quarter of a core."""
    figures = asyncio.run(follow(2000, 5))
    assert figures["lost"] == 0
    assert filter_cost(2000)["filter_share_of_a_core"] < 0.25

"""How late posts come, in classes."""

from __future__ import annotations

from collections import Counter
from statistics import quantiles

from hypothesis import given
from hypothesis import strategies as st

from hashwatch.publish.lag import lag_keys
from hashwatch.queries.lag import DAY, LAGS, lag_within

HOUR = 1_490_950_800


@given(st.lists(st.integers(-30, 2 * DAY), min_size=2, max_size=60), st.sampled_from((0.5, 0.95)))
def test_so_many_posts_came_within_the_bound(lags: list[int], share: float) -> None:
    """And one class less would be too few."""
    keys = lag_keys([("mastodon", "town.example", HOUR - lag, HOUR) for lag in lags])
    counted = Counter(lag for _, _, _, lag in keys)
    young = [lag for lag in lags if lag <= DAY]
    assert sum(counted.values()) == len(young)
    bound = lag_within(counted, share)
    if not young:
        assert bound is None
        return
    assert bound in LAGS
    assert sum(lag <= bound for lag in young) >= share * len(young)
    below = [one for one in LAGS if one < bound]
    if below:
        assert sum(lag <= below[-1] for lag in young) < share * len(young)


def test_the_hour_is_that_of_collection() -> None:
    """A post of ten to nine that comes at five past is one of nine, 15 minutes late."""
    assert lag_keys([("bluesky", "", HOUR - 600, HOUR + 300)]) == [("bluesky", "", HOUR, 1_800)]


def test_a_steady_trickle() -> None:
    """Of evenly spread lags the bound is the next class above the quantile."""
    lags = list(range(1, 101))
    keys = Counter(one[3] for one in lag_keys([("m", "i", HOUR - lag, HOUR) for lag in lags]))
    assert quantiles(lags, n=2)[0] <= (lag_within(keys, 0.5) or 0) == 60
    assert lag_within(keys, 0.95) == 120

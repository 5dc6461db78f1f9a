"""Trends over weeks against drawn sessions of known truth."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tremor.comparison.trend import trend_of
from tremor.errors import InvalidInputError


def trend_in(found, quantity="rms_ms2"):
    return next(one for one in found.trends if one.quantity == quantity)


def drawn(session_of, rng, *, n, per_week, sd):
    days = np.sort(rng.uniform(0.0, 60.0, n))
    strengths = 0.3 * np.exp(per_week * days / 7.0 + rng.normal(0.0, sd, n))
    return [session_of(strength, day=day) for strength, day in zip(strengths, days, strict=True)]


@pytest.mark.parametrize("n", [4, 8])
def test_slope_covers_the_truth_as_often_as_it_says(session_of, n):
    rng = np.random.default_rng(n)
    truth, covered = -0.08, 0
    for _ in range(400):
        sessions = drawn(session_of, rng, n=n, per_week=truth, sd=0.3)
        found = trend_in(trend_of(sessions)).factor_per_week
        covered += found.low <= math.exp(truth) <= found.high
    assert 0.925 <= covered / 400 <= 0.975


def test_leg_that_does_not_change_is_seldom_said_to(session_of):
    rng = np.random.default_rng(0)
    verdicts = [
        trend_in(trend_of(drawn(session_of, rng, n=8, per_week=0.0, sd=0.3))).verdict
        for _ in range(400)
    ]
    assert 1.0 - verdicts.count("no_reliable_change") / 400 <= 0.075


def test_strong_fall_is_told_with_its_scatter(session_of):
    rng = np.random.default_rng(5)
    found = trend_in(trend_of(drawn(session_of, rng, n=12, per_week=-0.2, sd=0.2)))
    assert found.verdict == "fell"
    assert found.basis == "own_sessions"
    assert found.between_sessions_share == pytest.approx(0.22, abs=0.1)


def test_order_of_the_sessions_does_not_matter(session_of):
    rng = np.random.default_rng(6)
    sessions = drawn(session_of, rng, n=6, per_week=0.1, sd=0.2)
    assert trend_of(sessions[::-1]) == trend_of(sessions)


def test_three_sessions_are_no_trend(session_of):
    found = trend_in(trend_of([session_of(day=day) for day in range(3)]))
    assert found.verdict == "cannot_tell"
    assert found.factor_per_week.reason.code == "TOO_FEW_SESSIONS"


def test_sessions_of_one_moment_are_no_trend(session_of):
    found = trend_in(trend_of([session_of() for _ in range(5)]))
    assert found.verdict == "cannot_tell"


def test_session_without_a_time_is_refused(session_of):
    one = session_of()
    with pytest.raises(InvalidInputError, match="when it was recorded"):
        trend_of([replace(one, recording=replace(one.recording, started_at=None))])

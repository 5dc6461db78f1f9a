"""What was seen where nothing could be measured is said in plain words."""

from __future__ import annotations

import numpy as np
import pytest

from tremor.analysis.offline import analyze, judge
from tremor.recording import Recording
from tremor.report import view
from tremor.report.seen import better_text, rest_text, seen_text, still_s

FS = 100.0


def still_leg(duration_s):
    noise = np.random.default_rng(0).normal(0.0, 0.005, (round(FS * duration_s), 3))
    return np.add(noise, [0.0, 0.0, 9.81])


def of(samples):
    return Recording.from_arrays(samples, sampling_rate_hz=FS)


def swinging(duration_s):
    t = np.arange(round(FS * duration_s)) / FS
    return still_leg(duration_s) + 6.0 * np.sin(2.0 * np.pi * t)[:, None] * [1.0, 0.0, 0.3]


@pytest.mark.parametrize(
    ("still", "moving", "extent"),
    [(0.0, 40.0, "all the time"), (14.0, 40.0, "most of the time"), (60.0, 30.0, "part of")],
)
def test_extent_follows_the_share_of_the_windows(still, moving, extent):
    table = judge(of(np.concatenate([swinging(moving), still_leg(still)])))
    assert seen_text(table).startswith("The leg was moving")
    assert extent in seen_text(table)


def test_still_time_is_the_union_of_the_windows():
    assert still_s(judge(of(still_leg(30.0)))) == pytest.approx(30.0)
    assert still_s(judge(of(swinging(30.0)))) == 0.0


def test_capture_without_rest_says_what_to_do():
    recording = of(swinging(60.0))
    told = rest_text(judge(recording), duration_s=60.0)
    assert told.startswith("The leg was still for 0 s of 1 min.")
    assert better_text(judge(recording)) in told
    assert view.headline(analyze(recording)) == (
        f"Cannot tell. {seen_text(judge(recording))} {better_text(judge(recording))}"
    )


def test_long_rest_needs_no_advice():
    told = rest_text(judge(of(still_leg(200.0))), duration_s=200.0)
    assert told == "The leg was still for 3 min 20 s of 3 min 20 s."


def test_capture_too_short_for_a_window_is_told_how_long():
    assert rest_text(judge(of(still_leg(2.0))), duration_s=2.0).startswith("Record 3 min")


def test_nothing_refused_says_nothing():
    table = judge(of(still_leg(30.0)))
    assert seen_text(table) == better_text(table) == ""

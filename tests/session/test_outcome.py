"""What follows a recording: which leg is asked about, and both legs on one page."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import tremor
from tremor.recording import Placement
from tremor.session.outcome import analysis_to_ask_about, compare_legs

RATE_HZ = 100.0


def samples(strength_ms2, *, seed):
    rng, t = np.random.default_rng(seed), np.arange(round(60 * RATE_HZ)) / RATE_HZ
    shake = strength_ms2 * np.sin(2.0 * np.pi * 8.0 * t)[:, None] * [0.6, 0.8, 0.0]
    return np.add(shake + rng.normal(0.0, 0.01, (len(t), 3)), [0.0, 0.0, 9.81])


def leg(folder, placement, strength_ms2, *, seed):
    """Keep a leg as a capture, and measure it."""
    time_s = np.arange(round(60 * RATE_HZ)) / RATE_HZ
    path = folder / f"{placement}.csv"
    rows = np.column_stack([time_s, samples(strength_ms2, seed=seed)])
    np.savetxt(path, rows, delimiter=",", header="time_s,x,y,z", comments="", fmt="%.5f")
    found = tremor.analyze(path)
    worn = replace(found.recording, placement=Placement.from_text(placement))
    return path, replace(found, recording=worn)


@pytest.fixture(scope="module")
def legs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("session")
    return folder, dict(
        [leg(folder, "right-calf", 0.0, seed=1), leg(folder, "left-calf", 0.5, seed=2)]
    )


def test_questions_are_about_the_leg_that_trembles(legs):
    right, left = legs[1].values()
    assert (right.status, left.status) == ("no_tremor", "measured")
    assert analysis_to_ask_about([right, left]) is left
    assert analysis_to_ask_about([right]) is right
    assert analysis_to_ask_about([]) is None


def test_the_left_leg_comes_first_and_the_page_is_written(legs):
    folder, found = legs
    both = compare_legs(folder, found)
    assert both.trouble == ""
    assert [str(row.placement) for row in both.compared.sessions] == ["left-calf", "right-calf"]
    assert both.page == folder / "comparison.html"
    assert "The left leg and the right leg of one session" in both.page.read_text("utf-8")


def test_a_page_that_cannot_be_written_is_a_trouble_and_no_error(legs):
    folder, found = legs
    (folder / "taken").write_text("x", encoding="utf-8")
    both = compare_legs(folder / "taken", found)
    assert both.compared is None
    assert both.page is None
    assert both.trouble.startswith("the legs are not compared: ")

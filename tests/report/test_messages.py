from __future__ import annotations

from dataclasses import replace

import pytest

from tremor.analysis.quality import quality_of
from tremor.notes import Note, note
from tremor.recording import Gap, Segment
from tremor.report import messages
from tremor.results.verdicts import VERDICTS


@pytest.fixture
def sound(analysis):
    return replace(analysis.recording, gaps=(), clipped_fraction=0.0, warnings=())


OFF = note("RATE_OFF_NOMINAL", rate_hz=51.875, off_percent=-0.24, nominal_hz=52.0)
SHORT = Segment(start_s=0.0, first_sample=0, n_samples=130)
RESAMPLED = note("RESAMPLED", spread_percent=1.2, rate_hz=51.9)


def test_every_verdict_has_its_word():
    assert tuple(messages.section("verdict")) == VERDICTS


@pytest.mark.parametrize(
    ("change", "word", "says"),
    [
        ({}, "good", None),
        ({"warnings": (OFF,)}, "good", "the true sampling rate is 51.875 Hz"),
        ({"warnings": (RESAMPLED,)}, "usable", "resampled evenly"),
        ({"gaps": (Gap(3.0, 1.25, 65),)}, "usable", "1 gap, 1.25 s"),
        ({"gaps": (Gap(3.0, 120.0, 6240),)}, "not usable", "1 gap, 120 s"),
        ({"gaps": (Gap(3.0, 3.0, 156),)}, "usable", "1 gap, 3.00 s"),
        ({"clipped_fraction": 0.01}, "usable", "1.0 %"),
        ({"clipped_fraction": 0.7}, "not usable", "70 %"),
        ({"dead_axes": ("y",)}, "usable", "axis y does not move"),
        ({"dead_axes": ("x", "y", "z")}, "not usable", "no axis moves"),
        ({"sampling_rate_hz": 8.0}, "not usable", "Nyquist frequency is 4.00 Hz"),
        ({"duration_s": 2.5, "segments": (SHORT,)}, "not usable", "lasts 2.51 s"),
        ({"scale_correction": 1.05}, "usable", "1.050"),
    ],
)
def test_quality_in_a_word_with_its_reason(analysis, sound, change, word, says):
    quality = quality_of(replace(sound, **change), analysis.settings)
    assert quality.level == word
    assert (says in messages.sentence(quality.reasons[0])) if says else not quality.reasons


@pytest.mark.parametrize(
    ("score", "threshold", "said"),
    [
        (0.2, 0.42, "holds 0.2 of the power of the band; a line needs 0.42"),
        (0.4183, 0.42, "holds 0.418 of the power of the band; a line needs 0.42"),
        (0.41999, 0.42, "holds 0.41999 of the power of the band; a line needs 0.42"),
        (0.42, 0.42, "holds 0.42 of the power of the band; a line needs 0.42"),
    ],
)
def test_number_that_misses_its_limit_never_reads_like_it(score, threshold, said):
    reason = Note("spread", {"score": score, "threshold": threshold})
    assert messages.sentence(reason).endswith(said)

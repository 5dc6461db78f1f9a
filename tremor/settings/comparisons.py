"""Numbers that decide whether sessions may be compared, and which change is more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = [
    "COMPARISON",
    "LEGS",
    "SCALE",
    "ComparisonCalibration",
    "LegsCalibration",
    "ScaleCalibration",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonCalibration:
    """Between sessions: what the literature holds for chance, and what makes sessions unlike."""

    literature_strength_factor: float = calibrated(
        2.94,
        "1",
        "a fall by 66 % of the baseline is the least change of strength that is more than chance "
        "in the literature, of the head; taken as the factor 1 / 0.34 in both directions",
        source="Raethjen and Deuschl (2016), with Elble and Hellriegel: head tremor, accelerometer",
    )
    literature_frequency_factor: float = calibrated(
        1.43,
        "1",
        "frequency varies by 13 % within a subject: exp(1.96 * sqrt(2) * 0.13)",
        source="derived: within-subject variability of Elble and McNames (2016)",
    )
    least_sessions: float = calibrated(
        4,
        "1",
        "fewer sessions of one leg do not tell how much it varies from day to day",
        source=JUDGEMENT,
    )
    most_turned_deg: float = calibrated(
        40.0,
        "deg",
        "gravity further apart than this in the sensor is another posture or another way to "
        "strap it on; a sensor put on again by hand is within 20",
        source=JUDGEMENT,
    )
    most_band_difference_hz: float = calibrated(
        0.5,
        "Hz",
        "edges of the bands further apart than this, also where a low sampling rate cuts one, "
        "leave out other tremors; two sensors of one rate differ by less",
        source=JUDGEMENT,
    )
    most_rest_ratio: float = calibrated(
        3.0,
        "1",
        "a rest so many times as long ends elsewhere on the course of a fading tremor",
        source=JUDGEMENT,
    )
    most_since_stop_apart_min: float = calibrated(
        5.0,
        "min",
        "begun so much later after the run, a tremor that halves in a few minutes is another one",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LegsCalibration:
    """Between two legs that were measured at once."""

    segment_s: float = calibrated(
        4.0,
        "s",
        "a line of 0.25 Hz and wider is resolved, and a minute holds 29 segments",
        source=JUDGEMENT,
    )
    most_apart_s: float = calibrated(
        120.0,
        "s",
        "sensors of one session begin within this time of each other: searching and connecting "
        "take less",
        source=JUDGEMENT,
    )
    least_segments: float = calibrated(
        8,
        "1",
        "fewer segments leave 35 % of coherence to chance",
        source="derived: 1 - 0.05 ** (1 / 7) = 0.35",
    )
    least_overlap_s: float = calibrated(
        20.0,
        "s",
        "captures that share less time were not worn at once in any useful way",
        source=JUDGEMENT,
    )
    block_s: float = calibrated(
        10.0,
        "s",
        "some packet in so long a time waits next to nothing for the radio, and a clock of 100 ppm "
        "moves by 1 ms",
        source=JUDGEMENT,
    )
    least_blocks: float = calibrated(
        8,
        "1",
        "fewer blocks do not show their own scatter around a line of two numbers",
        source=JUDGEMENT,
    )
    least_packets: float = calibrated(
        5,
        "1",
        "the least late of fewer packets is late by more than a sixth of the wait",
        source="derived: the least of n even numbers from 0 to 1 is 1 / (n + 1) in the mean",
    )
    usual_share: float = calibrated(
        0.9,
        "1",
        "the latest tenth of the packets waited for a repetition, or for the computer",
        source=JUDGEMENT,
    )
    shortest_interval_s: float = calibrated(
        0.0075,
        "s",
        "waits that differ by less are those of packets that keep step with the radio",
        source="specification: Bluetooth Core, connInterval, 7.5 ms at the least",
    )
    same_kind_delay_s: float = calibrated(
        0.003,
        "s",
        "two sensors of one kind with the same settings hand over their samples equally late, to "
        "less than a sample at 416 Hz",
        source=JUDGEMENT,
    )
    other_kind_delay_s: float = calibrated(
        0.02,
        "s",
        "filters and buffers of different firmware delay samples differently, by up to two samples "
        "at 100 Hz",
        source=JUDGEMENT,
    )
    least_upright: float = calibrated(
        0.2,
        "1",
        "cosine of the angle between the main direction and the vertical, from which on up and "
        "down are told apart: 78 degrees",
        source=JUDGEMENT,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleCalibration:
    """Strengths of known recordings, which a report names beside that of a runner."""

    resting_leg_ms2: float = calibrated(
        0.01,
        "m/s^2",
        "RMS in the band of a phone on a resting leg that shows no tremor",
        source="measured: tests/test_real_captures.py, the open recordings of PDKit; one person",
    )
    held_hand_ms2: float = calibrated(
        0.07,
        "m/s^2",
        "RMS in the band of a phone in a hand that is held out and shows a small tremor",
        source="measured: tests/test_real_captures.py, the open recordings of PDKit; one person",
    )


COMPARISON: Final = ComparisonCalibration()
LEGS: Final = LegsCalibration()
SCALE: Final = ScaleCalibration()

"""Results of sessions with stated numbers, without measuring anything."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

import tremor
from tremor.estimate import Estimate
from tremor.recording import Placement, Source


@pytest.fixture(scope="session")
def measured_once():
    """One measured result, whose numbers the tests replace."""
    rng = np.random.default_rng(0)
    t = np.arange(6000) / 100.0
    shake = 0.3 * np.sin(2.0 * np.pi * 8.0 * t)[:, None] * [0.6, 0.8, 0.0]
    samples = shake + rng.normal(0.0, 0.01, (6000, 3)) + [0.0, 0.0, 9.81]
    return tremor.analyze(samples, sampling_rate_hz=100.0)


@pytest.fixture
def session_of(measured_once):
    def build(strength_ms2=0.3, *, day=0.0, placement="left-calf", turned_deg=0.0, sd=0.05):
        strength = Estimate(
            strength_ms2,
            strength_ms2 * math.exp(-1.96 * sd),
            strength_ms2 * math.exp(1.96 * sd),
        )
        angle = math.radians(turned_deg)
        name = f"day{day:g}.csv"
        recording = replace(
            measured_once.recording,
            started_at=datetime(2026, 5, 3, tzinfo=UTC) + timedelta(days=day),
            placement=None if placement is None else Placement.from_text(placement),
        )
        return replace(
            measured_once,
            source=Source(name=name, sha256="", format="native"),
            recording=recording,
            summary=replace(
                measured_once.summary,
                initial_rms_ms2=strength,
                final_rms_ms2=strength,
                rms_ms2=strength,
            ),
            recovery=replace(
                measured_once.recovery,
                gravity_direction=(math.sin(angle), 0.0, math.cos(angle)),
            ),
        )

    return build

"""Small analyses of made-up numbers: what a sensor may have seen of a leg after a run."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from tremor.estimate import Estimate
from tremor.notes import Note
from tremor.recording import CaptureInfo, Placement, Source
from tremor.results.analysis import Analysis, Summary
from tremor.results.cautions import Caution
from tremor.results.estimates import ESTIMATE_NAMES, estimates_of
from tremor.results.recovery import Recovery
from tremor.results.verdicts import METHODS, REASON_NAMES, REASONS
from tremor.results.windows import WindowTable
from tremor.settings import AnalysisSettings

_FACTS = CaptureInfo(
    started_at=datetime.fromisoformat("2026-05-17T09:12:44+02:00"),
    duration_s=600.0,
    n_samples=62400,
    sampling_rate_hz=104.0,
    nominal_sampling_rate_hz=104.0,
    sampling_rate_sd_hz=0.002,
    unit_in="m/s^2",
    gravity="included",
    scale_correction=1.0,
    gaps=(),
    clipped_fraction=0.0,
    dead_axes=(),
    sensor=None,
    placement=Placement("calf", "left"),
    warnings=(),
)

_ALL_OF_TREMOR = ("tremor", "frequency", "bandwidth", "strength", "recovery", "muscle_fatigue")
#: What each caution lowers, as the analysis gives it.
_LOWERED_BY = {
    "machine": _ALL_OF_TREMOR,
    "vehicle": _ALL_OF_TREMOR,
    "voluntary": _ALL_OF_TREMOR,
    "posture_change": ("recovery", "strength"),
    "strap_loose": ("strength", "bandwidth"),
    "holes": ("tremor", "strength"),
}


def _windows(names):
    reason = np.array([REASON_NAMES.index(name) for name in names], dtype=np.uint8)
    n = len(reason)
    tremor = np.array([REASONS[name].verdict == "tremor" for name in names])
    triples = np.full((n, 3), np.nan)
    triples[tremor] = (8.0, 7.5, 8.5)
    return WindowTable(
        start_s=2.0 * np.arange(n),
        end_s=2.0 * np.arange(n) + 4.0,
        reason=reason,
        score=np.full(n, 20.0),
        threshold=np.full(n, 8.0),
        estimates=dict.fromkeys(ESTIMATE_NAMES, triples),
        method=np.where(tremor, METHODS.index("whittle"), 0).astype(np.uint8),
        polarisation=np.where(tremor, 0.9, np.nan),
    )


def _recovery(verdict, half_life_s):
    if verdict is None:
        return None
    missing = Estimate.missing(Note("TEXT", {"text": "the rest was too short to tell"}))
    gone = {"decays": (0.9, 0.8, 0.95), "persists": (0.05, -0.1, 0.2)}.get(verdict)
    return Recovery(
        verdict=verdict,
        half_life_s=Estimate(half_life_s, 0.8 * half_life_s, 1.3 * half_life_s)
        if verdict == "decays"
        else missing,
        time_constant_s=missing,
        initial_rms_ms2=missing,
        floor_rms_ms2=missing,
        fraction_gone=missing if gone is None else Estimate(*gone),
        more_rest_needed_s=missing,
        reason=(Note("TEXT", {"text": "a decay is as likely as a constant tremor"}),),
        rest_s=600.0,
        n_points=200,
    )


def make_analysis(
    *,
    status="measured",
    recovery="decays",
    half_life_s=60.0,
    frequency_hz=8.3,
    bandwidth_hz=(0.8, 0.7, 0.9),
    occupancy=0.9,
    windows=("line",) * 60,
    cautions=(),
):
    """Make an analysis; without a tremor, everything about it is missing.

    `cautions` are codes; each is as strong as can be.
    """
    seen = status == "measured"
    missing = Estimate.missing(Note("TEXT", {"text": "no tremor above 0.03 m/s^2"}))
    estimates = {
        "frequency_hz": Estimate(frequency_hz, frequency_hz - 0.1, frequency_hz + 0.1),
        "bandwidth_hz": Estimate(*bandwidth_hz),
        "rms_ms2": Estimate(0.3, 0.28, 0.32),
    }
    return Analysis(
        status=status,
        software={"name": "tremor-analyzer"},
        source=Source("made_up.csv", "", "native"),
        settings=AnalysisSettings(),
        recording=_FACTS,
        windows=_windows(
            windows if seen else ["weak" if name == "line" else name for name in windows]
        ),
        episodes=(),
        summary=Summary(
            tremor_detected=seen,
            still_s=120.0,
            tremor_s=120.0 * occupancy if seen else 0.0,
            occupancy=occupancy if seen else 0.0,
            **estimates_of(None, otherwise=missing) | (estimates if seen else {}),
        ),
        recovery=_recovery(recovery, half_life_s) if seen else None,
        cautions=tuple(
            Caution(
                code=code,
                about=_LOWERED_BY[code],
                strength=1.0,
                statement=Note("TEXT", {"text": "something else may have shaken the leg"}),
            )
            for code in cautions
        ),
    )


@pytest.fixture(scope="session")
def analysis_of():
    """Return `make_analysis`."""
    return make_analysis

"""An analysis of made-up numbers that holds every kind of window, for the reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from tremor.decisions import ReadingDecision
from tremor.estimate import Estimate
from tremor.notes import Note, note
from tremor.recording import CaptureInfo, Gap, Placement, SensorInfo, Source
from tremor.results.analysis import Analysis, Episode, SpectrumView, Summary
from tremor.results.estimates import ESTIMATE_NAMES, estimates_of
from tremor.results.verdicts import METHODS, REASON_NAMES
from tremor.results.windows import WindowTable
from tremor.settings import AnalysisSettings


def text(sentence: str) -> Note:
    """A note that says no more than a sentence."""
    return Note("TEXT", {"text": sentence})


N_WINDOWS = 89
STEP_S = 2.0


def _reasons() -> np.ndarray:
    names = np.full(N_WINDOWS, "line", dtype=object)
    names[:2] = "settling"
    names[30:33] = "moving"
    names[33:35] = "settling"
    names[50:53] = "gap"
    names[70:] = "weak"
    names[75] = "spread"
    names[80] = "clipped"
    return np.array([REASON_NAMES.index(name) for name in names], dtype=np.uint8)


def windows_of(reason: np.ndarray) -> WindowTable:
    rng = np.random.default_rng(5)
    n = len(reason)
    start = np.arange(n) * STEP_S
    tremor = reason == REASON_NAMES.index("line")
    usable = reason != REASON_NAMES.index("gap")

    def triples(value: np.ndarray, half: np.ndarray) -> np.ndarray:
        table = np.column_stack([value, value - half, value + half])
        table[~tremor] = np.nan
        return table

    rms = 0.7 * np.exp(-start / 60.0) * np.exp(0.12 * rng.standard_normal(n)) + 0.05
    frequency = 8.31 + 0.12 * rng.standard_normal(n)
    displacement = 2e3 * np.sqrt(2) * rms / (2 * np.pi * frequency) ** 2
    bandwidth = triples(0.45 * np.exp(0.3 * rng.standard_normal(n)), np.full(n, 0.2))
    bandwidth[:, 1] = np.where(np.arange(n) % 7 == 0, np.nan, bandwidth[:, 1])
    return WindowTable(
        start_s=start,
        end_s=start + 4.0,
        reason=reason,
        score=np.where(usable, 20.0 * rms, 1.25),
        threshold=np.full(n, 8.0),
        estimates=dict.fromkeys(ESTIMATE_NAMES, np.full((n, 3), np.nan))
        | {
            "frequency_hz": triples(frequency, np.full(n, 0.21)),
            "bandwidth_hz": bandwidth,
            "rms_ms2": triples(rms, 0.13 * rms),
            "displacement_pp_mm": triples(displacement, 0.14 * displacement),
        },
        method=np.where(tremor, METHODS.index("whittle"), 0).astype(np.uint8),
        polarisation=np.where(tremor, 0.83, np.nan),
        scores={
            "band_rms_ms2": np.where(usable, rms, np.nan),
            "peak_over_floor": np.where(usable, 20.0 * rms, np.nan),
        },
    )


def _estimate(value: float, half: float, method: str = "whittle") -> Estimate:
    return Estimate(value, value - half, value + half, method=method)


def _estimates(**known: Estimate) -> dict[str, Estimate]:
    """Some estimates, and a reason for each of the others."""
    missing = Estimate.missing(text("the sensor's floor hides it"))
    return estimates_of(None, otherwise=missing) | known


def _episode(start_s: float, end_s: float, rms: float) -> Episode:
    return Episode(
        start_s=start_s,
        end_s=end_s,
        **_estimates(
            frequency_hz=_estimate(8.3142, 0.0613),
            bandwidth_hz=_estimate(0.447, 0.09),
            rms_ms2=_estimate(rms, 0.021),
            displacement_pp_mm=_estimate(rms * 1.04, 0.022),
        ),
    )


def _spectrum() -> SpectrumView:
    frequency = np.arange(0.0, 26.0, 0.1)
    line = 0.25 / (1.0 + ((frequency - 8.3142) / 0.2235) ** 2) + 0.004
    psd = line * np.random.default_rng(3).gamma(20.0, 1 / 20.0, len(frequency))
    return SpectrumView(
        of="tremor",
        n_windows=60,
        frequency_hz=frequency,
        psd_ms2sq_per_hz=psd,
        line_ms2sq_per_hz=line,
        floor_ms2sq_per_hz=0.004,
    )


FACTS = CaptureInfo(
    started_at=datetime.fromisoformat("2026-05-17T09:12:44+02:00"),
    duration_s=180.06,
    n_samples=9289,
    sampling_rate_hz=51.8734,
    nominal_sampling_rate_hz=52.0,
    sampling_rate_sd_hz=0.0021,
    unit_in="mg",
    gravity="included",
    scale_correction=1.0087,
    gaps=(Gap(start_s=102.4, duration_s=1.25, n_lost=65),),
    clipped_fraction=0.00043,
    dead_axes=(),
    sensor=SensorInfo("Verity"),
    placement=Placement("calf", "left"),
    warnings=(note("RATE_OFF_NOMINAL", rate_hz=51.875, off_percent=-0.24, nominal_hz=52.0),),
    decisions=(
        ReadingDecision("delimiter", "\t", "told"),
        ReadingDecision(
            "unit", "mg", "told", note("MEAN_VECTOR", length=1003.2, unit="mg", at_rest=True)
        ),
        ReadingDecision("placement", "left-calf", "said"),
    ),
    history=("table: 9289 rows", "gaps: 1"),
)


@pytest.fixture(scope="session")
def analysis() -> Analysis:
    """Tremor that fades, with movement, a gap and clipping in between."""
    return Analysis(
        status="measured",
        software={
            "name": "tremor-analyzer",
            "version": "0.1.0",
            "python": "3.11.7",
            "numpy": "2.4.6",
            "scipy": "1.17.1",
        },
        source=Source("post_run_calf.csv", "ab" * 32, "native"),
        settings=AnalysisSettings(),
        recording=FACTS,
        windows=windows_of(_reasons()),
        episodes=(_episode(4.0, 62.0, 0.4831), _episode(70.0, 142.0, 0.2217)),
        summary=Summary(
            tremor_detected=True,
            still_s=162.0,
            tremor_s=130.0,
            occupancy=130.0 / 162.0,
            **_estimates(
                frequency_hz=_estimate(8.3142, 0.0613),
                bandwidth_hz=_estimate(0.447, 0.09),
                rms_ms2=_estimate(0.3619, 0.0151),
            ),
        ),
        spectrum=_spectrum(),
    )


@pytest.fixture(scope="session")
def day(analysis: Analysis) -> Analysis:
    """As many windows as a day holds, every third without tremor."""
    n = 43_200
    reason = np.full(n, REASON_NAMES.index("line"), dtype=np.uint8)
    reason[::3] = REASON_NAMES.index("weak")
    return replace(
        analysis,
        windows=windows_of(reason),
        recording=replace(FACTS, duration_s=STEP_S * n + 2.0),
    )


@pytest.fixture(scope="session")
def insufficient(analysis: Analysis) -> Analysis:
    """Nothing but movement."""
    why = text("0 s of still time; at least 4 s are needed")
    missing = Estimate.missing(why)
    return replace(
        analysis,
        status="insufficient",
        windows=windows_of(np.full(4, REASON_NAMES.index("moving"), dtype=np.uint8)),
        episodes=(),
        spectrum=None,
        summary=Summary(
            tremor_detected=False,
            still_s=0.0,
            tremor_s=0.0,
            occupancy=None,
            reason=why,
            **estimates_of(None, otherwise=missing),
        ),
    )


@pytest.fixture(scope="session")
def no_tremor(analysis: Analysis) -> Analysis:
    """A still leg."""
    missing = Estimate.missing(text("no tremor above 0.03 m/s^2 in 176 s of still time"))
    spectrum = analysis.spectrum
    assert spectrum is not None
    return replace(
        analysis,
        status="no_tremor",
        windows=windows_of(np.full(60, REASON_NAMES.index("weak"), dtype=np.uint8)),
        episodes=(),
        spectrum=replace(spectrum, of="still", line_ms2sq_per_hz=None, floor_ms2sq_per_hz=None),
        summary=Summary(
            tremor_detected=False,
            still_s=122.0,
            tremor_s=0.0,
            occupancy=0.0,
            **estimates_of(None, otherwise=missing),
        ),
    )

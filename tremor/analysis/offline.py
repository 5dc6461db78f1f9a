"""A recording in, its analysis out: the thin caller of the same functions as the live path."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import numpy as np
import numpy.typing as npt

from tremor._version import __version__
from tremor.analysis.episodes import Stretch, apply_settling, find_stretches
from tremor.analysis.results import (
    Analysis,
    Episode,
    RecordingFacts,
    SpectrumView,
    Status,
    Summary,
    WindowTable,
)
from tremor.analysis.settings import AnalysisSettings
from tremor.analysis.window import WindowBatch, analyze_windows
from tremor.dsp.spectrum import bin_frequency_hz, hann_psd, hann_psd_of_line
from tremor.dsp.windows import WindowGrid
from tremor.errors import InvalidInputError
from tremor.estimate import Estimate
from tremor.measures.line import usable_band
from tremor.measures.pooled import PooledLine, fit_pooled
from tremor.recording import CaptureWarning, Floats, Recording

__all__ = ["analyze"]

Bools = npt.NDArray[np.bool_]

#: Windows that are analysed at once: enough to spread the cost of a call, little memory.
_CHUNK: Final = 512
#: More than so many windows do not make the mean spectrum any better to look at.
_MOST_FOR_SPECTRUM: Final = 2000


def analyze(recording: Recording, *, settings: AnalysisSettings | None = None) -> Analysis:
    """Analyse a recording: windows, episodes, and the session in few numbers.

    Parameters
    ----------
    recording : Recording
        As `tremor.read` or `Recording.from_arrays` give it.
    settings : AnalysisSettings, optional
        Thresholds and band.

    Returns
    -------
    Analysis
        Status ``measured`` with at least one episode of tremor, ``no_tremor`` without,
        ``insufficient`` where too little of the recording could be judged; the reason stands in
        the summary.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> t = np.arange(3000) / 100.0
    >>> shake = 0.3 * np.sin(2 * np.pi * 8.0 * t)[:, None] * [0.6, 0.8, 0.0]
    >>> recording = Recording.from_arrays(
    ...     [0, 0, 9.81] + shake + rng.normal(0, 0.01, (3000, 3)), sampling_rate_hz=100.0
    ... )
    >>> found = analyze(recording)
    >>> found.status, round(found.summary.frequency_hz.value, 2)
    ('measured', 8.0)
    """
    settings = settings or AnalysisSettings()
    asked = (settings.band_low_hz, settings.band_high_hz)
    warnings = recording.warnings
    try:
        band = usable_band(asked, fs=recording.sampling_rate_hz)
    except InvalidInputError as error:
        return _refused(recording, settings, str(error))
    if band != asked:
        warnings += (
            CaptureWarning(
                "BAND_LIMITED",
                f"searched {band[0]:g}-{band[1]:g} Hz only, because the sampling rate is "
                f"{recording.sampling_rate_hz:.4g} Hz; record faster to see up to {asked[1]:g} Hz",
            ),
        )
    grid = WindowGrid.of(
        window_s=settings.window_s, step_s=settings.step_s, fs=recording.sampling_rate_hz
    )
    samples = recording.acceleration_ms2 * recording.scale_correction
    if grid.count(len(samples)) == 0:
        return _refused(
            recording,
            settings,
            f"the capture lasts {recording.duration_s:.3g} s; at least {settings.window_s:g} s "
            "are needed",
        )
    table = WindowTable.concatenate(
        [analyze_windows(batch, settings=settings) for batch in _batches(recording, samples, grid)]
    )
    table = apply_settling(table, settings=settings)
    stretches = find_stretches(table, settings=settings)
    fs = recording.sampling_rate_hz
    episodes = tuple(
        _episode(stretch, fit_pooled(_runs(samples, grid, stretch.members), fs=fs, band_hz=band))
        for stretch in stretches
    )
    members = np.any([s.members for s in stretches], axis=0) if stretches else None
    pooled = (
        fit_pooled(_runs(samples, grid, members), fs=fs, band_hz=band)
        if members is not None
        else None
    )
    summary = _summary(table, stretches, pooled, settings=settings, grid=grid)
    status: Status = "no_tremor"
    if summary.still_s < settings.still_least_s:
        status = "insufficient"
    elif summary.tremor_detected:
        status = "measured"
    return Analysis(
        status=status,
        software=_software(),
        source=_source(recording),
        settings=settings,
        recording=_facts(recording, warnings),
        windows=table,
        episodes=episodes,
        summary=summary,
        spectrum=_spectrum(samples, grid, table, members, pooled),
    )


def _batches(recording: Recording, samples: Floats, grid: WindowGrid) -> Iterator[WindowBatch]:
    count = grid.count(len(samples))
    clipped = np.concatenate(([0], np.cumsum(recording.clipped)))
    for first in range(0, count, _CHUNK):
        size = min(_CHUNK, count - first)
        begin = (first + np.arange(size)) * grid.n_step
        yield WindowBatch(
            start_s=grid.start_s(first, size),
            acceleration_ms2=grid.cut(samples, first, size),
            clipped_share=(clipped[begin + grid.n_window] - clipped[begin]) / grid.n_window,
            n_dead_axes=len(recording.dead_axes),
            fs=grid.fs,
        )


def _runs(samples: Floats, grid: WindowGrid, members: Bools) -> list[Floats]:
    """Give the runs of samples that windows cover, each without a gap."""
    runs = []
    start = end = -1
    for index in np.flatnonzero(members):
        begin = int(index) * grid.n_step
        if begin > end:
            if start >= 0:
                runs.append(samples[start:end])
            start = begin
        end = begin + grid.n_window
    if start >= 0:
        runs.append(samples[start:end])
    return runs


def _episode(stretch: Stretch, pooled: PooledLine | None) -> Episode:
    missing = Estimate.missing("the samples of the episode do not move")
    return Episode(
        start_s=stretch.start_s,
        end_s=stretch.end_s,
        frequency_hz=pooled.frequency_hz if pooled else missing,
        bandwidth_hz=pooled.bandwidth_hz if pooled else missing,
        rms_ms2=pooled.rms_ms2 if pooled else missing,
        displacement_pp_mm=pooled.displacement_pp_mm if pooled else missing,
    )


def _covered_s(grid: WindowGrid, chosen: Bools) -> float:
    """Give the time that windows cover, overlaps counted once, s."""
    begin = np.flatnonzero(chosen) * grid.n_step
    if begin.size == 0:
        return 0.0
    new = np.minimum(np.diff(begin, append=begin[-1] + grid.n_window), grid.n_window)
    return float(new.sum() / grid.fs)


def _summary(
    table: WindowTable,
    stretches: tuple[Stretch, ...],
    pooled: PooledLine | None,
    *,
    settings: AnalysisSettings,
    grid: WindowGrid,
) -> Summary:
    judged = table.where("tremor") | table.where("no_tremor")
    still_s = _covered_s(grid, judged)
    tremor_s = sum(_covered_s(grid, stretch.members) for stretch in stretches)
    if still_s < settings.still_least_s:
        reason = (
            f"only {still_s:.3g} s could be judged; at least {settings.still_least_s:g} s are "
            f"needed. {_why_not_judged(table)}"
        )
    elif pooled is None:
        reason = "no episode of tremor was found"
    else:
        reason = ""
    missing = Estimate.missing(reason or "no episode of tremor was found")
    return Summary(
        tremor_detected=bool(stretches),
        still_s=still_s,
        tremor_s=tremor_s,
        occupancy=min(1.0, tremor_s / still_s) if still_s > 0 else None,
        frequency_hz=pooled.frequency_hz if pooled else missing,
        bandwidth_hz=pooled.bandwidth_hz if pooled else missing,
        rms_ms2=pooled.rms_ms2 if pooled else missing,
        displacement_pp_mm=pooled.displacement_pp_mm if pooled else missing,
        reason=reason,
    )


def _why_not_judged(table: WindowTable) -> str:
    """Name the commonest refusal with its number."""
    names, counts = np.unique(table.reason, return_counts=True)
    index = int(np.flatnonzero(table.reason == names[np.argmax(counts)])[0])
    window = table[index]
    return f"Most windows are refused as {window.verdict}: {window.reason}"


def _spectrum(
    samples: Floats,
    grid: WindowGrid,
    table: WindowTable,
    members: Bools | None,
    pooled: PooledLine | None,
) -> SpectrumView | None:
    chosen = members if members is not None else table.where("no_tremor")
    indices = np.flatnonzero(chosen)
    if indices.size == 0:
        return None
    indices = indices[:: max(1, len(indices) // _MOST_FOR_SPECTRUM)]
    total = np.zeros(grid.n_window // 2 + 1)
    for index in indices:
        total += hann_psd(grid.cut(samples, int(index), 1), fs=grid.fs)[0]
    line = None
    if pooled is not None and pooled.frequency_hz.value and pooled.rms_ms2.value:
        line = hann_psd_of_line(
            grid.n_window,
            fs=grid.fs,
            frequency_hz=pooled.frequency_hz.value,
            bandwidth_hz=pooled.bandwidth_hz.value or 0.0,
            mean_square=pooled.rms_ms2.value**2,
            floor=3.0 * pooled.noise_density,
        )
    return SpectrumView(
        of="tremor" if members is not None else "still",
        n_windows=len(indices),
        frequency_hz=bin_frequency_hz(grid.n_window, fs=grid.fs),
        psd_ms2sq_per_hz=total / len(indices),
        line_ms2sq_per_hz=line,
    )


def _software() -> dict[str, str]:
    def installed(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:  # a source tree that was never installed
            return "unknown"

    return {
        "name": "tremor-analyzer",
        "version": __version__,
        "python": platform.python_version(),
        "numpy": installed("numpy"),
        "scipy": installed("scipy"),
    }


def _source(recording: Recording) -> dict[str, str]:
    source = recording.source
    if source is None:
        return {"name": "", "sha256": "", "format": "arrays"}
    return {"name": source.name, "sha256": source.sha256, "format": source.format}


def _facts(recording: Recording, warnings: tuple[CaptureWarning, ...]) -> RecordingFacts:
    started = recording.started_at
    sensor = recording.sensor
    placement = recording.placement
    return RecordingFacts(
        started_at=None if started is None else started.isoformat(),
        duration_s=recording.duration_s,
        n_samples=recording.n_samples,
        sampling_rate_hz=recording.sampling_rate_hz,
        nominal_sampling_rate_hz=recording.nominal_sampling_rate_hz,
        sampling_rate_sd_hz=recording.sampling_rate_sd_hz,
        unit_in=recording.unit_in,
        gravity=recording.gravity,
        scale_correction=recording.scale_correction,
        gaps=recording.gaps,
        clipped_fraction=float(recording.clipped.sum() / max(1, recording.n_samples)),
        dead_axes=recording.dead_axes,
        sensor=None if sensor is None else (sensor.name or sensor.profile or None),
        placement=None if placement is None else str(placement),
        warnings=tuple((warning.code, warning.message) for warning in warnings),
        history=recording.history,
    )


def _refused(recording: Recording, settings: AnalysisSettings, reason: str) -> Analysis:
    """Give the result of a recording that cannot be analysed at all."""
    missing = Estimate.missing(reason)
    return Analysis(
        status="insufficient",
        software=_software(),
        source=_source(recording),
        settings=settings,
        recording=_facts(recording, recording.warnings),
        windows=WindowTable.concatenate([]),
        episodes=(),
        summary=Summary(
            tremor_detected=False,
            still_s=0.0,
            tremor_s=0.0,
            occupancy=None,
            frequency_hz=missing,
            bandwidth_hz=missing,
            rms_ms2=missing,
            displacement_pp_mm=missing,
            reason=reason,
        ),
        spectrum=None,
    )

"""Numbers that decide the estimate of a line and its interval.

Whether there is a line at all is decided in `windows`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tremor.settings.declaration import JUDGEMENT, calibrated

__all__ = [
    "LINE",
    "LINE_POWER",
    "LONG_TONE",
    "POOLED_LINE",
    "SINE",
    "LineCalibration",
    "LinePowerCalibration",
    "LongToneCalibration",
    "PooledLineCalibration",
    "SineCalibration",
]

_ACCURACY_BENCH: Final = "measured: tests/bench/accuracy.py, tones and lines 0.25-1.5 Hz wide"
_COVERAGE_BENCH: Final = "measured: tests/bench/coverage.py, windows of 4, 10 and 60 s"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCalibration:
    """Limits of the line model, relative to the band so that it scales with the band."""

    slow_share: float = calibrated(
        0.5,
        "1",
        "cut-off of the high-pass over the lower band edge: a tone at the edge loses under 1 %",
        source="derived: loss of a tone in tremor.dsp.filters.remove_slow",
    )
    least_periods: float = calibrated(
        6.0, "1", "periods of the lower band edge that make a line", source=_ACCURACY_BENCH
    )
    least_band_share: float = calibrated(
        0.5,
        "1",
        "share of the band that must remain where the Nyquist frequency cuts its upper edge",
        source=JUDGEMENT,
    )
    least_density_ms2sq_per_hz: float = calibrated(
        1e-16,
        "(m/s^2)^2/Hz",
        "peak of the PSD below which samples are rounding and not movement",
        source="derived: rounding of 64-bit floats at 9.81 m/s^2",
    )
    half_span_share: float = calibrated(
        1.0 / 3.0,
        "1",
        "bins within this share of the width of the band from the peak enter the fit: 4 Hz for "
        "3-15 Hz",
        source=_ACCURACY_BENCH,
    )
    reach_low_factor: float = calibrated(
        5.0 / 6.0,
        "1",
        "lowest bin of the fit over the lower band edge: a line at the edge has both flanks",
        source=_ACCURACY_BENCH,
    )
    reach_high_factor: float = calibrated(
        1.1, "1", "highest bin of the fit over the upper band edge", source=_ACCURACY_BENCH
    )
    most_of_fundamental: float = calibrated(
        1.5,
        "1",
        "highest bin of the fit over the fundamental, where there is a second harmonic: half way",
        source="derived: the second harmonic lies at twice the fundamental",
    )
    least_bt: float = calibrated(
        0.02,
        "1",
        "smallest bandwidth times length of the fit: below, the line is a tone to all its bins",
        source="derived: half-power width against the main lobe of the window",
    )
    most_bandwidth_share: float = calibrated(
        1.5,
        "1",
        "largest bandwidth over the half span of the fit: a wider line is a floor to its bins",
        source=_ACCURACY_BENCH,
    )
    narrow_share: float = calibrated(
        0.125,
        "1",
        "width of a Lorentzian over the half span of the fit, 0.5 Hz, below which it may stand for "
        "a Gaussian: one of 1.2 Hz is fitted with 0.2",
        source="measured: tests/measures/test_gaussian_line.py",
    )
    checked_hz: float = calibrated(
        1.0,
        "Hz",
        "the fit is checked this far around its centre: the shoulders of a line",
        source="measured: tests/measures/test_gaussian_line.py",
    )
    most_ratio: float = calibrated(
        1.2,
        "1",
        "mean ratio of periodogram and model there, from which a Gaussian is tried: a Lorentzian "
        "has 0.75-1.4 at 4 s and 0.85-1.2 at 10 s, a Gaussian that wins 1.3-3.5",
        source="measured: tests/measures/test_gaussian_line.py",
    )
    shape_evidence: float = calibrated(
        3.0,
        "1",
        "logarithm of the likelihood that a Gaussian must win: in 5 % of Lorentzian windows it "
        "wins 2.3 by chance, a Gaussian of 0.6 Hz wins 5 at 4 s and 35 at 10 s",
        source="measured: tests/measures/test_gaussian_line.py",
    )
    tone_bt: float = calibrated(
        2.0,
        "1",
        "bandwidth times length below which a line may be a tone",
        source=_ACCURACY_BENCH,
    )
    wide_bt: float = calibrated(
        1.0,
        "1",
        "... and above which it may not, if it would leave more than most_left_bins beside a sine",
        source=_ACCURACY_BENCH,
    )
    most_left_bins: float = calibrated(
        1000.0,
        "1",
        "power left beside a sine, in bins of noise: forty times what noise itself leaves there",
        source="derived: about 25 bins of three axes are judged",
    )
    freedom_least: float = calibrated(
        4.5,
        "1",
        "degrees of freedom of Student's t of a line without extent, so that intervals cover "
        "90-99 % from 4 to 60 s and from 0.25 to 1.5 Hz",
        source=_COVERAGE_BENCH,
    )
    freedom_per_look: float = calibrated(
        0.2,
        "1",
        "further degrees of freedom for each independent look at the process, pi B T of them",
        source=_COVERAGE_BENCH,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SineCalibration:
    """When a sine stands for a line, and where its noise is taken from."""

    near_bins: int = calibrated(
        4,
        "1",
        "bins on each side of the peak in which the residual of the sine is judged",
        source=_COVERAGE_BENCH,
    )
    near_hz: float = calibrated(
        0.2,
        "Hz",
        "... or this far, where that is more: slow waxing puts sidebands there",
        source=_COVERAGE_BENCH,
    )
    gap_bins: int = calibrated(
        4,
        "1",
        "bins left out between those that are judged and those that give the noise",
        source=_COVERAGE_BENCH,
    )
    noise_span_bins: int = calibrated(
        40,
        "1",
        "the noise is taken from bins up to this far from the peak, or to the half span of the "
        "line model where that is more",
        source=_COVERAGE_BENCH,
    )
    noise_low_factor: float = calibrated(
        1.2,
        "1",
        "lowest bin that is used over the cut-off of the high-pass, which thins out bins near it",
        source=_COVERAGE_BENCH,
    )
    significance: float = calibrated(
        0.01,
        "1",
        "chance of taking a true tone for a line, in a window and over a long run; it costs a "
        "wider interval, the other mistake costs coverage",
        source=JUDGEMENT,
    )
    narrow_bt: float = calibrated(
        0.1,
        "1",
        "bandwidth times length up to which the sine is the better estimate of a line that is not "
        "a tone",
        source=_ACCURACY_BENCH,
    )
    narrow_freedom: float = calibrated(
        3.0,
        "1",
        "independent numbers that the wander of the phase of so narrow a line rests on",
        source=_COVERAGE_BENCH,
    )
    phase_degrees: int = calibrated(
        5,
        "1",
        "highest degree of the polynomials that describe the phase of a sine: half of the energy "
        "of a Brownian phase about a straight line is in the second and third",
        source="derived: covariance of a Brownian motion along Legendre polynomials",
    )
    least_phase_energy: float = calibrated(
        1.25,
        "1",
        "energy of that course over the one of noise, from which it enters the interval: the "
        "interval of a tone is that of noise in two of three cases, and at the worst diffusion "
        "it covers 80 %",
        source="measured: 20 000 simulated Brownian phases",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LongToneCalibration:
    """When a long run is one sine, and the wander that it may hide."""

    peak_bins: int = calibrated(
        2,
        "1",
        "bins on each side of the peak that hold the line of a tone",
        source=_COVERAGE_BENCH,
    )
    around_bins: int = calibrated(
        8,
        "1",
        "bins on each side of the peak that the share refers to",
        source=_COVERAGE_BENCH,
    )
    least_share: float = calibrated(
        0.8,
        "1",
        "share of the power around the peak that a tone has in its bins",
        source=_COVERAGE_BENCH,
    )
    parts: int = calibrated(
        6,
        "1",
        "parts of the run whose phase is compared: slow wander is in few numbers",
        source="measured: 40 000 simulated Brownian phases",
    )
    energy_left: float = calibrated(
        0.2454,
        "1",
        "energy that a straight line leaves with the means of six parts of a Brownian phase of "
        "unit variance after the whole run",
        source="derived: covariance of the means of a Brownian motion",
    )
    most_phase_sd_rad: float = calibrated(
        0.3,
        "rad",
        "phases that noise scatters by more show no wander",
        source="derived: linearity of the phase",
    )
    room_sd: float = calibrated(
        1.3,
        "1",
        "standard deviations of chance by which the assumed wander exceeds what the phases show: "
        "with 1.3, 1.0 and 0.5 the interval covers 92, 91 and 87 % at the worst diffusion",
        source="measured: 40 000 simulated Brownian phases",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledLineCalibration:
    """How the runs of an episode are pooled."""

    segment_s: float = calibrated(
        20.0,
        "s",
        "shortest segment of a run: the power holds for so long, and shorter ones, each with its "
        "own power, make the shared width narrow (by 4 % at 10 s)",
        source=_ACCURACY_BENCH,
    )
    one_window_s: float = calibrated(
        40.0,
        "s",
        "a single run no longer than this is one window: nothing is lost by its one power",
        source=_ACCURACY_BENCH,
    )
    longest_tone_s: float = calibrated(
        3600.0,
        "s",
        "a single run no longer than this may be one sine: all its samples are in memory",
        source=JUDGEMENT,
    )
    most_tone_spread_hz: float = calibrated(
        0.05,
        "Hz",
        "the sines of several runs are one tone if none is further than this from their mean: a "
        "bin of the shortest segment",
        source="derived: 1 / segment_s",
    )
    least_for_scatter: int = calibrated(
        6,
        "1",
        "segments from which their scatter enters the interval",
        source=_COVERAGE_BENCH,
    )
    exponent_sd: float = calibrated(
        1.0,
        "1",
        "standard deviation of the exponents of frequency that the flanks of a line and the floor "
        "around it are assumed to have: -1 for a sprung mass, 0 for white noise, -2 for sway",
        source=JUDGEMENT,
    )
    most_exponent: float = calibrated(
        8.0, "1", "largest exponent of the floor, either way", source=JUDGEMENT
    )
    most_tilt: float = calibrated(
        3.0,
        "1",
        "largest exponent of the flanks of a line, either way: 3 for the acceleration of a sprung "
        "mass whose displacement has -1",
        source="derived: response of a damped oscillator far from its resonance",
    )
    tilted_share: float = calibrated(
        0.25,
        "1",
        "width over frequency up to which the flanks of a line have an exponent of their own: "
        "beyond, it would move the peak away from the centre",
        source=JUDGEMENT,
    )
    least_evidence_of_slope: float = calibrated(
        4.5,
        "1",
        "logarithm of the likelihood that an exponent must win: chance does so in 0.3 % of level "
        "ones, and one that is not there costs precision",
        source=_ACCURACY_BENCH,
    )
    peak_smoothing_hz: float = calibrated(
        0.25,
        "Hz",
        "width of the running mean over the mean spectrum before its peak is searched",
        source=_ACCURACY_BENCH,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePowerCalibration:
    """Where the power of a line is integrated."""

    least_span_share: float = calibrated(
        0.5,
        "1",
        "smallest half width of the integral over the half span of the fit: 2 Hz for 3-15 Hz",
        source=_ACCURACY_BENCH,
    )
    span_bandwidths: float = calibrated(
        3.0,
        "1",
        "half width of the integral in bandwidths: 90 % of a Lorentzian lie within",
        source="derived: (2 / pi) arctan 6",
    )
    displacement_low_share: float = calibrated(
        0.5,
        "1",
        "share of the line frequency below which a displacement spectrum holds only sway",
        source=_ACCURACY_BENCH,
    )
    least_share: float = calibrated(
        0.05,
        "1",
        "power above the floor over that of the fitted line below which the fit stands in",
        source=JUDGEMENT,
    )


LINE: Final = LineCalibration()
SINE: Final = SineCalibration()
LONG_TONE: Final = LongToneCalibration()
POOLED_LINE: Final = PooledLineCalibration()
LINE_POWER: Final = LinePowerCalibration()

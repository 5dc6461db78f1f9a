"""The line estimate: truth within its interval, near the physical bound, under every symmetry."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

import tremor
from tremor.errors import InsufficientDataError, InvalidInputError
from tremor.measures.band import usable_band
from tremor.measures.line import estimate_line
from tremor.measures.line_table import LineTable, fit_lines
from tremor.results.estimates import ESTIMATE_NAMES, ESTIMATES
from tremor.results.verdicts import METHODS
from tremor.settings import RESOLUTION
from tremor.synthesis import narrowband, tone

FS = 100.0
BAND_HZ = (3.0, 15.0)
RATES = (25.0, 52.0, 100.0, 104.0, 208.0, 416.0)
RMS_MS2 = 0.2


def rotation(seed):
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


def draw(seed, count, *, duration_s, bandwidth_hz, snr_db, fs=FS, highest_hz=12.0):
    """Windows of tremor of random frequency and direction in white noise, gravity on top.

    SNR is the power of the vector over the noise variance of one axis.
    """
    rng = np.random.default_rng(seed)
    n = round(duration_s * fs)
    frequency_hz = rng.uniform(4.0, highest_hz, count)
    windows = rng.normal(0, RMS_MS2 / 10 ** (snr_db / 20), (count, 3, n))
    for row, f in enumerate(frequency_hz):
        direction = tuple(rng.normal(size=3))
        if bandwidth_hz:
            windows[row] += narrowband(
                n, fs, frequency_hz=f, bandwidth_hz=bandwidth_hz, rms_ms2=RMS_MS2, rng=rng,
                direction=direction,
            ).T  # fmt: skip
        else:
            windows[row] += tone(
                n, fs, frequency_hz=f, rms_ms2=RMS_MS2, direction=direction,
                phase_rad=rng.uniform(0, 2 * np.pi),
            ).T  # fmt: skip
        up = rng.normal(size=3)
        windows[row] += 9.81 * up[:, None] / np.linalg.norm(up)
    return windows, frequency_hz


def covered(triple, truth):
    return np.mean((triple[:, 1] <= truth) & (truth <= triple[:, 2]))


def line_bound_hz(duration_s, bandwidth_hz, snr_db, fs=FS):
    """Least standard deviation of the centre of a narrowband process in white noise."""
    s = np.sqrt(1 + 10 ** (snr_db / 10) * fs / (np.pi * bandwidth_hz))
    return np.sqrt(bandwidth_hz / (4 * np.pi * duration_s) * s * (s + 1) / (s - 1) ** 2)


def tone_bound_hz(duration_s, snr_db, fs=FS):
    """Cramer-Rao bound of a tone on three axes."""
    n = duration_s * fs
    return np.sqrt(12.0 / (10 ** (snr_db / 10) * n * (n**2 - 1))) * fs / (2 * np.pi)


def most(count):
    """What the RMSE of so many unbiased estimates stays below in 999 of 1000 draws, relative."""
    return np.sqrt(stats.chi2.ppf(0.999, count) / count)


def example(bandwidth_hz=0.6, *, seed=5, duration_s=4.0, fs=FS):
    windows, _ = draw(
        seed, 1, duration_s=duration_s, bandwidth_hz=bandwidth_hz, snr_db=15.0, fs=fs,
        highest_hz=9.0,
    )  # fmt: skip
    return windows[0].T


#: The powers of metre and second in the units of the table of estimates.
DIMENSIONS = {"Hz": (0, -1), "mm": (1, 0), "m/s": (1, -1), "m/s^2": (1, -2), "m/s^3": (1, -3)}


def scaled(*, acceleration=1.0, frequency=1.0):
    """The factor of each estimate, by its unit, for samples and a rate times these factors."""
    powers = [DIMENSIONS[entry.unit] for entry in ESTIMATES]
    factors = [
        acceleration**metres * frequency ** (-2 * metres - seconds) for metres, seconds in powers
    ]
    return np.array(factors)[:, None]


def numbers(line):
    """All numbers of an estimate as one array."""
    rows = [
        (one.value, one.low, one.high) for one in (getattr(line, name) for name in ESTIMATE_NAMES)
    ]
    extra = [line.noise_density_ms2sq_per_hz, line.polarisation, np.nan]
    return np.array([*rows, extra], dtype=float)


# --- truth ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("fs", RATES)
@pytest.mark.parametrize("duration_s", [4.0, 10.0])
def test_tones_off_the_grid_are_recovered_at_every_rate(fs, duration_s):
    windows, f = draw(
        20, 60, duration_s=duration_s, bandwidth_hz=0.0, snr_db=10.0, fs=fs, highest_hz=9.8
    )
    table = fit_lines(windows, fs=fs, band_hz=usable_band(BAND_HZ, fs=fs))
    # 60 intervals of 95 %: fewer than 50 hold the truth once in 3000 draws (binomial).
    for name, truth in (
        ("frequency_hz", f),
        ("rms_ms2", RMS_MS2),
        ("displacement_pp_mm", 2e3 * np.sqrt(2) * RMS_MS2 / (2 * np.pi * f) ** 2),
    ):
        assert covered(getattr(table, name), truth) >= 50 / 60, name
    # 1 % of tones are taken for lines, for which the sine still stands or a narrow line.
    assert np.mean(table.method == METHODS.index("least_squares")) >= 0.9
    assert np.median(table.bandwidth_hz[:, 0]) <= 0.05
    # A tone of RMS s over three axes: the error of the RMS is sigma / sqrt(n) to leading order.
    sd = RMS_MS2 / np.sqrt(10.0) / np.sqrt(duration_s * fs)
    assert np.sqrt(np.mean((table.rms_ms2[:, 0] - RMS_MS2) ** 2)) <= 1.1 * most(60) * sd


@pytest.mark.parametrize("fs", RATES)
@pytest.mark.parametrize("bandwidth_hz", [0.3, 1.0])
def test_lines_are_recovered_at_every_rate(fs, bandwidth_hz):
    windows, f = draw(
        21, 80, duration_s=10.0, bandwidth_hz=bandwidth_hz, snr_db=10.0, fs=fs, highest_hz=9.0
    )
    table = fit_lines(windows, fs=fs, band_hz=usable_band(BAND_HZ, fs=fs))
    # 80 intervals of 95 %: fewer than 68 hold the truth once in 2000 draws (binomial).
    assert covered(table.frequency_hz, f) >= 68 / 80
    assert covered(table.bandwidth_hz, bandwidth_hz) >= 68 / 80
    error = table.frequency_hz[:, 0] - f
    bound_hz = line_bound_hz(10.0, bandwidth_hz, 10.0, fs)
    # 1.25 of the bound is what the method is built for; at 25 Hz the band ends at 11.25 Hz and
    # holds a part of the flank only.
    limit = (1.25 if fs > 30 else 1.4) * most(80)
    assert np.sqrt(np.mean(error**2)) <= limit * bound_hz
    # An interval within factors of 2 of a width is what 10 s allow (pi B T = 9 looks at 0.3 Hz).
    assert 0.7 < np.median(table.bandwidth_hz[:, 0]) / bandwidth_hz < 1.3


@pytest.mark.parametrize(
    ("duration_s", "bandwidth_hz", "snr_db"),
    [(4, 0.0, 0), (4, 0.0, 20), (10, 0.0, 10), (4, 0.25, 10), (4, 1.0, 10), (4, 1.0, 0),
     (10, 0.25, 10), (10, 1.0, 10), (10, 1.0, 0), (10, 1.5, 20)],
)  # fmt: skip
def test_intervals_hold_the_truth_as_often_as_they_say(duration_s, bandwidth_hz, snr_db):
    count = 200
    windows, f = draw(22, count, duration_s=duration_s, bandwidth_hz=bandwidth_hz, snr_db=snr_db)
    table = fit_lines(windows, fs=FS, band_hz=BAND_HZ)
    # 95 % nominal: 200 trials scatter by 1.5 %, three of those below and above.
    assert 0.90 <= covered(table.frequency_hz, f) <= 0.995
    if bandwidth_hz:
        assert covered(table.rms_ms2, RMS_MS2) >= 0.86
        assert covered(table.bandwidth_hz, bandwidth_hz) >= 0.86
    else:
        assert covered(table.rms_ms2, RMS_MS2) >= 0.90
        # The width of a tone is zero, and its interval reaches down to it.
        assert covered(table.bandwidth_hz, 0.0) >= 0.97


@pytest.mark.parametrize(("duration_s", "snr_db"), [(4, 0), (4, 10), (4, 20), (10, 0), (10, 20)])
def test_the_sine_reaches_the_cramer_rao_bound(duration_s, snr_db):
    count = 400
    windows, f = draw(23, count, duration_s=duration_s, bandwidth_hz=0.0, snr_db=snr_db)
    table = fit_lines(windows, fs=FS, band_hz=BAND_HZ, method="least_squares")
    ratio = np.sqrt(np.mean((table.frequency_hz[:, 0] - f) ** 2)) / tone_bound_hz(
        duration_s, snr_db
    )
    # An efficient estimate lies within chi-square limits of 1: 0.89 to 1.11 at 99.8 %; 4 % more
    # for what the slow cosines and the ends of the band take.
    assert 0.89 < ratio < 1.04 * most(count) < 1.16


@pytest.mark.parametrize("duration_s", [4, 10])
@pytest.mark.parametrize("bandwidth_hz", [0.25, 0.5, 1.0, 1.5])
def test_lines_come_near_the_bound_of_the_process(duration_s, bandwidth_hz):
    count = 300
    windows, f = draw(24, count, duration_s=duration_s, bandwidth_hz=bandwidth_hz, snr_db=10)
    table = fit_lines(windows, fs=FS, band_hz=BAND_HZ)
    ratio = np.sqrt(np.mean((table.frequency_hz[:, 0] - f) ** 2)) / line_bound_hz(
        duration_s, bandwidth_hz, 10
    )
    # Design limits, and the chi-square scatter of 300 errors.
    assert ratio <= {4: 1.4, 10: 1.25}[duration_s] * most(count)


def test_longer_is_better_as_the_root_of_time():
    errors = []
    for duration_s in (5, 20):
        windows, f = draw(25, 200, duration_s=duration_s, bandwidth_hz=0.8, snr_db=10)
        table = fit_lines(windows, fs=FS, band_hz=BAND_HZ)
        errors.append(np.sqrt(np.mean((table.frequency_hz[:, 0] - f) ** 2)))
    # Two; the scatter of two such errors is 5 % each, and short windows lose some.
    assert 1.7 < errors[0] / errors[1] < 2.8


@pytest.mark.parametrize("frequency_hz", [4.01, 8.125, 11.9])
@pytest.mark.parametrize("peak_ms2", [0.05, 2.0])
def test_a_sine_reads_its_peak_over_root_two_and_its_travel(frequency_hz, peak_ms2):
    t = np.arange(1000) / FS
    x = [0, 0, 9.81] + peak_ms2 * np.sin(2 * np.pi * frequency_hz * t + 1.0)[:, None] * [
        2 / 3, -1 / 3, 2 / 3
    ]  # fmt: skip
    x = x + np.random.default_rng(1).normal(0, 1e-4, x.shape)
    line = estimate_line(x, sampling_rate_hz=FS)
    # Noise of 1e-4 over 1000 samples: 3e-6 m/s^2 and microhertz; what is left is 1e-6 relative.
    assert_allclose(line.rms_ms2.value, peak_ms2 / np.sqrt(2), rtol=0, atol=4 * 1e-4 / 31)
    assert_allclose(
        line.displacement_pp_mm.value, 2e3 * peak_ms2 / (2 * np.pi * frequency_hz) ** 2, rtol=5e-4
    )
    assert_allclose(line.frequency_hz.value, frequency_hz, rtol=0, atol=2e-4)
    assert_allclose(line.polarisation, 1.0, atol=1e-3)


def test_the_floor_is_that_of_one_axis():
    windows, _ = draw(26, 100, duration_s=10.0, bandwidth_hz=0.0, snr_db=10.0)
    table = fit_lines(windows, fs=FS, band_hz=BAND_HZ)
    # 60 bins of three axes in each of 100 windows: 0.7 % in the mean, four of those.
    assert_allclose(table.noise_density.mean(), RMS_MS2**2 / 10 * 2 / FS, rtol=0.03)


# --- laws ----------------------------------------------------------------------------------------

WIDTHS = pytest.mark.parametrize("bandwidth_hz", [0.0, 0.1, 0.6, 2.0])


@WIDTHS
@pytest.mark.parametrize("seed", range(3))
def test_a_turned_sensor_gives_the_same_numbers(bandwidth_hz, seed):
    x = example(bandwidth_hz)
    one = estimate_line(x, sampling_rate_hz=FS)
    other = estimate_line(x @ rotation(seed).T, sampling_rate_hz=FS)
    assert one.method == other.method
    assert_allclose(numbers(other), numbers(one), rtol=1e-9)


@WIDTHS
@pytest.mark.parametrize(
    "change", [lambda x: -x, lambda x: x[:, [2, 0, 1]], lambda x: x * [1, -1, 1]],
    ids=["sign", "axis order", "mirror"],
)  # fmt: skip
def test_sign_and_order_of_the_axes_do_not_matter(bandwidth_hz, change):
    x = example(bandwidth_hz)
    one, other = (estimate_line(v, sampling_rate_hz=FS) for v in (x, change(x)))
    assert_allclose(numbers(other), numbers(one), rtol=1e-9)


@WIDTHS
def test_time_run_backwards_gives_the_same_numbers(bandwidth_hz):
    x = example(bandwidth_hz)
    one, other = (estimate_line(v, sampling_rate_hz=FS) for v in (x, x[::-1]))
    assert_allclose(numbers(other), numbers(one), rtol=1e-9)


@WIDTHS
@pytest.mark.parametrize("factor", [2.0, 1e-2, 37.0])
def test_a_larger_tremor_is_larger_and_as_fast(bandwidth_hz, factor):
    x = example(bandwidth_hz)
    one, other = (estimate_line(v, sampling_rate_hz=FS) for v in (x, factor * x))
    expected = numbers(one)
    expected[:-1] *= scaled(acceleration=factor)
    expected[-1, 0] *= factor**2
    assert_allclose(numbers(other), expected, rtol=1e-7 if factor != 2.0 else 1e-9)


@WIDTHS
def test_twice_the_rate_and_twice_the_band_are_twice_the_frequency(bandwidth_hz):
    x = example(bandwidth_hz)
    one = estimate_line(x, sampling_rate_hz=FS)
    other = estimate_line(x, sampling_rate_hz=2 * FS, band_hz=(6.0, 30.0))
    expected = numbers(one)
    expected[:-1] *= scaled(frequency=2.0)
    expected[-1, 0] /= 2.0
    assert_allclose(numbers(other), expected, rtol=1e-9)


@WIDTHS
def test_gravity_tilt_and_offset_do_not_matter(bandwidth_hz):
    x = example(bandwidth_hz)
    one, other = (
        estimate_line(v, sampling_rate_hz=FS) for v in (x, x + np.array([30.0, -5.0, 1.0]))
    )
    assert_allclose(numbers(other), numbers(one), rtol=1e-7)


@pytest.mark.parametrize("bandwidth_hz", [0.0, 0.5])
def test_a_window_later_in_a_steady_record_agrees(bandwidth_hz):
    x = example(bandwidth_hz, duration_s=60.0, seed=8)
    lines = [
        estimate_line(x[first : first + 1000], sampling_rate_hz=FS) for first in range(0, 5001, 250)
    ]
    first = lines[0].frequency_hz
    # Two estimates of one truth differ by more than the sum of their half intervals once in 180
    # pairs where they are independent; most of these are.
    apart = [
        abs(line.frequency_hz.value - first.value)
        > (line.frequency_hz.high - line.frequency_hz.low + first.high - first.low) / 2
        for line in lines
    ]
    assert sum(apart) <= 1


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_one_axis_is_as_three_of_which_two_are_still(shape):
    x = example(0.6)[:, 0]
    three = np.zeros((len(x), 3))
    three[:, 1] = x
    one = estimate_line(x.reshape(shape), sampling_rate_hz=FS)
    other = estimate_line(three, sampling_rate_hz=FS)
    assert_allclose(numbers(one), numbers(other), rtol=1e-9)


@pytest.mark.parametrize("method", ["auto", "whittle", "least_squares"])
@pytest.mark.parametrize("duration_s", [2.0, 4.0, 4.01, 10.0])
def test_a_window_alone_gives_the_bits_that_it_gives_among_others(method, duration_s):
    parts = [
        draw(30 + k, 4, duration_s=duration_s, bandwidth_hz=b, snr_db=snr_db)[0]
        for k, (b, snr_db) in enumerate([(0.0, 20), (0.1, 20), (0.7, 10), (2.0, 0)])
    ]
    still = np.full((2, 3, round(duration_s * FS)), 9.81)
    windows = np.concatenate([*parts, still])[np.random.default_rng(1).permutation(18)]
    together = fit_lines(windows, fs=FS, band_hz=BAND_HZ, method=method)
    assert len(together) == 18
    assert np.count_nonzero(together.method == 0) == 2
    if method == "auto":
        assert {1, 2} <= set(together.method.tolist())
    for k in range(18):
        alone = fit_lines(windows[k : k + 1], fs=FS, band_hz=BAND_HZ, method=method)
        for item in fields(LineTable):
            assert_array_equal(
                getattr(alone, item.name)[0], getattr(together, item.name)[k], err_msg=item.name
            )


def test_estimate_line_is_the_row_of_fit_lines():
    x = example(0.6)
    line = estimate_line(x, sampling_rate_hz=FS)
    table = fit_lines(np.ascontiguousarray(x.T)[None], fs=FS, band_hz=BAND_HZ)
    for name in ESTIMATE_NAMES:
        one = getattr(line, name)
        assert_array_equal(getattr(table, name)[0], [one.value, one.low, one.high])
        assert (one.level, one.method) == (0.95, line.method)


@pytest.mark.parametrize("method", ["auto", "whittle", "least_squares"])
def test_nothing_is_written_into_and_nothing_is_kept(method):
    windows, _ = draw(40, 6, duration_s=4.0, bandwidth_hz=0.3, snr_db=10)
    before = windows.copy()
    windows.flags.writeable = False
    fit_lines(windows, fs=FS, band_hz=BAND_HZ, method=method)
    x = windows[0].T
    first = numbers(estimate_line(x, sampling_rate_hz=FS, method=method))
    estimate_line(windows[1].T, sampling_rate_hz=FS, method=method)
    assert_array_equal(numbers(estimate_line(x, sampling_rate_hz=FS, method=method)), first)
    assert_array_equal(windows, before)


def test_an_estimate_cannot_be_changed():
    line = estimate_line(example(), sampling_rate_hz=FS)
    with pytest.raises(FrozenInstanceError):
        line.method = "guess"


@pytest.mark.parametrize("seed", range(5))
def test_noise_gets_a_line_as_well_with_finite_numbers_in_order(seed):
    x = np.random.default_rng(seed).normal(0, 0.01, (400, 3))
    for method in ("auto", "whittle", "least_squares"):
        line = estimate_line(x, sampling_rate_hz=FS, method=method)
        rows = numbers(line)[:-1]
        assert np.isfinite(rows).all()
        assert (rows[:, 1] <= rows[:, 0]).all()
        assert (rows[:, 0] <= rows[:, 2]).all()
        assert (rows >= 0).all()
        assert 3.0 <= line.frequency_hz.value <= 15.0
        assert 1 / 3 <= line.polarisation <= 1.0


def test_the_method_that_is_asked_for_is_taken():
    narrow, wide = example(0.0), example(1.5)
    for x in (narrow, wide):
        for method in ("whittle", "least_squares"):
            assert estimate_line(x, sampling_rate_hz=FS, method=method).method == method
    assert estimate_line(narrow, sampling_rate_hz=FS).method == "least_squares"
    assert estimate_line(wide, sampling_rate_hz=FS).method == "whittle"


def test_the_band_decides_which_of_two_lines_is_taken():
    x = tone(1000, FS, frequency_hz=5.0, rms_ms2=1.0) + tone(
        1000, FS, frequency_hz=11.3, rms_ms2=0.3, direction=(1, 0, 0)
    )
    x = x + np.random.default_rng(1).normal(0, 0.01, x.shape)
    assert_allclose(estimate_line(x, sampling_rate_hz=FS).frequency_hz.value, 5.0, atol=1e-3)
    upper = estimate_line(x, sampling_rate_hz=FS, band_hz=(8.0, 15.0))
    assert_allclose(upper.frequency_hz.value, 11.3, atol=1e-2)


def test_a_batch_in_two_parts_gives_the_bits_of_the_whole():
    windows, _ = draw(41, 5, duration_s=4.0, bandwidth_hz=0.5, snr_db=10)
    whole = fit_lines(windows, fs=FS, band_hz=BAND_HZ)
    parts = [fit_lines(some, fs=FS, band_hz=BAND_HZ) for some in (windows[:2], windows[2:])]
    for item in fields(LineTable):
        joined = np.concatenate([getattr(part, item.name) for part in parts])
        assert_array_equal(joined, getattr(whole, item.name))


def test_at_25_hz_the_estimate_says_that_the_band_ended_early():
    line = estimate_line(example(0.3, fs=25.0, duration_s=10.0), sampling_rate_hz=25.0)
    assert_allclose(line.band_hz, (3.0, 11.25))


@pytest.mark.parametrize(
    ("fs", "band_hz", "message"),
    [(8.0, (3, 15), "reaches above the Nyquist frequency, 4 Hz at"), (100.0, (15, 3), "is empty")],
)
def test_a_band_that_cannot_be_used_is_refused(fs, band_hz, message):
    with pytest.raises(InvalidInputError, match=message):
        estimate_line(np.ones((4000, 3)), sampling_rate_hz=fs, band_hz=band_hz)


# --- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_missing_sample_is_named(bad):
    x = example().copy()
    x[123, 2] = bad
    with pytest.raises(InvalidInputError, match=r"^sample 123 is missing or infinite; .* the gap"):
        estimate_line(x, sampling_rate_hz=FS)


@pytest.mark.parametrize("n", [0, 1, 10, 199])
def test_fewer_than_six_periods_are_too_few(n):
    with pytest.raises(InsufficientDataError, match=r"a line above 3 Hz needs at least 2 s$"):
        estimate_line(np.ones((n, 3)), sampling_rate_hz=FS)


def test_six_periods_are_enough():
    line = estimate_line(example(0.0, duration_s=2.0), sampling_rate_hz=FS)
    assert np.isfinite(numbers(line)[:-1]).all()


@pytest.mark.parametrize("shape", [(400, 2), (400, 4), (3, 400), (400, 3, 1)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(InvalidInputError, match=r"has shape .*; give \(n, 3\)"):
        estimate_line(np.ones(shape), sampling_rate_hz=FS)


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(rate_hz):
    with pytest.raises(InvalidInputError, match="give a positive number of hertz"):
        estimate_line(example(), sampling_rate_hz=rate_hz)


@pytest.mark.parametrize("offset_ms2", [0.0, 9.81, 1e3])
def test_a_signal_that_does_not_move_is_refused(offset_ms2):
    with pytest.raises(InsufficientDataError, match="do not move between 3 and 15 Hz"):
        estimate_line(np.full((400, 3), offset_ms2), sampling_rate_hz=FS)


def test_an_unknown_method_is_refused():
    with pytest.raises(InvalidInputError, match="give auto, whittle or least_squares"):
        estimate_line(example(), sampling_rate_hz=FS, method="welch")


def test_the_public_name_is_this_function():
    assert tremor.estimate_line is estimate_line


@pytest.mark.parametrize(("over_rms", "most_bias"), [(0.5, 0.03), (1.2, 0.05)])
def test_steps_that_are_not_coarse_cost_no_more_than_five_percent(over_rms, most_bias):
    step_ms2, count, n = 16 * 9.80665 / 256, 80, 1000
    rng = np.random.default_rng(4)
    ratio = []
    for _ in range(count):
        direction = rng.normal(size=3)
        clean = narrowband(
            n, 100.0, frequency_hz=rng.uniform(5, 11), bandwidth_hz=0.5, rng=rng,
            rms_ms2=step_ms2 / over_rms, direction=direction,
        )  # fmt: skip
        gravity = rng.normal(size=3)
        samples = clean + 9.81 * gravity / np.linalg.norm(gravity) + rng.normal(0, 0.02, (n, 3))
        line = estimate_line(np.round(samples / step_ms2) * step_ms2, sampling_rate_hz=100.0)
        ratio.append(line.rms_ms2.value / np.sqrt((clean**2).sum(axis=1).mean()))
    assert over_rms < RESOLUTION.coarse_over_rms
    assert abs(np.mean(ratio) - 1.0) < most_bias

"""Weather: published vectors, bounds, and air that cannot be."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tremor.errors import InvalidInputError
from tremor.explanation.findings import heat
from tremor.notes import note

TEMPERATURES = st.floats(-40.0, 60.0)
HUMIDITIES = st.floats(0.0, 100.0)


def celsius(fahrenheit):
    return (fahrenheit - 32.0) / 1.8


@pytest.mark.parametrize(
    ("temperature_c", "humidity_pct", "vapour_hpa", "wbgt"),
    [
        (20, 50, 11.66, 19.86),
        (25, 60, 18.95, 25.56),
        (30, 70, 29.60, 32.58),
        (35, 40, 22.41, 32.59),
    ],
)
def test_vapour_pressure_and_wbgt_in_the_sun(temperature_c, humidity_pct, vapour_hpa, wbgt):
    assert heat.vapour_pressure_hpa(temperature_c, humidity_pct) == pytest.approx(
        vapour_hpa, abs=0.005
    )
    for sun in (None, "full"):
        assert heat.wbgt_c(temperature_c, humidity_pct, sun).value == pytest.approx(wbgt, abs=0.005)


@pytest.mark.parametrize(
    ("temperature_f", "humidity_pct", "index_f"),
    [
        (90, 70, 105.92),
        (86, 60, 91.10),
        (100, 40, 109.26),
        (70, 50, 0.5 * (70 + 0.5 * (70 + 61 + 2.4 + 4.7))),
    ],
)
def test_heat_index(temperature_f, humidity_pct, index_f):
    index = heat.heat_index_c(celsius(temperature_f), humidity_pct)
    assert 1.8 * index.value + 32.0 == pytest.approx(index_f, abs=0.011)
    assert 1.8 * (index.high - index.low) == pytest.approx(2.6)


@pytest.mark.parametrize(
    # Rounded entries of the published chart; the linear form and the regression meet it within the
    # error of the regression, 1.3 degree F, and the rounding.
    ("temperature_f", "humidity_pct", "chart_f"),
    [(80, 40, 80), (84, 60, 88), (90, 50, 95), (96, 65, 121), (100, 55, 124), (110, 40, 136)],
)
def test_heat_index_meets_the_chart(temperature_f, humidity_pct, chart_f):
    index = heat.heat_index_c(celsius(temperature_f), humidity_pct)
    assert 1.8 * index.value + 32.0 == pytest.approx(chart_f, abs=1.8)


def test_dry_and_moist_air_are_corrected():
    def index_f(temperature_f, humidity_pct):
        return 1.8 * heat.heat_index_c(celsius(temperature_f), humidity_pct).value + 32.0

    # The regression is a parabola in humidity: three points without correction foretell a fourth.
    def foretold_f(temperature_f, known, humidity_pct):
        parabola = np.polyfit(known, [index_f(temperature_f, h) for h in known], 2)
        return float(np.polyval(parabola, humidity_pct))

    assert index_f(95.0, 5.0) == pytest.approx(foretold_f(95.0, [15, 40, 70], 5.0) - 2.0)
    assert index_f(82.0, 95.0) == pytest.approx(foretold_f(82.0, [50, 65, 80], 95.0) + 1.0)


def test_cold_air_has_no_heat_index():
    index = heat.heat_index_c(-5.0, 60.0)
    assert index.value is None
    assert index.reason == note("AIR_TOO_COLD", temperature_c=-5.0)


@pytest.mark.parametrize(
    # Stull (2011), J Appl Meteorol Climatol 50:2267, gives 13.7 degree C for the first; its fit is
    # good to -1.0 and +0.65 K.
    ("temperature_c", "humidity_pct", "wet_bulb"),
    [(20, 50, 13.7), (30, 70, 25.5), (10, 90, 9.2)],
)
def test_wet_bulb_agrees_with_an_independent_fit(temperature_c, humidity_pct, wet_bulb):
    assert heat.wet_bulb_c(temperature_c, humidity_pct) == pytest.approx(wet_bulb, abs=0.3)


@given(TEMPERATURES)
def test_saturated_air_does_not_cool_a_wet_thermometer(temperature_c):
    assert heat.wet_bulb_c(temperature_c, 100.0) == pytest.approx(temperature_c, abs=1e-6)


@given(TEMPERATURES, HUMIDITIES)
def test_the_wet_bulb_solves_its_equation(temperature_c, humidity_pct):
    wet = heat.wet_bulb_c(temperature_c, humidity_pct)
    saturated = heat.vapour_pressure_hpa(max(wet, -40.0), 100.0)
    if wet >= -40.0:
        assert saturated - 0.67077 * (temperature_c - wet) == pytest.approx(
            heat.vapour_pressure_hpa(temperature_c, humidity_pct), abs=1e-3
        )


@given(TEMPERATURES, HUMIDITIES)
def test_more_sun_is_never_cooler_and_limits_hold_the_value(temperature_c, humidity_pct):
    skies = [heat.wbgt_c(temperature_c, humidity_pct, sun) for sun in ("shade", "mixed", "full")]
    values = [sky.value for sky in skies]
    assert values == sorted(values)
    for sky in (*skies, heat.wbgt_c(temperature_c, humidity_pct)):
        assert sky.low <= sky.value <= sky.high


def test_without_an_answer_about_the_sun_the_value_is_an_upper_limit():
    unknown = heat.wbgt_c(30.0, 70.0)
    assert unknown.high == unknown.value
    assert unknown.low == heat.wbgt_c(30.0, 70.0, "shade").value


@pytest.mark.parametrize(
    ("wbgt", "flag"),
    [(-5.0, "low"), (18.0, "moderate"), (22.9, "moderate"), (23.0, "high"), (28.0, "extreme")],
)
def test_race_flag(wbgt, flag):
    assert heat.race_flag(wbgt) == flag


@pytest.mark.parametrize(
    ("temperature_c", "humidity_pct"),
    [(math.nan, 50.0), (20.0, math.nan), (80.0, 50.0), (20.0, 101.0), (-41.0, 10.0), (20.0, -1.0)],
)
def test_air_that_cannot_be_is_refused(temperature_c, humidity_pct):
    for function in (heat.wbgt_c, heat.heat_index_c, heat.wet_bulb_c):
        with pytest.raises(InvalidInputError, match="allowed is"):
            function(temperature_c, humidity_pct)


def test_unknown_sky_is_refused():
    with pytest.raises(InvalidInputError, match="sun is 'cloudy'; allowed is shade, mixed, full"):
        heat.wbgt_c(20.0, 50.0, "cloudy")

"""What the weather implies: vapour pressure, wet bulb, heat strain (WBGT) and heat index.

Formulas only: nothing here has heard of tremor or of an explanation, and nothing is measured by the
sensor. The water and sodium of sweat are `tremor.explanation.findings.sweat`.
"""

from __future__ import annotations

import math
from typing import Final

from tremor.errors import InvalidInputError
from tremor.estimate import Estimate
from tremor.notes import note

__all__ = [
    "RACE_FLAGS",
    "heat_index_c",
    "race_flag",
    "vapour_pressure_hpa",
    "wbgt_c",
    "wet_bulb_c",
]

#: WBGT up to which a race flag holds, degree C, and the word of the flag.
RACE_FLAGS: Final = ((18.0, "low"), (23.0, "moderate"), (28.0, "high"), (math.inf, "extreme"))

_PSYCHROMETER_PER_K: Final = 6.62e-4  # of an aspirated psychrometer, times the air pressure
_AIR_PRESSURE_HPA: Final = 1013.25
_DEEPEST_WET_BULB_K: Final = 60.0  # dry air of 60 degree C cools its wet thermometer by 40 K
_HEAT_INDEX_ERROR_C: Final = 1.3 / 1.8  # of the regression against the table it replaces
_LEAST_HEAT_INDEX_F: Final = 40.0  # below, the index is the temperature and says nothing of heat
_REGRESSION_FROM_F: Final = 80.0

#: How the sun is answered, and how WBGT is then made.
_SKIES: Final = {
    "shade": "from temperature and humidity, without sun",
    "mixed": "from temperature and humidity, half-way between sun and shade",
    "full": "from temperature and humidity, for strong sun and light wind",
    None: "from temperature and humidity, for strong sun; nobody said how much there was",
}


def vapour_pressure_hpa(temperature_c: float, humidity_pct: float) -> float:
    """Compute the pressure of the water vapour in the air.

    Parameters
    ----------
    temperature_c : float
        Air temperature, degree C.
    humidity_pct : float
        Relative humidity, per cent.

    Returns
    -------
    float
        Vapour pressure, hPa.

    Raises
    ------
    InvalidInputError
        If the air is not between -40 and 60 degree C or the humidity not between 0 and 100 %.

    Notes
    -----
    ``e = H / 100 * 6.105 exp(17.27 T / (237.7 + T))``, as the Australian Bureau of Meteorology
    writes it.

    Examples
    --------
    >>> round(vapour_pressure_hpa(30.0, 70.0), 2)
    29.6
    """
    _check_air(temperature_c, humidity_pct)
    return humidity_pct / 100.0 * _saturation_hpa(temperature_c)


def wet_bulb_c(temperature_c: float, humidity_pct: float) -> float:
    """Compute the psychrometric wet-bulb temperature in the shade at sea level.

    Parameters
    ----------
    temperature_c : float
        Air temperature, degree C.
    humidity_pct : float
        Relative humidity, per cent.

    Returns
    -------
    float
        Psychrometric wet-bulb temperature, degree C.

    Raises
    ------
    InvalidInputError
        As `vapour_pressure_hpa`.

    Notes
    -----
    The root of ``e_s(T_w) - e - A p (T - T_w)`` with A = 6.62e-4 1/K and p = 1013.25 hPa, found by
    bisection. The left side rises with T_w, so there is one root. Water is taken to be liquid.

    References
    ----------
    WMO, Guide to Instruments and Methods of Observation, WMO-No. 8, annex 4.B.

    Examples
    --------
    >>> round(wet_bulb_c(20.0, 50.0), 1)
    13.8
    """
    vapour_hpa = vapour_pressure_hpa(temperature_c, humidity_pct)
    slope_hpa_per_k = _PSYCHROMETER_PER_K * _AIR_PRESSURE_HPA
    low_c, high_c = temperature_c - _DEEPEST_WET_BULB_K, temperature_c
    for _ in range(60):
        middle_c = 0.5 * (low_c + high_c)
        excess_hpa = (
            _saturation_hpa(middle_c) - vapour_hpa - slope_hpa_per_k * (temperature_c - middle_c)
        )
        low_c, high_c = (low_c, middle_c) if excess_hpa > 0.0 else (middle_c, high_c)
    return 0.5 * (low_c + high_c)


def wbgt_c(temperature_c: float, humidity_pct: float, sun: str | None = None) -> Estimate:
    """Estimate the wet-bulb globe temperature from what a weather report gives.

    Parameters
    ----------
    temperature_c : float
        Air temperature, degree C.
    humidity_pct : float
        Relative humidity, per cent.
    sun : {"shade", "mixed", "full"} or None
        How much sun there was; None if not answered.

    Returns
    -------
    Estimate
        WBGT, degree C. The limits are those of the sky and the wind, not of a statistic.

    Raises
    ------
    InvalidInputError
        If air or humidity are as for `vapour_pressure_hpa`, or the sun is none of the words.

    Notes
    -----
    Two formulas bracket the truth. In fairly strong sun and light wind (Australian Bureau of
    Meteorology) it is ``0.567 T + 0.393 e + 3.94``, known to be too high under cloud, at night and
    in wind. Without sun and in the wind that a runner makes (Bernard) it is ``0.7 T_w + 0.3 T``.

    ========  =================  =================================================
    sun       value              limits
    ========  =================  =================================================
    full      formula for sun    half-way to shade, and as far to the other side
    mixed     half-way           shade and sun
    shade     formula for shade  shade and half-way
    not said  formula for sun    shade and sun: the value is the upper limit
    ========  =================  =================================================

    References
    ----------
    Bernard and Pourmoghani (1999), Appl Occup Environ Hyg 14:32. Lemke and Kjellstrom (2012), Ind
    Health 50:267, who compare such formulas and recommend this one for the shade.

    Examples
    --------
    >>> round(wbgt_c(30.0, 70.0, "full").value, 2)
    32.58
    """
    if sun not in _SKIES:
        raise InvalidInputError(f"sun is {sun!r}; allowed is {', '.join(filter(None, _SKIES))}")
    vapour_hpa = vapour_pressure_hpa(temperature_c, humidity_pct)
    in_sun_c = 0.567 * temperature_c + 0.393 * vapour_hpa + 3.94
    in_shade_c = 0.7 * wet_bulb_c(temperature_c, humidity_pct) + 0.3 * temperature_c
    between_c = 0.5 * (in_shade_c + in_sun_c)
    value_c, low_c, high_c = {
        "full": (in_sun_c, between_c, in_sun_c + (in_sun_c - between_c)),
        "mixed": (between_c, in_shade_c, in_sun_c),
        "shade": (in_shade_c, in_shade_c, between_c),
        None: (in_sun_c, in_shade_c, in_sun_c),
    }[sun]
    return Estimate(value_c, low_c, high_c, method=_SKIES[sun])


def race_flag(wbgt: float) -> str:
    """Return the heat risk flag that race organisers use for a WBGT.

    Parameters
    ----------
    wbgt : float
        Wet-bulb globe temperature, degree C.

    Returns
    -------
    {"low", "moderate", "high", "extreme"}
        Below 18, below 23, up to 28, and above 28 degree C.

    Examples
    --------
    >>> race_flag(17.9), race_flag(25.6), race_flag(32.6)
    ('low', 'high', 'extreme')
    """
    return next(word for limit_c, word in RACE_FLAGS if wbgt < limit_c)


def heat_index_c(temperature_c: float, humidity_pct: float) -> Estimate:
    """Estimate the heat index, how warm the air feels in the shade.

    Parameters
    ----------
    temperature_c : float
        Air temperature, degree C.
    humidity_pct : float
        Relative humidity, per cent.

    Returns
    -------
    Estimate
        Heat index, degree C, with the error of the regression against its table; without a value
        where the air is colder than 40 degree F (4.4 degree C).

    Raises
    ------
    InvalidInputError
        As `vapour_pressure_hpa`.

    Notes
    -----
    The procedure of the US National Weather Service: a linear form averaged with the temperature,
    and from 80 degree F on the regression with its two corrections for dry and for moist air.

    References
    ----------
    Rothfusz (1990), The heat index equation, NWS technical attachment SR 90-23.

    Examples
    --------
    >>> round(heat_index_c((90.0 - 32.0) / 1.8, 70.0).value * 1.8 + 32.0, 2)
    105.92
    """
    _check_air(temperature_c, humidity_pct)
    temperature_f = 1.8 * temperature_c + 32.0
    if temperature_f < _LEAST_HEAT_INDEX_F:
        return Estimate.missing(note("AIR_TOO_COLD", temperature_c=temperature_c))
    linear_f = 0.5 * (temperature_f + 61.0 + 1.2 * (temperature_f - 68.0) + 0.094 * humidity_pct)
    simple_f = 0.5 * (temperature_f + linear_f)
    if simple_f < _REGRESSION_FROM_F:
        index_f, method = simple_f, "linear form below 80 °F"
    else:
        index_f = _regression_f(temperature_f, humidity_pct)
        method = "regression of the US National Weather Service"
    index_c = (index_f - 32.0) / 1.8
    return Estimate(
        index_c, index_c - _HEAT_INDEX_ERROR_C, index_c + _HEAT_INDEX_ERROR_C, method=method
    )


def _regression_f(t: float, r: float) -> float:
    index_f = (
        -42.379
        + 2.04901523 * t
        + 10.14333127 * r
        - 0.22475541 * t * r
        - 0.00683783 * t**2
        - 0.05481717 * r**2
        + 0.00122874 * t**2 * r
        + 0.00085282 * t * r**2
        - 0.00000199 * t**2 * r**2
    )
    if r < 13.0 and 80.0 <= t <= 112.0:
        index_f -= (13.0 - r) / 4.0 * math.sqrt((17.0 - abs(t - 95.0)) / 17.0)
    if r > 85.0 and 80.0 <= t <= 87.0:
        index_f += (r - 85.0) / 10.0 * (87.0 - t) / 5.0
    return index_f


def _saturation_hpa(temperature_c: float) -> float:
    return 6.105 * math.exp(17.27 * temperature_c / (237.7 + temperature_c))


def _check_air(temperature_c: float, humidity_pct: float) -> None:
    if not -40.0 <= temperature_c <= 60.0:
        raise InvalidInputError(
            f"the air is said to have {temperature_c:g} °C; allowed is -40 to 60 °C"
        )
    if not 0.0 <= humidity_pct <= 100.0:
        raise InvalidInputError(f"the humidity is {humidity_pct:g} %; allowed is 0 to 100 %")

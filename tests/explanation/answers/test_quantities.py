"""Numbers with units as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tremor.explanation.answers.quantities import read_quantities, read_quantity

UNITS = ("km", "min", "h", "days", "kg", "ml", "mg", "°C", "%", "")


@pytest.mark.parametrize(
    ("unit", "text", "value"),
    [
        ("km", "12", 12.0),
        ("km", "10,5", 10.5),
        ("km", "12 miles", 12 * 1.609344),
        ("km", "12 mi", 12 * 1.609344),
        ("km", "10k", 10.0),
        ("km", "Half Marathon", 21.0975),
        ("km", "half a mile", 0.804672),
        ("km", "800 metres", 0.8),
        ("km", "about 12 km", 12.0),
        ("min", "1h05", 65.0),
        ("min", "1 h 5 min", 65.0),
        ("min", "1 hour and 5 minutes", 65.0),
        ("min", "1:05:00", 65.0),
        ("min", "1:05", 65.0),
        ("min", "45:30", 45.5),
        ("min", "65", 65.0),
        ("min", "65'", 65.0),
        ("min", "1½ h", 90.0),
        ("min", "1.5 h", 90.0),
        ("min", "half an hour", 30.0),
        ("min", "an hour", 60.0),
        ("min", "90 s", 1.5),
        ("h", "90 min", 1.5),
        ("h", "3h30", 3.5),
        ("days", "2 weeks", 14.0),
        ("days", "12 h", 0.5),
        ("kg", "154 lb", 154 * 0.45359237),
        ("kg", "11 st 3", (11 * 14 + 3) * 0.45359237),
        ("kg", "11st 3lb", (11 * 14 + 3) * 0.45359237),
        ("kg", "70 kilos", 70.0),
        ("ml", "half a litre", 500.0),
        ("ml", "0.5 l", 500.0),
        ("ml", "1 l 500", None),
        ("ml", "16 oz", 473.176),
        ("ml", "two bottles", 1000.0),
        ("ml", "nothing", 0.0),
        ("mg", "2 cups", 160.0),
        ("mg", "2 cups of coffee", 160.0),
        ("mg", "a tea", 50.0),
        ("°C", "86 F", 30.0),
        ("°C", "-4 °F", -20.0),
        ("°C", "-3", -3.0),
        ("°C", "\u22123 °C", -3.0),
        ("°C", "none", None),
        ("%", "60 percent", 60.0),
        ("", "7/10", 7.0),
        ("", "7 out of 10", 7.0),
    ],
)
def test_what_people_write_is_read(unit, text, value):
    read = read_quantity(text, unit, least=-40.0 if unit == "°C" else 0.0)
    if value is None:
        assert read is None
    else:
        assert read.value == pytest.approx(value, abs=6e-4)


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("km", "1,200"),  # one and a bit, or thousands
        ("km", "12 m"),  # metres or miles
        ("km", "10-12"),
        ("km", "12 kg"),
        ("km", "1 2"),
        ("km", "1e3"),
        ("km", "-1"),
        ("km", "far"),
        ("km", ""),
        ("min", "12:30"),  # hours or minutes
        ("min", "5:70"),
        ("min", "1h75"),
        ("min", "5 min 1 h"),
        ("kg", "11 st 20"),
        ("kg", "1:05"),
        ("°C", "86 K"),
        ("", "8 km"),
        ("ml", "some"),
    ],
)
def test_what_can_mean_two_things_or_none_is_not_read(unit, text):
    assert read_quantity(text, unit) is None


@pytest.mark.parametrize(
    ("unit", "text", "converted"),
    [("km", "12 miles", True), ("km", "12 km", False), ("min", "1h05", False), ("°C", "86F", True)],
)
def test_other_units_are_known_as_such(unit, text, converted):
    assert read_quantity(text, unit).converted is converted


@given(st.sampled_from(UNITS), st.text(max_size=20))
def test_any_text_is_a_number_or_none(unit, text):
    read = read_quantity(text, unit)
    assert read is None or isinstance(read.value, float)


@given(st.floats(0.0, 5000.0).map(lambda value: round(value, 2)), st.sampled_from(UNITS))
def test_plain_numbers_are_taken_in_the_unit_of_the_question(value, unit):
    for text in (f"{value:.2f}", f"{value:.2f}".replace(".", ","), f" {value:.2f} {unit} "):
        if unit or text.strip():
            assert read_quantity(text, unit).value == value


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("70.5 69.2", (70.5, 69.2)),
        ("70,5, 69,2", (70.5, 69.2)),
        ("70.5 kg and 69.2 kg", (70.5, 69.2)),
        ("70/69", (70.0, 69.0)),
        ("154 152 lb", (69.853, 68.946)),
        ("11 st 3 11 st 1", (71.214, 70.307)),
        ("70", None),
        ("70 69 68", None),
        ("154 lb", None),
        ("heavy light", None),
        ("", None),
    ],
)
def test_two_weights_on_one_line(text, values):
    read = read_quantities(text, "kg", 2)
    assert (read is None) == (values is None)
    if values is not None:
        assert [one.value for one in read] == pytest.approx(values, abs=1e-3)

"""An estimate is a finite number with limits, or nothing with a reason."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from tremor.errors import InvalidInputError
from tremor.estimate import Estimate
from tremor.notes import Note


def test_cannot_be_changed():
    one = Estimate(8.3, 8.2, 8.4)
    with pytest.raises(FrozenInstanceError):
        one.value = 9.0
    assert one == Estimate(8.3, 8.2, 8.4)


def test_nothing_without_a_reason_is_refused():
    with pytest.raises(InvalidInputError, match="needs its reason"):
        Estimate(None, None, None)


@pytest.mark.parametrize("name", ["value", "low", "high"])
@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_is_refused_by_name(name, number):
    numbers = {"value": 1.0, "low": 0.5, "high": 1.5} | {name: number}
    with pytest.raises(InvalidInputError, match=f"^{name} of an estimate is"):
        Estimate(**numbers)


def test_one_limit_may_be_missing():
    assert Estimate(1.0, None, 2.0).low is None


def test_missing_holds_its_reason_and_no_numbers():
    why = Note("NO_EPISODE")
    one = Estimate.missing(why)
    assert (one.value, one.low, one.high) == (None, None, None)
    assert one.reason == why

from __future__ import annotations

import random
from itertools import islice

import pytest

from devices.link.options import LinkTimeouts


def test_waits_between_attempts_double_up_to_the_longest():
    timeouts = LinkTimeouts(first_wait_s=1.0, longest_wait_s=8.0)
    waits_s = list(islice(timeouts.backoff_s(random.Random(1)), 8))
    assert waits_s[0] == 0.0
    for wait_s, middle_s in zip(waits_s[1:5], (1.0, 2.0, 4.0, 8.0), strict=True):
        assert 0.75 * middle_s <= wait_s <= min(8.0, 1.25 * middle_s)
    assert all(6.0 <= wait_s <= 8.0 for wait_s in waits_s[4:])


def test_waits_differ_between_programs():
    timeouts = LinkTimeouts()
    first, second = (list(islice(timeouts.backoff_s(random.Random(n)), 4)) for n in (1, 2))
    assert first[1:] != pytest.approx(second[1:])

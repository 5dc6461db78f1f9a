"""The rigs as fixtures."""

from __future__ import annotations

import contextlib
import gc

import pytest

from rigs.bluetooth import MISSING, Bluetooth


class _Pool:
    """One bus with its daemon for all tests that leave it whole: starting one takes a while."""

    def __init__(self, stack):
        self._stack = stack
        self._spare = None

    def take(self, sensors, **options):
        if options.get("daemon") is False or self._spare is None or not self._spare.is_whole:
            return self._stack.enter_context(Bluetooth(sensors, **options))
        self._spare.reset(sensors, **options)
        return self._spare

    def give_back(self, used):
        """Keep one that is whole for the next test; all of them end with the session."""
        if used.is_whole:
            self._spare = used


@pytest.fixture(scope="session")
def _bluetooth_pool():
    with contextlib.ExitStack() as stack:
        yield _Pool(stack)


@pytest.fixture
def bluetooth(monkeypatch, _bluetooth_pool):
    """Put sensors, by name and fields, into reach of a Bluetooth that becomes the system's."""
    if MISSING:
        pytest.skip(MISSING)
    used = []

    def start(sensors=None, **options):
        used.append(_bluetooth_pool.take(sensors, **options))
        for name, value in used[-1].environment.items():
            monkeypatch.setenv(name, value)
        return used[-1]

    yield start
    for one in used:
        _bluetooth_pool.give_back(one)
    gc.collect()  # what was left open is told here and not in the midst of another test

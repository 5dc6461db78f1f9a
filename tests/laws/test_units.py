"""Whatever unit a capture is in and is said to be in: read rightly, warned of, or refused.

Captures of known truth, at rest and moving, with gravity and without, are put in every unit and
declared in every unit. Offsets and gains are those of real sensors, up to 6 %.
"""

from __future__ import annotations

import numpy as np
import pytest

from tremor.errors import CaptureReadError
from tremor.formats.csv.units_and_gravity import find_unit_and_gravity
from tremor.formats.table import DeclaredFacts, Table
from tremor.units import ACCELERATION_UNIT_MS2, STANDARD_GRAVITY_MS2

FS = 50.0
TIME_S = np.arange(round(45 * FS)) / FS
UNITS = tuple(ACCELERATION_UNIT_MS2)
#: Warnings that are no doubt about the unit.
HARMLESS = {"UNIT_NOT_SHOWN", "GRAVITY_PRESENT"}


def direction(rng):
    vector = rng.normal(size=3)
    return vector / np.linalg.norm(vector)


def tremor(rng, rms_ms2):
    wave = np.sin(2 * np.pi * rng.uniform(4.0, 12.0) * TIME_S + rng.uniform(0.0, 6.0))
    return np.sqrt(2.0) * rms_ms2 * np.outer(wave, direction(rng))


def strides(rng, rms_ms2, rate_hz):
    """Movement of a leg that steps, three harmonics."""
    waves = np.sin(np.outer(2 * np.pi * rate_hz * TIME_S, [1, 2, 3]) + rng.uniform(0, 6, 3))
    movement = waves @ rng.normal(0.0, 1.0, (3, 3))
    return rms_ms2 * movement / np.sqrt(np.square(movement).sum(axis=1).mean())


def scene(kind, rng):
    """Movement without gravity, m/s^2, and which samples are at rest."""
    rest = np.ones(len(TIME_S), dtype=bool)
    if kind == "still":
        return 0.0 * np.outer(TIME_S, np.ones(3)), rest
    if kind == "tremor":
        return tremor(rng, rng.uniform(0.1, 2.5)), rest
    if kind == "walk":
        return strides(rng, rng.uniform(2.0, 5.0), rng.uniform(0.8, 1.1)), ~rest
    running = strides(rng, rng.uniform(10.0, 20.0), rng.uniform(1.2, 1.6))
    if kind == "run":
        return running, ~rest
    rest = rng.uniform(0.2, 0.8) * TIME_S[-1] < TIME_S
    return np.where(rest[:, None], tremor(rng, 0.3), running), rest


def capture(kind, rng, *, gravity, fault=0.03):
    """Samples of a scene, m/s^2, by a sensor with a gain and an offset."""
    movement, rest = scene(kind, rng)
    noise = rng.normal(0.0, rng.uniform(0.01, 0.08), movement.shape)
    if not gravity:
        return movement + noise
    down, side = direction(rng), direction(rng)
    tilt = np.where(rest, 0.0, 0.3 * np.sin(2 * np.pi * 1.3 * TIME_S))[:, None]
    field = STANDARD_GRAVITY_MS2 * (np.cos(tilt) * down + np.sin(tilt) * side)
    offset = fault * STANDARD_GRAVITY_MS2 * direction(rng)
    return (1.0 + rng.uniform(-fault, fault)) * (movement + field) + noise + offset


def read(samples_ms2, true_unit, **facts):
    """Unit and gravity as found, and the codes of warnings that are in doubt of them."""
    values = samples_ms2 / ACCELERATION_UNIT_MS2[true_unit]
    table = Table.of_arrays(values, TIME_S.copy())
    found = find_unit_and_gravity(table, DeclaredFacts(name="the capture", **facts))
    return found, {one.code for one in table.warnings}


@pytest.mark.parametrize("kind", ["still", "tremor", "walk", "run then rest"])
@pytest.mark.parametrize("unit", UNITS)
def test_a_right_unit_is_never_doubted(kind, unit):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        found, codes = read(capture(kind, rng, gravity=True), unit, unit=unit)
        assert (found.unit_in, found.gravity) == (unit, "included")
        assert not codes


@pytest.mark.parametrize("kind", ["still", "tremor", "walk", "run", "run then rest"])
@pytest.mark.parametrize("said", [True, False])
def test_a_wrong_unit_is_never_silent_where_gravity_is_in_the_samples(kind, said):
    for seed in range(3):
        samples = capture(kind, np.random.default_rng(seed), gravity=True)
        for true in UNITS:
            for wrong in UNITS:
                off = ACCELERATION_UNIT_MS2[wrong] / ACCELERATION_UNIT_MS2[true]
                if abs(off - 1.0) < 0.05:  # mg and cm/s^2 are the same to 2 %
                    continue
                facts = {"unit": wrong, "said": frozenset({"unit"} if said else ())}
                _, codes = read(samples, true, **facts)
                assert codes - HARMLESS, (seed, true, wrong)
                if kind in ("still", "tremor", "run then rest"):
                    assert "UNIT_CONTRADICTED" in codes


@pytest.mark.parametrize("kind", ["still", "tremor", "walk", "run", "run then rest"])
def test_without_gravity_it_is_said_that_the_unit_is_not_shown(kind):
    n_doubted = 0
    for seed in range(10):
        samples = capture(kind, np.random.default_rng(seed), gravity=False)
        for unit in UNITS:
            found, codes = read(samples, unit, unit=unit)
            n_doubted += codes != {"UNIT_NOT_SHOWN"}
            assert found.gravity == "removed"
    assert n_doubted <= 6  # of 60


@pytest.mark.parametrize("kind", ["still", "tremor", "walk", "run", "run then rest"])
@pytest.mark.parametrize("gravity", [True, False])
def test_no_unit_is_guessed_in_silence(kind, gravity):
    for seed in range(5):
        samples = capture(kind, np.random.default_rng(seed), gravity=gravity)
        for true in UNITS:
            try:
                found, codes = read(samples, true)
            except CaptureReadError as error:
                refused = str(error)
            else:
                refused = ""
            if refused:
                assert "--unit" in refused
                assert not gravity or kind == "run" or true not in ("m/s^2", "g", "mg")
                continue
            assert gravity
            assert "UNIT_FROM_GRAVITY" in codes
            size = ACCELERATION_UNIT_MS2[found.unit_in] / ACCELERATION_UNIT_MS2[true]
            assert abs(size - 1.0) < 0.05


@pytest.mark.parametrize("counts_per_g", [256, 512, 819, 2048, 4096, 16384])
def test_counts_are_no_unit(counts_per_g):
    samples = capture("run then rest", np.random.default_rng(1), gravity=True, fault=0.01)
    counts = np.round(samples * counts_per_g / STANDARD_GRAVITY_MS2)
    with pytest.raises(CaptureReadError, match=r"counts.*--unit"):
        read(counts, "m/s^2")
    _, codes = read(counts, "m/s^2", unit="mg")
    assert codes - HARMLESS if abs(counts_per_g / 1000 - 1) > 0.2 else True


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("fault", [0.0, 0.06])
def test_a_fault_of_a_real_sensor_is_no_doubt(unit, fault):
    for seed in range(10):
        samples = capture("still", np.random.default_rng(seed), gravity=True, fault=fault / 2)
        assert not read(samples, unit, unit=unit)[1]


@pytest.mark.parametrize("factor", [STANDARD_GRAVITY_MS2, 1000.0, 1.0 / STANDARD_GRAVITY_MS2])
def test_a_conversion_too_many_is_named(factor):
    samples = capture("still", np.random.default_rng(2), gravity=True)
    unit = "g/64" if factor == 1000.0 else "g"
    if factor == STANDARD_GRAVITY_MS2:
        unit = "m/s^2"
    _, codes = read(factor * samples, unit, unit=unit)
    assert codes & {"UNIT_FACTOR", "UNIT_CONTRADICTED"}


def test_a_constant_of_another_length_is_asked_about():
    samples = capture("still", np.random.default_rng(3), gravity=True)
    for share in (0.3, 0.6, 1.4, 2.0):
        _, codes = read(share * samples, "m/s^2", unit="m/s^2")
        assert codes == {"GRAVITY_BETWEEN"}
    assert read(1.15 * samples, "m/s^2", unit="m/s^2")[1] == {"SCALE_NOT_CORRECTED"}


@pytest.mark.parametrize("declared", ["included", "removed"])
@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("said", [True, False])
def test_gravity_that_is_declared_otherwise_is_said(declared, is_there, said):
    samples = capture("tremor", np.random.default_rng(4), gravity=is_there)
    facts = {"gravity": declared, "said": frozenset({"gravity"} if said else ())}
    found, codes = read(samples, "m/s^2", unit="m/s^2", **facts)
    shown = "included" if is_there else "removed"
    agrees = declared == shown
    assert found.gravity == (declared if said else shown)
    against = "GRAVITY_PRESENT" if is_there else "GRAVITY_ABSENT"
    expected = set() if agrees else {"GRAVITY_SAID_AGAINST" if said else against}
    assert codes - {"UNIT_NOT_SHOWN"} == expected


def test_the_unit_of_the_user_is_held_against_that_of_the_file():
    samples = capture("still", np.random.default_rng(5), gravity=True)
    facts = {"unit_in_file": "m/s^2", "said": frozenset({"unit"})}
    # The samples agree with the user: the file is wrong, and nothing is in doubt.
    assert not read(samples, "g", unit="g", **facts)[1]
    _, codes = read(samples, "m/s^2", unit="g", **facts)
    assert codes == {"UNIT_AGAINST_FILE", "UNIT_CONTRADICTED"}
    moving = capture("run", np.random.default_rng(5), gravity=False)
    assert "UNIT_AGAINST_FILE" in read(moving, "m/s^2", unit="g", **facts)[1]


def test_one_axis_is_not_held_against_one_g():
    for tilt_deg in (0.0, 30.0, 60.0, 90.0):
        part = np.cos(np.radians(tilt_deg)) * STANDARD_GRAVITY_MS2
        samples = np.zeros((len(TIME_S), 3))
        samples[:, 0] = part + np.random.default_rng(6).normal(0.0, 0.02, len(TIME_S))
        assert read(samples, "g", unit="g")[1] == {"UNIT_NOT_SHOWN"}
    assert "UNIT_CONTRADICTED" in read(samples + np.array([9.8, 0.0, 0.0]), "m/s^2", unit="g")[1]

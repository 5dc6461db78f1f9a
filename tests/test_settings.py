"""Every number of the settings has its unit, reason and source, and a wrong value is refused."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import tremor.settings
from tremor.errors import InvalidInputError
from tremor.settings import AnalysisSettings

FIELDS = dataclasses.fields(AnalysisSettings)
TABLES = {
    name: table
    for name in tremor.settings.__all__
    if not isinstance(table := getattr(tremor.settings, name), type)
}
CALIBRATED = [
    pytest.param(item, id=f"{name}.{item.name}")
    for name, table in TABLES.items()
    for item in dataclasses.fields(table)
]
SOURCES = ("measured: ", "derived: ", "specification: ", "judgement")
#: A citation has authors with their year.
CITATION = re.compile(r"[A-Z][a-z]+ \((19|20)\d\d\)")


@pytest.mark.parametrize("item", FIELDS, ids=lambda item: item.name)
def test_the_default_of_every_setting_is_within_its_limits(item):
    assert item.metadata["low"] <= item.default <= item.metadata["high"]


@pytest.mark.parametrize("item", [*map(pytest.param, FIELDS), *CALIBRATED])
def test_every_number_has_a_unit_a_reason_and_a_source(item):
    assert item.metadata["unit"]
    assert len(item.metadata["reason"]) > 20
    source = item.metadata["source"]
    assert source.startswith(SOURCES) or CITATION.search(source), source


def test_every_table_of_the_room_is_public_and_frozen():
    modules = [module.name for module in pkgutil.iter_modules(tremor.settings.__path__)]
    names = {
        name
        for module in modules
        for name, table in vars(importlib.import_module(f"tremor.settings.{module}")).items()
        if dataclasses.is_dataclass(table) and not isinstance(table, type)
    }
    assert names == set(TABLES)
    for table in TABLES.values():
        item = dataclasses.fields(table)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(table, item, 0.0)


def test_the_benchmarks_that_numbers_were_measured_on_exist():
    files = {
        name
        for item in [*FIELDS, *(param.values[0] for param in CALIBRATED)]
        for name in re.findall(r"tests/\S+\.py", item.metadata["source"])
    }
    assert files
    for name in files:
        assert (Path(__file__).parents[1] / name).is_file(), name


@pytest.mark.parametrize("item", FIELDS, ids=lambda item: item.name)
@pytest.mark.parametrize("side", ["low", "high", "nan", "inf"])
def test_a_value_beyond_its_limits_is_refused_with_its_unit(item, side):
    low, high, unit = (item.metadata[key] for key in ("low", "high", "unit"))
    value = {"low": low - 0.5, "high": high + 1, "nan": float("nan"), "inf": float("inf")}[side]
    ending = "" if unit == "1" else f" {re.escape(unit)}"
    with pytest.raises(
        InvalidInputError, match=rf"^{item.name} is .*; allowed is \S+ to [\d.]+{ending}$"
    ):
        AnalysisSettings(**{item.name: value})


def test_settings_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        AnalysisSettings().window_s = 5.0


def test_to_dict_and_back():
    settings = AnalysisSettings(window_s=6.0, least_rms_ms2=0.02)
    assert AnalysisSettings.from_mapping(settings.to_dict()) == settings
    assert set(settings.to_dict()) == {item.name for item in FIELDS}


def test_a_mapping_replaces_what_it_names_and_takes_whole_numbers():
    settings = AnalysisSettings.from_mapping({"window_s": 8, "step_s": 4})
    assert settings == AnalysisSettings(window_s=8.0, step_s=4.0)
    assert isinstance(settings.window_s, float)


def test_overrides_are_read_from_text():
    start = AnalysisSettings(settling_s=1.0)
    settings = start.with_overrides(["window_s = 8", "step_s=4e0"])
    assert settings == AnalysisSettings(settling_s=1.0, window_s=8.0, step_s=4.0)
    assert start.with_overrides([]) == start


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("window_s", r"^setting 'window_s' has no '='; write KEY=VALUE$"),
        ("window_s=long", r"^setting window_s is 'long'; give a number$"),
        ("window_s=", r"give a number$"),
        ("windw_s=4", r"^there is no setting 'windw_s'; did you mean window_s\?$"),
        ("xyz=4", r"^there is no setting 'xyz'; known: band_high_hz, "),
        ("window_s=nan", r"^window_s is nan s; allowed is 2 to 60 s$"),
        ("window_s=1", r"^window_s is 1 s; allowed is 2 to 60 s$"),
    ],
)
def test_an_override_that_cannot_be_read_is_refused(pair, message):
    with pytest.raises(InvalidInputError, match=message):
        AnalysisSettings().with_overrides([pair])


@pytest.mark.parametrize("value", ["4", True, None, [4.0]])
def test_a_value_that_is_no_number_is_refused(value):
    with pytest.raises(InvalidInputError, match=r"^setting window_s is .*; give a number$"):
        AnalysisSettings.from_mapping({"window_s": value})


def test_values_that_contradict_each_other_are_refused():
    with pytest.raises(InvalidInputError, match=r"^band 10-8 Hz is empty"):
        AnalysisSettings(band_low_hz=10.0, band_high_hz=8.0)
    with pytest.raises(InvalidInputError, match="step of 6 s is longer than the window of 4 s"):
        AnalysisSettings(step_s=6.0)


def test_a_file_is_read(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("window_s = 8\nleast_rms_ms2 = 0.02  # quiet leg\n", encoding="utf-8")
    assert AnalysisSettings.from_file(path) == AnalysisSettings(window_s=8.0, least_rms_ms2=0.02)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"window_s: 8\n", r"is not TOML: .*write lines such as"),
        (b"window_s = 8\xff\n", r"is not TOML"),
        (b"[analysis]\nwindow_s = 8\n", r"there is no setting 'analysis'"),
        (b'window_s = "8"\n', r"setting window_s is '8'; give a number"),
        (None, r"^settings file settings.toml cannot be read: No such file"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path, content, message):
    path = tmp_path / "settings.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=message):
        AnalysisSettings.from_file(path)

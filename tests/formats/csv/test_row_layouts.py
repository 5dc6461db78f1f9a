"""Rows without a header are claimed only where they look like those of a known format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tremor.errors import CaptureNotRecognisedError
from tremor.formats.readers import sniff
from tremor.opening import read

Row = Callable[[int], str]


def _write(folder: Path, row: Row, *, n_rows: int = 300) -> Path:
    path = folder / "rows.csv"
    path.write_text("".join(row(n) + "\n" for n in range(n_rows)))
    return path


def _ns(n: int) -> int:
    return 1254654693282883 + 10_000_000 * n


FOREIGN: dict[str, Row] = {
    "values that are no gravity": lambda n: f"{_ns(n)},{n % 7},21.5,1013.2,3",
    "values in g where m/s^2 are known": lambda n: f"{_ns(n)},0.1,0.2,0.97,3",
    "a clock that stands": lambda n: f"{_ns(0 * n)},1.0,2.0,9.5,3",
    "a clock that goes back": lambda n: f"{_ns(300 - n)},1.0,2.0,9.5,3",
    "a rate that no sensor has": lambda n: f"{1254654693 + n},1.0,2.0,9.5,3",
    "a flag that is none": lambda n: f"{_ns(n)},7,1.0,2.0,9.5",
    "another width": lambda n: f"{_ns(n)},1.0,2.0,9.5,3,4",
    "dates with counts": lambda n: f"2024-05-07 16:29:{n / 100:06.3f},112,140,58",
    "unit vectors": lambda n: f"0.1 0.2 0.97{n % 3}",
    "every third row another": lambda n: f"{_ns(n)},1.0,2.0,9.5" + ",3" * (n % 3 > 0),
}


@pytest.mark.parametrize("row", FOREIGN.values(), ids=FOREIGN)
def test_foreign_rows_are_not_taken(tmp_path: Path, row: Row) -> None:
    with pytest.raises(CaptureNotRecognisedError, match=r"not recognised.*--columns"):
        sniff(_write(tmp_path, row))


def test_few_rows_are_not_taken(tmp_path: Path) -> None:
    with pytest.raises(CaptureNotRecognisedError):
        sniff(_write(tmp_path, lambda n: f"{_ns(n)},1.0,2.0,9.5,3", n_rows=6))


def test_remarks_above_are_those_of_another_program(tmp_path: Path) -> None:
    path = _write(tmp_path, lambda n: f"{_ns(n)},1.0,2.0,9.5,3")
    assert sniff(path).format.slug == "cloudupdrs"
    path.write_text("Sensor 12\n" + path.read_text())
    with pytest.raises(CaptureNotRecognisedError):
        sniff(path)


def test_a_named_format_is_taken_without_a_look_at_the_samples(tmp_path: Path) -> None:
    path = _write(tmp_path, lambda n: f"{_ns(n)},0.1,0.2,0.97,3")
    recording = read(path, format="cloudupdrs", unit="g")
    assert recording.source is not None
    assert (recording.source.format, recording.unit_in) == ("cloudupdrs", "g")


def test_the_flag_and_the_label_are_told_apart_by_the_samples(tmp_path: Path) -> None:
    flag = _write(tmp_path, lambda n: f"{_ns(n)},3,0.5,-4.0,8.9")
    assert sniff(flag).columns.axes == (2, 3, 4)
    label = _write(tmp_path, lambda n: f"{_ns(n)},0.5,-4.0,8.9,3")
    assert sniff(label).columns.axes == (1, 2, 3)

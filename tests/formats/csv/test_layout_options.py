"""What is said of a layout is a decision like the others, marked as said."""

from __future__ import annotations

from pathlib import Path

from tremor.opening import read

ROWS = "".join(f"{n / 100:.2f};{n % 2 + 1};0.1;0.2;1.0\n" for n in range(400))


def _decisions(path: Path, **said: str) -> dict[str, tuple[str, str]]:
    recording = read(path, **said)  # type: ignore[arg-type]
    return {one.about: (one.value, one.how) for one in recording.decisions}


def test_what_is_said_is_marked_as_said(tmp_path: Path) -> None:
    path = tmp_path / "capture.csv"
    path.write_text("time;node;x;y;z\n" + ROWS)
    found = _decisions(
        path, time_unit="s", delimiter=";", decimal=".", format="headed-csv", source="2", unit="g"
    )
    for about in ("format", "capture", "delimiter", "decimal", "time_unit", "unit"):
        assert found[about][1] == "said", about
    assert found["capture"] == ("capture.csv, 2", "said")


def test_what_is_not_said_is_told_by_the_file(tmp_path: Path) -> None:
    path = tmp_path / "capture.csv"
    path.write_text("time_s;x;y;z\n" + "".join(f"{n / 100:.2f};0.1;0.2;1.0\n" for n in range(400)))
    found = _decisions(path)
    assert {found[about][1] for about in ("format", "delimiter", "decimal")} == {"told"}
    assert found["time_unit"] == ("s", "named")

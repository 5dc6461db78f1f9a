"""Captures of one file for each axis are read together, whichever of them is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import tremor
from tremor.errors import CaptureNotRecognisedError, CaptureReadError, InvalidInputError

RATE_HZ = 25.4
START_S = 1_760_000_000.0
HEADER = (
    "LocalTimestamp,EmotiBitTimestamp,PacketNumber,DataLength,TypeTag,ProtocolVersion,"
    "DataReliability,"
)


def write_emotibit(
    folder: Path, stem: str = "2026-05-01_walk", *, lost: tuple[int, ...] = ()
) -> None:
    """Write 60 s of a tone of 8 Hz, in packets of 1 to 3 samples with one stamp in whole ms."""
    rng = np.random.default_rng(2)
    n = round(60 * RATE_HZ)
    time_s = np.arange(n) / RATE_HZ
    samples = rng.normal(0.0, 0.002, (n, 3))
    samples[:, 0] += 0.05 * np.sin(2 * np.pi * 8.0 * time_s)
    samples[:, 2] += 1.0
    firsts = np.cumsum(rng.integers(1, 4, n))
    firsts = [0, *firsts[firsts < n].tolist()]
    folder.mkdir(exist_ok=True)
    for axis, name in enumerate("XYZ"):
        rows = []
        for number, (first, last) in enumerate(zip(firsts, [*firsts[1:], n], strict=True)):
            if number in lost and name == "Y":
                continue
            stamp_ms = 565464 + round(1e3 * time_s[first])
            local_s = START_S + 1e-3 * round(1e3 * time_s[first])
            rows += [
                f"{local_s:.6f},{stamp_ms}.000,{3 * number + axis},{last - first},A{name},1,100,"
                f"{value:.4f}"
                for value in samples[first:last, axis]
            ]
        text = HEADER + f"A{name}\n" + "\n".join(rows) + "\n"
        (folder / f"{stem}_A{name}.csv").write_text(text)


@pytest.mark.parametrize("named", ["", "2026-05-01_walk_AX.csv", "2026-05-01_walk_AZ.csv"])
def test_the_three_are_read_together(tmp_path: Path, named: str) -> None:
    write_emotibit(tmp_path / "walk")
    (tmp_path / "walk" / "2026-05-01_walk_GX.csv").write_text(HEADER + "GX\n1,1,1,1,GX,1,100,1\n")
    recording = tremor.read(tmp_path / "walk" / named)
    assert recording.source is not None
    assert recording.source.format == "emotibit"
    assert recording.sampling_rate_hz == pytest.approx(RATE_HZ, rel=2e-4)
    assert (recording.unit_in, recording.gravity, recording.gaps) == ("g", "included", ())
    assert recording.started_at is not None
    assert recording.started_at.timestamp() == pytest.approx(START_S, abs=2e-3)
    mean_g = recording.acceleration_ms2.mean(axis=0) / 9.80665
    np.testing.assert_allclose(mean_g, [0.0, 0.0, 1.0], atol=1e-3)
    assert recording.acceleration_ms2[:, 0].std() / 9.80665 == pytest.approx(
        0.05 / 2**0.5, rel=0.03
    )


def test_a_packet_that_one_axis_lacks_is_lost(tmp_path: Path) -> None:
    write_emotibit(tmp_path, lost=(100, 300))
    recording = tremor.read(tmp_path)
    assert len(recording.gaps) == 2
    assert any("not all axes" in step for step in recording.history)


@pytest.mark.parametrize("axis", "XYZ")
def test_a_missing_file_is_named(tmp_path: Path, axis: str) -> None:
    write_emotibit(tmp_path)
    (tmp_path / f"2026-05-01_walk_A{axis}.csv").unlink()
    with pytest.raises(CaptureReadError, match=f"the file of {axis.lower()} is not beside it"):
        tremor.read(tmp_path)


def test_a_folder_of_several_is_refused_with_their_names(tmp_path: Path) -> None:
    write_emotibit(tmp_path, "morning")
    write_emotibit(tmp_path, "evening")
    with pytest.raises(CaptureNotRecognisedError, match="evening, morning"):
        tremor.read(tmp_path)
    assert tremor.read(tmp_path / "morning_AY.csv").n_samples > 1000
    assert tremor.read(tmp_path, source="morning").n_samples > 1000
    with pytest.raises(InvalidInputError, match="leave out --columns"):
        tremor.read(tmp_path / "morning_AY.csv", columns="time_s,x,y,z")


def outcome(path: Path) -> tuple[str, tremor.Recording | None]:
    """Return the message of a refusal, or what was read."""
    try:
        return "", tremor.read(path)
    except CaptureReadError as refused:
        return str(refused), None


def test_a_truncated_file_loses_samples_or_is_refused(tmp_path: Path) -> None:
    write_emotibit(tmp_path / "whole")
    whole = tremor.read(tmp_path / "whole")
    name = "2026-05-01_walk_AY.csv"
    text = (tmp_path / "whole" / name).read_bytes()
    for cut in [*range(200, 3000, 50), len(text) // 2, len(text) - 3]:
        folder = tmp_path / "cut"
        shutil.copytree(tmp_path / "whole", folder, dirs_exist_ok=True)
        (folder / name).write_bytes(text[:cut])
        message, recording = outcome(folder)
        if recording is None:
            assert len(message.splitlines()) == 1
            continue
        assert recording.n_samples < whole.n_samples
        assert "LOST_SAMPLES" in [one.code for one in recording.warnings]
        kept = ~np.isnan(recording.acceleration_ms2[:, 1])
        np.testing.assert_array_equal(
            recording.acceleration_ms2[kept], whole.acceleration_ms2[: len(kept)][kept]
        )


@pytest.mark.parametrize("cell", ["", "abc", "1e999", "nan"])
def test_a_cell_that_is_no_number(tmp_path: Path, cell: str) -> None:
    write_emotibit(tmp_path)
    path = tmp_path / "2026-05-01_walk_AZ.csv"
    lines = path.read_text().splitlines()
    lines[500] = lines[500].rpartition(",")[0] + "," + cell
    path.write_text("\n".join(lines) + "\n")
    if cell == "abc":
        with pytest.raises(
            CaptureReadError, match=r"line 501 of 2026-05-01_walk_AZ\.csv has 'abc'"
        ):
            tremor.read(path)
    else:
        assert sum(gap.n_lost for gap in tremor.read(path).gaps) == 1

"""A counter that is declared shows what is lost, as one that a header names does."""

from __future__ import annotations

from pathlib import Path

from tremor.opening import read


def test_a_declared_counter_shows_lost_samples(tmp_path: Path) -> None:
    rows = [f"{n},0.{n % 7},0.2,9.7{n % 3}" for n in range(600) if not 200 <= n < 210]
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(rows) + "\n")
    recording = read(path, columns="counter,x,y,z", sampling_rate_hz=100.0)
    assert recording.n_samples == 590
    assert [gap.n_lost for gap in recording.gaps] == [10]

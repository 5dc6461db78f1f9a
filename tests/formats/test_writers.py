"""Every entry of the table of writers writes what it says, and never over what is there."""

from __future__ import annotations

import numpy as np
import pytest

import tremor
from tremor.errors import WouldOverwriteError
from tremor.formats.writers import WRITERS, WriteOptions
from tremor.recording import Recording

EVERY = pytest.mark.parametrize("slug", WRITERS)


#: Packages of extras, by the writer that needs them.
NEEDS = {"parquet": "pyarrow", "mcap": "mcap"}


def require(slug):
    if slug in NEEDS:
        pytest.importorskip(NEEDS[slug], reason=f"the extra {slug} is not installed")


@pytest.fixture
def recording():
    samples = np.random.default_rng(0).normal(0.0, 0.1, (400, 3))
    samples[:, 2] += 9.81
    samples[50:60] = np.nan
    return Recording.from_arrays(samples, sampling_rate_hz=101.0)


@EVERY
def test_the_files_are_there_and_named(tmp_path, recording, slug):
    require(slug)
    path = tmp_path / f"some.{slug}"
    files = WRITERS[slug].write(recording, path, WriteOptions())
    assert path.is_dir() == WRITERS[slug].makes_folder
    there = {one for one in (path, *path.rglob("*")) if one.is_file()}
    assert set(files) == there
    assert all(one.stat().st_size for one in files)
    with pytest.raises(WouldOverwriteError, match="exists"):
        WRITERS[slug].write(recording, path, WriteOptions())


@EVERY
def test_a_file_is_replaced_when_asked_and_read_back(tmp_path, recording, slug):
    if WRITERS[slug].makes_folder:
        pytest.skip("a folder is never replaced")
    require(slug)
    path = tmp_path / f"some.{slug}"
    path.write_text("old", encoding="utf-8")
    WRITERS[slug].write(recording, path, WriteOptions(overwrite=True))
    assert path.read_bytes()[:3] != b"old"
    assert [path.name for path in tmp_path.iterdir()] == [path.name]
    if not WRITERS[slug].is_read:
        return
    again = tremor.read(path)
    np.testing.assert_allclose(
        again.acceleration_ms2, recording.acceleration_ms2, rtol=0.0, atol=5.01e-7
    )

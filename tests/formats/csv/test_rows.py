"""A capture that is read in chunks is the capture read at once."""

from __future__ import annotations

import os
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from tremor import gravity, parallel, storage
from tremor.analysis.offline import analyze
from tremor.errors import CaptureReadError
from tremor.formats.capture_file import CaptureFile, opener_of
from tremor.formats.csv import parsing, rows
from tremor.formats.readers import open_capture, sniff
from tremor.opening import read
from tremor.storage import RowStore

FS = 100.0


@pytest.fixture
def in_small_chunks(monkeypatch):
    """Blocks of a few hundred rows, samples in a file."""
    monkeypatch.setattr(parsing, "_BLOCK_BYTES", 20_000)
    monkeypatch.setattr(parsing, "_LEAST_BLOCKS", 8)
    monkeypatch.setattr(rows, "RowStore", partial(RowStore, in_memory_rows=1000))
    monkeypatch.setattr(storage, "_CHUNK_ROWS", 1500)


def samples_of(n, *, clip_ms2=None, seed=3):
    rng = np.random.default_rng(seed)
    t = np.arange(n) / FS
    samples = rng.normal(0.0, 0.02, (n, 3))
    samples[:, 2] += 9.9
    samples += (0.3 * np.sin(2 * np.pi * 7.3 * t) * (t > 10.0))[:, None] * [0.6, 0.8, 0.0]
    if clip_ms2 is not None:
        samples[:, 0] += np.where((t > 40.0) & (t < 50.0), 25.0 * np.sin(8.0 * t), 0.0)
        samples = np.clip(samples, -clip_ms2, clip_ms2)
    return samples


def write(path, samples, *, header="time_s,x,y,z", time_s=None, note=""):
    time_s = np.arange(len(samples)) / FS if time_s is None else time_s
    lines = [
        f"{t:.4f},{x:.4f},{y:.4f},{z:.4f}{note}"
        for t, (x, y, z) in zip(time_s.tolist(), samples.tolist(), strict=True)
    ]
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def captures(folder):
    n = 8000
    keep = np.ones(n, dtype=bool)
    keep[3000:3200] = False
    time_s = np.arange(n) / FS
    yield write(folder / "plain.csv", samples_of(n))
    yield write(folder / "g.csv", samples_of(n) / 9.81, header="time_s,x_g,y_g,z_g")
    yield write(folder / "mg.csv", samples_of(n) / 9.81e-3)
    yield write(folder / "clipped.csv", samples_of(n, clip_ms2=20.0))
    yield write(folder / "gap.csv", samples_of(n)[keep], time_s=time_s[keep])
    yield write(folder / "note.csv", samples_of(n), header="time_s,x,y,z,note", note=',"a\nb"')
    lost = samples_of(n)
    lost[500:520, 1] = np.nan
    yield write(folder / "lost.csv", lost)


def leaves(document, at=""):
    """Return what a document holds by its place, and the values of its decimal numbers."""
    if isinstance(document, float):
        return [at], [document]
    if not isinstance(document, dict | list):
        return [(at, document)], []
    items = document.items() if isinstance(document, dict) else enumerate(document)
    words, numbers = [], []
    for key, value in items:
        more_words, more_numbers = leaves(value, f"{at}/{key}")
        words += more_words
        numbers += more_numbers
    return words, numbers


def test_chunks_make_the_same_recording_and_the_same_analysis(tmp_path, request):
    expected = {path: read(path) for path in captures(tmp_path)}
    request.getfixturevalue("in_small_chunks")
    for path, whole in expected.items():
        with open_capture(path) as on_disk:
            assert len(on_disk.samples) == len(whole.samples)
            again = on_disk.in_memory()
            assert again.info == on_disk.info == whole.info, path.name
            for name in ("acceleration_ms2", "clipped"):
                np.testing.assert_array_equal(
                    getattr(again, name), getattr(whole, name), err_msg=f"{path.name} {name}"
                )
            words, numbers = leaves(analyze(on_disk).to_dict())
            expected_words, expected_numbers = leaves(analyze(whole).to_dict())
            assert words == expected_words, path.name
            # Linear algebra of some versions sums by how an array lies in memory.
            np.testing.assert_allclose(numbers, expected_numbers, rtol=1e-9, err_msg=path.name)


def test_spool_gives_back_what_it_got():
    rows = np.arange(3000.0).reshape(-1, 3)
    for limit in (10, 5000):
        with RowStore(3, in_memory_rows=limit) as store:
            for part in np.array_split(rows, 13):
                store.append(part.copy())
            assert store.is_in_memory == (limit == 5000)
            assert len(store) == 1000
            np.testing.assert_array_equal(store.read(0, 1000), rows)
            np.testing.assert_array_equal(store.read(77, 501), rows[77:501])
            assert len(store.read(990, 2000)) == 10
            assert store.read(5, 5).shape == (0, 3)


@pytest.mark.usefixtures("in_small_chunks")
def test_a_damaged_line_is_named_wherever_it_lies(tmp_path):
    path = write(tmp_path / "damaged.csv", samples_of(5000))
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[4000] = "39.9900,oops,0,9.81"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(CaptureReadError, match=r"line 4001 of damaged\.csv has 'oops'"):
        read(path)


@pytest.mark.parametrize("n", [8000, 3000])
@pytest.mark.usefixtures("in_small_chunks")
def test_a_last_line_that_is_cut_off_is_one_lost_sample(tmp_path, monkeypatch, n):
    path = write(tmp_path / "cut.csv", samples_of(n))
    text = path.read_bytes()[:-1]
    cut_off = text[: text.rindex(b"\n") + 12]  # stamp and half a cell
    path.write_bytes(cut_off)
    # A block ends right before the last line.
    monkeypatch.setattr(
        parsing, "_BLOCK_BYTES", (text.rindex(b"\n") - 10) // (9 if n > 5000 else 1)
    )
    recording = read(path)
    assert np.flatnonzero(np.isnan(recording.acceleration_ms2[:, 0])).tolist() == [n - 1]
    assert "LOST_CELLS" in [warning.code for warning in recording.warnings]


@pytest.mark.usefixtures("in_small_chunks")
def test_a_system_that_reads_and_writes_only_where_the_file_is_gives_the_same(
    tmp_path, monkeypatch
):
    path = write(tmp_path / "long.csv", samples_of(9000))
    expected = read(path).acceleration_ms2
    monkeypatch.setattr(parallel, "_can_fork", lambda: False)
    monkeypatch.delattr(os, "pwrite", raising=False)
    monkeypatch.delattr(os, "preadv", raising=False)
    np.testing.assert_array_equal(read(path).acceleration_ms2, expected)


@pytest.mark.usefixtures("in_small_chunks")
def test_a_quote_that_never_ends_is_refused(tmp_path):
    path = write(tmp_path / "open.csv", samples_of(9000))
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[7000] = '"' + lines[7000]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(CaptureReadError, match=r"cannot be read as a table: .*EOF inside string"):
        read(path)


@pytest.mark.usefixtures("in_small_chunks")
def test_a_long_file_is_cut_and_its_samples_lie_where_they_were_put(tmp_path):
    path = write(tmp_path / "long.csv", samples_of(9000))
    capture = CaptureFile(path, path.name, opener_of(path))
    blocks = parsing.split_blocks(capture, sniff(path))
    assert len(blocks) > parsing._LEAST_BLOCKS
    assert blocks[0].begin == 0
    assert blocks[-1].end == path.stat().st_size
    lines = path.read_bytes().splitlines(keepends=True)
    starts = np.cumsum([0, *map(len, lines)])
    for one, following in pairwise(blocks):
        assert one.end == following.begin
        assert one.begin in starts
        n_rows = np.searchsorted(starts, one.end) - np.searchsorted(starts, one.begin)
        assert one.at_row + n_rows <= following.at_row


def test_evidence_of_gravity_does_not_depend_on_the_chunks():
    samples = np.random.default_rng(0).normal([0.0, 0.0, 9.0], 3.0, (5017, 3))
    whole = gravity.find_gravity_evidence(samples)

    def chunks(multiple):
        yield samples[: 3 * multiple]
        yield samples[3 * multiple :]

    assert gravity.chunked_gravity_evidence(chunks) == whole

"""Files of activity monitors are decoded to what was put in, and refused by name without the extra.

The files are built here from the descriptions of the makers.
"""

from __future__ import annotations

import io
import math
import struct
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import reduce
from operator import xor
from pathlib import Path

import numpy as np
import pytest

import tremor
from tremor.errors import (
    CaptureNotRecognisedError,
    InvalidInputError,
    TremorError,
)
from tremor.formats.decoders.activity_monitors import MONITORS
from tremor.formats.foreign import FOREIGN

START = datetime(2026, 5, 1, 9, 30)
START_S = 1_777_627_800
RATE_HZ = 100
N = 6000


def _samples() -> np.ndarray:
    time_s = np.arange(N) / RATE_HZ
    samples = np.random.default_rng(1).normal(0.0, 0.003, (N, 3))
    samples[:, 0] += 0.05 * np.sin(2 * np.pi * 8.0 * time_s)
    samples[:, 2] += 1.0
    return samples


def _cwa_moment(moment: datetime) -> int:
    fields = (moment.month, 22), (moment.day, 17), (moment.hour, 12), (moment.minute, 6)
    return ((moment.year - 2000) << 26) + sum(n << shift for n, shift in fields) + moment.second


def _cwa(*, lost: int | None = None) -> bytes:
    """Return blocks of 80 samples of 1/512 g, at 100 Hz and 8 g; one of them is left out."""
    rate_code, per_block = 0x4A, 80
    head = bytearray(1024)
    head[:4] = b"MD\xfc\x03"
    head[4] = 0x17
    struct.pack_into("<HIxxIII", head, 5, 1234, 77, _cwa_moment(START), 0xFFFFFFFF, 0)
    head[36], head[41] = rate_code, 44
    blocks = [bytes(head)]
    for number in range(N // per_block):
        if number == lost:
            continue
        at_s = number * per_block / RATE_HZ
        fraction = int((at_s % 1) * 65536) >> 1
        moment = _cwa_moment(START + timedelta(seconds=int(at_s)))
        offset = -(((fraction << 1) * RATE_HZ) >> 16)
        block = bytearray(512)
        struct.pack_into(
            "<2sHHIIIHHBBBBhH", block, 0, b"AX", 508, 0x8000 | fraction, 77, number, moment,
            0x2000 | 300, 280, 0, 200, rate_code, 0x32, offset, per_block,
        )  # fmt: skip
        some = _samples()[number * per_block : (number + 1) * per_block]
        block[30:510] = np.round(some * 512).astype("<i2").tobytes()
        struct.pack_into("<H", block, 510, -sum(struct.unpack("<255H", block[:510])) & 0xFFFF)
        blocks.append(bytes(block))
    return b"".join(blocks)


def _record(kind: int, at_s: int, payload: bytes) -> bytes:
    record = struct.pack("<BBLH", 0x1E, kind, at_s, len(payload)) + payload
    return record + bytes([~reduce(xor, record) & 0xFF])


def _gt3x(*, lost: int | None = None, kind: int = 0) -> bytes:
    """Return records of one second, y x z in 12 bits of 1/341 g; one of them is left out."""
    mantissa, exponent = math.frexp(341.0)
    scale = (exponent << 24) | int(mantissa * 0x800000)
    log = _record(21, START_S, struct.pack("<HHIHHI", 0, 55, scale, 1, 10, RATE_HZ))
    for second in range(N // RATE_HZ):
        if second == lost:
            continue
        some = _samples()[second * RATE_HZ : (second + 1) * RATE_HZ, [1, 0, 2]]
        counts = np.round(some * 341).astype(int).reshape(-1, 2) & 0xFFF
        first, last = counts.T
        packed = np.column_stack((first >> 4, (first & 15) << 4 | last >> 8, last & 255))
        log += _record(kind, START_S + second, packed.astype(np.uint8).tobytes())
    info = (
        f"Serial Number: TAS1E1\r\nDevice Type: wGT3XBT\r\nSample Rate: {RATE_HZ}\r\n"
        "TimeZone: -04:00:00\r\nAcceleration Scale: 341.0\r\nAcceleration Max: 6.0\r\n"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("info.txt", info)
        archive.writestr("log.bin", log)
    return out.getvalue()


_GENEACTIV_PARTS = {
    "Device Identity": ("Device Unique Serial Code:012967", "Device Type:GENEActiv",
        "Device Model:1.1", "Device Firmware Version:Ver 4", "Calibration Date:2012-12-20"),
    "Device Capabilities": ("Accelerometer Range:-8 to 8", "Accelerometer Resolution:0.0039",
        "Accelerometer Units:g", "Light Meter Range:0 to 5000", "Light Meter Resolution:0.25",
        "Light Meter Units:lux", "Temperature Sensor Range:0 to 70",
        "Temperature Sensor Resolution:0.25", "Temperature Sensor Units:deg. C"),
    "Configuration Info": (f"Measurement Frequency:{RATE_HZ} Hz", "Measurement Period:1 Hours",
        f"Start Time:{START}:000", "Time Zone:GMT +02:00"),
    "Trial Info": tuple(f"Field {number}:" for number in range(10)),
    "Subject Info": ("Device Location Code:left ankle",
        *(f"Field {number}:" for number in range(7))),
    "Calibration Data": ("x gain:25600", "x offset:0", "y gain:25600", "y offset:0",
        "z gain:25600", "z offset:0", "Volts:300", "Lux:800"),
    "Memory Status": (f"Number of Pages:{N // 300}",),
}  # fmt: skip


def _geneactiv(*, lost: int | None = None) -> bytes:
    """Return pages of 300 samples in hexadecimal of 1/256 g; one of them is left out."""
    lines = [line for name, part in _GENEACTIV_PARTS.items() for line in (name, *part, "")]
    for page in range(N // 300):
        if page == lost:
            continue
        moment = START + timedelta(seconds=page * 300 / RATE_HZ)
        counts = np.round(_samples()[page * 300 : (page + 1) * 300] * 256).astype(int) & 0xFFF
        lines += [
            "Recorded Data", "Device Unique Serial Code:012967", f"Sequence Number:{page}",
            f"Page Time:{moment:%Y-%m-%d %H:%M:%S}:000", "Unassigned:", "Temperature:21.5",
            "Battery voltage:4.1", "Device Status:Recording",
            f"Measurement Frequency:{RATE_HZ}.0",
            "".join(f"{x:03X}{y:03X}{z:03X}000" for x, y, z in counts),
        ]  # fmt: skip
    return "\r\n".join([*lines, ""]).encode()


#: By slug: what writes a file, its name, samples of a part, and the start in UTC if it is known.
WRITERS: dict[str, tuple[Callable[..., bytes], str, int, float | None]] = {
    "axivity-cwa": (_cwa, "left thigh.cwa", 80, None),
    "actigraph-gt3x": (_gt3x, "thigh.gt3x", 100, START_S + 4 * 3600.0),
    "geneactiv-bin": (_geneactiv, "ankle.bin", 300, START_S - 2 * 3600.0),
}


def _write(folder: Path, slug: str, **how: int) -> Path:
    writer, name, *_ = WRITERS[slug]
    path = folder / name
    path.write_bytes(writer(**how))
    return path


@pytest.mark.parametrize("slug", WRITERS)
def test_what_was_put_in_is_found(tmp_path: Path, slug: str) -> None:
    pytest.importorskip("actfast")
    recording = tremor.read(_write(tmp_path, slug))
    assert recording.source is not None
    assert recording.source.format == slug
    assert (recording.n_samples, recording.gaps) == (N, ())
    assert recording.sampling_rate_hz == pytest.approx(RATE_HZ, rel=2e-5)
    assert (recording.unit_in, recording.gravity) == ("g", "included")
    found_g = recording.acceleration_ms2 / 9.80665
    np.testing.assert_allclose(found_g, _samples(), atol=0.6 / 256)
    start_s = WRITERS[slug][3]
    assert (recording.started_at and recording.started_at.timestamp()) == start_s
    assert ("TIME_ZONE_UNKNOWN" in [one.code for one in recording.warnings]) == (start_s is None)
    assert recording.sensor is not None
    assert recording.sensor.range_ms2 == pytest.approx(
        9.80665 * (6.0 if slug == "actigraph-gt3x" else 8.0)
    )
    assert str(recording.placement or "") == ("left-ankle" if slug == "geneactiv-bin" else "")


@pytest.mark.parametrize("slug", WRITERS)
def test_a_part_that_is_lost_is_a_gap(tmp_path: Path, slug: str) -> None:
    pytest.importorskip("actfast")
    recording = tremor.read(_write(tmp_path, slug, lost=9))
    assert [gap.n_lost for gap in recording.gaps] == [WRITERS[slug][2]]


def test_a_block_of_a_wrong_checksum_is_lost_and_said(tmp_path: Path) -> None:
    pytest.importorskip("actfast")
    path = _write(tmp_path, "axivity-cwa")
    whole = bytearray(path.read_bytes())
    whole[1024 + 9 * 512 + 100] ^= 0x80
    path.write_bytes(whole)
    recording = tremor.read(path)
    assert [gap.n_lost for gap in recording.gaps] == [80]
    damage = next(one for one in recording.warnings if one.code == "PARTS_UNREADABLE")
    assert damage.values["n_parts"] == 1


def _outcome(path: Path) -> tuple[str, tremor.Recording | None]:
    try:
        return "", tremor.read(path)
    except TremorError as refused:
        return str(refused), None


@pytest.mark.parametrize("slug", WRITERS)
def test_a_truncated_file_has_fewer_samples_or_is_refused(tmp_path: Path, slug: str) -> None:
    pytest.importorskip("actfast")
    path = _write(tmp_path, slug)
    whole = path.read_bytes()
    for cut in [*range(50, 3000, 50), *range(3000, len(whole), len(whole) // 8)]:
        path.write_bytes(whole[:cut])
        message, recording = _outcome(path)
        assert len(message.splitlines()) == (recording is None)
        assert recording is None or recording.n_samples < N


def test_records_of_an_unknown_kind_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("actfast")
    path = _write(tmp_path, "actigraph-gt3x", kind=26)
    with pytest.raises(CaptureNotRecognisedError, match=r"without samples .*export raw data"):
        tremor.read(path)


@pytest.mark.parametrize("slug", WRITERS)
def test_without_the_extra_the_export_and_the_extra_are_named(
    tmp_path: Path, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "actfast", None)
    path = _write(tmp_path, slug)
    with pytest.raises(CaptureNotRecognisedError, match=r"export .*tremor-analyzer\[monitors\]"):
        tremor.read(path)
    with pytest.raises(InvalidInputError, match="leave out --columns"):
        tremor.read(path, columns="x,y,z")


def test_every_kind_that_an_extra_reads_is_in_both_tables() -> None:
    assert {entry.slug for entry in FOREIGN if entry.slug} == set(MONITORS) == set(WRITERS)

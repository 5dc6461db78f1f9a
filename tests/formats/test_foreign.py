"""Other kinds of file are refused by name, with the export that can be read."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tremor.errors import CaptureNotRecognisedError
from tremor.formats.foreign import FOREIGN, refuse_bytes
from tremor.opening import read

BYTES = {
    "Axivity CWA": b"MD\xfc\x03" + bytes(1020),
    "GENEActiv .bin": b"Device Identity\r\nDevice Unique Serial Code:012345\r\n",
    "PDF": b"%PDF-1.7\n%\xe2\xe3",
    "SQLite": b"SQLite format 3\x00" + bytes(84),
    "Avro": b"Obj\x01\x04\x16avro.schema",
    "Excel": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504),
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(40),
    "EDF": b"0       " + b"X".ljust(80) + b"Startdate".ljust(80) + b"01.01.24" * 2 + b"256     ",
    "Garmin FIT": b"\x0e\x10\xd9\x07\x00\x10\x00\x00.FIT" + bytes(20),
    "tar": b"capture.csv".ljust(257, b"\x00") + b"ustar\x0000",
    "web page": b"<!DOCTYPE html>\n<html><body>1,2,3</body></html>",
}
JSON = {
    "a result of tremor": b'{"schema": "tremor.analysis/1", "status": "measured"}',
    "Movesense without acceleration": b'{"Meas": {"Gyro": [{"Timestamp": 1, "ArrayGyro": []}]}}',
    "shape that is not known": b'[\n  {"t": 1.0, "acceleration": [0.1, 0.2, 9.8]}\n]\n',
}
MEMBERS = {
    "GT3X": ("log.bin", "info.txt"),
    "xlsx": ("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"),
    "OpenDocument": ("mimetype", "content.xml"),
    "docx": ("[Content_Types].xml", "word/document.xml"),
}


@pytest.mark.parametrize("name", BYTES)
@pytest.mark.parametrize("packed", [False, True])
def test_binary_files_are_refused_by_name(tmp_path: Path, name: str, packed: bool) -> None:
    path = tmp_path / "capture.csv"
    path.write_bytes(gzip.compress(BYTES[name]) if packed else BYTES[name])
    with pytest.raises(CaptureNotRecognisedError, match=name) as refused:
        read(path)
    assert ("gzip" in str(refused.value)) == packed
    assert "--columns" not in str(refused.value)


@pytest.mark.parametrize("name", JSON)
def test_json_is_refused_whatever_its_names(tmp_path: Path, name: str) -> None:
    path = tmp_path / "capture.csv"
    path.write_bytes(JSON[name])
    with pytest.raises(CaptureNotRecognisedError, match=name) as refused:
        read(path)
    assert "--columns" not in str(refused.value)


@pytest.mark.parametrize("name", MEMBERS)
def test_archives_of_other_programs_are_refused_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "capture.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for member in MEMBERS[name]:
            archive.writestr(member, "Serial Number: X\n1,2,3\n")
    with pytest.raises(CaptureNotRecognisedError, match=name):
        read(path)


def test_a_table_in_gzip_is_to_be_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "capture.csv.gz"
    path.write_bytes(gzip.compress(b"time_s,x,y,z\n" + b"0.01,0,0,9.8\n" * 1000))
    with pytest.raises(CaptureNotRecognisedError, match="unpack it with gunzip"):
        read(path)


@pytest.mark.parametrize(
    "head",
    [
        b"time,x,y,z\n",
        b"[12:00:01] 1,2,3",
        b"[s],x,y,z\n0,1,2,3\n",
        b"0       1       2\n0       1       2\n",
        b"",
    ],
)
def test_tables_are_none_of_them(head: bytes) -> None:
    assert refuse_bytes(head) is None


def test_entries_name_bytes_or_members() -> None:
    for entry in FOREIGN:
        assert bool(entry.pattern) != bool(entry.members), entry.name


@pytest.mark.parametrize("name", ["Gyroscope.csv", "MagnetometerUncalibrated.csv", "Gravity.csv"])
def test_other_sensors_of_an_app_are_refused_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    rows = "".join(f"{10**7 * n},{n / 100},0,0,{1 + 0.01 * np.sin(n)}\n" for n in range(300))
    path.write_text("time,seconds_elapsed,z,y,x\n" + rows)
    with pytest.raises(CaptureNotRecognisedError, match=r"by its name of the"):
        read(path)

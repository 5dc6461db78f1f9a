"""Files that ask for too much, or hide something, are refused in little time and memory."""

from __future__ import annotations

import contextlib
import json
import struct
import time
import zipfile

import pytest

from tremor.errors import CaptureNotRecognisedError, CaptureReadError, InvalidInputError
from tremor.formats.archive import Archive, DamagedMemberError
from tremor.formats.capture_file import CaptureFile, opener_of
from tremor.formats.csv.parsing import split_blocks
from tremor.formats.csv.sniffing import sniff_file
from tremor.formats.readers import open_capture
from tremor.opening import read
from tremor.printable import escaped_json, printable
from tremor.settings import ARCHIVE_BOUNDS, TABLE_BOUNDS, AnalysisSettings

HEAD = "time_s,x,y,z\n"
#: Most processor time for a file of less than a megabyte, s.
MOST_S = 3.0


def rows(n=300):
    return "".join(f"{i / 100:.2f},{i % 7 / 100:.2f},0.1,9.81\n" for i in range(n))


def write(folder, content, name="leg.csv"):
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def packed(folder, members, name="leg.zip", method=zipfile.ZIP_DEFLATED):
    path = folder / name
    with zipfile.ZipFile(path, "w", method) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path


def refused(path, match, error=CaptureReadError):
    start = time.process_time()
    with pytest.raises(error, match=match) as caught, open_capture(path):
        pass
    assert time.process_time() - start < MOST_S
    assert "\n" not in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "line",
    [
        "#" + " " * 60_000,
        "# " + "a" + " " * 60_000,
        "# Created By ActiGraph " * 2000,
        "# Created By ActiGraph " + " at 1" * 10_000,
        "# " + "axis1 " * 5000 + "axis2 " * 5000,
        "time_s," + "(" * 60_000 + ",y,z",
        "time_s," + "acc" * 20_000 + ",y,z",
        "time_s," + "acc_" + "1" * 60_000 + ",y,z",
        "time_s,x " + " [" * 30_000 + ",y,z",
        "Device Identity" + "\n" * 60_000,
    ],
    ids=range(10),
)
def test_no_line_takes_more_than_linear_time(tmp_path, line):
    start = time.process_time()
    with contextlib.suppress(CaptureReadError):
        read(write(tmp_path, line + "\n" + HEAD + rows()))
    assert time.process_time() - start < MOST_S


def test_a_first_line_without_end_is_refused(tmp_path):
    refused(write(tmp_path, "0" * 3_000_000), "first line has more than 65536 bytes")


def test_a_row_without_end_is_refused(tmp_path):
    refused(write(tmp_path, HEAD + rows() + "0" * 3_000_000), "a line of more than 65536 bytes")


def test_a_long_file_with_a_row_without_end_is_refused(tmp_path):
    path = write(tmp_path, HEAD + rows() + "0" * 40_000_000)
    capture = CaptureFile(path, path.name, opener_of(path))
    assert split_blocks(capture, sniff_file(capture, None)) == []
    refused(path, "a line of more than 65536 bytes")


def test_a_quotation_without_end_is_refused_before_the_file_ends(tmp_path):
    path = write(tmp_path, HEAD + rows() + '"' + rows(400_000))
    refused(path, "a quotation mark that none closes")


def test_a_row_of_a_thousand_and_one_columns_is_refused(tmp_path):
    n_more = TABLE_BOUNDS.most_columns - 4
    names = ",".join(f"c{i}" for i in range(n_more))
    body = rows(100).replace("\n", ",0" * n_more + "\n")
    assert read(write(tmp_path, f"time_s,x,y,z,{names}\n{body}")).n_samples == 100
    refused(write(tmp_path, f"time_s,x,y,z,{names},more\n{body}"), "1001 columns, and at most 1000")


def test_of_a_long_name_only_the_beginning_is_matched(tmp_path):
    longest = TABLE_BOUNDS.longest_name
    body = rows().replace("\n", ",1\n")
    assert read(write(tmp_path, f"time_s,x,y,z,{'n' * longest}\n{body}")).n_samples == 300
    long = "acceleration " * longest
    refused(write(tmp_path, f"time_s,{long}x,{long}y,{long}z,n\n{body}"), "not recognised")


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_long_files_of_any_line_end_are_read_in_pieces(tmp_path, end, encoding):
    text = HEAD + rows(80_000)
    plain = read(write(tmp_path, text))
    path = write(tmp_path, text.replace("\n", end).encode(encoding), "other.csv")
    assert path.stat().st_size > 1 << 20
    other = read(path)
    assert other.n_samples == plain.n_samples == 80_000
    assert (other.acceleration_ms2 == plain.acceleration_ms2).all()


def test_a_quotation_mark_in_the_preamble_swallows_no_row(tmp_path):
    body = HEAD + rows()
    plain = read(write(tmp_path, body))
    for note in ('left "calf', "left\x0bcalf", "left\u2028calf\x85"):
        noted = read(write(tmp_path, f"{note}\n{body}"))
        assert noted.n_samples == plain.n_samples


# --- archives ------------------------------------------------------------------------------------


def patched(path, old, new):
    """Change bytes in both the local and the central head of the only member."""
    content = path.read_bytes()
    assert content.count(old) == 2
    path.write_bytes(content.replace(old, new))
    return path


def test_a_member_packed_from_nothing_is_refused(tmp_path):
    path = packed(tmp_path, {"leg.csv": HEAD + rows() + "\n" * 50_000_000})
    refused(path, r"leg\.zip:leg\.csv would be unpacked to 50 MB, \d+ times its packed size")


def test_a_small_member_is_read_whatever_its_ratio(tmp_path):
    path = packed(tmp_path, {"leg.csv": HEAD + rows() + "\n" * 1_000_000})
    assert read(path).n_samples == 300


@pytest.mark.parametrize("size", [0, 100, 10_000_000])
def test_a_member_that_lies_about_its_size_is_refused(tmp_path, size):
    content = HEAD + rows()
    path = packed(tmp_path, {"leg.csv": content})
    refused(patched(path, struct.pack("<I", len(content)), struct.pack("<I", size)), ".")


def test_an_encrypted_member_is_refused_by_that_name(tmp_path):
    path = packed(tmp_path, {"leg.csv": HEAD + rows()})
    content = path.read_bytes()
    at = content.index(b"PK\x01\x02") + 8
    path.write_bytes(content[:at] + b"\x01" + content[at + 1 :])
    refused(path, r"leg\.zip:leg\.csv is encrypted; unpack it with its password")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_anywhere_in_an_archive_is_an_error_of_ours(tmp_path, method):
    content = packed(tmp_path, {"leg.csv": HEAD + rows()}, method=method).read_bytes()
    for at in range(4, len(content), 23):
        broken = bytearray(content)
        broken[at] ^= 0x55
        with contextlib.suppress(CaptureReadError):
            read(write(tmp_path, bytes(broken), "broken.zip"))


def test_the_damaged_member_is_named_where_others_are_whole(tmp_path):
    head = "time,seconds_elapsed,z,y,x\n"
    body = "".join(f"{i * 10**7},{i / 100},0.1,0.2,0.3\n" for i in range(1, 300))
    path = packed(tmp_path, {"Accelerometer.csv": head + body, "Gravity.csv": head + body})
    content = bytearray(path.read_bytes())
    at = content.index(b"Accelerometer.csv") + 60
    content[at] ^= 0xFF
    refused(write(tmp_path, bytes(content), "leg.zip"), r"Accelerometer\.csv is damaged")


def test_an_archive_or_a_folder_of_too_many_files_is_refused(tmp_path):
    most = ARCHIVE_BOUNDS.most_members
    names = [f"{i}.dat" for i in range(most)]
    capture = {"leg.csv": HEAD + rows()}
    assert read(packed(tmp_path, {**dict.fromkeys(names[1:], b""), **capture})).n_samples == 300
    refused(packed(tmp_path, {**dict.fromkeys(names, b""), **capture}), "more than 1000 files")
    folder = tmp_path / "many"
    folder.mkdir()
    for name in [*names, "leg.csv"]:
        (folder / name).touch()
    refused(folder, "is a folder of 1001 files")


def test_an_archive_is_looked_through_once(tmp_path, monkeypatch):
    opened = []
    real = zipfile.ZipFile

    def counted(*arguments, **options):
        opened.append(arguments)
        return real(*arguments, **options)

    path = packed(tmp_path, {f"{i}.csv": "nothing\n" for i in range(50)})
    monkeypatch.setattr(zipfile, "ZipFile", counted)
    refused(path, "is an archive that holds", CaptureNotRecognisedError)
    assert len(opened) < 5


def test_a_member_read_in_pieces_is_the_member(tmp_path):
    content = (HEAD + rows()).encode()
    archive = Archive(packed(tmp_path, {"leg.csv": content}))
    with archive.open("leg.csv") as stream:
        assert b"".join(iter(lambda: stream.read(100), b"")) == content
    assert issubclass(DamagedMemberError, CaptureReadError)


# --- text from outside ---------------------------------------------------------------------------

HOSTILE = "a\x1b[31m\x9b0m\u202eb\u2066c\x07\udcff.csv"


def test_names_of_members_are_shown_as_text(tmp_path):
    path = tmp_path / "leg.zip"
    name = HOSTILE.replace("\udcff", "")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, HEAD + rows())
        archive.writestr("b" + name, HEAD + rows())
    refused(path, r"holds 2 captures: a\\x1b\[31m\\x9b0m\\u202eb")


def test_a_name_that_is_no_utf8_goes_into_a_result(tmp_path):
    path = tmp_path / "leg\udcff.csv"
    try:
        path.write_text(HEAD + rows())
    except OSError:
        pytest.skip("this file system knows no such name")
    assert read(path).source.name == r"leg\udcff.csv"


def test_what_a_preamble_says_is_shown_as_text(tmp_path):
    head = "# tremor-csv 1\n# sensor: a\x1b[31m\u202eb\n# unit: m/s^2\n# gravity: included\n"
    names = "time_s,acc_x_ms2,acc_y_ms2,acc_z_ms2\n"
    recording = read(write(tmp_path, head + names + rows()))
    assert recording.sensor.name == r"a\x1b[31m\u202eb"


def test_what_is_printable_stays():
    assert printable("Größe 加速度 α²") == "Größe 加速度 α²"
    assert printable(HOSTILE).isprintable()
    assert json.loads(escaped_json(json.dumps(HOSTILE, ensure_ascii=False))) == HOSTILE
    assert escaped_json(json.dumps(HOSTILE, ensure_ascii=False)).isprintable()


# --- settings and folders ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a" + ".a" * 20_000 + " = 1\n", "a line has more than 2000 characters"),
        ("#" * 70_000, "more than 65536 bytes"),
        ("a = " + "[" * 1500, "is not TOML"),
    ],
)
def test_settings_that_ask_for_too_much_are_refused(tmp_path, content, message):
    with pytest.raises(InvalidInputError, match=message):
        AnalysisSettings.from_file(write(tmp_path, content, "own.toml"))


def test_a_device_is_no_file_of_settings():
    with pytest.raises(InvalidInputError, match="not a regular file"):
        AnalysisSettings.from_file("/dev/zero")

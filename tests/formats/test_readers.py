import hashlib
import zipfile
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tremor.errors import (
    CaptureNotFoundError,
    CaptureNotRecognisedError,
    CaptureReadError,
    InsufficientDataError,
    InvalidInputError,
    TremorError,
)
from tremor.formats.csv.claims import claim_of
from tremor.formats.csv.dialects import FORMATS
from tremor.formats.csv.head import read_head
from tremor.formats.csv.native import NativePreamble, write_native_csv
from tremor.formats.locating import locate
from tremor.formats.readers import READERS, ReadOptions, sniff
from tremor.formats.writers import WRITERS, WriteOptions
from tremor.opening import read
from tremor.recording import Placement, Recording

RATE_HZ = 101.0
N = 800
G = 9.80665
TIME_S = np.arange(N) / RATE_HZ
SHAKE_MS2 = 0.3 * np.sin(2 * np.pi * 8.0 * TIME_S)
TOTAL_MS2 = np.column_stack((SHAKE_MS2, 0.5 * SHAKE_MS2 + 1.0, np.full(N, 9.7) - 0.2 * SHAKE_MS2))
LINEAR_MS2 = TOTAL_MS2 - np.array([0.0, 1.0, 9.7])
EPOCH_NS = 1_700_000_000_123_456_789


def table(header, columns, *, delimiter=",", decimal=".", start="", end="\n"):
    rows = [
        delimiter.join(
            (cell if isinstance(cell, str) else f"{cell:.9g}").replace(".", decimal) for cell in row
        )
        for row in zip(*columns, strict=True)
    ]
    return start + "\n".join([*([header] if header else []), *rows]) + end


def seconds(digits=6, time_s=TIME_S):
    return [f"{stamp:.{digits}f}" for stamp in time_s]


def nanoseconds():
    return [str(EPOCH_NS + round(stamp * 1e9)) for stamp in TIME_S]


def iso(zone=""):
    start = datetime(2024, 3, 1, 23, 59, 57, tzinfo=UTC)
    return [
        (start + timedelta(seconds=float(stamp))).strftime("%Y-%m-%dT%H:%M:%S.%f") + zone
        for stamp in TIME_S
    ]


def xyz(values, scale=1.0):
    return list((values * scale).T)


PHYPHOX = '"Time (s)","{0} x (m/s^2)","{0} y (m/s^2)","{0} z (m/s^2)","Absolute (m/s^2)"'
ABSOLUTE = np.linalg.norm(TOTAL_MS2, axis=1)

#: text, format, unit, gravity: what a file says and what it is.
DIALECTS = {
    "phyphox comma": (
        table(PHYPHOX.format("Acceleration"), [seconds(), *xyz(TOTAL_MS2), ABSOLUTE]),
        "phyphox", "m/s^2", "included",
    ),
    "phyphox semicolon and decimal comma": (
        table(
            PHYPHOX.format("Acceleration").replace(",", ";"),
            [seconds(), *xyz(TOTAL_MS2), ABSOLUTE], delimiter=";", decimal=",",
        ),
        "phyphox", "m/s^2", "included",
    ),
    "phyphox tab and decimal comma": (
        table(
            PHYPHOX.format("Acceleration").replace(",", "\t"),
            [seconds(), *xyz(TOTAL_MS2), ABSOLUTE], delimiter="\t", decimal=",",
        ),
        "phyphox", "m/s^2", "included",
    ),
    "phyphox linear": (
        table(PHYPHOX.format("Linear Acceleration"), [seconds(), *xyz(LINEAR_MS2), ABSOLUTE]),
        "phyphox", "m/s^2", "removed",
    ),
    "phyphox multi-sensor": (
        table('"Time (s)","X (m/s^2)","Y (m/s^2)","Z (m/s^2)"', [seconds(), *xyz(TOTAL_MS2)]),
        "phyphox", "m/s^2", "included",
    ),
    "phyphox in German": (
        table(
            '"Zeit (s)","Beschleunigung x (m/s^2)","Beschleunigung y (m/s^2)",'
            '"Beschleunigung z (m/s^2)"',
            [seconds(), *xyz(TOTAL_MS2)],
        ),
        "phyphox", "m/s^2", "included",
    ),
    "sensor logger, total, z first": (
        table(
            "time,seconds_elapsed,z,y,x",
            [nanoseconds(), seconds(), *reversed(xyz(TOTAL_MS2))],
        ),
        "sensor-logger", "m/s^2", "included",
    ),
    "sensor logger, without gravity, y z x": (
        table(
            "time,seconds_elapsed,y,z,x",
            [nanoseconds(), seconds(), LINEAR_MS2[:, 1], LINEAR_MS2[:, 2], LINEAR_MS2[:, 0]],
        ),
        "sensor-logger", "m/s^2", "removed",
    ),
    "suffix _ms2": (
        table("time_s,acc_x_ms2,acc_y_ms2,acc_z_ms2", [seconds(), *xyz(TOTAL_MS2)]),
        "headed-csv", "m/s^2", "included",
    ),
    "g in brackets, ms": (
        table(
            "elapsed [ms],Accel X [g],Accel Y [g],Accel Z [g]",
            [seconds(3, TIME_S * 1e3), *xyz(TOTAL_MS2, 1 / G)],
        ),
        "headed-csv", "g", "included",
    ),
    "metabase": (
        table(
            "epoc (ms),timestamp (-0700),elapsed (s),x-axis (g),y-axis (g),z-axis (g)",
            [
                [str(EPOCH_NS // 10**6 + round(stamp * 1e3)) for stamp in TIME_S],
                iso(), seconds(3), *xyz(TOTAL_MS2, 1 / G),
            ],
        ),
        "metabase", "g", "included",
    ),
    "mg, ISO text with zone, semicolon": (
        table(
            "Phone timestamp;X [mg];Y [mg];Z [mg]",
            [iso("+02:00"), *xyz(TOTAL_MS2, 1000 / G)], delimiter=";",
        ),
        "polar-sensor-logger", "mg", "included",
    ),
    "no unit, microseconds since boot": (
        table("Timestamp,Ax,Ay,Az", [seconds(0, TIME_S * 1e6), *xyz(TOTAL_MS2)]),
        "headed-csv", "m/s^2", "included",
    ),
    "no unit, g, comments": (
        table("t,gFx,gFy,gFz", [seconds(), *xyz(TOTAL_MS2, 1 / G)], start="# logger 3\n"),
        "headed-csv", "g", "included",
    ),
    "time of day over midnight": (
        table(
            "time,AccX(g),AccY(g),AccZ(g)",
            [[stamp[11:] for stamp in iso()], *xyz(TOTAL_MS2, 1 / G)],
        ),
        "headed-csv", "g", "included",
    ),
    "byte order mark": (
        table("time_s,x,y,z", [seconds(), *xyz(TOTAL_MS2)], start="\ufeff"),
        "headed-csv", "m/s^2", "included",
    ),
    "trailing delimiter": (
        table(
            "Timestamp (ms),X: (m/s^2),Y: (m/s^2),Z: (m/s^2)",
            [seconds(3, TIME_S * 1e3), *xyz(TOTAL_MS2), [" "] * N],
        ),
        "movesense", "m/s^2", "included",
    ),
    "sep line and units row": (
        table(
            "S1_Timestamp_Unix_CAL;S1_Accel_LN_X_CAL;S1_Accel_LN_Y_CAL;S1_Accel_LN_Z_CAL\n"
            "ms;m/(s^2);m/(s^2);m/(s^2);",
            [seconds(3, TIME_S * 1e3), *xyz(TOTAL_MS2)], delimiter=";", start='"sep=;"\n',
        ),
        "shimmer", "m/s^2", "included",
    ),
    "user acceleration and gravity": (
        table(
            "t,uax,uay,uaz,gx,gy,gz",
            [
                seconds(), *xyz(LINEAR_MS2, 1 / G),
                np.zeros(N), np.full(N, 1.0 / G), np.full(N, 9.7 / G),
            ],
        ),
        "user-acceleration", "g", "included",
    ),
}  # fmt: skip


@pytest.fixture
def capture(tmp_path):
    def write(text, name="capture.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def codes(recording):
    return [warning.code for warning in recording.warnings]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_dialect_gives_the_samples_that_went_in(capture, dialect):
    text, slug, unit, gravity = DIALECTS[dialect]
    path = capture(text)
    recording = read(path)
    assert recording.source.format == slug
    assert recording.source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (recording.unit_in, recording.gravity) == (unit, gravity)
    # The coarsest stamps are whole milliseconds.
    assert_allclose(recording.sampling_rate_hz, RATE_HZ, rtol=1e-3 / TIME_S[-1])
    truth = LINEAR_MS2 if gravity == "removed" else TOTAL_MS2
    assert_allclose(recording.acceleration_ms2, truth, atol=1e-6)
    assert recording.gaps == ()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_sample_is_claimed_by_exactly_one_format(capture, dialect):
    path = capture(DIALECTS[dialect][0])
    found = sniff(path)
    head = read_head(locate(path))
    claims = [entry.slug for entry in FORMATS if claim_of(entry, head, path.name) is not None]
    assert claims == ([] if found.format.generic else [found.format.slug])


def test_native_file_comes_back_as_it_was(tmp_path):
    from tremor.recording import Placement, SensorInfo

    path = tmp_path / "native.csv"
    keep = np.r_[0:300, 350:N]
    started_at = datetime(2024, 5, 1, 6, 30, tzinfo=UTC)
    write_native_csv(
        path,
        TOTAL_MS2[keep],
        time_s=TIME_S[keep],
        preamble=NativePreamble(
            gravity="included",
            started_at=started_at,
            nominal_sampling_rate_hz=100.0,
            sensor=SensorInfo("strap", "simulated", 156.9),
            placement=Placement("calf", "left"),
        ),
    )
    recording = read(path)
    assert recording.source.format == "tremor-csv"
    assert recording.started_at == started_at
    assert str(recording.placement) == "left-calf"
    assert recording.sensor == SensorInfo("strap", "simulated", 156.9)
    assert [gap.n_lost for gap in recording.gaps] == [50]
    assert codes(recording) == ["RATE_OFF_NOMINAL", "GAPS"]
    assert_allclose(recording.acceleration_ms2[keep], TOTAL_MS2[keep], atol=1e-6)
    assert str(read(path, placement="right-thigh").placement) == "right-thigh"


def test_sensor_logger_archive_adds_gravity(tmp_path):
    path = tmp_path / "run.zip"
    header = "time,seconds_elapsed,z,y,x"
    gravity = TOTAL_MS2 - LINEAR_MS2
    with zipfile.ZipFile(path, "w") as archive:
        for name, values in (("Accelerometer.csv", LINEAR_MS2), ("Gravity.csv", gravity)):
            text = table(header, [nanoseconds(), seconds(), *reversed(xyz(values))])
            archive.writestr(name, text)
        archive.writestr("Metadata.csv", "version,device name\n3,phone\n")
    recording = read(path)
    assert recording.gravity == "included"
    assert any("row by row" in step for step in recording.history)
    assert_allclose(recording.acceleration_ms2, TOTAL_MS2, atol=1e-6)
    assert recording.started_at is not None


def test_sensor_logger_file_says_by_its_name_that_gravity_is_out(capture):
    path = capture(DIALECTS["sensor logger, without gravity, y z x"][0], "Accelerometer.csv")
    assert read(path).gravity == "removed"


def test_phyphox_archive_is_read(tmp_path):
    path = tmp_path / "desk.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Accelerometer.csv", DIALECTS["phyphox multi-sensor"][0])
        archive.writestr("meta/time.csv", '"event","experiment time"\n"START",0\n')
    recording = read(path)
    assert recording.source.format == "phyphox"
    assert recording.source.name == "desk.zip"


def test_a_recording_folder_is_read(tmp_path):
    preamble = NativePreamble(gravity="included")
    write_native_csv(tmp_path / "samples.csv", TOTAL_MS2, time_s=TIME_S, preamble=preamble)
    assert read(tmp_path).source.format == "tremor-csv"


@pytest.mark.parametrize("encoding", ["gbk", "latin-1"])
def test_other_encodings_are_read(capture, encoding):
    header = "time_s,AccX(g),AccY(g),AccZ(g),Angle X(°)"
    text = table(header, [seconds(), *xyz(TOTAL_MS2, 1 / G), np.zeros(N)])
    assert read(capture(text.encode(encoding))).unit_in == "g"


def test_nineteen_digits_keep_every_nanosecond(capture):
    # Steps of 1/101 s alternate by 60 ns only where integers are kept exact.
    path = capture(DIALECTS["sensor logger, total, z first"][0])
    assert_allclose(read(path).sampling_rate_hz, RATE_HZ, rtol=1e-9)


def test_without_a_header_columns_are_declared(capture):
    path = capture(table("", [nanoseconds(), np.full(N, 3), *xyz(TOTAL_MS2), np.zeros(N)]))
    with pytest.raises(CaptureNotRecognisedError, match="--columns"):
        read(path)
    recording = read(path, columns="time_ns,_,x,y,z,_")
    assert recording.source.format == "declared-columns"
    assert codes(recording) == ["UNIT_FROM_GRAVITY"]
    assert_allclose(recording.acceleration_ms2, TOTAL_MS2, atol=1e-6)


def test_a_small_number_of_hertz_in_a_name_is_no_rate(capture):
    text = table("ax,ay,az", xyz(TOTAL_MS2))
    with pytest.raises(CaptureReadError, match="--sampling-rate"):
        read(capture(text, name="left_calf_8Hz.csv"))
    assert read(capture(text, name="calf_101Hz.csv")).sampling_rate_hz == 101.0


def test_unit_is_that_of_the_time_at_rest(capture):
    # Two minutes of running before half a minute of rest: its median |a| is near no unit.
    rng = np.random.default_rng(3)
    running = rng.normal([0.3, 0.0, 0.9], 1.6, (2400, 3))
    rest = rng.normal([0.3, 0.0, 0.954], 0.003, (600, 3))
    t = np.arange(3000) / RATE_HZ
    recording = read(capture(table("time_s,x,y,z", [t, *np.concatenate([running, rest]).T])))
    assert (recording.unit_in, recording.gravity) == ("g", "included")


def test_declared_units_and_order(capture):
    path = capture(table("", [*reversed(xyz(LINEAR_MS2, 1 / G)), seconds()]))
    recording = read(path, columns="z_g,y_g,x_g,time_s")
    assert (recording.unit_in, recording.gravity) == ("g", "removed")
    assert_allclose(recording.acceleration_ms2, LINEAR_MS2, atol=1e-6)


def test_without_time_the_rate_is_declared(capture):
    path = capture(table("acc_x,acc_y,acc_z", xyz(TOTAL_MS2)))
    with pytest.raises(CaptureReadError, match="--sampling-rate"):
        read(path)
    recording = read(path, sampling_rate_hz=101.0)
    assert (recording.sampling_rate_hz, recording.sampling_rate_sd_hz) == (101.0, None)


def test_options_count_before_the_file(capture):
    path = capture(DIALECTS["suffix _ms2"][0])
    recording = read(path, unit="g", gravity="removed")
    assert (recording.unit_in, recording.gravity) == ("g", "removed")
    assert_allclose(recording.acceleration_ms2, TOTAL_MS2 * G, rtol=1e-6)


def test_empty_cells_are_lost_samples(capture):
    text = DIALECTS["suffix _ms2"][0].splitlines()
    text[100] = text[100].split(",")[0] + ",,,"
    recording = read(capture("\n".join(text)))
    assert [gap.n_lost for gap in recording.gaps] == [1]
    lost = next(w for w in recording.warnings if w.code == "LOST_CELLS")
    assert lost.values["first_line"] == 101


def test_a_repeated_header_is_left_out(capture):
    text = DIALECTS["no unit, g, comments"][0].splitlines()
    header = text[1]
    recording = read(capture("\n".join([*text[:400], header, *text[400:]])))
    assert "REPEATED_HEADER" in codes(recording)
    assert_allclose(recording.acceleration_ms2, TOTAL_MS2, atol=1e-6)


def test_text_among_numbers_is_refused_with_its_line(capture):
    text = DIALECTS["suffix _ms2"][0].splitlines()
    text[42] = text[42].rsplit(",", 1)[0] + ",oops"
    with pytest.raises(CaptureReadError, match=r"line 43 .*'oops'"):
        read(capture("\n".join(text)))


def test_text_among_stamps_is_refused_with_its_line(capture):
    text = DIALECTS["suffix _ms2"][0].splitlines()
    text[42] = "noon," + text[42].split(",", 1)[1]
    with pytest.raises(CaptureReadError, match=r"line 43 .*'noon'"):
        read(capture("\n".join(text)))


def test_rows_that_hold_a_slower_sensor_are_refused(capture):
    held = np.repeat(TOTAL_MS2[: N // 5], 5, axis=0)
    text = table("time_s,x,y,z", [seconds(), *xyz(held)])
    with pytest.raises(CaptureNotRecognisedError, match=r"5\.0 rows"):
        read(capture(text))


PROSE = "Dear reader,\n\nthis is a letter, and it holds no samples, only words.\n" * 5
BAD = {
    "empty": (b"", CaptureReadError, "is empty"),
    "blank": (b"\n\n  \n", CaptureReadError, "is empty"),
    "binary": (bytes(range(256)) * 40, CaptureNotRecognisedError, "binary"),
    "damaged zip": (b"PK\x03\x04" + bytes(100), CaptureReadError, "damaged zip"),
    "prose": (PROSE, CaptureNotRecognisedError, r"not recognised.*--columns"),
    "one row": ("time_s,x,y,z\n0,0,0,9.8\n", InsufficientDataError, "1 row"),
    "header only": ("time_s,x,y,z\n", CaptureNotRecognisedError, "not recognised"),
    "no unit": (
        table("time_s,x,y,z", [seconds(), *xyz(TOTAL_MS2, 5.0)]), CaptureReadError,
        r"mean vector at rest is 48\.\d+.*--unit",
    ),
    "no unit and no gravity": (
        table("time_s,x,y,z", [seconds(), *xyz(LINEAR_MS2)]), CaptureReadError,
        "as if gravity were removed.*--unit",
    ),
    "one axis": (
        "time,acceleration_x,group\n0,1,a\n0.01,2,a\n0.02,2,b\n", CaptureNotRecognisedError,
        "no three columns",
    ),
    "two sensors": (
        table(
            "time_s,acc1_x,acc1_y,acc1_z,acc2_x,acc2_y,acc2_z",
            [seconds(), *xyz(TOTAL_MS2), *xyz(TOTAL_MS2)],
        ),
        CaptureNotRecognisedError, "more than one column",
    ),
    "two recordings": (
        table("time_s,x,y,z", [seconds() * 2, *xyz(np.tile(TOTAL_MS2, (2, 1)))]),
        CaptureReadError, "jump back by",
    ),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_bad_input_is_refused_in_one_line(capture, bad):
    content, kind, match = BAD[bad]
    with pytest.raises(kind, match=match) as refused:
        read(capture(content))
    assert isinstance(refused.value, TremorError)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000, "time_s,x,y,z\n0,0,0,9.8\n"])
def test_text_that_is_no_path_is_refused_in_a_short_line(path):
    with pytest.raises(CaptureNotFoundError, match="does not exist") as error:
        read(path)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 120


@pytest.mark.parametrize(
    "path", [None, 3, b"a.csv", TOTAL_MS2, ""], ids=lambda path: type(path).__name__
)
def test_what_is_no_path_is_refused(path):
    with pytest.raises(InvalidInputError, match=r"is no path; give|path is empty"):
        read(path)


@pytest.mark.parametrize(
    "options",
    [
        {"unit": 3},
        {"columns": ["x"]},
        {"placement": 3},
        {"gravity": True},
        {"sampling_rate_hz": "x"},
    ],
    ids=str,
)
def test_options_of_a_wrong_kind_are_refused(options):
    with pytest.raises(InvalidInputError, match="give"):
        ReadOptions(**options)


def test_archive_with_a_damaged_member_is_refused(tmp_path):
    path = tmp_path / "leg.zip"
    rows = "".join(f"{i / 100},0,0,9.81\n" for i in range(300))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("leg.csv", "time_s,x,y,z\n" + rows)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"1.5,0,0,9.81", b"1.5,0,0,9.82", 1))
    with pytest.raises(CaptureReadError, match=r"leg\.csv is damaged, .*Bad CRC-32"):
        read(path)


def test_missing_file_and_strange_folder(tmp_path):
    with pytest.raises(CaptureNotFoundError, match="does not exist"):
        read(tmp_path / "nothing.csv")
    with pytest.raises(CaptureNotRecognisedError, match="is a folder without"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"columns": "time_s,x,y"}, "the axes are x, y"),
        ({"columns": "time_s,x,y,w"}, "'w' is not a name"),
        ({"columns": "time_s,x,x,y,z"}, "named twice"),
        ({"columns": "time_s,x_g,y_mg,z_g"}, "different units"),
        ({"unit": "furlong"}, "unit 'furlong' is not known"),
        ({"gravity": "maybe"}, "included or removed"),
        ({"sampling_rate_hz": -1.0}, "give 1 to 20000 Hz"),
    ],
)
def test_unusable_options_are_refused(capture, options, match):
    with pytest.raises(InvalidInputError, match=match):
        read(capture(DIALECTS["suffix _ms2"][0]), **options)


def test_columns_that_do_not_fit_are_refused(capture):
    with pytest.raises(CaptureNotRecognisedError, match="6 columns with numbers"):
        read(capture(DIALECTS["suffix _ms2"][0]), columns="time_s,x,y,z,_,_")


REAL = [
    # file, options, rate Hz, unit, gravity
    ("leg_phone/rest_left_leg.csv", {"columns": "time_ns,x,y,z,_"}, 100.0, "m/s^2", "included"),
    ("leg_phone/rest_right_leg.csv", {"columns": "time_ns,x,y,z,_"}, 100.0, "m/s^2", "included"),
    ("leg_phone/leg_agility_left.csv", {"columns": "time_ns,x,y,z,_"}, 100.0, "m/s^2", "included"),
    # 405.3 Hz with its start, which ran at 51 Hz; 405.7 Hz without.
    (
        "pocket_walk/phone_front_pocket_405hz.csv", {"columns": "time_ns,_,x,y,z"},
        405.7, "m/s^2", "included",
    ),
    (
        "pocket_walk/phone_front_pocket_100hz.csv", {"columns": "time_ns,x,y,z,_,_,_"},
        100.46, "m/s^2", "included",
    ),
    ("phone_rest_tremor/rest_tremor.csv", {}, 92.77, "g", "included"),
    (
        "phone_rest_tremor/rest_tremor.csv", {"columns": "time_s,x_g,y_g,z_g,_,_,_"},
        92.77, "g", "removed",
    ),
    ("gait/lower_back_100hz.csv", {"sampling_rate_hz": 100.0}, 100.0, "g", "included"),
    ("export_samples/shimmer_consensys.csv", {}, 51.3, "m/s^2", "included"),
    ("export_samples/actigraph_raw_timestamped.csv", {}, 40.0, "g", "included"),
    ("export_samples/actigraph_raw_no_timestamp.csv", {}, 40.0, "g", "included"),
    ("export_samples/mhealth.csv", {}, 80.0, "g", "included"),
    ("export_samples/faros_ACC.csv", {"sampling_rate_hz": 25.0}, 25.0, "mg", "included"),
    (
        "export_samples/garmin_research.csv", {"columns": "time,x_mg,y_mg,z_mg"},
        25.0, "mg", "included",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "rate_hz", "unit", "gravity"), REAL)
def test_real_captures(shared_data, name, options, rate_hz, unit, gravity):
    recording = read(shared_data / name, **options)
    assert_allclose(recording.sampling_rate_hz, rate_hz, rtol=1e-3)
    assert (recording.unit_in, recording.gravity) == (unit, gravity)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("shaker/shaker_2g.csv", "no three columns"),
        ("shaker/shaker_3g.csv", "no three columns"),
        ("gait/feet_imu_204hz.csv", "no three columns"),
        ("export_samples/actigraph_counts.csv", "counts"),
        ("export_samples/actigraph_counts_timestamps.csv", "counts"),
        ("export_samples/activpal3.csv", "activPAL"),
        ("export_samples/muse_monitor.csv", "Muse"),
    ],
)
def test_real_files_that_are_refused(shared_data, name, match):
    with pytest.raises(CaptureNotRecognisedError, match=match):
        read(shared_data / name)


def test_every_reader_opens_what_it_claims(tmp_path):
    pytest.importorskip("pyarrow")
    samples = np.random.default_rng(0).normal(0.0, 0.1, (400, 3))
    samples[:, 2] += 9.81
    recording = Recording.from_arrays(samples, sampling_rate_hz=101.0)
    opened = set()
    for slug in set(WRITERS) - {"mcap"}:  # which is for viewers, and is not read back
        path = tmp_path / f"some.{slug}"
        WRITERS[slug].write(recording, path, WriteOptions())
        reader = next(one for one in READERS if one.claims(path))
        with reader.opens(path, ReadOptions(placement=Placement("calf", "left")), None) as again:
            assert len(again.samples) == 400
            assert str(again.placement) == "left-calf"
        opened.add(reader.name)
    # The others are opened in tests/formats/decoders.
    elsewhere = ("each axis", "monitors")
    assert opened == {
        one.name for one in READERS if not any(part in one.name for part in elsewhere)
    }

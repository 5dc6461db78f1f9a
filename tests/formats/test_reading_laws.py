"""However a table is written, it is read the same as the plain one, or refused; never different.

A capture of known samples is written in every form that exports take: order of the columns, other
columns among them, delimiter, decimal sign, encoding, line ends, quotes, languages, units, and ways
to write the time. Each form alone must be read; any mixture may be refused, but not misread.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tremor.errors import TremorError
from tremor.opening import read

RATE_HZ = 50.0
N = 400
START = datetime(2024, 5, 14, 9, 30, tzinfo=UTC)
G = 9.80665

UNITS = {"m/s^2": 1.0, "g": G, "mg": G / 1000.0, "mm/s^2": 1e-3, "cm/s^2": 1e-2}
#: Words for time and acceleration in the languages of phyphox.
LANGUAGES = {
    "en": ("Time (s)", "Acceleration {axis} ({unit})"),
    "de": ("Zeit (s)", "Beschleunigung {axis} ({unit})"),
    "fr": ("Temps (s)", "Accélération {axis} ({unit})"),
    "it": ("Tempo (s)", "Accelerazione {axis} ({unit})"),
    "pl": ("Czas (s)", "Przyspieszenie {axis} ({unit})"),
    "el": ("Χρόνος (s)", "Επιτάχυνση {axis} ({unit})"),
    "ja": ("時間 (s)", "加速度 {axis} ({unit})"),
}


def samples():
    """Return a leg that lies still, then trembles at 8 Hz, m/s^2, in steps of 0.001."""
    t = np.arange(N) / RATE_HZ
    rng = np.random.default_rng(3)
    values = np.array([0.3, -0.5, 9.78]) + rng.normal(0.0, 0.02, (N, 3))
    values[:, 0] += np.where(t > 4.0, 0.4 * np.sin(2 * np.pi * 8.0 * t), 0.0)
    return np.round(values, 3)


SAMPLES = samples()


def seconds(scale, digits, start=0.0):
    return lambda row: f"{(start + row / RATE_HZ) * scale:.{digits}f}"


def dated(form):
    return lambda row: (START + timedelta(seconds=row / RATE_HZ)).strftime(form)[:-3]


#: How a time column is named and written.
TIMES = {
    "s": ("time_s", seconds(1.0, 3)),
    "ms": ("time_ms", seconds(1e3, 0)),
    "us": ("time_us", seconds(1e6, 0)),
    "ns": ("time_ns", seconds(1e9, 0)),
    "s from boot": ("time_s", seconds(1.0, 3, 40_321.5)),
    "ms from boot": ("timestamp (ms)", seconds(1e3, 0, 40_321.5)),
    "ms of 1970": ("epoch (ms)", lambda row: str(1715679000000 + row * 20)),
    "ns of 1970": ("time_ns", lambda row: str(1715679000000000000 + row * 20_000_000)),
    "ISO": ("timestamp", dated("%Y-%m-%dT%H:%M:%S.%f")),
    "ISO with a blank": ("timestamp", dated("%Y-%m-%d %H:%M:%S.%f")),
    "German": ("timestamp", dated("%d.%m.%Y %H:%M:%S.%f")),
    "American": ("timestamp", dated("%m/%d/%Y %H:%M:%S.%f")),
    "time of day": ("time", dated("%H:%M:%S.%f")),
}


@dataclass(frozen=True)
class Form:
    """How a table is written."""

    order: tuple[str, ...] = ("t", "x", "y", "z")
    delimiter: str = ","
    decimal: str = "."
    line_end: str = "\n"
    encoding: str = "utf-8"
    quotes: str = ""
    trailing: str = ""
    unit: str = "m/s^2"
    time: str = "s"
    language: str = ""
    above: tuple[str, ...] = ()
    last_end: bool = True


PLAIN = Form()


def written(form):
    """Return the bytes of the capture in a form."""
    time_name, stamp = TIMES[form.time]
    axis_name = "acc_{axis} ({unit})"
    if form.language:
        time_name, axis_name = LANGUAGES[form.language]
    digits = {"m/s^2": 3, "g": 6, "mg": 3, "mm/s^2": 0, "cm/s^2": 1}[form.unit]
    names = {"t": time_name, "n": "note", "f": "temperature (°C)"}
    names |= {axis: axis_name.format(axis=axis, unit=form.unit) for axis in "xyz"}
    lines = [*form.above, form.delimiter.join(_quoted(names[one], form, "h") for one in form.order)]
    for row, values in enumerate(SAMPLES / UNITS[form.unit]):
        cells = {"t": stamp(row), "n": "walk", "f": "21.5"}
        cells |= {axis: f"{value:.{digits}f}" for axis, value in zip("xyz", values, strict=True)}
        lines.append(
            form.delimiter.join(
                _quoted(cells[one].replace(".", form.decimal), form, "c") for one in form.order
            )
            + ("" if form.trailing != "rows" else form.delimiter)
        )
    if form.trailing == "all":
        lines = [line + form.delimiter for line in lines]
    text = form.line_end.join(lines) + (form.line_end if form.last_end else "")
    return text.encode(form.encoding)


def _quoted(cell, form, part):
    return f'"{cell}"' if part in form.quotes else cell


def path_of(folder, content, name="leg.csv"):
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    recording = read(path_of(tmp_path_factory.mktemp("plain"), written(PLAIN)))
    assert recording.sampling_rate_hz == pytest.approx(RATE_HZ, rel=1e-6)
    np.testing.assert_allclose(recording.acceleration_ms2, SAMPLES, atol=1e-9)
    return recording


def same(recording, plain):
    """Check that a recording has the rate, the samples and the gravity of the plain one."""
    assert recording.sampling_rate_hz == pytest.approx(plain.sampling_rate_hz, rel=2e-4)
    assert recording.acceleration_ms2.shape == plain.acceleration_ms2.shape
    np.testing.assert_allclose(
        recording.acceleration_ms2, plain.acceleration_ms2, atol=2e-3, rtol=0.0
    )
    assert recording.gravity == plain.gravity
    assert recording.n_samples == plain.n_samples


ALONE = [
    *(
        Form(order=order)
        for order in (tuple("zyxt"), tuple("xtyz"), tuple("tnxyzf"), tuple("nftzyx"))
    ),
    *(Form(delimiter=one) for one in ";\t|"),
    *(Form(delimiter=one, decimal=",") for one in ";\t|"),
    Form(decimal=",", quotes="hc"),
    Form(line_end="\r\n"),
    Form(line_end="\r"),
    Form(last_end=False),
    Form(encoding="utf-8-sig"),
    Form(encoding="utf-16"),
    Form(order=tuple("tfxyz"), encoding="latin-1"),
    Form(order=tuple("tfxyz"), encoding="gbk"),
    Form(quotes="h"),
    Form(quotes="hc"),
    Form(trailing="rows"),
    Form(trailing="all"),
    *(Form(unit=unit) for unit in UNITS),
    *(Form(time=time) for time in TIMES),
    *(Form(time=time, delimiter=";", decimal=",") for time in sorted(set(TIMES) - {"German"})),
    *(Form(language=language) for language in LANGUAGES),
    Form(above=("Exported by a logger", "Subject: 7", "")),
    Form(above=("# a comment", "# subject: 7")),
    Form(above=('# he said "still',)),
]


@pytest.mark.parametrize("form", ALONE, ids=lambda form: repr(form).removeprefix("Form"))
def test_each_form_alone_is_read_as_the_plain_one(tmp_path, plain, form):
    same(read(path_of(tmp_path, written(form))), plain)


@st.composite
def forms(draw):
    delimiter = draw(st.sampled_from(",;\t|"))
    decimal = draw(st.sampled_from(".,"))
    more = draw(st.sampled_from(("", "n", "f", "nf")))
    return Form(
        order=tuple(draw(st.permutations("txyz" + more))),
        delimiter=delimiter,
        decimal=decimal,
        line_end=draw(st.sampled_from(("\n", "\r\n", "\r"))),
        encoding=draw(st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "utf-16-le"))),
        quotes="hc"
        if (delimiter, decimal) == (",", ",")
        else draw(st.sampled_from(("", "h", "hc"))),
        trailing=draw(st.sampled_from(("", "rows", "all"))),
        unit=draw(st.sampled_from(sorted(UNITS))),
        time=draw(st.sampled_from(sorted(TIMES))),
        language=draw(st.sampled_from(("", "", "", *LANGUAGES))),
        above=draw(st.sampled_from(((), (), ("Subject 7",), ("# subject: 7", "# unit: unknown")))),
        last_end=draw(st.booleans()),
    )


@given(forms())
@settings(max_examples=60)
def test_any_mixture_is_read_as_the_plain_one_or_refused(tmp_path_factory, plain, form):
    if form.language:
        form = replace(form, time="s")
    path = path_of(tmp_path_factory.mktemp("form"), written(form))
    try:
        recording = read(path)
    except TremorError:
        return
    if not form.last_end and "LAST_LINE_CUT" in {one.code for one in recording.warnings}:
        found = recording.acceleration_ms2  # a last row without an end may be taken for a cut one
        np.testing.assert_allclose(found[: N - 1], SAMPLES[: N - 1], atol=2e-3)
        assert len(found) == N - 1
        return
    same(recording, plain)


@pytest.mark.parametrize(
    "form",
    [
        PLAIN,
        Form(order=tuple("xyzt")),
        Form(unit="mg"),
        Form(unit="mm/s^2"),
        Form(time="ms of 1970", order=tuple("xyzt")),
        Form(time="ISO", order=tuple("xyzt")),
        Form(order=tuple("txyzn")),
        Form(quotes="hc"),
        Form(line_end="\r"),
        Form(encoding="utf-16"),
    ],
    ids=lambda form: repr(form).removeprefix("Form"),
)
def test_cut_at_any_byte_of_the_last_line_no_sample_is_another(tmp_path, form):
    content = written(form)
    text = content.decode(form.encoding)
    n_last = len(text) - text.rstrip("\r\n").rindex(form.line_end) - 1
    step = 2 if form.encoding == "utf-16" else 1
    for n_cut in range(1, step * n_last + 1):
        try:
            recording = read(path_of(tmp_path, content[:-n_cut]))
        except TremorError:
            continue
        found = recording.acceleration_ms2
        n = len(found)
        assert N - 1 <= n <= N
        there = np.isfinite(found).all(axis=1)
        assert there[: N - 1].all()
        np.testing.assert_allclose(found[there], SAMPLES[:n][there], atol=2e-3)
        assert recording.sampling_rate_hz == pytest.approx(RATE_HZ, rel=2e-4)
        if recording.n_samples < N and n_cut <= step * (n_last - 1):
            assert {"LAST_LINE_CUT", "LOST_CELLS", "NO_STAMP"} & {
                one.code for one in recording.warnings
            }

"""What settles a doubt about a capture is called on the page as its form calls it."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

pytest.importorskip("starlette", reason="the extra app is not installed")

from tremor.app.captures import Capture
from tremor.app.remedies import on_page
from tremor.cli.analyze import analyze
from tremor.formats.readers import ReadOptions
from tremor.report.messages import text

OPTIONS = {one.name: one.opts for one in analyze.params}
NAMES = [one.name for one in fields(ReadOptions)]


@pytest.mark.parametrize("name", NAMES)
def test_each_option_of_a_capture_is_a_field(name):
    option = max(OPTIONS[name], key=len)
    label = text("app", f"choice.{name}")
    assert on_page(f"leave {option} out") == f"leave “{label}” out"
    assert on_page(f"give {option}, or {option} x") == f"give “{label}”, or “{label}” x"


def test_what_the_page_does_not_have_stays():
    assert on_page("see --help, --unitary and x--unit_") == "see --help, --unitary and x--unit_"


def test_another_disk_is_another_folder_to_start_in():
    said = on_page("make room, or give another disk with --out")
    assert said == "make room, or give another disk by starting the program in a folder there"


def rows(head, line, n=500):
    return "\n".join([head, *(line(at) for at in range(n))])


CAPTURES = {
    "no unit": rows("time_s,x,y,z", lambda at: f"{at / 50:.2f},0.1,{at % 3},9.8"),
    "no time": rows("x,y,z", lambda at: f"0.1,{at % 3},9.8"),
    "no header": rows("1,2,3,4,5", lambda at: f"{at},1,2,9.8,4"),
    "counts": rows("time_s,x,y,z", lambda at: f"{at / 50:.2f},12,{at % 7},3000"),
    "two of each axis": rows("time_s,x,y,z,x,y,z", lambda at: f"{at / 50:.2f},1,2,9,1,2,9"),
    "broken zip": "PK\x03\x04" + "x" * 500,
    "unit of time": rows("t,x,y,z", lambda at: f"{at * 20},0.1,{at % 3},9.8"),
}


@pytest.mark.parametrize("name", CAPTURES)
@pytest.mark.parametrize("choices", [{}, {"unit": "m/s^2", "gravity": "removed"}])
def test_a_page_of_a_capture_names_no_option(tmp_path, name, choices):
    path = tmp_path / "leg.csv"
    path.write_text(CAPTURES[name], encoding="utf-8")
    capture = Capture("key", path)
    capture.check(choices)
    told = [capture.trouble, *capture.quality, *(value for _, value in capture.decisions)]
    assert any(told)
    assert not re.search(r"--\w", " ".join(told)), told
    assert str(tmp_path) not in " ".join(told)  # where the page keeps it is nobody's concern
    if name == "no unit" and not choices:
        assert "“Unit”" in " ".join(told)

"""What once broke the way in is read, or refused in one line.

`fuzz_corpus` holds the finds of tests/bench/fuzz_reading.py, made small; ``finds.tsv`` has a line
for each: its name, the way in, the options of the reading, and what it once did.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from formats.seeds import Case, ContradictionError, examine, seeds, write
from rigs.fuzz_targets import TARGETS

from tremor.errors import TremorError
from tremor.formats.csv.dialects import FORMATS

CORPUS = Path(__file__).with_name("fuzz_corpus")
FINDS = [
    line.split("\t") for line in (CORPUS / "finds.tsv").read_text("utf-8").splitlines()[1:] if line
]


@pytest.mark.parametrize(("name", "target", "options"), [one[:3] for one in FINDS])
def test_what_once_broke_a_way_in_breaks_it_no_more(name, target, options):
    try:
        TARGETS[target].examine(CORPUS / name, json.loads(options))
    except TremorError as error:
        message = str(error)
    else:
        message = ""
    assert "\n" not in message


@pytest.mark.parametrize("name", [name for name in TARGETS if name != "captures"])
def test_the_seeds_of_a_way_in_are_read(name, tmp_path):
    cases = list(TARGETS[name].seeds())
    assert cases
    for number, case in enumerate(cases):
        TARGETS[name].examine(write(case, tmp_path / str(number)), {})


def test_each_find_has_a_line_and_each_line_a_find():
    there = {one.name for one in CORPUS.iterdir()} - {"finds.tsv"}
    assert there == {one[0] for one in FINDS}
    assert all(len(one) == 4 and one[3] for one in FINDS)


def test_every_format_with_an_example_is_a_seed_that_is_read(tmp_path):
    cases = list(seeds())
    named = [entry for entry in FORMATS if getattr(entry, "example", ())]
    assert len(cases) > len(named) + 10
    for number, case in enumerate(cases):
        with contextlib.suppress(TremorError):
            examine(write(case, tmp_path / str(number)), {})


def test_a_contradiction_is_seen(monkeypatch, tmp_path):
    path = write(Case("file", {"leg.csv": b"time_s,x,y,z\n" + b"".join(
        f"{i / 100},0,{i % 5 / 100},9.81\n".encode() for i in range(50)
    )}), tmp_path)  # fmt: skip
    monkeypatch.setattr("numpy.isinf", lambda samples: samples == samples)
    with pytest.raises(ContradictionError, match="infinite"):
        examine(path, {})

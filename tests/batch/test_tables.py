"""Medians with their intervals, odd ones, and further forms of the tables."""

import json

import numpy as np
import pandas as pd
import pytest

from tremor.batch.bids_derivatives import Derivatives
from tremor.batch.group_statistics import GROUP_TABLES, Cohort, long_rows, median_of
from tremor.batch.index_page import first_places
from tremor.batch.items import Item
from tremor.batch.odd_ones import COMPARED, OddSearch
from tremor.batch.rows import CaptureRow
from tremor.batch.tables import SUMMARY_TABLE, cells_of, write_cells, write_parquet
from tremor.report.batch_page import IndexRow, render_batch_page
from tremor.settings.batches import ODD


def row(number, *, outcome="measured", subject="", group="", session="", **summary):
    item = Item(
        number=number, id=f"c{number}", path=f"c{number}.csv", subject=subject, group=group,
        session=session, other={"arm": str(number)},
    )  # fmt: skip
    return CaptureRow(item=item, key="k", outcome=outcome, summary=summary, result=f"r{number}")


def write_groups(folder, rows):
    cohort = Cohort()
    for one in rows:
        cohort.add(one)
    cohort.write(folder)


def odd_columns(rows):
    search = OddSearch()
    for one in rows:
        search.add(one)
    return search.found()


def write_derivatives(folder, rows):
    with Derivatives(folder) as dataset:
        for one in rows:
            dataset.add(one, cells_of(one))


@pytest.mark.parametrize("n", [6, 9, 15, 40])
def test_the_interval_holds_the_median_of_the_population(n):
    rng = np.random.default_rng(n)
    draws = rng.lognormal(0.0, 1.0, (4000, n))
    found = [median_of(one) for one in draws]
    held = np.mean([one.low <= 1.0 <= one.high for one in found])
    assert 0.945 <= held <= 0.99  # at least 95 %, more where few values leave no finer choice


def test_five_values_have_no_interval():
    assert median_of([1, 2, 3, 4, 5, np.nan]) == (3.0, None, None, 5)
    assert median_of([]) == (None, None, None, 0)


def test_a_group_is_summarised_over_its_subjects(tmp_path):
    rows = [row(n, subject="s1", group="g", rms_ms2=1.0) for n in range(100)]
    rows += [row(100 + n, subject=f"s{n}", group="g", rms_ms2=float(n)) for n in (2, 3)]
    rows.append(row(200, subject="s4", group="g", outcome="insufficient", rms_ms2=99.0))
    write_groups(tmp_path, rows)
    groups = pd.read_csv(tmp_path / "groups.csv")
    assert groups[["group", "rms_ms2", "rms_ms2_n", "n_captures", "n_results"]].values.tolist() == [
        ["g", 2.0, 3, 103, 102]
    ]
    subjects = pd.read_csv(tmp_path / "subjects.csv").set_index("subject")
    assert subjects.loc["s1", "rms_ms2_n"] == 100
    long = pd.read_csv(tmp_path / "subjects_long.csv")
    wide = long.pivot(index="subject", columns="measure", values="median")
    assert wide["rms_ms2"].to_dict() == pytest.approx(subjects["rms_ms2"].to_dict(), nan_ok=True)


def test_a_subject_of_two_groups_has_a_row_in_each(tmp_path):
    rows = [row(n, subject="01", group="ab"[n % 2], rms_ms2=1.0 + n % 2) for n in range(12)]
    write_groups(tmp_path, rows)
    for name in ("subjects.csv", "subjects_long.csv"):
        found = pd.read_csv(tmp_path / name, dtype={"subject": str})
        assert set(zip(found["subject"], found["group"], strict=True)) == {("01", "a"), ("01", "b")}
    wide = pd.read_csv(tmp_path / "subjects.csv")
    assert wide[["rms_ms2", "rms_ms2_n", "n_tremor"]].values.tolist() == [[1, 6, 6], [2, 6, 6]]


def test_medians_and_their_intervals_are_those_of_a_table_of_the_binomial():
    # Ranks of the limits of 95 % intervals of a median, as textbooks tabulate them.
    for n, k in ((6, 1), (9, 2), (12, 3), (20, 6), (25, 8), (30, 10), (50, 18), (100, 40)):
        found = median_of(np.arange(1.0, n + 1))
        assert found == ((n + 1) / 2, k, n + 1 - k, n)


def test_the_long_table_leads_to_the_same_medians(tmp_path):
    rng = np.random.default_rng(4)
    rows = [
        row(n, subject=f"s{n % 3}", group="g", rms_ms2=float(rng.lognormal()),
            outcome=("measured", "insufficient")[n % 7 == 0])
        for n in range(60)
    ]  # fmt: skip
    write_groups(tmp_path, rows)
    write_cells(
        tmp_path / "long.csv", GROUP_TABLES["long.csv"], [one for r in rows for one in long_rows(r)]
    )
    long = pd.read_csv(tmp_path / "long.csv")
    medians = long[long["outcome"] != "insufficient"].groupby("subject")["value"].median()
    wide = pd.read_csv(tmp_path / "subjects.csv").set_index("subject")["rms_ms2"]
    assert medians.to_dict() == pytest.approx(wide.to_dict())


def test_what_is_unlike_the_others_is_found():
    rng = np.random.default_rng(1)
    rows = [
        {
            "rms_ms2": float(rng.lognormal(-2, 0.3)),
            "sampling_rate_hz": 100.0 + rng.normal(0, 0.05),
            "unit_in": "g",
        }
        for _ in range(60)
    ]
    rows[7]["rms_ms2"] = 5.0
    rows[9]["sampling_rate_hz"] = 50.0
    rows[11]["unit_in"] = "mg"
    odd = odd_columns(rows)
    assert [odd[n] for n in (7, 9, 11)] == [("rms_ms2",), ("sampling_rate_hz",), ("unit_in",)]
    assert sum(map(len, odd.values())) <= 4
    assert odd_columns(rows[: int(ODD.least_captures) - 1]) == {}


def test_the_page_has_room_for_odd_ones_beside_thousands_that_failed():
    room = int(ODD.most_rows)
    is_failed = [True] * (2 * room) + [False] * 40
    odd = {2 * room + 7: ("rms_ms2",), 2 * room + 9: ("rms_ms2", "frequency_hz")}
    places = first_places(is_failed, odd)
    assert len(places) == len(set(places)) == room
    assert places[: room // 2] == list(range(room // 2))
    assert places[room // 2 : room // 2 + 2] == [2 * room + 9, 2 * room + 7]
    assert first_places([False, True, False], {2: ("format",)}) == [1, 2, 0]


def test_parquet_holds_what_the_csv_holds(tmp_path):
    pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    rows = [row(0, rms_ms2=0.25, intermittent=True), row(1, outcome="failed")]
    write_cells(tmp_path / "summary.csv", SUMMARY_TABLE, map(cells_of, rows))
    write_parquet(tmp_path / "summary.parquet", tmp_path / "summary.csv", SUMMARY_TABLE)
    found = pd.read_parquet(tmp_path / "summary.parquet")
    assert list(found.columns) == [one.name for one in SUMMARY_TABLE]
    assert found["rms_ms2"].tolist()[0] == 0.25
    assert np.isnan(found["rms_ms2"][1])
    assert found["outcome"].tolist() == ["measured", "failed"]


def test_the_derivative_dataset_has_a_row_a_capture(tmp_path):
    rows = [
        row(0, subject="s-1", session="before run", rms_ms2=0.5),
        row(1, subject="s-1", session="before run"),
        row(2, subject="s2"),
        row(3),
        row(4, subject="s2", outcome="failed"),
    ]
    for _ in range(2):  # the second replaces the first
        write_derivatives(tmp_path / "bids", rows)
    name = "sub-s1_ses-beforerun_task-rest_desc-tremor_beh.tsv"
    table = pd.read_csv(tmp_path / "bids" / "sub-s1" / "ses-beforerun" / "beh" / name, sep="\t")
    assert len(table) == 2
    assert table["rms_ms2"].tolist()[0] == 0.5
    described = json.loads((tmp_path / "bids" / "task-rest_desc-tremor_beh.json").read_text())
    assert set(described) == set(table.columns)
    assert described["rms_ms2"]["Units"] == "m/s^2"
    participants = pd.read_csv(tmp_path / "bids" / "participants.tsv", sep="\t")
    assert participants.values.tolist() == [["sub-s1", "s-1"], ["sub-s2", "s2"]]
    assert [one.name for one in tmp_path.iterdir()] == ["bids"]


def test_two_subjects_never_share_a_label(tmp_path):
    subjects = ["s-1", "s1", "S_1", "\u5f20", "\u674e", "sub-s1", "007", "7"]
    write_derivatives(tmp_path / "bids", [row(n, subject=one) for n, one in enumerate(subjects)])
    participants = pd.read_csv(tmp_path / "bids" / "participants.tsv", sep="\t", dtype=str)
    assert sorted(participants["subject"]) == sorted(subjects)
    assert participants["participant_id"].is_unique
    assert participants["participant_id"].str.fullmatch("sub-[0-9A-Za-z]+").all()
    for folder in (tmp_path / "bids").glob("sub-*"):
        (table,) = folder.rglob("*.tsv")
        assert len(pd.read_csv(table, sep="\t")) == 1


def test_every_column_that_can_be_odd_has_a_name_on_the_page():
    row = IndexRow(
        name="<a>", detail="", outcome="measured", error="", link="", cells={}, odd=COMPARED,
        strength=(0.1, None, 0.3),
    )  # fmt: skip
    page = render_batch_page([row], counts={"measured": 3}, n_left_out=2)
    assert "&lt;a&gt;" in page
    assert "2 captures are not on this page" in page
    assert "sampling rate" in page
    assert page.count("aria-label=") == 2

"""Start, commands, questions, sessions and captures without a socket and without a browser."""

from __future__ import annotations

import json
import time
from urllib.parse import quote

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra app is not installed")

from starlette.requests import ClientDisconnect
from starlette.testclient import TestClient

from devices import PROFILES
from tremor.app import captures as captures_module
from tremor.app.captures import CHOICES, plain_name, read_options
from tremor.app.desk import Desk
from tremor.app.guard import Access
from tremor.app.pages import application
from tremor.app.sensors import SensorEntry
from tremor.app.wish import wish_of
from tremor.errors import InvalidInputError
from tremor.settings import APP_BOUNDS
from tremor.settings.pages import AppBounds

LOCAL = "http://127.0.0.1:8017"
FAST = {"speed": "100", "scene": "steady"}


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


@pytest.fixture
def page(desk):
    app = application(desk, Access(8017))
    with TestClient(app, base_url=LOCAL, headers={"origin": LOCAL}) as client:
        yield client
        client.portal.call(desk.close)


def wait_for(desk, *phases, patience_s=60.0):
    end_s = time.monotonic() + patience_s
    while desk.run.phase not in phases:
        assert time.monotonic() < end_s, (desk.run.phase, desk.run.trouble)
        time.sleep(0.05)


def begin(desk, page, options=FAST, **form):
    fast = SensorEntry(
        "fast", "simulated", "fast", options, is_simulated=True, profile=PROFILES["simulated"]
    )
    desk.sensors._found = (fast,)
    return page.post("/start", data={"sensor": "fast", "duration": "60", **form})


#: A second sensor on the other leg.
BOTH = {"placement": "left-calf", "sensor_2": "simulated", "placement_2": "right-calf"}


def capture(duration_s=60.0, fs=100.0):
    rng, t = np.random.default_rng(1), np.arange(round(duration_s * fs)) / fs
    shake = 0.5 * np.sin(2.0 * np.pi * 8.0 * t)[:, None] * [0.6, 0.8, 0.0]
    samples = np.add(shake + rng.normal(0.0, 0.01, (len(t), 3)), [0.0, 0.0, 9.81])
    rows = [f"{at:.3f},{x:.5f},{y:.5f},{z:.5f}" for at, (x, y, z) in zip(t, samples, strict=True)]
    return "\n".join(["time_s,x,y,z", *rows]).encode()


def drop(page, content, name="leg.csv"):
    return page.post("/drop", content=content, headers={"x-file-name": quote(name)})


def test_a_session_from_start_to_report(desk, page, tmp_path):
    assert "The session" in begin(desk, page, placement="left-calf").text
    assert page.get("/questions", follow_redirects=False).headers["location"] == "/live"
    assert "runs or is being measured" in begin(desk, page).text  # one at a time
    assert "runs or is being measured" in drop(page, capture()).json()["trouble"]
    assert page.get("/trend").status_code == 400
    wait_for(desk, "asking")
    state = desk.run.state({})
    assert state["go"] == "/questions"
    assert len(state["sensors"][0]["points"]) > 20
    assert desk.run.state({"left-calf": 20})["sensors"][0]["first"] == 20
    assert "Question 1" in page.get("/questions").text
    assert "none of these" in page.post("/questions", data={"number": 1, "reply": "x"}).text
    second = page.post("/questions", data={"number": 1, "reply": "none"})
    assert second.history[0].status_code == 303  # the way back sends no form again
    second = second.text
    assert "Question 2" in second
    assert 'value="none"' not in second  # it was the reply to the first
    # Sent twice, as by a double click: it is no reply to the next one.
    assert "Question 2" in page.post("/questions", data={"number": 1, "reply": "none"}).text
    report = page.post("/questions", data={"end": 1})
    assert report.url.path == f"/sessions/{desk.run.folder.name}"
    assert f"{report.url.path}/report" in report.text
    whole = page.get(f"{report.url.path}/report")
    assert "script-src" not in whole.headers["content-security-policy"]
    assert "Frequency" in whole.text
    assert "signs" in (desk.run.folder / "context.toml").read_text(encoding="utf-8")
    assert desk.run.folder.parent == tmp_path
    assert desk.run.folder.name in page.get("/sessions").text
    assert "left-calf" in page.get("/trend").text
    assert "Frequency" in page.get("/trend/report?placement=left-calf").text
    assert page.get("/trend/report?placement=nowhere").status_code == 404


def test_a_session_that_is_left_has_a_report(desk, page):
    begin(desk, page, placement="left-calf")
    wait_for(desk, "asking")
    left = desk.run.folder
    assert 'href="/questions"' in page.get("/").text
    begin(desk, page, placement="right-calf")
    assert desk.run.folder != left
    assert (left / "report.html").is_file()


def test_marker_pain_and_stop(desk, page):
    begin(desk, page, duration="600")
    while desk.run.state({})["stage"] != "measure":
        time.sleep(0.05)
    assert page.post("/command", data={"kind": "pain", "detail": "7"}).status_code == 204
    assert page.post("/command", data={"kind": "marker"}).status_code == 204
    for wrong in ({"kind": "pain", "detail": "12"}, {"kind": "choose"}, {}):
        assert page.post("/command", data=wrong).status_code == 400
    while len(desk.run.state({})["notes"]) < 5:
        time.sleep(0.05)
    page.post("/command", data={"kind": "stop"})
    wait_for(desk, "asking", "failed")
    manifest = (desk.run.folder / "recording.json").read_text(encoding="utf-8")
    assert '"ended_by": "key"' in manifest
    assert any("pain or cramp 7" in one for one in desk.run.state({})["notes"])


def test_a_recording_is_saved_when_the_program_ends(desk, page):
    begin(desk, page, duration="600")
    while not desk.run.state({})["sensors"]:
        time.sleep(0.05)
    page.portal.call(desk.close)
    assert desk.run.phase == "failed"
    assert "saved" in desk.run.trouble
    manifest = (desk.run.folder / "recording.json").read_text(encoding="utf-8")
    assert '"ended_by": "terminated"' in manifest


def test_a_recording_without_a_report_is_measured_later(desk, page, tmp_path):
    begin(desk, page, placement="left-calf")
    wait_for(desk, "asking")  # the questions are never ended, as the program is
    place = f"/sessions/{desk.run.folder.name}"
    later = Desk(tmp_path)
    with TestClient(
        application(later, Access(8017)), base_url=LOCAL, headers={"origin": LOCAL}
    ) as another:
        assert "Measure it" in another.get(place).text
        assert "no report" in another.get("/sessions").text
        another.post(f"{place}/measure")
        wait_for(later, "asking")
        assert f"{place}/report" in another.post("/questions", data={"end": 1}).text
        another.portal.call(later.close)


def test_two_legs_have_one_interview_and_a_page_for_both(desk, page):
    gone = {**FAST, "disconnects": "40", "away": "1e6"}
    begin(desk, page, gone, **BOTH)
    wait_for(desk, "asking")
    sensors = desk.run.state({})["sensors"]
    assert [one["name"] for one in sensors] == ["left calf", "right calf"]
    assert all(len(one["points"]) > 10 for one in sensors)
    asked = page.get("/questions").text
    assert "left-calf was lost and was not back" in asked
    assert "right-calf was lost and was not back" in asked
    there = page.post("/questions", data={"end": 1})
    place = there.url.path
    assert [one.key for one in desk.shelf.find(desk.run.folder.name).pages] == [
        "comparison", "left-calf", "right-calf",
    ]  # fmt: skip
    assert "move in step" in page.get(f"{place}/report").text
    assert "right-calf" in page.get(f"{place}/report?page=right-calf").text
    assert page.get(f"{place}/report?page=../left-calf").status_code == 404
    listed = page.get("/sessions").text
    assert "left calf and right calf" in listed
    assert f"{place}?page=comparison" in listed


def test_a_level_before_the_run_is_used_and_can_be_left_out(desk, page):
    begin(desk, page, {**FAST, "scene": "quiet"}, when="before", placement="left-calf")
    wait_for(desk, "done")
    before = page.get("/report")
    assert before.url.path == f"/sessions/{desk.run.folder.name}"
    assert "m/s² RMS at rest" in before.text
    assert page.post(f"{before.url.path}/measure").status_code == 404
    assert "no session can be used" in page.get("/trend").text
    assert "from before a run: left calf, " in page.get("/").text
    assert "before the run" in page.get("/sessions").text
    for placement in ("right-calf", "left-calf"):
        begin(desk, page, baseline="yes", placement=placement)
        notes = desk.run.state({})["notes"]
        is_held = any("left calf: this is held against" in one for one in notes)
        assert is_held == (placement == "left-calf")
        while not desk.run.state({})["sensors"]:
            time.sleep(0.05)
        page.post("/command", data={"kind": "stop"})
        wait_for(desk, "asking", "failed")
        manifest = json.loads((desk.run.folder / "recording.json").read_text(encoding="utf-8"))
        kept = manifest["extra"]["level_before"]  # for a trend to measure the same
        assert (kept is not None) == is_held
        assert kept is None or f"{kept['rms_ms2']:.3g}" in before.text


def test_a_level_before_the_run_is_used_where_the_form_says_so(desk):
    form = {"sensor": "simulated", "duration": "usual", "placement": "left-calf"}
    assert not wish_of(form, desk.sensors).uses_baseline
    assert wish_of({**form, "baseline": "yes"}, desk.sensors).uses_baseline
    before = wish_of({**form, "baseline": "yes", "when": "before"}, desk.sensors)
    assert (before.is_baseline, before.uses_baseline, before.duration_s) == (True, False, 60.0)


@pytest.mark.parametrize(
    "form",
    [
        {"sensor": "replay:/etc", "duration": "60"},
        {"sensor": "../x", "duration": "60"},
        {"sensor": "fast", "duration": "61"},
        {"sensor": "phyphox", "duration": "60"},
        {"sensor": "phyphox", "duration": "60", "host": "192.168.1.20/x?y"},
        {"sensor": "phyphox", "duration": "60", "host": "a@b"},
        {"sensor": "phyphox", "duration": "60", "host": "http://1.2.3.4:99999999"},
        {"sensor": "fast", "duration": "60", "placement": "../../x"},
        {"sensor": "phyphox", "duration": "60", "host": "1.2.3.4:0"},
        {"sensor": "fast", "duration": "60", "when": "never"},
        {"sensor": "fast", "duration": "60", "when": "before"},
        {"sensor": "fast", "duration": "60", **BOTH, "sensor_2": "x"},
        {"sensor": "fast", "duration": "60", **BOTH, "placement_2": ""},
        {"sensor": "fast", "duration": "60", **BOTH, "placement_2": "left-calf"},
        {"sensor": "fast", "duration": "60", **BOTH, "placement_2": "../x"},
        {"sensor": "fast", "duration": "60", **BOTH, "sensor_2": "sensor_logger"},
        {"sensor": "sensor_logger", "duration": "60", **BOTH},
        {
            "sensor": "phyphox",
            "duration": "60",
            "host": "1.2.3.4",
            **BOTH,
            "sensor_2": "phyphox",
            "host_2": "1.2.3.4:8080",
        },
        {"sensor": "fast"},
    ],
)
def test_only_what_was_offered_is_recorded(desk, page, tmp_path, form):
    assert begin(desk, page, **{"sensor": "", "duration": "", **form}).status_code == 400
    assert list(tmp_path.iterdir()) == []


def test_the_rate_that_was_chosen_is_that_of_the_recording(desk, page):
    begin(desk, page, duration="600", **{"rate-fast": "208", "rate-simulated": "25"})
    while not (sensors := desk.run.state({})["sensors"]) or not sensors[0]["points"]:
        time.sleep(0.05)
    page.post("/command", data={"kind": "stop"})
    wait_for(desk, "asking", "failed")
    manifest = json.loads((desk.run.folder / "recording.json").read_text(encoding="utf-8"))
    assert manifest["settings"]["sampling_rate_hz"] == 208.0
    again = page.get("/").text  # the rate is remembered with its sensor
    assert '<option value="208" selected>' in again.partition("rate-fast")[2]


@pytest.mark.parametrize(
    ("rate", "why"),
    [
        ("999", "Simulated leg cannot sample at 999 Hz; choose one of 25, 50,"),
        ("nan", "Simulated leg cannot sample at nan Hz"),
        ("fast", "The form is incomplete"),
    ],
)
def test_a_rate_that_the_sensor_has_not_is_refused_as_by_the_command(
    desk, page, tmp_path, rate, why
):
    refused = begin(desk, page, **{"rate-fast": rate})
    assert (refused.status_code, why in refused.text) == (400, True)
    assert list(tmp_path.iterdir()) == []


def test_two_sensors_need_a_rate_that_both_have(desk):
    polar, other = (
        SensorEntry(slug, f"00:0{n}", slug, profile=PROFILES[slug])
        for n, slug in enumerate(("polar-h10", "polar-verity-sense"))
    )
    desk.sensors._found = (polar, other)
    form = {"sensor": "polar-h10", "duration": "60", **BOTH, "sensor_2": "polar-verity-sense"}
    assert wish_of({**form, "rate-polar-h10": "50"}, desk.sensors).sampling_rate_hz == 50.0
    assert wish_of({**form, "rate-polar-h10": ""}, desk.sensors).sampling_rate_hz is None
    with pytest.raises(InvalidInputError, match="Verity Sense cannot sample at 100 Hz"):
        wish_of({**form, "rate-polar-h10": "100"}, desk.sensors)


def test_a_phone_is_asked_at_its_address(desk, page, monkeypatch):
    wishes = []
    monkeypatch.setattr(desk.run, "start", wishes.append)
    form = {"sensor": "phyphox", "duration": "60", "host": "http://192.168.1.20:8080/"}
    page.post("/start", data=form)
    page.post("/start", data={"sensor": "sensor_logger", "duration": "60"})
    pair = {"sensor": "sensor_logger", "duration": "60", **BOTH, "sensor_2": "sensor_logger"}
    page.post("/start", data=pair)
    addresses = [one.address for wish in wishes for one in wish.sensors]
    assert addresses == [
        "phyphox:192.168.1.20:8080", "sensor-logger", "sensor-logger", "sensor-logger:8001",
    ]  # fmt: skip


def test_what_was_filled_in_is_not_filled_in_again(desk, page, monkeypatch):
    monkeypatch.setattr(desk.run, "start", lambda _: None)
    refused = page.post("/start", data={"sensor": "phyphox", "duration": "60", "host": "a b"}).text
    assert 'value="a b"' in refused
    page.post("/start", data={"sensor": "phyphox", "duration": "60", "host": "10.0.0.7", **BOTH})
    taken = {"sensor": "phyphox", "duration": "60", "host": "10.0.0.7", "placement": "left-shin"}
    page.post("/start", data=taken)
    again = page.get("/").text
    assert 'value="10.0.0.7"' in again
    assert '"left-shin" selected' in again


@pytest.mark.parametrize(("path", "method"), [("/nowhere", "GET"), ("/", "PUT"), ("/drop", "PUT")])
def test_what_no_page_takes_is_said_in_words(page, path, method):
    answer = page.request(method, path)
    assert answer.status_code in (404, 405)
    assert "That did not work" in answer.text
    assert answer.reason_phrase not in answer.text


def test_an_upload_that_breaks_off_leaves_nothing(desk, page):
    async def half():
        yield b"time_s,x"
        raise ClientDisconnect

    with pytest.raises(ClientDisconnect):
        page.portal.call(desk.captures.receive, "leg.csv", half())
    assert list(desk.captures._folder.path.glob("[!.]*")) == []


def test_a_page_that_is_left_from_before_a_new_start_goes_to_the_start(desk):
    assert desk.run.state({})["go"] == "/"


def test_a_form_is_bounded(page):
    large = {"kind": "x" * (APP_BOUNDS.most_form_bytes + 1)}
    assert page.post("/command", data=large).status_code == 400
    assert page.post("/command", content=b"kind=%ff").status_code == 400
    assert page.post("/command", content=b"&".join(b"a=1" for _ in range(999))).status_code == 400


def test_a_capture_is_checked_corrected_and_measured(page):
    there = drop(page, capture()).json()["go"]
    shown = page.get(there).text
    assert "How it was read" in shown
    assert all(f'name="{name}"' in shown for name in CHOICES)
    again = page.post(there, data={"placement": "right-thigh", "unit": ""})
    assert "right-thigh, said by you" in again.text
    assert "sampling rate is" in page.post(there, data={"sampling_rate_hz": "x"}).text
    page.post(there, data={"placement": "right-thigh"})
    assert "Question 1" in page.post(f"{there}/analyze").text
    page.post(f"{there}/questions", data={"end": 1})
    report = page.get(f"{there}/page").text
    assert "times a second" in report
    assert "right thigh" in report


def test_what_is_no_capture_says_why(page):
    there = drop(page, b"\x00\x01nothing" * 100, "photo.jpg").json()["go"]
    shown = page.get(there)
    assert 'role="alert"' in shown.text
    assert page.post(f"{there}/analyze").status_code == 200
    assert page.get(f"{there}/questions").status_code == 404


def test_uploads_are_bounded_and_removed(desk, page, monkeypatch):
    monkeypatch.setattr(
        captures_module, "APP_BOUNDS", AppBounds(most_upload_bytes=1_000_000, most_captures=2)
    )
    folder = desk.captures._folder.path
    assert "more than 1 MB" in drop(page, b"1" * 1_000_001).json()["trouble"]
    assert "empty" in drop(page, b"").json()["trouble"]
    assert list(folder.glob("[!.]*")) == []
    places = [drop(page, b"a,b\n1,2\n").json()["go"] for _ in range(3)]
    assert [page.get(one).status_code for one in places] == [404, 200, 200]
    assert len(list(folder.glob("[!.]*"))) == 2
    page.portal.call(desk.close)
    assert not folder.exists()


@pytest.mark.parametrize("n_sessions", [0, 1, 2, 3])
def test_sessions_are_recordings_whatever_their_number(desk, page, tmp_path, n_sessions):
    (tmp_path / "notes").mkdir()
    (tmp_path / "capture.csv").write_text("t,x,y,z\n", encoding="utf-8")
    names = [f"recording-{one}" for one in range(n_sessions)]
    for name in names:
        (tmp_path / name).mkdir()
        # A program that was killed early left no more than packets.
        (tmp_path / name / ("packets.bin" if name[-1] == "1" else "recording.json")).write_text(
            "{}"
        )
    assert sorted(one.name for one in desk.shelf.sessions()) == names
    shown = page.get("/sessions").text
    assert all(name in shown for name in names)
    assert page.get("/trend").status_code == 200  # it says why there is none


def test_a_name_that_turns_its_letters_round_is_shown_as_it_is(page, tmp_path):
    folder = tmp_path / "L\u00e4ufer \u202e<b>"
    folder.mkdir()
    (folder / "recording.json").write_text("{}", encoding="utf-8")
    for path in ("/sessions", f"/sessions/{quote(folder.name)}"):
        shown = page.get(path).text
        assert "L\u00e4ufer" in shown
        assert "\u202e" not in shown
        assert "<b>" not in shown


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Accelerometer.csv", "Accelerometer.csv"),
        ("../../.ssh/id", "id"),
        ("C:\\temp\\leg.csv", "leg.csv"),
        ("a\x00b\n.csv", "a_b_.csv"),
        (".hidden", "hidden"),
        ("", "capture"),
        ("x" * 300 + ".csv", "x" * 96 + ".csv"),
    ],
)
def test_a_name_is_never_a_path(name, kept):
    assert plain_name(name) == kept


def test_choices_are_those_of_the_command():
    options = read_options({"unit": "g", "sampling_rate_hz": "50", "gravity": "", "other": "x"})
    assert (options.unit, options.sampling_rate_hz, options.gravity) == ("g", 50.0, None)
    with pytest.raises(InvalidInputError, match="gravity"):
        read_options({"gravity": "maybe"})


def test_listeners_are_bounded(desk, page):
    from contextlib import ExitStack

    with ExitStack() as stack:
        for _ in range(APP_BOUNDS.most_listeners):
            stack.enter_context(desk.run.feed.listening())
        assert page.get("/events").status_code == 503

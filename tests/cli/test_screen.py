from __future__ import annotations

import io

import pytest

from tremor.cli.screen import BlockScreen, LineScreen, screen_for_stderr
from tremor.session.view import SensorView, SessionView

SESSION = SessionView(
    stage="measure",
    time_s=12.0,
    duration_s=60.0,
    sensors=(SensorView(label="calf", rate_hz=104.0),),
    words="Hold still.",
)


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def test_lines_come_every_five_seconds(capsys):
    clock = [0.0]
    screen = LineScreen(now=lambda: clock[0])
    with screen:
        for n in range(61):
            clock[0] = 0.5 * n
            screen.show(lambda: SESSION)
        screen.note("said")
    lines = capsys.readouterr().err.splitlines()
    assert len([line for line in lines if line.startswith("0:12 / 1:00")]) == 6
    assert lines[-1] == "tremor: said"


def test_block_is_drawn_four_times_a_second_at_most(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    clock, made = [0.0], []
    with BlockScreen(unicode=True, now=lambda: clock[0]) as screen:
        for n in range(101):
            clock[0] = 0.01 * n
            screen.show(lambda: made.append(1) or SESSION)
        screen.note("said above")
    assert 4 <= len(made) <= 5
    shown = terminal.getvalue()
    assert "CALF   0:12 / 1:00" in shown
    assert "Hold still." in shown
    assert "said above" in shown


def test_block_is_drawn_at_once_when_asked(monkeypatch):
    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    made = []
    with BlockScreen(unicode=True, now=lambda: 0.0) as screen:
        for at_once in (False, False, True):
            screen.show(lambda: made.append(1) or SESSION, at_once=at_once)
    assert len(made) == 2


@pytest.mark.parametrize(
    ("term", "is_terminal", "kind"),
    [("xterm", True, BlockScreen), ("dumb", True, LineScreen), ("xterm", False, LineScreen)],
)
def test_block_only_where_it_can_be_drawn(monkeypatch, term, is_terminal, kind):
    monkeypatch.setattr("sys.stderr", Terminal() if is_terminal else io.StringIO())
    monkeypatch.setenv("TERM", term)
    assert isinstance(screen_for_stderr(), kind)

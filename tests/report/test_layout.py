"""Lines fit the terminal, and have 80 columns elsewhere."""

from __future__ import annotations

from contextvars import copy_context

import pytest

from tremor.report.layout import WIDTH, columns, use_columns, wrapped

WORDS = "words of some length that go on and on " * 8


@pytest.mark.parametrize(("terminal", "most"), [(60, 60), (80, 80), (200, WIDTH), (3, 32)])
def test_lines_fit_the_terminal(terminal, most):
    def lines():
        use_columns(terminal)
        assert columns() == most
        return wrapped(WORDS, indent=2, hang=4)

    widths = [len(line) for line in copy_context().run(lines)]
    assert most - 12 < max(widths) <= most
    assert columns() == WIDTH


def test_lines_have_80_columns_where_there_is_no_terminal():
    assert max(len(line) for line in wrapped(WORDS)) <= WIDTH

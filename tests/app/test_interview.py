"""The questions of the page are said back as they were asked."""

from __future__ import annotations

import numpy as np

import tremor
from tremor.app.interview import Interview
from tremor.explanation.interview import Finished
from tremor.report.prompts import item_labels


def test_items_that_are_ticked_are_said_back_in_the_words_of_the_page():
    time_s = np.arange(6000) / 100.0
    samples = np.random.default_rng(0).normal(0.0, 0.01, (6000, 3))
    samples[:, 2] += 9.81
    samples[:, 0] += 0.3 * np.sin(2.0 * np.pi * 8.0 * time_s)
    interview = Interview(tremor.analyze(samples, sampling_rate_hz=100.0))
    n_lists = 0
    while not isinstance(step := interview.step, Finished):
        is_list = step.list_key not in ("", "weights")
        assert interview.reply(step.number, ["1"] if is_list else [""]) == ""
        if is_list:
            n_lists += 1
            said = interview.said_back[-1].answer
            assert said == item_labels(step.questions, step.list_key)[0]
    assert n_lists

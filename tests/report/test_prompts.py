"""Answers are said back as they were asked."""

from __future__ import annotations

from tremor.explanation.answers.questions import by_attribute
from tremor.explanation.answers.replies import items_of, read_reply
from tremor.explanation.likely_answers import interview_table
from tremor.report.prompts import item_labels, said_back


def test_every_item_of_every_list_is_said_back_as_it_was_asked():
    asked = by_attribute()
    lists = [one for one in interview_table().lists.values() if one.key != "weights"]
    assert lists
    for one in lists:
        questions = [asked[name] for name in one.asks]
        labels = item_labels(questions, one.key)
        for place in range(1, len(items_of(questions)) + 1):
            answers = read_reply(questions, str(place))
            assert said_back(questions, answers, "", list_key=one.key) == labels[place - 1]
        nothing = read_reply(questions, "none")
        assert said_back(questions, nothing, "none", list_key=one.key) == "none"

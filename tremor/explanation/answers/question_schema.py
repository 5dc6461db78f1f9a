"""What a question to the runner is, the sections of a context file, and the topics.

The questions themselves are the table `tremor.explanation.answers.questions`. What an answer means
for an explanation is decided by the findings and the table of evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, Literal

__all__ = ["SECTIONS", "TOPICS", "Kind", "Question", "Topic", "asked", "question_of"]

Kind = Literal["number", "choice", "yes_no", "several"]

#: Sections of a context file in the order of asking, and their titles.
SECTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "warning": "Warning signs",
        "run": "The run",
        "environment": "Surroundings",
        "body": "Body mass and sweat",
        "intake": "Drink and food",
        "stimulants": "Stimulants",
        "health": "Health",
        "today": "Today",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing that the runner can answer.

    Parameters
    ----------
    section : str
        Section of the context file that holds the answer.
    title : str
        What is asked for, in a word or two.
    wording : str
        The question as the runner reads it.
    why : str
        What the answer is good for.
    claims : tuple of str
        Ids of the article's claims that it bears on; empty where only the literature has it.
    unit : str
        Unit of a number.
    lowest, highest : float
        Limits of a number, in `unit`; a number beyond them is a typing error.
    choices : tuple of str
        The words that are allowed.
    otherwise : str
        The word of `choices` that holds where a list names the others and none of them is ticked.
    topic : str
        The topic of `TOPICS` that asks for it; empty for what is used where given, not asked for.
    key : str
        Key in its section of the context file; the attribute where it is empty.
    attribute : str
        Name of the answer; set by the table.
    kind : {"number", "choice", "yes_no", "several"}
        What an answer is: a number, one word of `choices`, true or false, any words of `choices`;
        set by the table from the type of the attribute.
    """

    section: str
    title: str
    wording: str
    why: str
    claims: tuple[str, ...]
    unit: str = ""
    lowest: float = 0.0
    highest: float = 0.0
    choices: tuple[str, ...] = ()
    otherwise: str = ""
    topic: str = ""
    key: str = ""
    attribute: str = ""
    kind: Kind = "yes_no"

    @property
    def path(self) -> str:
        """Section and key, as in ``run.rpe``."""
        return f"{self.section}.{self.key}"

    @property
    def allowed(self) -> str:
        """What an answer may be, in words."""
        if self.kind == "number":
            unit = f" {self.unit}" if self.unit else ""
            return f"a number from {self.lowest:g} to {self.highest:g}{unit}"
        if self.kind == "yes_no":
            return "true or false"
        words = ", ".join(self.choices)
        return f"one of {words}" if self.kind == "choice" else f"a list of any of {words}"


def asked(question: Question) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Declare an answer by its question."""
    return field(metadata={"question": question})


_KINDS: Final[Mapping[str, Kind]] = {
    "float | None": "number",
    "str | None": "choice",
    "bool | None": "yes_no",
    "tuple[str, ...] | None": "several",
}


def question_of(item: Field[Any]) -> Question:
    """Return the question of an answer, complete with its attribute, key and kind."""
    question: Question = item.metadata["question"]
    return replace(
        question,
        attribute=item.name,
        key=question.key or item.name,
        kind=_KINDS[str(item.type)],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What a report asks for in one sentence: one question, or several that go together.

    Parameters
    ----------
    key : str
        Its name.
    text : str
        The sentence.
    what : str
        What it asks for, as part of a sentence.
    """

    key: str
    text: str
    what: str


#: The topics by name. Of two that could change equally much, the first is asked for.
TOPICS: Final[Mapping[str, Topic]] = MappingProxyType(
    {
        topic.key: topic
        for topic in (
            Topic(
                key="shaking",
                text="Did a vehicle, a machine, or you yourself shake the leg while it was "
                "recorded?",
                what="whether something else shook the leg",
            ),
            Topic(
                key="effort",
                text="How hard was the run, on a scale of 0 to 10?",
                what="how hard the run was",
            ),
            Topic(
                key="load",
                text="Was the run easier than usual, as usual, harder, or something new?",
                what="how the run compares with your usual",
            ),
            Topic(
                key="duration",
                text="How long did you run?",
                what="how long the run was",
            ),
            Topic(
                key="kind",
                text="Was it a steady run, intervals, hills or a race, "
                "and how many minutes before the recording did you stop?",
                what="what kind of run it was, and how long ago it ended",
            ),
            Topic(
                key="upper_body",
                text="Did your arms or trunk work hard that day, too?",
                what="whether the upper body worked hard, too",
            ),
            Topic(
                key="cooling",
                text="Was the leg cooled since the run: by ice, cold water, wet clothes, cold air?",
                what="whether the leg was cooled after the run",
            ),
            Topic(
                key="weather",
                text="How warm, how humid and how sunny was it?",
                what="how warm, humid and sunny it was",
            ),
            Topic(
                key="body_mass",
                text="What did you weigh before and after the run?",
                what="your weight before and after the run",
            ),
            Topic(
                key="sweat",
                text="Did you sweat little, moderately or heavily?",
                what="how much you sweated",
            ),
            Topic(
                key="fluid",
                text="How much did you drink during the run, how much urine did you pass, "
                "and did you take salt?",
                what="what you drank and passed during the run, and whether you took salt",
            ),
            Topic(
                key="cramp",
                text="Did a muscle cramp?",
                what="whether a muscle cramped",
            ),
            Topic(
                key="other_muscles",
                text="Did muscles twitch that did no work: an eyelid, a hand, several others?",
                what="whether other muscles twitch",
            ),
            Topic(
                key="tremor_without_running",
                text="Do you also tremble on days without running?",
                what="whether it comes without running, too",
            ),
            Topic(
                key="days_lasting",
                text="How many days has it lasted?",
                what="how many days it has lasted",
            ),
            Topic(
                key="caffeine",
                text="How much caffeine did you have in the six hours before?",
                what="how much caffeine you had",
            ),
            Topic(
                key="meal",
                text="How many hours before the recording was your last meal?",
                what="how long ago you ate",
            ),
            Topic(
                key="other_stimulant",
                text="Did you take a stimulant other than caffeine?",
                what="whether you took another stimulant",
            ),
            Topic(
                key="medicines",
                text="Do you take a diuretic, a corticosteroid, an estrogen, "
                "or another medicine that can make one tremble?",
                what="which medicines you take",
            ),
            Topic(
                key="autoimmune",
                text="Do you have an autoimmune condition?",
                what="whether you have an autoimmune condition",
            ),
            Topic(
                key="poor_diet",
                text="Has your food been poor or one-sided lately?",
                what="whether your food has been poor",
            ),
            Topic(
                key="stress",
                text="How much stress do you have, on a scale of 0 to 10?",
                what="how much stress you have",
            ),
            Topic(
                key="short_sleep",
                text="Did you sleep too little?",
                what="whether you slept too little",
            ),
            Topic(
                key="cold",
                text="Were you cold or shivering?",
                what="whether you were cold or shivering",
            ),
        )
    }
)

"""The table of questions to the runner: keys, units, what is allowed, wording, and why.

Reading a file, asking at a prompt, the template and the documentation are driven by this one
table. To ask for more, add an entry here and a field to
`tremor.explanation.answers.context.Context`. What an answer means for an explanation is told
elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

__all__ = ["QUESTIONS", "SECTIONS", "Kind", "Question", "by_attribute"]

Kind = Literal["number", "choice", "yes_no", "several"]

#: Sections of a context file in the order of asking, and their titles.
SECTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "warning": "Warning signs",
        "run": "The run",
        "environment": "Weather",
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
    section, key : str
        Where the answer stands in a context file.
    kind : {"number", "choice", "yes_no", "several"}
        What an answer is: a number, one word of `choices`, true or false, any words of `choices`.
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
        Limits of a number, in that unit; beyond lies a slip of the hand.
    choices : tuple of str
        The words that are allowed.
    attribute : str
        Name in `Context` where it is not the key.

    Examples
    --------
    >>> by_attribute()["rpe"].allowed
    'a number from 0 to 10'
    """

    section: str
    key: str
    kind: Kind
    title: str
    wording: str
    why: str
    claims: tuple[str, ...]
    unit: str = ""
    lowest: float = 0.0
    highest: float = 0.0
    choices: tuple[str, ...] = ()
    attribute: str = ""

    def __post_init__(self) -> None:
        if not self.attribute:
            object.__setattr__(self, "attribute", self.key)

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


QUESTIONS: Final = (
    Question(
        section="warning",
        key="signs",
        title="warning signs",
        kind="several",
        choices=(
            "dark_urine",
            "confusion",
            "collapse",
            "chest_pain",
            "irregular_pulse",
            "one_sided_weakness",
            "numbness",
            "swelling",
            "vomiting",
            "fever",
        ),
        wording="Which of these do you have now, or had since the run?",
        why="any of them matters more than whatever the sensor measures",
        claims=("A3",),
    ),
    Question(
        section="run",
        key="distance_km",
        title="distance",
        kind="number",
        unit="km",
        highest=1000.0,
        wording="How far did you run?",
        why="a long run tires the muscle and costs water",
        claims=("A1", "F1"),
    ),
    Question(
        section="run",
        key="duration_min",
        title="duration",
        kind="number",
        unit="min",
        highest=6000.0,
        wording="How long did you run?",
        why="a long run tires the muscle, and a rate of sweating needs a duration",
        claims=("A1", "F1"),
    ),
    Question(
        section="run",
        key="rpe",
        title="effort (RPE)",
        kind="number",
        highest=10.0,
        wording="How hard was it, from rest to the hardest there is?",
        why="very strenuous running can bring on tremor through fatigue alone",
        claims=("A1", "F1"),
    ),
    Question(
        section="run",
        key="load",
        title="against the usual",
        kind="choice",
        choices=("easier", "usual", "harder", "new"),
        wording="How was it against what you are used to?",
        why="a load that the muscle does not know tires it sooner",
        claims=("A1", "F1"),
    ),
    Question(
        section="run",
        key="kind",
        title="kind of run",
        kind="choice",
        choices=("steady", "intervals", "hills", "race"),
        wording="What kind of run was it?",
        why="fast efforts build up lactic acid; hills and races tire more",
        claims=("A1", "E4"),
    ),
    Question(
        section="run",
        key="minutes_since_stop",
        title="stop to recording",
        kind="number",
        unit="min",
        highest=10080.0,
        wording="How long after stopping did the recording start?",
        why="a short rest is generally enough for a tired muscle",
        claims=("F4", "P2"),
    ),
    Question(
        section="environment",
        key="temperature_c",
        title="air temperature",
        kind="number",
        unit="°C",
        lowest=-40.0,
        highest=60.0,
        wording="How warm was the air?",
        why="extreme heat often comes before chemical change in the muscle",
        claims=("A2", "E2"),
    ),
    Question(
        section="environment",
        key="humidity_pct",
        title="humidity",
        kind="number",
        unit="%",
        highest=100.0,
        wording="How humid was it?",
        why="humid air makes heat harder to bear",
        claims=("E2",),
    ),
    Question(
        section="environment",
        key="sun",
        title="sun",
        kind="choice",
        choices=("shade", "mixed", "full"),
        wording="How much sun was there?",
        why="sun adds to the heat; without it the estimate of heat stress is an upper limit",
        claims=("E2",),
    ),
    Question(
        section="body",
        key="mass_before_kg",
        title="body mass before",
        kind="number",
        unit="kg",
        lowest=20.0,
        highest=300.0,
        wording="What did you weigh before the run?",
        why="with the mass after it gives the water that was lost",
        claims=("E3",),
    ),
    Question(
        section="body",
        key="mass_after_kg",
        title="body mass after",
        kind="number",
        unit="kg",
        lowest=20.0,
        highest=300.0,
        wording="What did you weigh after the run?",
        why="with the mass before it gives the water that was lost",
        claims=("E3",),
    ),
    Question(
        section="body",
        key="sweat",
        title="sweat",
        kind="choice",
        choices=("low", "medium", "heavy"),
        wording="How much did you sweat?",
        why="sweat carries water and sodium; this is what there is where nothing was weighed",
        claims=("E3",),
    ),
    Question(
        section="intake",
        key="fluid_ml",
        title="drunk",
        kind="number",
        unit="ml",
        highest=30000.0,
        wording="How much did you drink between the two weighings, or during the run?",
        why="it is part of the balance of water; drinking beyond the loss is a matter of its own",
        claims=("E3",),
    ),
    Question(
        section="intake",
        key="urine_ml",
        title="urine",
        kind="number",
        unit="ml",
        highest=10000.0,
        wording="How much urine did you pass in that time? Nothing passed is 0",
        why="it is part of the balance of water",
        claims=("E3",),
    ),
    Question(
        section="intake",
        key="salt",
        title="salt or sports drink",
        kind="yes_no",
        wording="Did you take salt or a sports drink?",
        why="it replaces some of the sodium of the sweat",
        claims=("E3",),
    ),
    Question(
        section="intake",
        key="hours_since_meal",
        title="since the last meal",
        kind="number",
        unit="h",
        highest=168.0,
        wording="How long ago was your last meal when the recording started?",
        why="caffeine acts more on an empty stomach",
        claims=("N3", "N5"),
    ),
    Question(
        section="intake",
        key="poor_diet",
        title="poor diet",
        kind="yes_no",
        wording="Has your diet been poor or one-sided for weeks?",
        why="a lack of nutrients is one of the article's contributors",
        claims=("N5",),
    ),
    Question(
        section="stimulants",
        key="caffeine_mg",
        title="caffeine",
        kind="number",
        unit="mg",
        highest=5000.0,
        wording="How much caffeine in the six hours before? A cup of coffee holds about 80 mg",
        why="caffeine in excess is one of the article's contributors",
        claims=("N3",),
    ),
    Question(
        section="stimulants",
        key="other",
        title="other stimulant",
        attribute="other_stimulant",
        kind="yes_no",
        wording="Did you take another stimulant, such as an amphetamine or pseudoephedrine?",
        why="stimulants are one of the article's contributors",
        claims=("N3",),
    ),
    Question(
        section="health",
        key="medicines",
        title="medicines",
        kind="several",
        choices=("diuretic", "corticosteroid", "estrogen", "other"),
        wording="Which kinds of medicine do you take?",
        why="these are the medicines whose side effects the article names",
        claims=("N4",),
    ),
    Question(
        section="health",
        key="autoimmune",
        title="autoimmune disorder",
        kind="yes_no",
        wording="Do you have an autoimmune disorder?",
        why="it is one of the article's contributors",
        claims=("N2",),
    ),
    Question(
        section="health",
        key="tremor_without_running",
        title="tremor without running",
        kind="yes_no",
        wording="Do you tremble on days without running as well?",
        why="then exercise may only set off what is there already",
        claims=("N1",),
    ),
    Question(
        section="health",
        key="days_lasting",
        title="lasting",
        kind="number",
        unit="days",
        highest=36500.0,
        wording="For how long has the trembling been coming back or lasting?",
        why="it usually stops on its own; what lasts should be looked at",
        claims=("P2", "P4"),
    ),
    Question(
        section="today",
        key="stress",
        title="stress",
        kind="number",
        highest=10.0,
        wording="How much stress are you under, from none to the most there is?",
        why="stress is one of the article's contributors",
        claims=("N6",),
    ),
    Question(
        section="today",
        key="short_sleep",
        title="too little sleep",
        kind="yes_no",
        wording="Did you sleep too little last night?",
        why="lack of sleep is known from the literature to bring on twitching",
        claims=(),
    ),
    Question(
        section="today",
        key="other_muscles",
        title="other muscles",
        kind="several",
        choices=("eyelid", "hand", "several"),
        wording="Which muscles tremble or twitch that did not take part in the run?",
        why="idle small muscles point away from plain fatigue of the leg",
        claims=("N7",),
    ),
    Question(
        section="today",
        key="cramp",
        title="cramp",
        kind="yes_no",
        wording="Did a muscle cramp?",
        why="tremor can go on to spasm, and then stretching and massage help",
        claims=("P3",),
    ),
    Question(
        section="today",
        key="cold",
        title="cold or shivering",
        kind="yes_no",
        wording="Were you cold or shivering?",
        why="shivering is a tremor too, and known from the literature only",
        claims=(),
    ),
)


def by_attribute() -> dict[str, Question]:
    """Give the questions by the name of their answer in `Context`."""
    return {question.attribute: question for question in QUESTIONS}

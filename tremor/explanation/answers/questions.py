"""The table of questions to the runner: each answer with its type, and the question for it.

To ask for more, add a field to `Answers`. Files, prompts, the template, the evidence and the
documentation walk `QUESTIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType
from typing import Final

from tremor.explanation.answers.question_schema import TOPICS, Question, asked, question_of

__all__ = ["QUESTIONS", "Answers", "by_attribute", "topic_fields"]


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Answers:
    """The answers of a runner, each declared with its question; the base of `Context`.

    Each `Question` is a row of the table, with a keyword for each of its columns.
    """

    # Warning signs.
    signs: tuple[str, ...] | None = asked(
        Question(
            section="warning",
            title="warning signs",
            wording="Which of these do you have now, or had since the run?",
            why="any of them matters more than whatever the sensor measures",
            claims=("A3",),
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
        )
    )

    # The run.
    distance_km: float | None = asked(
        Question(
            section="run",
            title="distance",
            wording="How far did you run?",
            why="a long run tires the muscle and costs water",
            claims=("A1", "F1"),
            unit="km",
            highest=1000.0,
        )
    )
    duration_min: float | None = asked(
        Question(
            section="run",
            title="duration",
            wording="How long did you run?",
            why="a long run tires the muscle, and a rate of sweating needs a duration",
            claims=("A1", "F1"),
            unit="min",
            highest=6000.0,
            topic="duration",
        )
    )
    rpe: float | None = asked(
        Question(
            section="run",
            title="effort (RPE)",
            wording="How hard was the run?",
            why="very strenuous running can bring on tremor through fatigue alone",
            claims=("A1", "F1"),
            highest=10.0,
            topic="effort",
        )
    )
    load: str | None = asked(
        Question(
            section="run",
            title="against the usual",
            wording="How does it compare with what you are used to?",
            why="work that a muscle is not used to tires it sooner",
            claims=("A1", "F1"),
            choices=("easier", "usual", "harder", "new"),
            otherwise="usual",
            topic="load",
        )
    )
    kind: str | None = asked(
        Question(
            section="run",
            title="kind of run",
            wording="What kind of run was it?",
            why="fast efforts build up lactic acid; hills and races tire more",
            claims=("A1", "E4"),
            choices=("steady", "intervals", "hills", "race"),
            otherwise="steady",
            topic="kind",
        )
    )
    minutes_since_stop: float | None = asked(
        Question(
            section="run",
            title="stop to recording",
            wording="How long after stopping did the recording start?",
            why="a short rest is generally enough for a tired muscle",
            claims=("F4", "P2"),
            unit="min",
            highest=10080.0,
            topic="kind",
        )
    )
    upper_body_work: bool | None = asked(
        Question(
            section="run",
            title="arms and trunk",
            wording="Did your arms or trunk work hard that day, too?",
            why="hands that tremble after their own hard work say little about the leg",
            claims=("F1", "N7"),
            topic="upper_body",
        )
    )

    # Weather and surroundings.
    temperature_c: float | None = asked(
        Question(
            section="environment",
            title="air temperature",
            wording="How warm was the air?",
            why="extreme heat often comes before chemical change in the muscle",
            claims=("A2", "E2"),
            unit="°C",
            lowest=-40.0,
            highest=60.0,
            topic="weather",
        )
    )
    humidity_pct: float | None = asked(
        Question(
            section="environment",
            title="humidity",
            wording="How humid was it?",
            why="humid air makes heat harder to bear",
            claims=("E2",),
            unit="%",
            highest=100.0,
            topic="weather",
        )
    )
    sun: str | None = asked(
        Question(
            section="environment",
            title="sun",
            wording="How much sun was there?",
            why="sun adds to the heat; without it the estimate of heat stress is an upper limit",
            claims=("E2",),
            choices=("shade", "mixed", "full"),
            topic="weather",
        )
    )
    shaking: str | None = asked(
        Question(
            section="environment",
            title="other shaking",
            wording="Did a vehicle, a machine, or you yourself shake the leg during the recording?",
            why="what shakes as evenly as a machine, or as long as a vehicle, is no sign of a "
            "tired muscle",
            claims=("F3",),
            choices=("none", "vehicle", "machine", "own_movement"),
            topic="shaking",
        )
    )
    leg_cooled: bool | None = asked(
        Question(
            section="environment",
            title="cooling of the leg",
            wording="Was the leg cooled since the run: by ice, cold water, wet clothes, cold air?",
            why="cooling calms tremor by itself, so that fading says less about rest",
            claims=("F4",),
            topic="cooling",
        )
    )

    # Body mass and sweat.
    mass_before_kg: float | None = asked(
        Question(
            section="body",
            title="body mass before",
            wording="What did you weigh before the run?",
            why="with the mass after it gives the water that was lost",
            claims=("E3",),
            unit="kg",
            lowest=20.0,
            highest=300.0,
            topic="body_mass",
        )
    )
    mass_after_kg: float | None = asked(
        Question(
            section="body",
            title="body mass after",
            wording="What did you weigh after the run?",
            why="with the mass before it gives the water that was lost",
            claims=("E3",),
            unit="kg",
            lowest=20.0,
            highest=300.0,
            topic="body_mass",
        )
    )
    sweat: str | None = asked(
        Question(
            section="body",
            title="sweat",
            wording="How much did you sweat?",
            why="sweat carries water and sodium; it helps where you did not weigh yourself",
            claims=("E3",),
            choices=("low", "medium", "heavy"),
            otherwise="medium",
            topic="sweat",
        )
    )

    # Drink and food.
    fluid_ml: float | None = asked(
        Question(
            section="intake",
            title="drunk",
            wording="How much did you drink between the two weighings, or during the run?",
            why="it is part of the water balance; to drink more than was lost is a risk of its own",
            claims=("E3",),
            unit="ml",
            highest=30000.0,
            topic="fluid",
        )
    )
    urine_ml: float | None = asked(
        Question(
            section="intake",
            title="urine",
            wording="How much urine did you pass in that time, if any?",
            why="it is part of the water balance",
            claims=("E3",),
            unit="ml",
            highest=10000.0,
            topic="fluid",
        )
    )
    salt: bool | None = asked(
        Question(
            section="intake",
            title="salt or sports drink",
            wording="Did you take salt or a sports drink?",
            why="it replaces some of the sodium of the sweat",
            claims=("E3",),
            topic="fluid",
        )
    )
    hours_since_meal: float | None = asked(
        Question(
            section="intake",
            title="since the last meal",
            wording="How long before the recording was your last meal?",
            why="an empty stomach raises tremor by itself",
            claims=("N5",),
            unit="h",
            highest=168.0,
            topic="meal",
        )
    )
    poor_diet: bool | None = asked(
        Question(
            section="intake",
            title="poor diet",
            wording="Has your diet been poor or one-sided for weeks?",
            why="a lack of nutrients is one of the article's contributors",
            claims=("N5",),
            topic="poor_diet",
        )
    )

    # Stimulants.
    caffeine_mg: float | None = asked(
        Question(
            section="stimulants",
            title="caffeine",
            wording="How much caffeine did you have in the six hours before? A coffee holds "
            "about 80 mg",
            why="caffeine in excess is one of the article's contributors",
            claims=("N3",),
            unit="mg",
            highest=5000.0,
            topic="caffeine",
        )
    )
    other_stimulant: bool | None = asked(
        Question(
            section="stimulants",
            key="other",
            title="other stimulant",
            wording="Did you take another stimulant, such as an amphetamine or pseudoephedrine?",
            why="stimulants are one of the article's contributors",
            claims=("N3",),
            topic="other_stimulant",
        )
    )

    # Health.
    medicines: tuple[str, ...] | None = asked(
        Question(
            section="health",
            title="medicines",
            wording="Which kinds of medicine do you take?",
            why="these are the medicines whose side effects the article names",
            claims=("N4",),
            choices=("diuretic", "corticosteroid", "estrogen", "other"),
            topic="medicines",
        )
    )
    autoimmune: bool | None = asked(
        Question(
            section="health",
            title="autoimmune disorder",
            wording="Do you have an autoimmune disorder?",
            why="it is one of the article's contributors",
            claims=("N2",),
            topic="autoimmune",
        )
    )
    tremor_without_running: bool | None = asked(
        Question(
            section="health",
            title="tremor without running",
            wording="Do you also tremble on days without running?",
            why="then the run may only set off what is there already",
            claims=("N1",),
            topic="tremor_without_running",
        )
    )
    days_lasting: float | None = asked(
        Question(
            section="health",
            title="lasting",
            wording="How long has the trembling lasted, or kept coming back?",
            why="it usually stops on its own; what lasts should be looked at",
            claims=("P2", "P4"),
            unit="days",
            highest=36500.0,
            topic="days_lasting",
        )
    )

    # Today.
    stress: float | None = asked(
        Question(
            section="today",
            title="stress",
            wording="How much stress are you under?",
            why="stress is one of the article's contributors",
            claims=("N6",),
            highest=10.0,
            topic="stress",
        )
    )
    short_sleep: bool | None = asked(
        Question(
            section="today",
            title="too little sleep",
            wording="Did you sleep too little last night?",
            why="lists of what makes muscles twitch name lack of sleep",
            claims=(),
            topic="short_sleep",
        )
    )
    other_muscles: tuple[str, ...] | None = asked(
        Question(
            section="today",
            title="other muscles",
            wording="Which muscles that did not take part in the run tremble or twitch?",
            why="idle small muscles point away from plain fatigue of the leg",
            claims=("N7",),
            choices=("eyelid", "hand", "several"),
            topic="other_muscles",
        )
    )
    cramp: bool | None = asked(
        Question(
            section="today",
            title="cramp",
            wording="Did a muscle cramp?",
            why="tremor can go on to spasm, and then stretching and massage help",
            claims=("P3",),
            topic="cramp",
        )
    )
    cold: bool | None = asked(
        Question(
            section="today",
            title="cold or shivering",
            wording="Were you cold or shivering?",
            why="shivering is a tremor, too, and cold calms the others",
            claims=(),
            topic="cold",
        )
    )


#: The questions in the order of asking: one for each field of `Answers`.
QUESTIONS: Final = tuple(question_of(item) for item in fields(Answers))


def by_attribute() -> dict[str, Question]:
    """Return the questions by the name of their answer.

    Examples
    --------
    >>> by_attribute()["rpe"].allowed
    'a number from 0 to 10'
    """
    return {question.attribute: question for question in QUESTIONS}


@cache
def topic_fields() -> Mapping[str, tuple[str, ...]]:
    """Return the answers that each topic asks for, in the order of asking.

    Examples
    --------
    >>> topic_fields()["body_mass"]
    ('mass_before_kg', 'mass_after_kg')
    """
    return MappingProxyType(
        {
            topic: tuple(question.attribute for question in QUESTIONS if question.topic == topic)
            for topic in TOPICS
        }
    )

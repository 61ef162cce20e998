"""What a score file (``schema: score/1``) holds, as frozen models.

The models say which keys exist and which values they take. Checks across keys (does the range follow
from the points, do the classes cover the range) live in :mod:`portico.knowledge.scores_check`.

Conventions, named once:

- a bound called ``low`` or ``high`` is included; ``above`` and ``below`` are not;
- ``None`` (YAML ``null``) means that the value was not seen in a source, never zero;
- ``verified`` is the weakest reading a part rests on, see :data:`Level`.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "STRENGTH",
    "Band",
    "Choice",
    "Cutoff",
    "Definition",
    "Derivation",
    "Example",
    "Input",
    "Level",
    "Mean",
    "Outcome",
    "PainBands",
    "ScaleMap",
    "Score",
    "ScoreClass",
    "Source",
    "Trap",
]

Level = Literal["full_text", "abstract", "secondary", "derived", "memory"]
Direction = Literal["higher_is_better", "higher_is_worse", "category"]
Kind = Literal["sum", "classification", "mean", "map", "external", "definition"]
Describes = Literal[
    "bone_before_surgery",
    "conversion",
    "function_outcome",
    "neurology",
    "pain_outcome",
    "prognosis",
    "quality_of_life",
    "response",
    "toxicity",
    "walking_outcome",
]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]
_T = TypeVar("_T")
Many = Annotated[tuple[_T, ...], Field(strict=False)]  # a YAML list, kept as a tuple so that nobody edits it

STRENGTH: Final[dict[str, int]] = {"full_text": 4, "abstract": 3, "secondary": 2, "derived": 1, "memory": 0}
"""Order of the levels; more is stronger. ``abstract`` and above may drive rules."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Source(_Record):
    """One text that was read. ``seen`` says in our words what was read in it."""

    url: str | None = None
    doi: str | None = None
    pmid: str | None = None
    citation: str | None = None
    verified: Level
    seen: Text


class Band(_Record):
    """Points for a stretch of numbers. ``low`` and ``high`` are included, ``above`` and ``below`` are not."""

    low: float | None = None
    high: float | None = None
    above: float | None = None
    below: float | None = None
    points: int

    def holds(self, value: float) -> bool:
        """Does ``value`` lie in this band?"""
        return (
            (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


class Choice(_Record):
    """One answer of a closed list.

    ``points`` is None where the published table gives none: then ``possible_points`` are the points of
    its neighbours and ``undefined`` says what to ask, or ``out_of_scope`` says why the score does not
    apply. Selectors and classifications carry no points.
    """

    id: Name
    label: Text
    points: int | None = None
    possible_points: Many[int] = ()
    undefined: str | None = None
    out_of_scope: str | None = None


class Cutoff(_Record):
    """One laboratory limit: ``analyte`` names the argument, with its unit in the name."""

    analyte: Name
    label: Text
    unit: Text
    comparison: Literal[">=", "<"]
    value: float
    tier: Name
    plausible_low: float
    plausible_high: float
    suspect: Text
    unit_printed: bool

    def met(self, value: float) -> bool:
        """Is the limit met, so that ``tier`` applies?"""
        return value >= self.value if self.comparison == ">=" else value < self.value


class Alternative(_Record):
    """Another published reading of one item; computed beside the first, never mixed with it."""

    label: Text
    verified: Level
    bands: Many[Band]


class Input(_Record):
    """One question of a score.

    ``role`` is ``item`` (gives points or decides the class), ``selector`` (chooses which items apply)
    or ``scope`` (decides whether the score applies at all). ``minimum`` and ``maximum`` bound what the
    scale can be; a value inside them but in no band is outside the published table.
    """

    id: Name
    label: Text
    type: Literal["int", "number", "choice"]
    unit: str | None = None
    role: Literal["item", "selector", "scope"] = "item"
    choices: Many[Choice] = ()
    bands: Many[Band] = ()
    minimum: float | None = None
    maximum: float | None = None
    step: int | None = None
    only_if: dict[str, str] = Field(default_factory=dict)
    cutoffs: Many[Cutoff] = ()
    alternatives: Many[Alternative] = ()

    def all_points(self) -> frozenset[int]:
        """Every number of points that the item can give."""
        if self.bands:
            return frozenset(band.points for band in self.bands)
        if self.choices:
            return frozenset(choice.points for choice in self.choices if choice.points is not None)
        if self.minimum is not None and self.maximum is not None:
            return frozenset(range(int(self.minimum), int(self.maximum) + 1))
        return frozenset()


class Outcome(_Record):
    """One published figure for a class.

    ``interval`` says what ``low`` and ``high`` are: ``confidence`` (level as printed), ``range`` or
    ``predicted`` (the source states only a bound). ``role`` separates the cohort that made the score
    from later ones. ``n_patients``, ``cohort`` and ``era`` are None where the source was not seen to say.
    """

    measure: Literal[
        "median_survival",
        "survival",
        "predicted_survival",
        "fracture_risk",
        "able_to_walk",
        "odds_ratio_death",
    ]
    unit: Literal["months", "percent", "ratio"]
    value: float | None
    low: float | None = None
    high: float | None = None
    interval: Literal["confidence", "range", "predicted"] | None = None
    at_months: float | None = None
    role: Literal["derivation", "validation"] = "derivation"
    n_patients: int | None
    cohort: str | None
    era: str | None
    verified: Level
    note: str | None = None


class ScoreClass(_Record):
    """One class. ``low`` and ``high`` are included and None for classes that are not bands of a sum."""

    id: Name
    label: Text
    low: int | None = None
    high: int | None = None
    action_published: str | None = None
    outcomes: Many[Outcome] = ()


class Decision(_Record):
    """One row of a decision list, read from the top: when every named input has one of its choices."""

    when: dict[str, Many[str]]
    gives: Name


class Range(_Record):
    low: int
    high: int


class Derivation(_Record):
    """The cohort that made the score. ``operated`` is None where no cohort is described at all."""

    n_patients: int | None
    cohort: str | None
    years: str | None
    operated: Literal["yes", "no", "mixed", "unknown"]


class Mean(_Record):
    """A mean of items. ``needs`` is the least number of answers, None where no rule was seen."""

    id: Name
    label: Text
    items: Many[str]
    needs: int | None


class PainBand(_Record):
    low: int
    high: int
    label: Text


class PainBands(_Record):
    """One of several conflicting sets of cut points."""

    id: Name
    label: Text
    verified: Level
    bands: Many[PainBand]


class MapRow(_Record):
    ecog: int
    kps_low: int
    kps_high: int


class ScaleMap(_Record):
    """One published map between ECOG and KPS."""

    id: Name
    label: Text
    verified: Level
    n_pairs: int | None
    agreement: str | None
    rows: Many[MapRow]


class Definition(_Record):
    id: Name
    label: Text
    text: Text
    verified: Level


class Change(_Record):
    """One edit of a record: ``at`` walks keys, list positions and ids; ``value`` replaces what is there."""

    at: Many[str | int]
    value: str | int | float | list[dict[str, str | int | float | None]] | None


class Variant(_Record):
    """A wrong version in circulation, as edits, with the code under which our checks refuse it."""

    changes: Many[Change]
    refused_as: Name | Annotated[str, Field(pattern=r"^[a-z-]+$")]


class Trap(_Record):
    id: Name
    text: Text
    variant: Variant | None = None


class Example(_Record):
    """An example worked by hand from the table. ``total`` None means that no single total follows."""

    note: Text
    answers: dict[str, str | int | float | None]
    total: int | None = None
    low: int | None = None
    high: int | None = None
    gives: str | None = None
    refused_as: str | None = None


class Validation(_Record):
    text: Text
    n_patients: int | None = None
    doi: str | None = None
    pmid: str | None = None
    verified: Level


class Score(_Record):
    """One score of the library.

    ``usable_as_calculator`` repeats the judgement of the evidence record; ``computable`` says whether
    Portico computes it, and ``not_computable_because`` why not.

    Source: the file's own ``sources``.
    """

    id: Name
    name: Text
    kind: Kind
    direction: Direction
    describes: Describes
    applies_to_fixed_bone: bool | None
    fixed_bone_note: str | None = None
    usable_as_calculator: bool
    computable: bool
    not_computable_because: str | None = None
    verified: Level
    verified_parts: dict[str, Level]
    derivation: Derivation
    inputs: Many[Input] = ()
    asks: Many[str] = ()
    range: Range | None
    classes: Many[ScoreClass] = ()
    decisions: Many[Decision] = ()
    means: Many[Mean] = ()
    band_sets: Many[PainBands] = ()
    maps: Many[ScaleMap] = ()
    definitions: Many[Definition] = ()
    rule_notes: Many[str] = ()
    examples: Many[Example] = ()
    traps: Many[Trap] = ()
    conflicts: Many[str] = ()
    validation: Many[Validation] = ()
    limitations: Many[str] = ()
    to_check: Many[str] = ()
    licence: str | None = None
    primary_citation: str | None = None
    sources: Many[Source]

    @property
    def amber(self) -> bool:
        """True when the score rests on less than an abstract: shown marked, binds only once signed."""
        return STRENGTH[self.verified] < STRENGTH["abstract"]

    def input(self, input_id: str) -> Input:
        """The question called ``input_id``; KeyError when there is none."""
        for question in self.inputs:
            if question.id == input_id:
                return question
        raise KeyError(input_id)

    def find_class(self, class_id: str) -> ScoreClass:
        """The class called ``class_id``; KeyError when there is none."""
        for found in self.classes:
            if found.id == class_id:
                return found
        raise KeyError(class_id)

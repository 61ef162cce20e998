"""The records of the library as light frozen objects.

Each carries the file and line it was read from. None means that the record does not say; nothing is filled in. Figures
stand as published: proportions run from 0 to 1, doses are in Gy, months are months. Lists become tuples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portico.case.predicate import Node

__all__ = [
    "Arm",
    "Disagreement",
    "HistoryEntry",
    "Limit",
    "Model",
    "Policy",
    "Precedence",
    "Record",
    "Regimen",
    "RegimenLevel",
    "Result",
    "Rule",
    "Source",
    "Study",
    "Volume",
]


@dataclass(frozen=True, slots=True)
class Source:
    """A record and where in it a statement stands."""

    id: str
    where: str | None = None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A record that says otherwise, and what it says."""

    id: str
    says: str


@dataclass(frozen=True, slots=True)
class Arm:
    """A group of a study, or a regimen that a guideline lists.

    ``dose_gy`` and ``fractions`` are given only when one regimen describes the group; ranges stand in ``*_low``
    and ``*_high``. ``boost_dose_gy`` is the total dose of the boost volume of an integrated boost. ``operated`` is False
    for a group without surgery in a study of operated patients; None means as the study.
    """

    id: str
    label: str
    n: int | None
    technique: str
    dose_gy: float | None
    fractions: int | None
    dose_low_gy: float | None
    dose_high_gy: float | None
    fractions_low: int | None
    fractions_high: int | None
    boost_dose_gy: float | None
    note: str | None
    operated: bool | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One published figure of one arm.

    ``lo`` and ``hi`` belong to the kind of ``interval``. ``display_only`` marks a figure that cannot be mapped
    without guessing: it is shown and never pooled or compared.
    """

    arm: str
    outcome: str
    label: str
    measure: str
    months: float | None
    events: int | None
    n: int | None
    est: float | None
    lo: float | None
    hi: float | None
    interval: str | None
    unit: str | None
    p: str | float | None
    definition: str | None
    versus: str | None
    display_only: bool
    note: str | None


@dataclass(frozen=True, slots=True)
class Study:
    """One study, guideline or register entry. A study at ``memory`` level carries no figures."""

    id: str
    citation: str
    year: int | None
    doi: str | None
    pmid: str | None
    design: str
    design_as_recorded: str | None
    site: str
    directness: str
    population: str | None
    n_patients: int | None
    n_lesions: int | None
    years: str | None
    arms: tuple[Arm, ...]
    results: tuple[Result, ...]
    findings: tuple[str, ...]
    limitations: tuple[str, ...]
    overlaps: tuple[str, ...]
    disputes: tuple[str, ...]
    verified: str
    to_check: tuple[str, ...]
    curator_note: str | None
    aliases: tuple[str, ...]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Limit:
    """One published organ limit, exactly for the fractions it was published for.

    Parameters
    ----------
    organs : TG-263 names the row stands for; the first is the row's own name
    defined_on : contour the figure was read on: ``true_cord``, ``prv``, ``prv+2``, ``thecal_sac``, ``cauda_equina``,
        ``organ``, ``unspecified`` and others that are shown only
    metric : in the metric grammar; None when it does not fit, and the row is then ``display_only``
    value, value_low : in ``unit``; ``value_low`` is the lower end where a range is published
    fractions, fractions_low, fractions_high : exact count, or the published range (an open end is None)
    applies_dose_gy, applies_fractions : the one regimen the row was written for; None when not tied to one
    kind : only ``risk_model``, ``guideline`` and ``trial_protocol`` may bind
    sha256 : of the row's canonical JSON, which a signature names
    """

    id: str
    organs: tuple[str, ...]
    organ_as_recorded: str
    defined_on: str
    metric: str | None
    metric_as_recorded: str
    op: str | None
    value: float | None
    value_low: float | None
    unit: str | None
    fractions: int | None
    fractions_low: int | None
    fractions_high: int | None
    fractions_as_recorded: str | None
    techniques: tuple[str, ...]
    setting: str
    applies_dose_gy: float | None
    applies_fractions: int | None
    scope: str
    prior_course: str | None
    endpoint: str | None
    risk: str | None
    kind: str
    source_id: str | None
    where: str | None
    verified: str
    display_only: bool
    note: str | None
    sha256: str
    file: str
    line: int

    @property
    def organ(self) -> str:
        """The row's own TG-263 name."""
        return self.organs[0]

    def roi(self, organ: str | None = None) -> str:
        """Name of the contour the limit is read on, in TG-263 form.

        Parameters
        ----------
        organ : one of ``organs``; the first when left out
        """
        name = organ or self.organ
        if self.defined_on == "prv":
            return f"{name}_PRV"
        if self.defined_on.startswith("prv+"):
            return f"{name}_PRV{int(self.defined_on[4:]):02d}"
        return name


@dataclass(frozen=True, slots=True)
class Precedence:
    """Which row binds; see ``data/limits/precedence.yaml``."""

    neural: tuple[str, ...]
    settings: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, tuple[str, ...]]
    verified: tuple[str, ...]
    preferred_sources: Mapping[str, tuple[str, ...]]
    containers: Mapping[str, tuple[str, str]]
    includes: Mapping[str, tuple[str, ...]]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Volume:
    """A contouring rule or margin. ``active`` is false at ``memory`` level: kept as a task, never a default."""

    id: str
    about: str
    setting: str
    site: str
    says: str
    gtv: tuple[str, ...]
    ctv: tuple[str, ...]
    optional: tuple[str, ...]
    margin_low_mm: float | None
    margin_high_mm: float | None
    figures: Any
    source_ids: tuple[str, ...]
    where: str | None
    verified: str
    conflict: str | None
    note: str | None
    file: str
    line: int

    @property
    def active(self) -> bool:
        """Whether the row may be shown as a rule at all."""
        return self.verified != "memory"


@dataclass(frozen=True, slots=True)
class RegimenLevel:
    """One dose level. Dose or fractions are None where no source gives them."""

    name: str
    roi: str
    dose_gy: float | None
    fractions: int | None
    dose_low_gy: float | None = None
    dose_high_gy: float | None = None
    fractions_low: int | None = None
    fractions_high: int | None = None


@dataclass(frozen=True, slots=True)
class Regimen:
    """A dose and fractionation that can be offered."""

    id: str
    label: str
    technique: str
    course: str
    groups: tuple[str, ...]
    intent: str
    levels: tuple[RegimenLevel, ...]
    visits: int | None
    sources: tuple[Source, ...]
    directness: str
    verified: str
    signable: bool
    needs_signature: bool
    needs: tuple[str, ...]
    note: str
    sha256: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A predicate and what it says. ``verified`` is the weakest level of its sources, None without a source."""

    id: str
    kind: str
    when: str
    says: str
    sources: tuple[Source, ...]
    certainty: str
    directness: str
    basis: str
    title: str | None
    topic: str | None
    region: str | None
    volume: str | None
    target_groups: tuple[str, ...]
    target_regimens: tuple[str, ...]
    marks: tuple[Mapping[str, Any], ...]
    comparative: bool
    disagrees: tuple[Disagreement, ...]
    needs_signature: bool
    verified: str | None
    note: str | None
    sha256: str
    file: str
    line: int
    node: Node | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """An editable choice of the house; ``body`` is the file without its head."""

    id: str
    title: str
    body: Mapping[str, Any]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of the timeline; ``year`` is None where no record states it."""

    id: str
    year: int | None
    what: str
    source_id: str
    verified: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Model:
    """Parameters of a published model, or a table of constants such as alpha/beta values."""

    id: str
    type: str
    about: str
    parameters: Mapping[str, Any]
    unit: str | None
    formula: str | None
    source_ids: tuple[str, ...]
    verified: str
    warning: str | None
    note: str | None
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the studies together; which figures answer it follows from these fields alone.

    Parameters
    ----------
    asks : the question in one sentence
    population : whom it is about, a row of the gap map
    site, directness, techniques : studies and arms that count; no technique means any
    measure : ``proportion``, ``hr``, ``or`` or ``rr``
    outcomes : outcome codes, the preferred first; local control is read as its complement
    reads : ``failure`` or ``harm`` (more is worse) or ``benefit``
    months : time of the figure; None means at any time (crude)
    versus : comparisons of a published ratio that count
    pairs : ``(study, first arm, second arm)`` of counted comparisons
    kept_apart : studies that may hold the same patients, of which one is taken, and why that is suspected
    left_out : studies a curator leaves out, and why
    picks : study to the label of the figure, where one arm has several
    only : when not empty, no other study counts
    compare : published meta-analyses to stand beside the answer
    published_pools : whether published meta-analyses are themselves the evidence
    """

    id: str
    asks: str
    population: str
    site: tuple[str, ...]
    directness: tuple[str, ...]
    techniques: tuple[str, ...]
    measure: str
    outcomes: tuple[str, ...]
    reads: str
    months: float | None
    versus: tuple[str, ...]
    pairs: tuple[tuple[str, str, str], ...]
    kept_apart: tuple[tuple[tuple[str, ...], str], ...]
    left_out: Mapping[str, str]
    picks: Mapping[str, str]
    only: tuple[str, ...]
    compare: tuple[str, ...]
    published_pools: bool
    note: str | None
    file: str
    line: int


Record = Study | Limit | Volume | Regimen | Rule | Policy | HistoryEntry | Model | Question

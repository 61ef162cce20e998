"""What advice consists of: statements with their records, options, notices, timing, and the order with its reasons."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Final, Literal

__all__ = [
    "Advice",
    "Band",
    "Dissent",
    "LevelDose",
    "LimitRow",
    "Mark",
    "Missing",
    "Notice",
    "Option",
    "OrderStep",
    "Outcome",
    "Settle",
    "Statement",
    "Timing",
    "VolumeChoice",
    "plain",
]

Status = Literal["eligible", "undetermined", "not eligible"]


@dataclass(frozen=True, slots=True)
class Dissent:
    """A source that says otherwise."""

    record: str
    says: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of advice and the records it rests on; ``records`` starts with the rule itself."""

    text: str
    records: tuple[str, ...]
    certainty: str
    directness: str
    basis: str
    comparative: bool = False
    disagrees: tuple[Dissent, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """An urgent state or gate that holds (``state: true``) or is not excluded (``state: unknown``)."""

    rule: str
    kind: str
    state: Literal["true", "unknown"]
    title: str
    text: str
    ask: tuple[str, ...]
    records: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settle:
    """Answers that would settle an option; ``always`` when every answer does."""

    columns: tuple[str, ...]
    ask: tuple[str, ...]
    always: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """One published figure from a closely matching study; proportions run from 0 to 1.

    ``family`` groups figures in reports; ``outcome`` is the code of study/1 and says which way the figure points
    (``local_failure`` or ``local_control``).
    """

    family: str
    label: str
    estimate: float
    low: float | None
    high: float | None
    interval: str | None
    months: float | None
    n: int | None
    events: int | None
    measure: str
    unit: str | None
    study: str
    match: str
    directness: str
    verified: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class PooledOutcome:
    """What at least three studies say together on an outcome of an option; proportions run from 0 to 1.

    ``question`` names the answer in ``pools.json``, ``population`` whom it is about, and ``indirect`` that they were not
    operated on, or not all. ``prediction_low`` and ``prediction_high`` bound where the next study is expected.
    """

    family: str
    question: str
    asks: str
    population: str
    indirect: bool
    outcome: str
    months: float | None
    estimate: float
    low: float
    high: float
    prediction_low: float | None
    prediction_high: float | None
    k: int
    n: int | None
    certainty: str
    studies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LevelDose:
    """Dose of one level, with BED and EQD2 for the alpha/beta ratios named; None where dose or fractions are not sourced."""

    name: str
    roi: str
    dose_gy: float | None
    fractions: int | None
    bed10_gy: float | None
    eqd2_10_gy: float | None
    eqd2_2_if_full_dose_gy: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit that would apply to the option, or an organ without one (``value`` None)."""

    roi: str
    defined_on: str | None
    metric: str | None
    op: str | None
    value: float | None
    unit: str | None
    fractions: int | None
    state: Literal["binding", "needs signature", "no limit", "cannot tell"]
    limit_id: str | None
    source: str | None
    verified: str | None
    kind: str | None
    neural: bool
    scope: str
    setting: str | None
    signed_by: str | None
    why: str
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VolumeChoice:
    """A way to draw the target; exactly one is proposed, all stay choices."""

    recipe: str
    proposed: bool
    statement: Statement


@dataclass(frozen=True, slots=True)
class Mark:
    """A day on a clock, counted from surgery."""

    name: str
    day: int
    date: dt.date | None
    text: str
    record: str


@dataclass(frozen=True, slots=True)
class Timing:
    """Where the case stands on its clock. ``state`` never makes radiotherapy ineligible."""

    region: str
    state: str
    text: str
    days_since_surgery: int | None
    surgery_date: dt.date | None
    wound: str
    marks: tuple[Mark, ...]
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """An unknown input and how many rules and options wait for it."""

    column: str
    ask: str
    rules: int
    options: int
    blocks_signing: bool


@dataclass(frozen=True, slots=True)
class OrderStep:
    """One step of the order for one option: the key that sorted it, in words."""

    step: str
    key: int
    text: str


@dataclass(frozen=True, slots=True)
class Band:
    """The intent band that holds, or why none can be told."""

    id: str | None
    label: str
    possible: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """One regimen for this case."""

    id: str
    label: str
    technique: str
    course: str
    intent: str
    status: Status
    signable: bool
    rank: int | None
    tied: bool
    why: tuple[Statement, ...]
    settle: tuple[Settle, ...]
    reasons_for: tuple[Statement, ...]
    reasons_against: tuple[Statement, ...]
    certainty: str
    directness: str
    verified: str
    outcomes: tuple[Outcome, ...]
    levels: tuple[LevelDose, ...]
    visits: int | None
    limits: tuple[LimitRow, ...]
    order: tuple[OrderStep, ...]
    note: str
    records: tuple[str, ...]
    pooled: tuple[PooledOutcome, ...] = ()


@dataclass(frozen=True, slots=True)
class Advice:
    """Everything Portico says about one case."""

    label: str | None
    as_of: dt.date | None
    case_sha256: str
    knowledge_version: str
    software_version: str
    watermark: str | None
    row: dict[str, Any]
    notices: tuple[Notice, ...]
    options: tuple[Option, ...]
    order_steps: tuple[str, ...]
    band: Band
    why_this_order: str
    would_change: tuple[str, ...]
    timing: Timing | None
    volumes: tuple[VolumeChoice, ...]
    volume_notes: tuple[Statement, ...]
    alongside: tuple[Statement, ...]
    reirradiation: dict[str, Any] | None
    missing: tuple[Missing, ...]
    evidence_note: Statement
    levels: tuple[str, ...] = ()
    survival: tuple[str, ...] = ()
    survival_flag: str | None = None
    rules: dict[str, bool | None] = field(default_factory=dict)

    @property
    def stops(self) -> tuple[Notice, ...]:
        """Notices that block signing: an urgent rule or gate that is unknown, and a gate that holds."""
        return tuple(n for n in self.notices if n.state == "unknown" or n.kind == "gate")

    @property
    def signing_blocked(self) -> bool:
        """True while an urgent rule or gate is unknown, or a gate holds."""
        return bool(self.stops)

    @property
    def exit_status(self) -> int:
        """0 when nothing urgent holds or is left open, else 1."""
        return 1 if self.notices else 0

    def option(self, option_id: str) -> Option | None:
        """The option with this id, or None."""
        return next((option for option in self.options if option.id == option_id), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``, schema ``advice/1``."""
        from portico.intended_use import INTENDED_USE

        body = plain(self)
        return {
            "schema": "advice/1",
            "intended_use": INTENDED_USE,
            "exit_status": self.exit_status,
            "signing_blocked": self.signing_blocked,
            **body,
        }


def plain(value: Any) -> Any:
    """Dataclasses, tuples and dates as plain JSON data, in field order."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    names = _NAMES.get(kind)
    if names is None and is_dataclass(value) and not isinstance(value, type):
        names = _NAMES[kind] = tuple(f.name for f in fields(value))
    if names is not None:
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


_AS_THEY_ARE: Final = frozenset({str, int, float, bool, type(None)})
#: Names of the fields of each class, looked up once.
_NAMES: Final[dict[type, tuple[str, ...]]] = {}

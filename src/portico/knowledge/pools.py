"""What the studies say together: the answers that synthesis builds, as advice and the pages read them.

``pools.json`` carries the version of the library it was built from; with any other library it is not
used at all.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from portico.errors import KnowledgeRefused

if TYPE_CHECKING:
    from portico.knowledge.library import Library

__all__ = ["POOLS_NAME", "Answer", "Estimate", "LeftOutStudy", "PoolRow", "Pools", "built_from", "load_pools"]

POOLS_NAME: Final = "pools.json"
SCHEMA: Final = "pools/1"


@dataclass(frozen=True, slots=True)
class PoolRow:
    """One study in an answer.

    Parameters
    ----------
    study, arm : ids; several arms of one study are joined with ``+``
    est, lo, hi : the figure with its 95 % interval, as a proportion or a ratio; for counts Wilson's interval
    events, n : counted, or the rate times the number (``basis`` says so); None where only an interval is published
    basis : ``counts``, ``rate x n`` or ``interval``
    weight : share of the weight in the main model, 0 to 1; None for a single study
    verified, directness, design, year : of the study
    note : what was done to the published figure; empty when nothing
    """

    study: str
    arm: str
    est: float
    lo: float
    hi: float
    events: float | None
    n: float | None
    basis: str
    weight: float | None
    verified: str
    directness: str
    design: str
    year: int | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class LeftOutStudy:
    """A study with a figure on the question that is not in the answer: a code and a sentence."""

    study: str
    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """One model's answer, on the natural scale.

    Parameters
    ----------
    model : ``single study``, ``common effect``, ``random effects``, ``random effects (binomial)``, ``beta-binomial``
    method : estimator of the between-study variance, or the likelihood
    interval : name of the interval
    est, lo, hi : estimate and 95 % interval
    prediction_lo, prediction_hi : where the next study's true figure is expected in 95 of 100; None when not given
    """

    model: str
    method: str
    interval: str
    est: float
    lo: float
    hi: float
    prediction_lo: float | None = None
    prediction_hi: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything about one question.

    Parameters
    ----------
    question : its id
    asks, population, outcome, measure, months, reads : of the question; ``outcome`` is the preferred code
    k : studies in the answer; 0 means a gap
    n, events : people (or segments) and events in the counted rows, None without any
    main : the model named first in the output; None without a study
    estimates : every model, the main one first
    tau2, tau2_lo, tau2_hi, i2, q, q_p : heterogeneity of the main model on its working scale; None below two studies
    small_study_p : Egger's test; None below ten studies
    rows : studies in the order of the forest plot
    left_out : studies with a figure that does not count, and why
    leave_one_out : ``(study left out, est, lo, hi)``
    cumulative : ``(study added, year or None, est, lo, hi)`` in the order of years
    compare : published answers ``(study, est, lo, hi, n)`` beside ours
    certainty : ``high`` to ``very_low``; None without a study
    domains : domain, judgement, and the sentence why
    notes : what a reader must know before using the figure
    """

    question: str
    asks: str
    population: str
    outcome: str
    measure: str
    months: float | None
    reads: str
    k: int
    n: int | None
    events: int | None
    main: Estimate | None
    estimates: tuple[Estimate, ...]
    tau2: float | None
    tau2_lo: float | None
    tau2_hi: float | None
    i2: float | None
    q: float | None
    q_p: float | None
    small_study_p: float | None
    rows: tuple[PoolRow, ...]
    left_out: tuple[LeftOutStudy, ...]
    leave_one_out: tuple[tuple[str, float, float, float], ...]
    cumulative: tuple[tuple[str, int | None, float, float, float], ...]
    compare: tuple[tuple[str, float, float | None, float | None, int | None], ...]
    certainty: str | None
    domains: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]

    def to_plain(self) -> dict[str, Any]:
        """Plain values for JSON; figures to six significant digits."""
        plain: dict[str, Any] = _rounded(dataclasses.asdict(self))
        return plain


@dataclass(frozen=True, slots=True)
class Pools:
    """All answers by question, and the hash of what they were built from."""

    built_from: str
    answers: Mapping[str, Answer]

    def to_json(self) -> str:
        """Text of ``pools.json``, one answer a line."""
        lines = ",\n".join(_dump(answer.to_plain()) for answer in self.answers.values())
        return f'{{"schema":"{SCHEMA}",\n"built_from":"{self.built_from}",\n"pools":[\n{lines}\n]}}\n'


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, Mapping):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(one) for one in value]
    return value


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def built_from(library: Library) -> str:
    """What the answers depend on: the version of the library, a hash over all its data files."""
    return library.version


def load_pools(library: Library, path: Path | None = None) -> Pools | None:
    """The answers for exactly this library; None when there are none, or they were built from another one.

    Parameters
    ----------
    library : the loaded library
    path : the file; ``pools.json`` beside the shipped data when left out

    Raises
    ------
    KnowledgeRefused : ``pools-broken`` when the file is no ``pools/1``
    """
    if path is None:
        from portico.knowledge.files import data_root

        path = data_root() / POOLS_NAME
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text("utf-8"))
        if found["schema"] != SCHEMA:
            raise ValueError(found["schema"])
        if found["built_from"] != built_from(library):
            return None
        return Pools(found["built_from"], {one["question"]: _answer(one) for one in found["pools"]})
    except (ValueError, KeyError, TypeError) as error:
        raise KnowledgeRefused(
            "The file of pooled answers is broken.", code="pools-broken", fix="Run portico evidence build."
        ) from error


def _answer(plain: Mapping[str, Any]) -> Answer:
    own: dict[str, Any] = dict(plain)
    own["main"] = None if plain["main"] is None else Estimate(**plain["main"])
    own["estimates"] = tuple(Estimate(**one) for one in plain["estimates"])
    own["rows"] = tuple(PoolRow(**one) for one in plain["rows"])
    own["left_out"] = tuple(LeftOutStudy(**one) for one in plain["left_out"])
    own["notes"] = tuple(plain["notes"])
    for key in ("leave_one_out", "cumulative", "compare", "domains"):
        own[key] = _tuples(plain[key])
    return Answer(**own)


def _tuples(rows: Iterable[Iterable[Any]]) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(row) for row in rows)

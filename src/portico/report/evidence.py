"""Page 2, the evidence: every statement, figure and limit once, with the options it holds for and its records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portico.advice.model import Advice, LimitRow, Option, Outcome, PooledOutcome, Statement
from portico.knowledge import Library, Study
from portico.report import wording
from portico.report.amounts import estimate_text, limit_text, outcome_counts
from portico.report.figures_text import POPULATION_WORDS, figure_text, interval_text
from portico.report.option_rows import dose_notes, option_row, statement_view
from portico.report.references import References

__all__ = ["evidence_view", "waiting_view"]


def evidence_view(advice: Advice, library: Library, references: References) -> dict[str, Any]:
    """Page 2 as plain data; options that are not eligible are left out here, page 1 says what stops them.

    Parameters
    ----------
    advice : of one case
    library : gives citations and what still waits for a reader
    references : collects the records that the page names
    """
    shown = [option for option in advice.options if option.status != "not eligible"]
    found = {
        "options": [option_row(option, references) for option in shown],
        "dose_notes": dose_notes(shown),
        "statements": [
            {"head": head, "rows": _statements(shown, pick, references)}
            for head, pick in (
                ("Why they are offered, or wait", _why),
                ("Reasons for", _for),
                ("Reasons against", _against),
            )
        ],
        "pooled": _pooled(shown, references),
        "outcomes": _outcomes(shown, references),
        "limits": _limits(shown, references),
    }
    return {
        **found,
        "references": references.studies(),
        "records": references.others(),
        "unread": references.unread(),
        "waiting": waiting_view(advice, library),
    }


def _why(option: Option) -> tuple[Statement, ...]:
    return option.why


def _for(option: Option) -> tuple[Statement, ...]:
    return option.reasons_for


def _against(option: Option) -> tuple[Statement, ...]:
    return option.reasons_against


def _statements(
    options: list[Option], pick: Callable[[Option], tuple[Statement, ...]], references: References
) -> list[dict[str, Any]]:
    groups: dict[Statement, list[str]] = {}
    for option in options:
        for statement in pick(option):
            groups.setdefault(statement, []).append(option.label)
    return [
        {"options": _labels(labels, len(options)), **statement_view(statement, references)}
        for statement, labels in groups.items()
    ]


def _labels(labels: list[str], total: int) -> str:
    return "every option shown" if len(labels) == total and total > 1 else "; ".join(labels)


def _pooled(options: list[Option], references: References) -> list[dict[str, Any]]:
    """Each pooled figure once, with the options it is shown for and the forest plot."""
    groups: dict[str, tuple[PooledOutcome, list[str]]] = {}
    for option in options:
        for one in option.pooled:
            groups.setdefault(one.question, (one, []))[1].append(option.label)
    return [
        {
            "family": one.family,
            "asks": one.asks,
            "question": one.question,
            "figure": figure_text(one.estimate, "proportion"),
            "interval": interval_text(one.low, one.high, "proportion"),
            "next": ""
            if one.prediction_low is None
            else interval_text(one.prediction_low, one.prediction_high, "proportion"),
            "when": "no common time" if one.months is None else f"{one.months:g} months",
            "counts": f"{one.k} studies" + ("" if one.n is None else f", {one.n} people or segments"),
            "population": POPULATION_WORDS[one.population],
            "mark": "INDIRECT: not, or not only, operated patients" if one.indirect else "",
            "certainty": one.certainty.replace("_", " "),
            "options": _labels(labels, len(options)),
            "records": references.cite(*one.studies),
        }
        for one, labels in groups.values()
    ]


def _outcomes(options: list[Option], references: References) -> list[dict[str, Any]]:
    """Each published figure once, grouped by family; how it matches each option is said beside it."""
    groups: dict[tuple[Any, ...], tuple[Outcome, dict[str, list[str]]]] = {}
    for option in options:
        for outcome in option.outcomes:
            key = (
                outcome.family, outcome.label, outcome.study, outcome.estimate, outcome.months, outcome.n,
                outcome.low, outcome.high, outcome.measure,
            )  # fmt: skip
            groups.setdefault(key, (outcome, {}))[1].setdefault(outcome.match, []).append(option.label)
    families: dict[str, list[dict[str, Any]]] = {}
    for outcome, matches in groups.values():
        families.setdefault(outcome.family, []).append(
            {
                "label": outcome.label,
                "when": "time not stated" if outcome.months is None else f"{outcome.months:g} months",
                "figure": estimate_text(outcome),
                "counts": outcome_counts(outcome),
                "measure": wording.measure(outcome.measure),
                "directness": wording.directness(outcome.directness),
                "verified": wording.verified(outcome.verified),
                "verified_level": outcome.verified,
                "sign": wording.verified_sign(outcome.verified),
                "matches": [f"{match}: {_labels(labels, len(options))}" for match, labels in matches.items()],
                "records": references.cite(outcome.study),
            }
        )
    return [{"family": family, "rows": rows} for family, rows in families.items()]


def _limits(options: list[Option], references: References) -> list[dict[str, Any]]:
    """One table for all options that bring the same limits; organs without a limit stand first."""
    groups: dict[tuple[LimitRow, ...], list[str]] = {}
    for option in options:
        if option.limits:
            groups.setdefault(option.limits, []).append(option.label)
    return [
        {
            "options": "; ".join(labels),
            "none": _without(rows),
            "rows": [_limit(row, references) for row in rows if row.value is not None],
        }
        for rows, labels in groups.items()
    ]


def _without(rows: tuple[LimitRow, ...]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str, bool], list[LimitRow]] = {}
    for row in rows:
        if row.value is None:
            groups.setdefault((row.state, row.why, row.neural), []).append(row)
    return [
        {
            "head": wording.limit_state(state),
            "organs": [row.roi for row in found],
            "neural": neural,
            "why": why,
            "candidates": sorted({candidate for row in found for candidate in row.candidates}),
        }
        for (state, why, neural), found in groups.items()
    ]


def _limit(row: LimitRow, references: References) -> dict[str, Any]:
    return {
        "roi": row.roi,
        "defined_on": wording.words(row.defined_on),
        "text": limit_text(row),
        "state": wording.limit_state(row.state),
        "binding": row.state == "binding",
        "kind": wording.kind(row.kind),
        "setting": wording.setting(row.setting),
        "scope": wording.words(row.scope),
        "verified": wording.verified(row.verified),
        "verified_level": row.verified,
        "sign": wording.verified_sign(row.verified),
        "signed_by": row.signed_by,
        "why": row.why,
        "records": references.cite(row.source, row.limit_id),
    }


def waiting_view(advice: Advice, library: Library) -> list[dict[str, str]]:
    """Records that cannot act yet: studies known from memory only, rows that wait for a site's signature.

    Parameters
    ----------
    advice : its site picks the studies; an unknown site lists them all
    library : as loaded, with the site's signatures if there are any
    """
    site = advice.row.get("site_region")
    rows = [
        {"id": study.id, "text": study.citation, "why": "known from memory only; waits for a reader"}
        for study in library.studies.values()
        if isinstance(study, Study)
        and study.verified == "memory"
        and (site is None or study.site in (site, "any", "mixed"))
    ]
    rows += [
        {"id": row.id, "text": str(getattr(row, "label", None) or getattr(row, "title", None) or row.id),
         "why": f"{wording.verified(row.verified)}; waits for a site's signature"}
        for row in library.waiting.values()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row["why"], row["id"]))

"""Adjusted comparisons and the calibration of prognostic scores as sections of an audit's report."""

from __future__ import annotations

from portico.cohort.effect_tables import Comparison, EffectTables
from portico.cohort.outcomes.weighting import BALANCED
from portico.cohort.prognosis_check import PrognosisCheck, ScoreCheck
from portico.report.audit_counts import few
from portico.report.evidence_page import Section, Table
from portico.report.wording import verified, verified_sign

__all__ = ["effect_sections", "prognosis_section"]

_ABOUT = (
    "Overlap weights make the groups alike in what the registry holds and speak of patients who might have had either. The hazard ratio is "
    "cause-specific, over all of the follow-up, with the same covariates. The E-value is the risk ratio that something unrecorded would "
    "need with both the treatment and local failure to explain the hazard ratio away, and, second, to bring its interval to one. None of "
    "this makes a registry a trial."
)


def effect_sections(effects: EffectTables, threshold: int) -> tuple[Section, ...]:
    """The comparisons with their balance tables, and what could not be compared.

    Parameters
    ----------
    effects : of :func:`portico.cohort.effect_tables.effect_tables`
    threshold : smallest count that is shown
    """
    tables: list[Table] = []
    text = [_ABOUT] if effects.comparisons else []
    rows = tuple(_row(one) for one in effects.comparisons)
    if rows:
        columns = (
            "comparison", "courses", "counted", "with", "without", "difference (95 %)", "hazard ratio (95 %)", "E-value, its bound",
        )  # fmt: skip
        tables.append(Table("Local failure with death competing, adjusted", columns, rows))
    for one in effects.comparisons:
        name = f"{one.name[:1].upper()}{one.name[1:]}"
        text += [f"{name}. {note}" for note in one.notes]
        if one.left_out:
            reasons = "; ".join(f"{few(count, threshold)}: {reason}" for reason, count in one.left_out)
            text.append(f"{name}. Courses left out: {reasons}.")
        if one.imputed:
            text.append(
                f"{name}. Not known in every course, and imputed {one.copies} times: {', '.join(one.imputed)}. Pooled by Rubin's rules."
            )
        tables.append(_balance(one, name))
    text += [f"Not compared. {sentence}" for sentence in effects.missing]
    return (Section("Adjusted comparisons", tuple(text), tables=tuple(tables), anchor="effects"),)


def _row(one: Comparison) -> tuple[str, ...]:
    return (
        one.name,
        f"{one.first:,} and {one.second:,}",
        f"day {one.from_day} to {one.to_day}",
        f"{100 * one.first_share:.1f} %",
        f"{100 * one.second_share:.1f} %",
        f"{100 * one.difference:+.1f} ({100 * one.lo:+.1f} to {100 * one.hi:+.1f}) points",
        f"{one.hazard_ratio:.2f} ({one.hr_lo:.2f} to {one.hr_hi:.2f})",
        f"{one.e.estimate:.1f}, {one.e.bound:.1f}",
    )


def _balance(one: Comparison, name: str) -> Table:
    rows = tuple(
        (row.name, _signed(row.before), _signed(row.after), "yes" if row.balanced else "no") for row in one.balance
    )
    caption = (
        f"{name}: standardised differences; effective courses after weighting {one.effective[0]:.0f} and {one.effective[1]:.0f}"
    )  # fmt: skip
    return Table(caption, ("covariate", "before", "after", f"below {BALANCED:g}"), rows)


def _signed(value: float) -> str:
    """Two decimals with a sign; nought has none."""
    return f"{value:+.2f}" if abs(value) >= 0.005 else "0.00"


def prognosis_section(check: PrognosisCheck, threshold: int) -> Section:
    """Calibration of the scores that could be computed, and what the others lack.

    Parameters
    ----------
    check : of :func:`portico.cohort.prognosis_check.prognosis_check`
    threshold : smallest count that is shown
    """
    text = [
        "Observed over expected deaths above one: more die than the score says. A slope below one: the score is too sure of itself. The "
        "corrected share is fitted on these patients and looks better on them than it will on others; no score was made to choose a dose.",
        *(f"Not checked. {sentence}" for sentence in check.missing),
    ]
    tables = []
    for one in check.scores:
        text += _about(one, threshold)
        found = one.calibration
        if found is None:
            continue
        tables.append(
            Table(
                f"{one.name}, dead by {one.months:g} months",
                ("patients", "observed", "expected", "observed : expected (95 %)", "slope (standard error)", "intercept, slope held at 1"),
                (
                    (
                        f"{one.patients:,}",
                        f"{100 * found.observed:.0f} %",
                        f"{100 * found.expected:.0f} %",
                        f"{found.observed_expected:.2f} ({found.oe_lo:.2f} to {found.oe_hi:.2f})",
                        f"{found.slope:.2f} ({found.slope_se:.2f})",
                        f"{found.intercept:+.2f} ({found.intercept_se:.2f})",
                    ),
                ),
            )
        )  # fmt: skip
        shares = tuple(
            (c.label, few(c.patients, threshold), f"{100 * c.published:.0f} %", f"{100 * c.corrected:.0f} %") for c in one.classes
        )  # fmt: skip
        columns = ("class", "patients", "published", "corrected for this place")
        tables.append(Table(f"{one.name}: share dead by {one.months:g} months", columns, shares))
    return Section("Prognostic scores on these patients", tuple(text), tables=tuple(tables), anchor="prognosis")


def _about(one: ScoreCheck, threshold: int) -> list[str]:
    said = [f"{one.name}: {verified_sign(one.verified)} {verified(one.verified)}."]
    if one.left_out:
        reasons = "; ".join(f"{few(count, threshold)}: {reason}" for reason, count in one.left_out)
        said.append(f"Patients left out: {reasons}.")
    if one.why:
        said.append(f"At {one.months:g} months: {one.why}")
    return said

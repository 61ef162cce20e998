"""What contradicts itself in a Directive, and what a Directive may never claim.

Each check yields problems with the path of the field; none changes or fills in a value.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from portico.biology.judging import at_most
from portico.directive.cited import cited_records
from portico.directive.doses import BINDING_KINDS, BINDING_VERIFIED, Goal, Limit
from portico.directive.metric import unit_allowed
from portico.directive.model import Directive
from portico.directive.seal import verify_seal
from portico.errors import Problem

__all__ = ["check_directive"]


def check_directive(directive: Directive) -> tuple[Problem, ...]:
    """All contradictions in a Directive; an empty tuple when there are none.

    Parameters
    ----------
    directive : one that already follows its schema

    Returns
    -------
    Problems with code and path; file and line are added by the reader.

    ``fractions-mismatch``, ``fractions-unknown``, ``level-order``, ``level-names``, ``level-repeated``,
    ``no-levels``, ``unit-mismatch``, ``volume-implausible``, ``limit-does-not-bind``, ``memory-refused``,
    ``limit-direction``, ``setting-mismatch``, ``scope-mismatch``, ``signature-site-missing``, ``limit-contradiction``,
    ``limit-repeated``, ``goal-without-source``, ``planning-blocked``, ``blocker-missing``, ``neural-unbound``,
    ``prior-contradiction``, ``date-order``, ``volume-chosen-twice``, ``plain-field-mismatch``,
    ``record-not-listed``, ``override-contradiction``, ``review-contradiction``, ``not-complete``,
    ``seal-broken``
    """
    parts = (_levels, _limits, _planning, _course, _timing, _volumes, _words, _signed, _seal)
    return tuple(problem for part in parts for problem in part(directive))


def _problem(code: str, path: str, message: str, fix: str = "") -> Problem:
    return Problem(code, message, path, fix=fix)


def _levels(directive: Directive) -> Iterator[Problem]:
    levels = directive.levels
    if (directive.technique == "none") != (not levels):
        yield _problem("no-levels", "levels", "radiotherapy has dose levels, and none of it has none.")
    if len({level.fractions for level in levels}) > 1:
        yield _problem(
            "fractions-mismatch", "levels", "the levels have different numbers of fractions.",
            "Levels of one Directive are given together; a course one after another is a second Directive.",
        )  # fmt: skip
    names = [level.name for level in levels]
    if names not in ([], ["target"]) and sorted(names) != ["boost", "elective"]:
        yield _problem("level-names", "levels", "levels are one target, or one boost and one elective.")
    if (directive.technique == "sib") != ("boost" in names):
        yield _problem("level-names", "technique", "a simultaneous boost and its levels belong together.")
    if len({level.roi for level in levels}) < len(levels):
        yield _problem("level-repeated", "levels", "two levels have the same structure.")
    dose = {level.name: level.dose_gy for level in levels}
    boost, elective = dose.get("boost"), dose.get("elective")
    if boost is not None and elective is not None and boost <= elective:
        yield _problem("level-order", "levels", "the boost is not above the elective level.")
    for i, level in enumerate(levels):
        for j, goal in enumerate(level.goals):
            at = f"levels[{i}].goals[{j}]"
            yield from _metric(goal, at)
            if goal.strength == "hard" and goal.source_id is None:
                yield _problem("goal-without-source", f"{at}.source_id", "a hard goal needs its source.")


def _metric(row: Goal | Limit, at: str) -> Iterator[Problem]:
    if not unit_allowed(row.metric, row.unit):
        yield _problem(
            "unit-mismatch", f"{at}.unit", "the unit does not belong to the metric.",
            "A dose metric is in Gy, a volume metric in % or cm3.",
        )  # fmt: skip
    elif row.unit == "%" and row.value > 100:
        yield _problem("volume-implausible", f"{at}.value", "a volume is at most 100 %.")


def _limits(directive: Directive) -> Iterator[Problem]:
    seen: set[tuple[object, ...]] = set()
    for i, limit in enumerate(directive.limits):
        at = f"limits[{i}]"
        yield from _metric(limit, at)
        yield from _fractions(directive, limit, at)
        yield from _binding(directive, limit, at)
        if (limit.setting == "reirradiation") != (directive.course == "reirradiation"):
            yield _problem(
                "setting-mismatch", f"{at}.setting",
                "a limit of a first course never judges reirradiation, nor the reverse.",
                "Take a row recorded for this setting, or list the organ as one without limit.",
            )  # fmt: skip
        if limit.neural and limit.op != "<=":
            yield _problem("limit-direction", f"{at}.op", "a limit of a neural organ is an upper one.")
        if limit.scope == "cumulative" and directive.course == "first":
            yield _problem("scope-mismatch", f"{at}.scope", "a first course has no earlier dose to add.")
        if limit.signed_by is not None and directive.stamps.signatures_site is None:
            yield _problem(
                "signature-site-missing", "stamps.signatures_site", "a limit is signed, and no site is named."
            )
        key = (limit.roi, limit.defined_on, limit.metric, limit.op, limit.scope)
        if limit.strength == "hard" and key in seen:
            yield _problem("limit-repeated", at, "this organ has two hard limits for one metric and contour.")
        if limit.strength == "hard":
            seen.add(key)
    for i, entry in enumerate(directive.no_limit):
        if entry.fractions is not None and entry.fractions != directive.fractions:
            yield _problem(
                "fractions-mismatch", f"no_limit[{i}].fractions", "the fractions are not those of the course."
            )
        if any(
            limit.strength == "hard" and limit.roi == entry.roi and entry.defined_on in (None, limit.defined_on)
            for limit in directive.limits
        ):
            yield _problem(
                "limit-contradiction", f"no_limit[{i}]", "the organ is listed without limit, and a hard limit is given."
            )


def _fractions(directive: Directive, limit: Limit, at: str) -> Iterator[Problem]:
    if limit.scope == "cumulative" and limit.fractions is None:
        return
    if limit.fractions is None or directive.fractions is None:
        yield _problem(
            "fractions-unknown", f"{at}.fractions", "a limit holds for one number of fractions, and it is not known."
        )
    elif limit.fractions != directive.fractions:
        yield _problem(
            "fractions-mismatch", f"{at}.fractions", "the limit is for another number of fractions than the course.",
            "Limits are never interpolated: list the organ as one without limit.",
        )  # fmt: skip


def _binding(directive: Directive, limit: Limit, at: str) -> Iterator[Problem]:
    if limit.verified == "memory":
        yield _problem("memory-refused", f"{at}.verified", "a row from memory is never active.")
    if limit.strength != "hard":
        return
    if limit.kind not in BINDING_KINDS:
        yield _problem(
            "limit-does-not-bind", f"{at}.kind", "only a risk model, a guideline or a trial protocol can bind."
        )
    if limit.verified not in BINDING_VERIFIED and limit.signed_by is None:
        yield _problem(
            "limit-does-not-bind",
            f"{at}.signed_by",
            "a row at this level of verification binds only when a site signs it.",
        )


def _planning(directive: Directive) -> Iterator[Problem]:
    blockers = directive.blockers_for_planning
    if directive.for_planning == bool(blockers):
        yield _problem(
            "planning-blocked",
            "for_planning",
            "a Directive is for planning, or it names what stands against it: not both.",
        )
    for i, entry in enumerate(directive.no_limit):
        if not entry.neural:
            continue
        if directive.for_planning:
            yield _problem(
                "planning-blocked",
                f"no_limit[{i}]",
                "a neural organ has no binding limit, so nothing may be planned from this.",
            )
        elif not any(_names(text, entry.roi) for text in blockers):
            yield _problem(
                "blocker-missing", "blockers_for_planning",
                "a neural organ without limit is not named among the blockers.",
                "Name the structure as it stands in no_limit.",
            )  # fmt: skip
    if not directive.for_planning:
        return
    if directive.site.region is None:
        yield _problem("planning-blocked", "site.region", "nothing can be planned while the region is unknown.")
    bound = {limit.roi for limit in directive.limits if limit.neural and limit.strength == "hard"}
    for roi in sorted({limit.roi for limit in directive.limits if limit.neural} - bound):
        at = next(i for i, limit in enumerate(directive.limits) if limit.roi == roi)
        yield _problem("neural-unbound", f"limits[{at}]", "no limit of this neural organ binds.")
    if directive.site.region == "spine" and not bound and directive.levels:
        yield _problem("neural-unbound", "limits", "a spine course has no binding limit of a neural organ.")
    if not directive.levels or any(level.dose_gy is None or level.fractions is None for level in directive.levels):
        yield _problem(
            "planning-blocked", "levels", "nothing can be planned without dose and fractions of every level."
        )


def _names(text: str, roi: str) -> bool:
    return re.search(rf"(?<![A-Za-z0-9_]){re.escape(roi)}(?![A-Za-z0-9_])", text) is not None


def _course(directive: Directive) -> Iterator[Problem]:
    if (directive.course == "reirradiation") != bool(directive.prior_courses):
        yield _problem(
            "prior-contradiction", "prior_courses", "reirradiation lists the earlier courses; a first course has none.",
            "List an earlier course with what is known of it, and null for the rest.",
        )  # fmt: skip
    if directive.course == "first" and directive.reirradiation is not None:
        yield _problem("prior-contradiction", "reirradiation", "a first course has no conditions of reirradiation.")
    for i, factor in enumerate(directive.reirradiation.factors if directive.reirradiation else ()):
        if factor.verdict != "cannot_tell" and factor.value is not None:
            above = factor.op == ">="
            holds = factor.value >= factor.limit if above else at_most(factor.value, factor.limit)
            if holds == (factor.verdict == "met"):
                continue
        elif factor.verdict != "met":
            continue
        yield _problem(
            "review-contradiction", f"reirradiation.factors[{i}].verdict", "the verdict is not that of the value."
        )
    for i, course in enumerate(directive.prior_courses):
        starts = (directive.decision.date if directive.decision else None, directive.timing.aim_by)
        if course.end is not None and any(day is not None and course.end > day for day in starts):
            yield _problem("date-order", f"prior_courses[{i}].end", "the earlier course ends after this one is due.")


def _timing(directive: Directive) -> Iterator[Problem]:
    timing = directive.timing
    if list(timing.window) != sorted(timing.window):
        yield _problem("date-order", "timing", "surgery, earliest, aim and late do not follow each other.")
    decision = directive.decision
    if decision is not None and timing.surgery_date is not None and decision.date < timing.surgery_date:
        yield _problem("date-order", "decision.date", "the decision lies before the operation.")
    for i, mark in enumerate(timing.marks):
        at = f"timing.marks[{i}].date"
        if mark.date is None:
            continue
        if timing.surgery_date is None:
            yield _problem("date-order", at, "a mark has a date, and the day of surgery is not known.")
        elif mark.date != timing.surgery_date + dt.timedelta(days=mark.day):
            yield _problem("date-order", at, "the date is not that many days after surgery.")
    for i, look in enumerate(directive.follow_up):
        if look.due is not None and timing.surgery_date is not None and look.due < timing.surgery_date:
            yield _problem("date-order", f"follow_up[{i}].due", "follow-up is due before the operation.")


def _volumes(directive: Directive) -> Iterator[Problem]:
    chosen = [volume.roi for volume in directive.volumes if volume.chosen]
    if len(set(chosen)) < len(chosen):
        yield _problem("volume-chosen-twice", "volumes", "one structure is made in two ways.", "Choose one.")
    if directive.plain_field is not None and directive.technique != "conventional":
        yield _problem("plain-field-mismatch", "plain_field", "this technique is no plain field.")


def _words(directive: Directive) -> Iterator[Problem]:
    listed = set(directive.records)
    for record in cited_records(directive):
        if record not in listed:
            yield _problem(
                "record-not-listed", "records", f"the record {record} is cited and not listed.",
                "List every record that the Directive cites.",
            )  # fmt: skip
    decision = directive.decision
    if decision is not None and not decision.override and decision.override_of is not None:
        yield _problem(
            "override-contradiction", "decision.override_of", "the choice is no override, and names what it overrides."
        )


def _signed(directive: Directive) -> Iterator[Problem]:
    if directive.status != "signed":
        return
    if directive.decision is None:
        yield _problem("not-complete", "decision", "a signed Directive names who decided, when and why.")
    if directive.hash is None:
        yield _problem("not-complete", "hash", "a signed Directive carries its seal.")
    for i, level in enumerate(directive.levels):
        for name in ("dose_gy", "fractions"):
            if getattr(level, name) is None:
                yield _problem("not-complete", f"levels[{i}].{name}", "a level cannot be signed without it.")
    if directive.levels and not any(volume.chosen for volume in directive.volumes):
        yield _problem("not-complete", "volumes", "no volume is chosen.")


def _seal(directive: Directive) -> Iterator[Problem]:
    if directive.hash is not None and not verify_seal(directive):
        yield _problem(
            "seal-broken", "hash", "the Directive was changed after it was sealed.",
            "Use the sealed file, or decide and sign again.",
        )  # fmt: skip

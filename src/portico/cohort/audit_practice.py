"""Figures of an audit that describe practice: verdicts and their reasons, schedules, referral, hardware, and Table 1."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from scipy.stats import beta

from portico.advice import Engine
from portico.cohort import audit_result as r
from portico.cohort.concordance import PARTS, REASONS
from portico.cohort.course_facts import CHARACTERISTICS
from portico.cohort.registry_rows import all_columns
from portico.cohort.variation import entropy_bits
from portico.errors import CannotTell
from portico.knowledge import Library

__all__ = [
    "Counted", "Key", "characteristic_figures", "concordance_figures", "hardware_figures", "most_frequent_first", "refer_by",
    "referral_figures", "rule_figures", "schedule_figures",
]  # fmt: skip

_MARK: Final = "refer_by"
_DAYS_A_MONTH: Final = 365.25 / 12

#: Courses by their keys, as one table of :func:`portico.cohort.audit_counts.count_part` has them; None is unknown.
Counted = dict[tuple[str | None, ...], int]
Key = str | None


def refer_by(library: Library) -> tuple[int, str]:
    """Days within which referral was proposed to count as in time, and the study that proposed it.

    Raises
    ------
    CannotTell : ``no-referral-mark``: no rule of the library states one
    """
    for rule in library.rules.values():
        for mark in rule.marks:
            if mark["name"] == _MARK:
                return int(mark["day"]), str(mark["source"]["id"])
    raise CannotTell("No rule of the library states when referral is in time.", code="no-referral-mark")


def concordance_figures(table: Mapping[str, Counted], engine: Engine) -> r.Concordance:
    verdicts = table["verdict"]
    total: Counter[str] = Counter()
    reasons: Counter[tuple[str, str]] = Counter()
    for (_, _, _, verdict, reason), n in verdicts.items():
        total[str(verdict)] += n
        if reason is not None:
            reasons[str(verdict), reason] += n
    ranked = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    parts = {one.group: one for one in _groups(table["part"], 0, 1)}
    empty = r.VerdictCounts
    return r.Concordance(
        total=r.VerdictCounts("all", total["offered"], total["not_offered"], total["undetermined"]),
        reasons=tuple(_reason(verdict, reason, n, engine) for (verdict, reason), n in ranked),
        centres=_groups(verdicts, 0, 3),
        options=_groups(verdicts, 1, 3),
        regimens=_groups(verdicts, 2, 3),
        parts=tuple(parts.get(name, empty(name, 0, 0, 0)) for name in (*PARTS, "delivered")),
    )


def _reason(verdict: str, reason: str, courses: int, engine: Engine) -> r.ReasonCount:
    rule = engine.rules.get(reason)
    says, kind = (REASONS[reason], None) if rule is None else (rule.says, rule.kind)
    return r.ReasonCount("undetermined" if verdict == "undetermined" else "not_offered", reason, says, kind, courses)


def _groups(counted: Counted, group: int, verdict: int) -> tuple[r.VerdictCounts, ...]:
    found: dict[Key, Counter[str]] = defaultdict(Counter)
    for key, n in counted.items():
        found[key[group]][str(key[verdict])] += n
    order = sorted(found, key=lambda one: (one is None, -found[one].total(), one or ""))
    return tuple(
        r.VerdictCounts(one, found[one]["offered"], found[one]["not_offered"], found[one]["undetermined"])
        for one in order
    )


def most_frequent_first(counted: Counted) -> list[tuple[tuple[Key, ...], int]]:
    """The most frequent first, then by name; unknown last."""
    return sorted(counted.items(), key=lambda item: (-item[1], [(one is None, one or "") for one in item[0]]))


def rule_figures(counted: Counted, engine: Engine) -> Iterator[r.RuleCount]:
    for key, rule in engine.rules.items():
        false, unknown, true = (counted.get((key, str(truth)), 0) for truth in range(3))
        yield r.RuleCount(key, rule.kind, true, false, unknown)


def schedule_figures(counted: Counted) -> r.Schedules:
    all_: Counter[tuple[float, int]] = Counter()
    centres: dict[Key, Counter[tuple[float, int]]] = defaultdict(Counter)
    unknown: Counter[Key] = Counter()
    for (centre, dose, fractions), n in counted.items():
        if dose is None or fractions is None:
            unknown[centre] += n
            centres[centre] += Counter()
        else:
            all_[float(dose), int(fractions)] += n
            centres[centre][float(dose), int(fractions)] += n
    ranked = sorted(all_.items(), key=lambda item: (-item[1], item[0]))
    order = sorted(centres, key=lambda one: (one is None, -centres[one].total() - unknown[one], one or ""))
    return r.Schedules(
        used=tuple(r.ScheduleCount(dose, fractions, n) for (dose, fractions), n in ranked),
        unknown=unknown.total(),
        entropy_bits=_entropy(all_),
        centres=tuple(
            r.CentreSchedules(one, centres[one].total() + unknown[one], len(centres[one]), _entropy(centres[one])) for one in order
        ),
    )  # fmt: skip


def _entropy(counts: Counter[tuple[float, int]]) -> float | None:
    return entropy_bits([counts[key] for key in sorted(counts)]) if counts else None


def referral_figures(counted: Counted, library: Library) -> r.Referral:
    days, study = refer_by(library)
    within, later, unknown = (counted.get((word,), 0) for word in ("within", "later", "unknown"))
    known, every = within + later, within + later + unknown
    low, high = _exact(within, known) if known else (None, None)
    return r.Referral(
        days, within, later, unknown, within / known if known else None, low, high, within / every if every else None,
        tuple(_published(library, study, days)),
    )  # fmt: skip


def _exact(events: int, total: int) -> tuple[float, float]:
    """Clopper–Pearson interval of a share, 95 %."""
    low = 0.0 if events == 0 else float(beta.ppf(0.025, events, total - events + 1))
    high = 1.0 if events == total else float(beta.ppf(0.975, events + 1, total - events))
    return low, high


def _published(library: Library, study: str, days: int) -> Iterator[r.PublishedShare]:
    record = library.studies[study]
    arms = {arm.id: arm.label for arm in record.arms}
    months = round(days / _DAYS_A_MONTH, 1)
    for one in record.results:
        if one.outcome == "process" and one.measure == "proportion" and one.est is not None and one.months == months:
            yield r.PublishedShare(
                study, arms[one.arm], one.label, one.est, one.lo, one.hi, one.events, one.n, str(record.verified)
            )


def hardware_figures(counted: Counted) -> r.HardwareCoverage:
    tenths = tuple(counted.get((str(tenth),), 0) for tenth in range(11))
    return r.HardwareCoverage(tenths[10], sum(tenths[:10]), counted.get(("-1",), 0), tenths)


def characteristic_figures(counted: Counted) -> Iterator[r.Characteristic]:
    by_column: dict[str, dict[Key, Counter[Key]]] = defaultdict(lambda: defaultdict(Counter))
    groups: Counter[Key] = Counter()
    for (column, value, option), n in counted.items():
        by_column[str(column)][value][option] += n
        groups[option] += n
    order = sorted(groups, key=lambda one: (one is None, one or ""))
    for name in CHARACTERISTICS:
        about = all_columns()[name]
        levels = sorted(by_column[name], key=_level_order(about.values))
        yield r.Characteristic(
            name, about.meaning, about.unit, tuple(order),
            tuple(r.Level(value, tuple(by_column[name][value][group] for group in order)) for value in levels),
        )  # fmt: skip


def _level_order(values: Sequence[str]) -> Callable[[Key], tuple[bool, float, str]]:
    places = {value: float(place) for place, value in enumerate(values)}

    def place(value: Key) -> tuple[bool, float, str]:
        if value is None:
            return True, 0.0, ""
        return False, places.get(value, float(value) if _number(value) else 0.0), value

    return place


def _number(value: str) -> bool:
    return value.lstrip("-").isdigit()

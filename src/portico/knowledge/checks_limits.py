"""Limits, precedence, contouring rules and models: what may bind is complete, and what may not says so."""

from __future__ import annotations

from collections.abc import Iterator

from portico.directive.metric import parse_metric, unit_allowed
from portico.errors import PorticoError, Problem
from portico.knowledge.checks_context import Context, Located
from portico.knowledge.shapes import VERIFIED

__all__ = ["limit_problems"]

#: Contours that a Directive can name; the others are shown only.
_CONTOURS = ("true_cord", "prv", "thecal_sac", "cauda_equina", "canal", "organ")


def limit_problems(context: Context) -> Iterator[Problem]:
    """Every contradiction inside limits, volumes and models."""
    for item in context.records["limits"]:
        yield from _limit(item)
        yield from _not_stronger(context, item, item.plain["source_id"])
    for kind in ("volumes", "models"):
        for item in context.records[kind]:
            for source in item.plain["source_ids"]:
                yield from _not_stronger(context, item, source)
    for item in context.records["history"]:
        yield from _not_stronger(context, item, item.plain["source_id"])
    for item in context.records["volumes"]:
        margin = item.plain.get("margin") or {}
        low, high = margin.get("low_mm"), margin.get("high_mm")
        if low is not None and high is not None and low > high:
            yield item.problem("range-reversed", "The range runs from high to low.", "margin")
    count = len(context.records["precedence"])
    if count != 1:
        yield Problem("precedence-files", f"One precedence file is expected, {count} were found.")


def _limit(item: Located) -> Iterator[Problem]:
    plain = item.plain
    value, metric, unit = plain["value"], plain["metric"], plain["unit"]
    if plain["verified"] == "memory":
        if value is not None:
            yield item.problem("memory-with-numbers", "A limit known from memory only carries no figure.", "value")
        return
    if (value is None) != (unit is None) or (value is None) != (plain["op"] is None):
        yield item.problem("limit-incomplete", "Value, unit and direction stand together.", "value")
    if value is not None and (value < 0 or (plain.get("value_low") is not None and plain["value_low"] > value)):
        yield item.problem("range-reversed", "The value is negative or below its lower end.", "value")
    low, high = plain.get("fractions_low"), plain.get("fractions_high")
    if low is not None and high is not None and low > high:
        yield item.problem("range-reversed", "The range runs from high to low.", "fractions_low")
    if plain["fractions"] is not None and (low is not None or high is not None):
        yield item.problem("fractions-twice", "Give a number of fractions or a range, not both.", "fractions")
    if not plain["display_only"] and (metric is None or value is None):
        yield item.problem("display-only-missing", "A row without metric or value is display_only.", "display_only")
    contour = plain["defined_on"]
    usable = contour in _CONTOURS or (contour.startswith("prv+") and contour[4:].isdigit())
    if not usable and not plain["display_only"] and plain["kind"] != "practice_survey":
        yield item.problem(
            "contour-unclear", "A row on a contour that a plan cannot name is display_only.", "defined_on"
        )
    if metric is not None and unit is not None:
        try:
            fits = unit_allowed(parse_metric(metric), unit)
        except PorticoError as error:
            yield item.problem("metric-unknown", error.problem.message, "metric", fix=error.problem.fix)
        else:
            if not fits:
                yield item.problem("unit-wrong", "The metric is not given in this unit.", "unit")


def _not_stronger(context: Context, item: Located, source: str | None) -> Iterator[Problem]:
    level = context.levels.get(source or "")
    own = item.plain["verified"]
    if level == "memory" and own != "memory":
        yield item.problem(
            "source-unverified", "The source is known from memory only, so the row cannot be more.", "verified"
        )
    elif level is not None and own in ("full_text", "abstract") and VERIFIED.index(level) > VERIFIED.index(own):
        yield item.problem(
            "stronger-than-source", f"The row claims more than its source, which is at {level} level.", "verified"
        )

"""Figures of studies: inside their interval, events within numbers, proportions that fit their events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portico.errors import Problem
from portico.knowledge.checks_context import Context, Located
from portico.knowledge.own_data import is_own_data, signature_holds
from portico.knowledge.shapes import FIRM

__all__ = ["ROUNDING", "study_problems"]

#: Largest difference between a proportion and its events divided by its number: rounding of the printed figure.
ROUNDING = 0.006
_RATIOS = ("hr", "or", "rr")
_NO_FIGURE = ("text", "p_only")


def study_problems(context: Context) -> Iterator[Problem]:
    """Every contradiction inside a study."""
    for item in context.records["studies"]:
        plain = item.plain
        if plain["verified"] == "memory" and (plain["arms"] or plain["results"]):
            yield item.problem(
                "memory-with-numbers",
                "A study known from memory only carries no figures.",
                "arms" if plain["arms"] else "results",
                fix="Name what has to be read under to_check.",
            )
        if is_own_data(plain) and plain["verified"] in FIRM and not signature_holds(plain):
            yield item.problem(
                "own-data-unsigned",
                "A department's own figures stand at this level only when a named person has signed exactly these.",
                "verified",
                fix="Write derived, or export the study again with --signed-by.",
            )
        names = [arm["id"] for arm in plain["arms"]]
        for position, arm in enumerate(plain["arms"]):
            if names.index(arm["id"]) != position:
                yield item.problem("duplicate-arm", "Two arms have this id.", "arms", position, "id")
            yield from _arm(item, position, arm)
        for position, result in enumerate(plain["results"]):
            if result["arm"] not in names:
                yield item.problem("unknown-arm", "The study has no such arm.", "results", position, "arm")
            yield from _result(item, position, result)


def _arm(item: Located, position: int, arm: Mapping[str, Any]) -> Iterator[Problem]:
    for low, high in (("dose_low_gy", "dose_high_gy"), ("fractions_low", "fractions_high")):
        if arm[low] is not None and arm[high] is not None and arm[low] > arm[high]:
            yield item.problem("range-reversed", "The range runs from high to low.", "arms", position, low)
    for key in ("dose_gy", "dose_low_gy", "dose_high_gy", "boost_dose_gy", "fractions", "n"):
        if arm[key] is not None and arm[key] <= 0:
            yield item.problem("not-positive", "A figure above 0 is expected.", "arms", position, key)
    boost, base = arm["boost_dose_gy"], arm["dose_gy"]
    if boost is not None and base is not None and boost <= base:
        yield item.problem(
            "boost-not-higher", "The boost is not above the other level.", "arms", position, "boost_dose_gy"
        )


def _result(item: Located, position: int, result: Mapping[str, Any]) -> Iterator[Problem]:
    est, low, high = result["est"], result["lo"], result["hi"]
    events, n = result["events"], result["n"]

    def at(code: str, message: str, key: str) -> Problem:
        return item.problem(code, message, "results", position, key)

    if low is not None and high is not None and low > high:
        yield at("interval-reversed", "The interval runs from high to low.", "lo")
    elif est is not None and ((low is not None and est < low) or (high is not None and est > high)):
        yield at("outside-interval", "The estimate lies outside its own interval.", "est")
    if (low is not None or high is not None) and result["interval"] is None:
        yield at("interval-unnamed", "Limits are given without saying what they are.", "interval")
    if (events is not None and events < 0) or (n is not None and n <= 0):
        yield at("not-positive", "Events and numbers are not negative.", "events")
    elif events is not None and n is not None and events > n:
        yield at("events-above-n", "There are more events than patients or lesions.", "events")
    elif (
        result["measure"] == "proportion"
        and result["unit"] == "proportion"
        and est is not None
        and events is not None
        and n is not None
        and abs(est - events / n) > ROUNDING
    ):
        yield at("estimate-not-events", f"The estimate is not {events} of {n}.", "est")
    if result["unit"] == "proportion":
        for key in ("est", "lo", "hi"):
            if result[key] is not None and not 0 <= result[key] <= 1:
                yield at("not-a-proportion", "A proportion runs from 0 to 1.", key)
    if result["measure"] in _RATIOS and est is not None and est <= 0:
        yield at("ratio-not-positive", "A ratio is above 0.", "est")
    counted = events is not None and n is not None
    if est is None and not counted and not result["display_only"] and result["measure"] not in _NO_FIGURE:
        yield at("no-estimate", "A result without an estimate or events is display_only.", "display_only")

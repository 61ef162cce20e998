"""Rules and regimens: their sources are good enough, their targets exist, their doses are complete."""

from __future__ import annotations

from collections.abc import Iterator

from portico.errors import Problem
from portico.knowledge.building import weakest
from portico.knowledge.checks_context import Context, Located
from portico.knowledge.shapes import FIRM, SIGNED_LEVELS, VERIFIED
from portico.reading import did_you_mean

__all__ = ["rule_problems"]


def rule_problems(context: Context) -> Iterator[Problem]:
    """Every contradiction inside rules and regimens."""
    groups: set[str] = set()
    regimens: set[str] = set()
    for item in context.records["regimens"]:
        groups.update(item.plain["groups"])
        regimens.add(item.id)
        yield from _regimen(context, item)
    for item in context.records["rules"]:
        yield from _sources(context, item)
        targets = item.plain.get("targets") or {}
        for key, known in (("groups", groups), ("regimens", regimens)):
            for position, name in enumerate(targets.get(key) or ()):
                if name not in known:
                    guess = did_you_mean(name, sorted(known))
                    yield item.problem(
                        "unknown-target",
                        f"No regimen answers to this name under {key}.",
                        "targets",
                        key,
                        position,
                        fix=f"Did you mean {guess}?" if guess else "",
                    )


def _levels(context: Context, item: Located) -> list[str]:
    cited = [row["id"] for row in item.plain["sources"]]
    cited += [mark["source"]["id"] for mark in item.plain.get("marks") or ()]
    return [context.levels[name] for name in cited if name in context.levels]


def _sources(context: Context, item: Located) -> Iterator[Problem]:
    plain = item.plain
    if plain["basis"] == "evidence" and not plain["sources"]:
        yield item.problem("no-source", "What rests on evidence names its source.", "sources")
    level = weakest(_levels(context, item))
    stated = plain.get("verified")
    if stated is not None and level is not None and VERIFIED.index(stated) < VERIFIED.index(level):
        yield item.problem(
            "stronger-than-source", f"The row claims more than its weakest source ({level}).", "verified"
        )
    yield from _unverified(item, level)
    for position, row in enumerate(plain.get("disagrees") or ()):
        if context.levels.get(row["id"]) == "memory":
            yield item.problem(
                "source-unverified", "A source known from memory only is never shown.", "disagrees", position
            )


def _unverified(item: Located, level: str | None) -> Iterator[Problem]:
    if level is None or level in FIRM:
        return
    if level not in SIGNED_LEVELS:
        yield item.problem("source-unverified", "A source known from memory only drives nothing.", "sources")
    elif not item.plain.get("needs_signature"):
        yield item.problem(
            "source-unverified",
            f"The weakest source is at {level} level and the row does not say that it needs a signature.",
            "sources",
            fix="Add needs_signature: true, or drop the source.",
        )


def _regimen(context: Context, item: Located) -> Iterator[Problem]:
    plain = item.plain
    level = weakest(_levels(context, item))
    if level is not None and VERIFIED.index(plain["verified"]) < VERIFIED.index(level):
        yield item.problem(
            "stronger-than-source", f"The regimen claims more than its weakest source ({level}).", "verified"
        )
    yield from _unverified(item, level)
    if not plain["sources"]:
        yield item.problem("no-source", "A regimen names its source.", "sources")
    counts = {row["fractions"] for row in plain["levels"]}
    if len(counts) > 1:
        yield item.problem("fractions-differ", "All dose levels of one course share their fractions.", "levels")
    for position, row in enumerate(plain["levels"]):
        if row["dose_gy"] is not None and row["dose_gy"] <= 0:
            yield item.problem("not-positive", "A dose is above 0.", "levels", position, "dose_gy")
        open_level = row["dose_gy"] is None and row.get("dose_low_gy") is None
        if plain["signable"] and open_level:
            yield item.problem(
                "signable-without-dose",
                "A regimen whose dose no source gives cannot be signable.",
                "levels",
                position,
                "dose_gy",
            )
    if plain["technique"] != "none" and not plain["levels"]:
        yield item.problem("no-levels", "A regimen needs a dose level.", "levels")

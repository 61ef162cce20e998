"""Ids: unique, named after their file, and every one that is cited exists."""

from __future__ import annotations

from collections.abc import Iterator

from portico.errors import Problem
from portico.knowledge.checks_context import Context, Located
from portico.reading import did_you_mean

__all__ = ["link_problems"]

_ONE_A_FILE = ("studies", "policy", "scores")
_WITH_IDS = ("studies", "limits", "volumes", "regimens", "rules", "policy", "history", "models", "scores", "questions")


def link_problems(context: Context) -> Iterator[Problem]:
    """Duplicate ids, ids that differ from the file name, and citations of what is not there."""
    yield from _ids(context)
    for kind in ("limits", "history"):
        for item in context.records[kind]:
            source = item.plain["source_id"]
            if source is None:
                if item.plain["verified"] != "memory":
                    yield item.problem("no-source", "A figure needs a source.", "source_id")
            else:
                yield from _cited(context, item, source, "source_id")
    for kind in ("volumes", "models"):
        for item in context.records[kind]:
            for position, source in enumerate(item.plain["source_ids"]):
                yield from _cited(context, item, source, "source_ids", position)
            if not item.plain["source_ids"] and item.plain["verified"] not in ("memory", "derived"):
                yield item.problem("no-source", "A figure needs a source.", "source_ids")
    for kind in ("regimens", "rules"):
        for item in context.records[kind]:
            for key in ("sources", "disagrees"):
                for position, row in enumerate(item.plain.get(key) or ()):
                    yield from _cited(context, item, row["id"], key, position, "id")
            for position, mark in enumerate(item.plain.get("marks") or ()):
                yield from _cited(context, item, mark["source"]["id"], "marks", position, "source", "id")
    for item in context.records["studies"]:
        yield from _relations(context, item)
    for item in context.records["questions"]:
        yield from _asked(context, item)


def _ids(context: Context) -> Iterator[Problem]:
    first: dict[str, Located] = {}
    for kind in _WITH_IDS:
        for item in context.records[kind]:
            names = [item.id, *(item.plain.get("aliases") or ())] if kind == "studies" else [item.id]
            for name in names:
                before = first.setdefault(name, item)
                if before is not item:
                    yield item.problem(
                        "duplicate-id",
                        f"The id stands in {before.document.name} already.",
                        "id",
                        fix="Every record of the library needs an id of its own.",
                    )
            stem = item.document.name.rsplit("/", 1)[-1].removesuffix(".yaml")
            if kind in _ONE_A_FILE and stem != item.id:
                yield item.problem("id-not-file-name", f"The id is not the file name {stem}.", "id")


def _cited(context: Context, item: Located, source: str, *path: str | int) -> Iterator[Problem]:
    if source not in context.levels:
        guess = did_you_mean(source, list(context.levels))
        yield item.problem(
            "dangling-source",
            f"The source {source} is no study and no score of the library.",
            *path,
            fix=f"Did you mean {guess}?" if guess else "",
        )


def _relations(context: Context, item: Located) -> Iterator[Problem]:
    for key in ("overlaps", "disputes"):
        for position, other in enumerate(item.plain[key]):
            found = context.studies.get(other)
            if found is None:
                guess = did_you_mean(other, list(context.studies))
                yield item.problem(
                    f"dangling-{key}",
                    f"The study {other} is not in the library.",
                    key,
                    position,
                    fix=f"Did you mean {guess}?" if guess else "",
                )
            elif found is item:
                yield item.problem(f"{key}-itself", "A study does not relate to itself.", key, position)
            elif key == "overlaps" and item.id not in found.plain["overlaps"]:
                yield item.problem(
                    "overlap-one-way",
                    f"{found.id} does not name this study as overlapping.",
                    key,
                    position,
                    fix=f"Add {item.id} to its overlaps.",
                )


def _asked(context: Context, item: Located) -> Iterator[Problem]:
    """Studies that a question names, and the arms of its pairs."""
    plain = item.plain
    for key in ("left_out", "pick", "pairs"):
        for position, row in enumerate(plain.get(key) or ()):
            yield from _studied(context, item, row["study"], key, position, "study")
    for position, row in enumerate(plain.get("kept_apart") or ()):
        for place, name in enumerate(row["studies"]):
            yield from _studied(context, item, name, "kept_apart", position, "studies", place)
    for key in ("only", "compare"):
        for position, name in enumerate(plain.get(key) or ()):
            yield from _studied(context, item, name, key, position)
    for position, row in enumerate(plain.get("pairs") or ()):
        study = context.studies.get(row["study"])
        arms = [arm["id"] for arm in study.plain["arms"]] if study else []
        for key in ("first", "second"):
            if study and row[key] not in arms:
                yield item.problem("unknown-arm", "The study has no such arm.", "pairs", position, key)
    if plain["measure"] != "proportion" and not plain.get("versus") and not plain.get("pairs"):
        yield item.problem("no-comparison", "A ratio needs the comparison it is of.", "measure", fix="Add versus.")


def _studied(context: Context, item: Located, name: str, *path: str | int) -> Iterator[Problem]:
    if name not in context.studies:
        yield item.problem("dangling-study", f"The library has no study {name}.", *path)

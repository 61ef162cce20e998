"""``portico evidence confirm``: a curator's word on the figures of a draft, written down with name, day and reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from portico.cli.evidence_files import AsJson
from portico.cli.help_text import help_text

__all__ = ["CONFIRM_HELP", "confirm"]

CONFIRM_HELP: Final = help_text(
    "Decide on figures of a draft by name: confirm, reject, or give the right value, with the reason. The decisions go to a "
    "confirmation file; a later word on a figure replaces an earlier one. Without a decision, the figures are printed with what is open.",
    [
        "portico evidence confirm drafts/muller-2024.yaml --file c.yaml",
        'portico evidence confirm drafts/muller-2024.yaml --file c.yaml --by "A. Reader" --decide f1=confirm',
        'portico evidence confirm drafts/muller-2024.yaml --file c.yaml --by "A. Reader" --decide f2=0.17 --why "misread"',
        'portico evidence confirm drafts/muller-2024.yaml --file c.yaml --by "A. Reader" --study site=spine',
    ],
    {0: "every figure is decided", 1: "figures are open", 3: "the draft, the file or a decision is refused"},
)
_HEAD: Final = ("site", "directness", "design", "technique", "population")


def confirm(
    draft_file: Annotated[Path, typer.Argument(help="A draft.", metavar="DRAFT")],
    file: Annotated[Path, typer.Option("--file", help="The confirmation, made when it is not there.", metavar="FILE")],
    decide: Annotated[
        list[str] | None,
        typer.Option("--decide", help="FIGURE=confirm, FIGURE=reject or FIGURE=VALUE; repeatable.", metavar="F=WORD"),
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who decides.", metavar="NAME")] = "",
    why: Annotated[str, typer.Option("--why", help="Reason of the corrections and rejections.", metavar="TEXT")] = "",
    study: Annotated[
        list[str] | None,
        typer.Option("--study", help=f"KEY=TEXT with one of {', '.join(_HEAD)}; repeatable.", metavar="KEY=TEXT"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write decisions down and print what is open.

    Raises
    ------
    InputRefused : ``bad-draft``, ``other-draft``, ``figure-unknown``, ``why-missing``, ``no-name``, ``bad-confirmation``
    UsageError : ``decision-form``, ``study-form``
    """
    import yaml

    from portico.cli.output import plain_table, save, say, show, show_json, shown_path
    from portico.errors import InputRefused
    from portico.intake import checked_draft
    from portico.reading import read_document

    draft = checked_draft(read_document(draft_file).value)
    figures = {one["id"]: one for one in draft["figures"]}
    made: dict[str, Any] = {
        "schema": "confirmation/1",
        "draft": draft["id"],
        "by": by.strip(),
        "date": "",
        "study": {},
        "figures": [],
    }
    if file.exists():
        made = _earlier(read_document(file).value, made, file)
    if decide or study:
        if not by.strip():
            raise InputRefused("A decision needs a name.", code="no-name", fix="--by NAME")
        today = dt.date.today().isoformat()
        made["by"], made["date"] = made["by"] or by.strip(), today
        made["study"] = {**made["study"], **_head(study or ())}
        new = [_row(text, figures, why.strip()) | {"by": by.strip(), "date": today} for text in decide or ()]
        ids = {row["id"] for row in new}
        made["figures"] = [*(row for row in made["figures"] if row["id"] not in ids), *new]
        made["figures"].sort(key=lambda row: list(figures).index(row["id"]) if row["id"] in figures else len(figures))
        save(file, yaml.safe_dump(made, allow_unicode=True, sort_keys=False, width=120))
    said = {row["id"]: row.get("decision") for row in made["figures"]}
    open_ones = [name for name in figures if name not in said]
    if as_json:
        show_json({"schema": "confirmation-state/1", "draft": draft["id"], "open": open_ones, "confirmation": made})
    else:
        show(
            plain_table(
                ["figure", "decision", "kind", "value", "months", "read"],
                [_shown(one, said) for one in figures.values()],
            )
        )
        show(f"{len(figures) - len(open_ones)} of {len(figures)} figures decided.")
        if decide or study:
            say(f"Written: {shown_path(file)}")
    raise typer.Exit(1 if open_ones else 0)


def _earlier(value: Any, empty: Mapping[str, Any], file: Path) -> dict[str, Any]:
    from portico.errors import InputRefused

    if (
        not isinstance(value, dict)
        or value.get("schema") != empty["schema"]
        or not isinstance(value.get("study") or {}, dict)
        or not isinstance(value.get("figures"), list)
        or not all(isinstance(row, dict) and isinstance(row.get("id"), str) for row in value["figures"])
    ):
        raise InputRefused("The file is no confirmation/1.", code="bad-confirmation", file=str(file))
    if value.get("draft") != empty["draft"]:
        raise InputRefused("The confirmation is of another draft.", code="other-draft", file=str(file))
    return {**empty, **value, "study": dict(value.get("study") or {}), "by": str(value.get("by") or "")}


def _head(words: Sequence[str]) -> dict[str, str]:
    from portico.errors import UsageError

    found = {}
    for text in words:
        key, cut, value = text.partition("=")
        if key not in _HEAD or not cut or not value.strip():
            raise UsageError(
                "A field of the study is a key and a text.", code="study-form", fix=f"One of {', '.join(_HEAD)}."
            )
        found[key] = value.strip()
    return found


def _row(text: str, figures: Mapping[str, Any], why: str) -> dict[str, Any]:
    from portico.errors import InputRefused, UsageError

    name, cut, word = text.partition("=")
    if not cut:
        raise UsageError("A decision is a figure and a word or value.", code="decision-form", fix="--decide f1=confirm")
    if name not in figures:
        raise InputRefused("The draft has no such figure.", code="figure-unknown", path=name[:20])
    if word == "confirm":
        return {"id": name, "decision": "confirm"}
    row: dict[str, Any] = {"id": name, "decision": "reject"}
    if word != "reject":
        try:
            value = float(word)
        except ValueError:
            value = float("nan")
        if not abs(value) < float("inf"):
            raise UsageError(
                "A decision is confirm, reject or a number.", code="decision-form", fix="--decide f1=confirm"
            )
        row = {"id": name, "decision": "correct", "value": int(value) if value == int(value) else value}
    if not why:
        raise InputRefused("A correction or rejection says why.", code="why-missing", path=name, fix="--why TEXT")
    return {**row, "why": why}


def _shown(one: Mapping[str, Any], said: Mapping[str, Any]) -> list[str]:
    second = "" if one["second"] is None else f" / {one['second']:g}"
    months = "" if one["months"] is None else f"{one['months']:g}"
    return [
        one["id"],
        str(said.get(one["id"], "open")),
        one["kind"],
        f"{one['value']:g}{second} {one['unit']}",
        months,
        str(one["read"]),
    ]

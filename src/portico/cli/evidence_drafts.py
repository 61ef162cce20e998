"""``portico evidence draft``, ``confirm`` and ``promote``: from a record to a study, nothing unreviewed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from portico.cli.evidence_files import AsJson
from portico.cli.help_text import help_text

__all__ = ["DRAFT_HELP", "PROMOTE_HELP", "draft", "promote"]

DRAFT_HELP: Final = help_text(
    "Write a draft for each record decided relevant (or named): the figures its title and abstract may report, each with its place "
    "in the text, all unconfirmed, level memory.",
    ["portico evidence draft inbox --out drafts", "portico evidence draft inbox --record 12 --out drafts"],
    {
        0: "fine",
        1: "counts in a text contradict their percentage",
        3: "the folder is refused, or nothing is decided relevant",
    },
)
PROMOTE_HELP: Final = help_text(
    "Turn a draft into a study (study/1, level abstract) after a named curator has confirmed, corrected or rejected each of its figures. "
    "The library with it is checked; the study is written to a folder of yours, never into the library.",
    ["portico evidence promote drafts/muller-2024.yaml --confirm muller-2024-confirmation.yaml --out studies"],
    {0: "fine", 3: "a figure is not decided, or the study does not hold"},
)


def draft(
    folder: Annotated[Path, typer.Argument(help="Folder of an intake.", metavar="DIR")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the drafts.", metavar="DIR")],
    record: Annotated[
        list[int] | None,
        typer.Option("--record", help="Records by number; those decided relevant when left out.", metavar="N"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write drafts.

    Raises
    ------
    InputRefused : ``no-intake``, ``record-unknown``, ``none-relevant``
    """
    import yaml

    from portico.cli.evidence_intake import DECISIONS_FILE, records_of
    from portico.cli.library import open_library
    from portico.cli.output import save, show, show_json
    from portico.errors import InputRefused
    from portico.intake import draft_from, read_decisions

    records = records_of(folder)
    chosen = record or [
        at for at, word in {one.record: one.relevant for one in read_decisions(folder / DECISIONS_FILE)}.items() if word
    ]
    if not chosen:
        raise InputRefused(
            "No record is decided relevant.",
            code="none-relevant",
            fix="portico evidence screen DIR --decide N=yes --by NAME",
        )
    wrong = next((at for at in chosen if not 1 <= at <= len(records)), None)
    if wrong is not None:
        raise InputRefused(f"There is no record {wrong}.", code="record-unknown")
    there = _drafts_there(out)
    taken = {*open_library().studies, *(path.stem for path in out.glob("*.yaml"))}
    made, problems, texts = [], [], []
    for at in chosen:
        plain, found = draft_from(records[at - 1], taken)
        problems += found
        before = there.get(plain["record"]["text_sha256"])
        path = before or out / f"{plain['id']}.yaml"
        made.append(
            {
                "record": at,
                "id": path.stem,
                "figures": len(plain["figures"]),
                "file": str(path),
                "new": before is None,
            }
        )
        if before is None:
            taken.add(plain["id"])
            there[plain["record"]["text_sha256"]] = path
            texts.append((path, yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=120)))
    for path, text in texts:
        save(path, text)
    if as_json:
        show_json({"schema": "drafts/1", "drafts": made, "problems": [one.to_dict() for one in problems]})
    else:
        for one in made:
            state = "all unconfirmed" if one["new"] else "the draft was there and is left as it is"
            show(f"{one['file']}: {one['figures']} candidate figures, {state}")
        for problem in problems:
            show(f"{problem.code}: {problem}")
    raise typer.Exit(1 if problems else 0)


def _drafts_there(out: Path) -> dict[str, Path]:
    """Drafts of a folder by the hash of the text they came from."""
    from portico.errors import PorticoError
    from portico.reading import read_document

    found: dict[str, Path] = {}
    for path in sorted(out.glob("*.yaml")):
        try:
            value: Any = read_document(path).value
            found.setdefault(value["record"]["text_sha256"], path)
        except (PorticoError, KeyError, TypeError):
            continue  # no draft: it keeps its name, and nothing is written over it
    return found


def promote(
    draft_file: Annotated[Path, typer.Argument(help="A draft.", metavar="DRAFT")],
    confirm: Annotated[
        Path, typer.Option("--confirm", help="The curator's decisions, confirmation/1.", metavar="FILE")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the study.", metavar="DIR")],
    as_json: AsJson = False,
) -> None:
    """Write the study.

    Raises
    ------
    InputRefused : see :func:`portico.intake.promote`
    UsageError : a file of this name with other content is there
    KnowledgeRefused : the library does not hold with the study in it
    """
    import yaml

    from portico.cli.output import save, say, show, show_json, shown_path
    from portico.intake import candidate
    from portico.intake import promote as promoted
    from portico.reading import read_document
    from portico.report.figures_text import counted

    study = promoted(read_document(draft_file).value, read_document(confirm).value)
    text = yaml.safe_dump(study, allow_unicode=True, sort_keys=False, width=120)
    path = out / f"{study['id']}.yaml"
    candidate({str(path): text.encode()})
    save(path, text, replace=False)
    if as_json:
        show_json({"schema": "promoted/1", "study": study, "file": str(path)})
    else:
        show(f"{study['id']}: level {study['verified']}, {counted(len(study['results']), 'figure', 'figures')}.")
        for one in study["to_check"]:
            show(f"To check: {one}")
        show(f"What it changes: portico evidence diff {shown_path(path)}")
        say(f"Written: {shown_path(path)}")

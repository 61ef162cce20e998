"""``portico evidence diff``: what new or corrected studies change, in the answers and in the advice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from portico.cli.evidence_files import AsJson
from portico.cli.help_text import help_text

if TYPE_CHECKING:
    from portico.intake import EvidenceDiff
    from portico.knowledge.pools import Answer

__all__ = ["DIFF_HELP", "diff"]

DIFF_HELP: Final = help_text(
    "Put study files (study/1) into the library for a moment, answer every question again, advise the cases again, and print what "
    "changed. Nothing is written; a study of the same id is replaced.",
    [
        "portico evidence diff new-study.yaml",
        "portico evidence diff drafts/*.yaml --cases examples/cases --json",
    ],
    {
        0: "nothing changes",
        1: "an answer or an advice changes",
        3: "a file is refused, or the library with it does not hold",
    },
)


def diff(
    files: Annotated[list[Path], typer.Argument(help="Study files.", metavar="FILE...")],
    cases: Annotated[
        Path | None,
        typer.Option(
            "--cases",
            help="Folder of case files; examples/cases below the current folder when left out.",
            metavar="DIR",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print what changes.

    Raises
    ------
    UsageError : ``no-cases``
    InputRefused : ``not-a-study``, ``study-twice``; what the readers and the library's checks refuse
    """
    from portico.case import read_case
    from portico.cli.library import open_library
    from portico.cli.output import say, show_json
    from portico.cli.plan_source import progress_line
    from portico.errors import UsageError
    from portico.intake import candidate, evidence_diff
    from portico.reading import read_bytes

    folder = cases if cases is not None else Path("examples") / "cases"
    paths = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    if cases is not None and not paths:
        raise UsageError("The folder holds no case.", code="no-cases", path="--cases")
    if not paths:
        say("No cases here: only answers are compared. Name a folder with --cases.")
    after, added, replaced = candidate({str(path): read_bytes(path) for path in files})
    vignettes = [(path.stem, read_case(path)) for path in paths]
    found = evidence_diff(open_library(), after, vignettes, added=added, replaced=replaced, progress=progress_line())
    if as_json:
        show_json(_plain(found))
    else:
        _print(found)
    raise typer.Exit(1 if found.answers or found.cases else 0)


def _figure(answer: Answer | None) -> str:
    from portico.report.figures_text import counted, figure_text, interval_text

    if answer is None or answer.main is None:
        return "gap"
    main = answer.main
    interval = interval_text(main.lo, main.hi, answer.measure)
    return f"{figure_text(main.est, answer.measure)} ({interval}), {counted(answer.k, 'study', 'studies')}, certainty {answer.certainty}"


def _print(found: EvidenceDiff) -> None:
    from portico.cli.output import show

    show(f"Added: {', '.join(found.added) or 'none'}. Replaced: {', '.join(found.replaced) or 'none'}.")
    if not found.answers:
        show("No answer changes.")
    for one in found.answers:
        show("")
        show(f"{one.question}: {one.asks}")
        show(f"  before: {_figure(one.before)}")
        show(f"  now:    {_figure(one.after)}")
        for word, names in (("joined", one.joined), ("dropped", one.dropped)):
            if names:
                show(f"  {word}: {', '.join(names)}")
        before = {} if one.before is None else {(out.study, out.code) for out in one.before.left_out}
        for out in one.after.left_out:
            if (out.study, out.code) not in before:
                show(f"  does not count: {out.study} ({out.code}): {out.why}")
    show("")
    if found.cases_seen:
        show(f"Advice: {len(found.cases)} of {found.cases_seen} cases change.")
    for case in found.cases:
        show(f"{case.case}")
        for line in case.changes:
            show(f"  {line}")


def _plain(found: EvidenceDiff) -> dict[str, Any]:
    return {
        "schema": "evidence-diff/1",
        "before": found.before,
        "after": found.after,
        "added": list(found.added),
        "replaced": list(found.replaced),
        "answers": [
            {
                "question": one.question,
                "asks": one.asks,
                "moved": one.moved,
                "joined": list(one.joined),
                "dropped": list(one.dropped),
                "before": None if one.before is None else one.before.to_plain(),
                "after": one.after.to_plain(),
            }
            for one in found.answers
        ],
        "cases": [{"case": one.case, "changes": list(one.changes)} for one in found.cases],
        "cases_seen": found.cases_seen,
    }

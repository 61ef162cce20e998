"""Where a plan comes from: a folder, a zip archive, a file, or a DICOMweb archive; and how its structures are named."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from portico.errors import KnowledgeRefused, UsageError

if TYPE_CHECKING:
    from portico.rt import PlanSet, Study

__all__ = [
    "EndCapOption",
    "FromOption",
    "MatchOption",
    "NamesOption",
    "PlanOption",
    "StudyOption",
    "end_cap_of",
    "matches_of",
    "names_of",
    "plan_set_of",
    "progress_line",
    "study_of",
]

PlanOption = Annotated[
    str | None,
    typer.Option("--plan", help="Which plan, when there are several: its number as listed, or its UID.", metavar="N"),
]
FromOption = Annotated[
    str | None,
    typer.Option("--from", help="DICOMweb address to read the study from, instead of a folder.", metavar="URL"),
]
StudyOption = Annotated[
    str | None, typer.Option("--study", help="Study Instance UID to read with --from.", metavar="UID")
]
NamesOption = Annotated[
    Path | None,
    typer.Option("--names", help="A department's own table of structure names (YAML).", metavar="FILE"),
]
MatchOption = Annotated[
    list[str] | None,
    typer.Option(
        "--match", help="Say which structure is meant, e.g. SpinalCord='cord T2'; repeatable.", metavar="ROI=NAME"
    ),
]
EndCapOption = Annotated[
    str,
    typer.Option("--end-cap", help="Rule by which a structure ends: none, half, full or tapered.", metavar="RULE"),
]

#: Seconds of silence before a progress line appears.
_PATIENCE: Final = 2.0
#: Seconds between two steps that are written to a file.
_PAUSE: Final = 0.2
_NAMES_SCHEMA: Final = "structure-names/1"


def end_cap_of(text: str) -> Any:
    """The end-cap rule of that name.

    Raises
    ------
    UsageError : ``end-cap-unknown``
    """
    from portico.geometry import END_CAPS

    if text not in END_CAPS:
        raise UsageError("There is no such end-cap rule.", code="end-cap-unknown", fix=f"Use {', '.join(END_CAPS)}.")
    return text


def matches_of(pairs: Sequence[str] | None) -> dict[str, str]:
    """``ROI=NAME`` pairs of the command line.

    Raises
    ------
    UsageError : ``match-form``, ``match-twice``
    """
    found: dict[str, str] = {}
    for pair in pairs or ():
        roi, sign, name = pair.partition("=")
        if not (sign and roi.strip() and name.strip()):
            raise UsageError("A match is ROI=NAME.", code="match-form", fix="For example --match SpinalCord=cord.")
        if roi.strip() in found:
            raise UsageError("A structure is matched twice.", code="match-twice")
        found[roi.strip()] = name.strip()
    return found


def names_of(path: Path | None) -> Sequence[Mapping[str, Any]] | None:
    """Rows of a department's table of names; None without a file.

    Raises
    ------
    ReadingRefused : the file cannot be read
    KnowledgeRefused : ``names-damaged``, when it is no such table
    """
    if path is None:
        return None
    from portico.reading import read_document

    body = read_document(path).value
    rows = body.get("names") if isinstance(body, Mapping) else None
    if not isinstance(body, Mapping) or body.get("schema") != _NAMES_SCHEMA or not isinstance(rows, list):
        raise KnowledgeRefused(
            "This is no table of structure names.",
            code="names-damaged",
            file=str(path),
            fix=f"Begin with `schema: {_NAMES_SCHEMA}` and list rows under `names`.",
        )
    return rows


def study_of(plan: Path | None, url: str | None, study: str | None) -> Study:
    """Read the objects of a study.

    Raises
    ------
    UsageError : ``no-source``, ``two-sources``, ``study-missing``
    InputRefused : what the readers refuse
    """
    if (plan is None) == (url is None):
        code, message = (
            ("no-source", "Nothing was given to read.") if plan is None else ("two-sources", "Two sources were given.")
        )
        raise UsageError(message, code=code, fix="Give a folder, zip or file, or --from with --study.")
    if url is None:
        if study is not None:
            raise UsageError("--study belongs to --from.", code="study-without-from")
        from portico.rt import read_study

        assert plan is not None
        return read_study(plan)
    if study is None:
        raise UsageError("--from needs --study.", code="study-missing")
    from portico.interop import DicomWeb
    from portico.rt import read_contents

    return read_contents(DicomWeb(url).objects(study))


def plan_set_of(study: Study, which: str | None) -> PlanSet:
    """The plan that is meant, with what it refers to; where there are several and none is named, they are listed.

    Parameters
    ----------
    which : number of the plan as listed, from 1, or its SOP Instance UID; None when there is one plan or none

    Raises
    ------
    UsageError : ``no-such-plan``
    InputRefused : see :meth:`portico.rt.Study.plan_set`
    """
    from portico.cli.output import say
    from portico.errors import InputRefused

    if which is not None and which.isdecimal() and len(which) < 5:
        if not 1 <= int(which) <= len(study.plans):
            raise UsageError("There is no plan of that number.", code="no-such-plan")
        return study.plan_set(study.plans[int(which) - 1].uid)
    try:
        return study.plan_set(which)
    except InputRefused as error:
        if error.code == "several-plans" and study.plans:
            for number, plan in enumerate(study.plans, start=1):
                doses = [one.prescribed_gy for one in plan.dose_references if one.prescribed_gy is not None]
                stated = ", ".join(f"{dose:g} Gy" for dose in doses) or "no stated dose"
                say(f"--plan {number}: {plan.fractions or 'unknown number of'} fractions, {stated}")
        raise


def progress_line() -> Callable[[str, int, int], None]:
    """A line on standard error that counts, once a person has waited for more than two seconds.

    Where the environment names a file in ``PORTICO_PROGRESS``, the newest step stands there instead: what is done, how
    far and of how much, divided by tabs. Jobs of the service read it.
    """
    person = sys.stderr.isatty()
    start = time.monotonic()
    file = os.environ.get("PORTICO_PROGRESS")
    written = -_PAUSE

    def step(what: str, done: int, of: int) -> None:
        nonlocal written
        if file is not None:
            if time.monotonic() - written >= _PAUSE or done >= of:
                written = time.monotonic()
                _write_step(Path(file), f"{what}\t{done}\t{of}")
            return
        if not person or time.monotonic() - start < _PATIENCE:
            return
        sys.stderr.write(f"\r\033[K{what}: {done} of {of}" if done < of else "\r\033[K")
        sys.stderr.flush()

    return step


def _write_step(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    with suppress(OSError):  # how far it is matters less than what it does
        part.write_text(text, encoding="utf-8")
        part.replace(path)

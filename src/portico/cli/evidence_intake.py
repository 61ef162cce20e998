"""``portico evidence intake`` and ``screen``: literature files in, and which records to read next."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from portico.cli.evidence_files import AsJson
from portico.cli.help_text import help_text

if TYPE_CHECKING:
    from portico.intake import Record

__all__ = ["DECISIONS_FILE", "INTAKE_HELP", "SCREEN_HELP", "intake", "records_of", "screen"]

INTAKE_HELP: Final = help_text(
    "Read literature files (PubMed NBIB or XML, RIS, BibTeX, JSON lines), of any size, and write the new records into a folder: "
    "doubles within the files and studies that the library has are named and left out; a record that cannot be read is named with "
    "its place, and the others are kept.",
    ["portico evidence intake pubmed.nbib --out inbox", "portico evidence intake a.ris b.bib --out inbox --json"],
    {0: "fine", 1: "some records could not be read; the others are kept", 3: "a file is refused, or holds no record"},
)
SCREEN_HELP: Final = help_text(
    "Order the records of an intake folder by how likely they are relevant, learned from the library's own studies and from your "
    "decisions. No rule can promise that nothing relevant is left unread.",
    [
        "portico evidence screen inbox --top 20",
        'portico evidence screen inbox --decide 12=yes --decide 40=no --by "A. Reader"',
    ],
    {0: "fine", 3: "the folder or a decision is refused"},
)
_RECORDS: Final = "records.jsonl"
DECISIONS_FILE: Final = "decisions.csv"
#: Problems and doubles that the report lists one by one; the others are counted.
_MOST_LISTED: Final = 10_000


def intake(
    files: Annotated[list[Path], typer.Argument(help="Files of literature.", metavar="FILE...")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the new records.", metavar="DIR")],
    form: Annotated[
        str | None,
        typer.Option(
            "--form",
            help="nbib, pubmed-xml, ris, bibtex or json-lines; found from the content when left out.",
            metavar="WORD",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read the files.

    Raises
    ------
    ReadingRefused : ``cannot-read``, ``form-not-known``, ``cannot-write``
    InputRefused : ``no-records``, ``decisions-there``
    UsageError : ``unknown-form``
    """
    from portico.cli.library import open_library
    from portico.cli.output import plain_table, show, show_json
    from portico.cli.plan_source import progress_line
    from portico.errors import InputRefused, Problem
    from portico.intake import Duplicates, library_index, read_records, record_match
    from portico.reading import write_atomic

    known = library_index(open_library().studies.values())
    seen = Duplicates()
    step = progress_line()
    problems: list[Problem] = []
    doubles: list[dict[str, Any]] = []
    counts = Counter[str]()
    out.mkdir(parents=True, exist_ok=True)
    partial = out / f".{_RECORDS}.part"
    try:
        with partial.open("w", encoding="utf-8") as target:
            for path in files:
                for one in read_records(path, form, progress=lambda done, of: step("bytes", done, of)):
                    if isinstance(one, Problem):
                        counts["problems"] += 1
                        if len(problems) < _MOST_LISTED:
                            problems.append(one)
                        continue
                    counts["read"] += 1
                    name = f"{path.name} record {one.number}"
                    match = record_match(known, one)
                    where = "library"
                    if match is None:
                        match, where = seen.add(name, one.title, one.year, doi=one.doi, pmid=one.pmid), "files"
                    if match is not None:
                        counts["doubles"] += 1
                        if len(doubles) < _MOST_LISTED:
                            doubles.append({"record": name, "known": match.known, "where": where, "why": match.why})
                        continue
                    counts["kept"] += 1
                    target.write(json.dumps(one.to_plain(), ensure_ascii=False) + "\n")
        if not counts["read"] and not problems:
            raise InputRefused("The files hold no record.", code="no-records", file=str(files[0]))
        _keep_decisions(out, partial)
        partial.replace(out / _RECORDS)
    finally:
        partial.unlink(missing_ok=True)
    report = {
        "schema": "intake/1",
        "read": counts["read"],
        "kept": counts["kept"],
        "known": counts["doubles"],
        "unreadable": counts["problems"],
        "doubles": doubles,
        "problems": [one.to_dict() for one in problems],
    }
    write_atomic(out / "report.json", json.dumps(report, ensure_ascii=False, indent=1))
    if as_json:
        show_json(report)
    else:
        show(
            f"{counts['read']} records read, {counts['kept']} new, {counts['doubles']} known, {counts['problems']} not readable."
        )
        if doubles:
            rows = [[one["record"], one["where"], one["known"], one["why"]] for one in doubles[:40]]
            show(plain_table(["record", "known from", "as", "why"], rows))
        for problem in problems[:40]:
            show(f"{problem.code}: {problem}")
        if counts["doubles"] > 40 or counts["problems"] > 40:
            show(f"More is in {out / 'report.json'}.")
    raise typer.Exit(1 if problems else 0)


def _keep_decisions(out: Path, partial: Path) -> None:
    """Refuse other records under decisions that name records by their place.

    Raises
    ------
    InputRefused : ``decisions-there``
    """
    import filecmp

    from portico.errors import InputRefused

    if (out / DECISIONS_FILE).exists() and not (
        (out / _RECORDS).is_file() and filecmp.cmp(out / _RECORDS, partial, shallow=False)
    ):
        raise InputRefused(
            "The folder holds decisions on other records.",
            code="decisions-there",
            file=str(out / DECISIONS_FILE),
            fix="Take these files into a new folder.",
        )


def records_of(folder: Path) -> list[Record]:
    """Records of an intake folder in their order.

    Raises
    ------
    InputRefused : ``no-intake``, ``bad-intake`` with the line
    """
    from portico.errors import InputRefused
    from portico.intake import Record

    path = folder / _RECORDS
    if not path.is_file():
        raise InputRefused(
            "The folder is no intake folder.",
            code="no-intake",
            file=str(folder),
            fix="Run portico evidence intake first.",
        )
    found = []
    with path.open(encoding="utf-8") as file:
        for line, text in enumerate(file, 1):
            try:
                found.append(Record.from_plain(json.loads(text)))
            except (ValueError, TypeError) as error:
                raise InputRefused(
                    "A record of the folder is broken.", code="bad-intake", file=str(path), line=line
                ) from error
    return found


def screen(
    folder: Annotated[Path, typer.Argument(help="Folder of an intake.", metavar="DIR")],
    decide: Annotated[
        list[str] | None, typer.Option("--decide", help="RECORD=yes or RECORD=no; repeatable.", metavar="N=WORD")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who decides.", metavar="NAME")] = "",
    top: Annotated[int, typer.Option("--top", help="How many records to print.", metavar="N")] = 10,
    engine: Annotated[
        str, typer.Option("--engine", help="scikit-learn, or asreview with the extra named screening.", metavar="WORD")
    ] = "scikit-learn",
    seed: Annotated[int, typer.Option("--seed", help="Seed of the engine.", metavar="N")] = 1,
    as_json: AsJson = False,
) -> None:
    """Print what to read next.

    Raises
    ------
    InputRefused : ``no-intake``, ``no-name``, ``record-unknown``
    UsageError : ``decision-form``, ``unknown-engine``, ``extra-missing``
    """
    from portico.cli.library import open_library
    from portico.cli.output import plain_table, show, show_json
    from portico.errors import InputRefused, UsageError
    from portico.intake import ENGINES, Decision, add_decisions, rank, read_decisions, when_to_stop

    if engine not in ENGINES:
        raise UsageError("There is no such engine.", code="unknown-engine", fix=f"One of {', '.join(ENGINES)}.")
    records = records_of(folder)
    new = []
    for text in decide or ():
        name, cut, word = text.partition("=")
        if not cut or word not in ("yes", "no") or not name.isdecimal():
            raise UsageError("A decision is a record and yes or no.", code="decision-form", fix="--decide 12=yes")
        if not 1 <= int(name) <= len(records):
            raise InputRefused(f"There is no record {name}.", code="record-unknown")
        new.append(Decision(int(name), word == "yes", by, dt.date.today().isoformat()))
    made = add_decisions(folder / DECISIONS_FILE, new) if new else read_decisions(folder / DECISIONS_FILE)
    last = {one.record: one.relevant for one in made if one.record <= len(records)}
    studies = [f"{one.citation}\n{' '.join(one.findings)}" for one in open_library().studies.values()]
    texts = [*studies, *(one.text for one in records)]
    labels = {**dict.fromkeys(range(len(studies)), True), **{len(studies) + at - 1: word for at, word in last.items()}}
    order = rank(texts, labels, engine=engine, seed=seed)[:top]
    rows = [(one.position - len(studies) + 1, one.score) for one in order]
    said = when_to_stop(list(last.values()), len(records))
    if as_json:
        next_ones = [{"record": at, "score": score, **records[at - 1].to_plain()} for at, score in rows]
        show_json(
            {
                "schema": "screening/1",
                "engine": engine,
                "seed": seed,
                "decided": len(last),
                "relevant": sum(last.values()),
                "says": said,
                "next": next_ones,
            }
        )
        return
    show(said)
    if rows:
        show(
            plain_table(
                ["record", "score", "year", "title"],
                [
                    [str(at), f"{score:+.2f}", str(records[at - 1].year or ""), records[at - 1].title]
                    for at, score in rows
                ],
            )
        )

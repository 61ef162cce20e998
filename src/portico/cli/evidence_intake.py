"""``portico evidence intake``, ``screen``, ``draft`` and ``promote``: literature in, nothing unreviewed."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from portico.cli.evidence_files import AsJson
from portico.cli.help_text import help_text

if TYPE_CHECKING:
    from portico.intake import Record

__all__ = ["DRAFT_HELP", "INTAKE_HELP", "PROMOTE_HELP", "SCREEN_HELP", "draft", "intake", "promote", "screen"]

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
_RECORDS: Final = "records.jsonl"
_DECISIONS: Final = "decisions.csv"


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
    InputRefused : ``no-records``
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
    kept = count = 0
    out.mkdir(parents=True, exist_ok=True)
    partial = out / f".{_RECORDS}.part"
    size = sum(path.stat().st_size for path in files if path.is_file())
    try:
        with partial.open("w", encoding="utf-8") as target:
            for path in files:
                for one in read_records(path, form):
                    if isinstance(one, Problem):
                        problems.append(one)
                        continue
                    count += 1
                    if count % 500 == 0:
                        step("records", min(target.tell(), size), size)
                    name = f"{path.name} record {one.number}"
                    match = record_match(known, one)
                    where = "library"
                    if match is None:
                        match, where = seen.add(name, one.title, one.year, doi=one.doi, pmid=one.pmid), "files"
                    if match is not None:
                        doubles.append({"record": name, "known": match.known, "where": where, "why": match.why})
                        continue
                    kept += 1
                    target.write(json.dumps(one.to_plain(), ensure_ascii=False) + "\n")
        if count == 0 and not problems:
            raise InputRefused("The files hold no record.", code="no-records", file=str(files[0]))
        partial.replace(out / _RECORDS)
    finally:
        partial.unlink(missing_ok=True)
    report = {
        "schema": "intake/1",
        "read": count,
        "kept": kept,
        "doubles": doubles,
        "problems": [one.to_dict() for one in problems],
    }
    write_atomic(out / "report.json", json.dumps(report, ensure_ascii=False, indent=1))
    if as_json:
        show_json(report)
    else:
        show(f"{count} records read, {kept} new, {len(doubles)} known, {len(problems)} not readable.")
        if doubles:
            rows = [[one["record"], one["where"], one["known"], one["why"]] for one in doubles[:40]]
            show(plain_table(["record", "known from", "as", "why"], rows))
        for problem in problems[:40]:
            show(f"{problem.code}: {problem}")
        if len(doubles) > 40 or len(problems) > 40:
            show(f"The rest is in {out / 'report.json'}.")
    raise typer.Exit(1 if problems else 0)


def _records(folder: Path) -> list[Record]:
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
    records = _records(folder)
    new = []
    for text in decide or ():
        name, cut, word = text.partition("=")
        if not cut or word not in ("yes", "no") or not name.isdecimal():
            raise UsageError("A decision is a record and yes or no.", code="decision-form", fix="--decide 12=yes")
        if not 1 <= int(name) <= len(records):
            raise InputRefused(f"There is no record {name}.", code="record-unknown")
        new.append(Decision(int(name), word == "yes", by, dt.date.today().isoformat()))
    made = add_decisions(folder / _DECISIONS, new) if new else read_decisions(folder / _DECISIONS)
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

    from portico.cli.library import open_library
    from portico.cli.output import save, show, show_json
    from portico.errors import InputRefused
    from portico.intake import draft_from, read_decisions

    records = _records(folder)
    chosen = record or [
        at for at, word in {one.record: one.relevant for one in read_decisions(folder / _DECISIONS)}.items() if word
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
    taken = {*open_library().studies, *(path.stem for path in out.glob("*.yaml"))}
    made, problems, texts = [], [], []
    for at in chosen:
        plain, found = draft_from(records[at - 1], taken)
        taken.add(plain["id"])
        problems += found
        made.append(
            {
                "record": at,
                "id": plain["id"],
                "figures": len(plain["figures"]),
                "file": str(out / f"{plain['id']}.yaml"),
            }
        )
        texts.append(
            (out / f"{plain['id']}.yaml", yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=120))
        )
    for path, text in texts:
        save(path, text)
    if as_json:
        show_json({"schema": "drafts/1", "drafts": made, "problems": [one.to_dict() for one in problems]})
    else:
        for one in made:
            show(f"{one['file']}: {one['figures']} candidate figures, all unconfirmed")
        for problem in problems:
            show(f"{problem.code}: {problem}")
    raise typer.Exit(1 if problems else 0)


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
    save(path, text)
    if as_json:
        show_json({"schema": "promoted/1", "study": study, "file": str(path)})
    else:
        show(f"{study['id']}: level {study['verified']}, {counted(len(study['results']), 'figure', 'figures')}.")
        show(f"What it changes: portico evidence diff {shown_path(path)}")
        say(f"Written: {shown_path(path)}")

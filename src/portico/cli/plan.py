"""``portico plan``: what photon modulation can reach on this anatomy, and how far the dose can be raised with the cord safe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast

import typer

from portico.cli.help_text import help_text
from portico.cli.plan_source import MatchOption
from portico.errors import CannotTell, Exit, UsageError
from portico.intended_use import ANALYSIS_USE_SHORT

if TYPE_CHECKING:
    from portico.directive import Directive
    from portico.planning import CordModel, CordSource, Escalation, Plan, PlanCase, PlanSettings, Prepared

__all__ = ["HELP", "plan"]

HELP: Final = help_text(
    "Plan a Directive in ideal fluence on this anatomy, and with --frontier find how high the targets can go for each limit of the cord. "
    f"Generic 6 MV, fluence only. {ANALYSIS_USE_SHORT}",
    [
        "portico plan examples/tg119 --directive examples/directives/tg119.json --json",
        "portico plan CASE_DIR --directive sib.json --density scanner.csv --cord-source t2_mri --frontier --html plan.html",
    ],
    {
        0: "a plan that keeps every hard limit",
        1: "the best plan misses a hard limit, or is not converged",
        3: "case or Directive are refused",
        4: "it cannot be told: limits that exclude each other (with proof), cord's image not stated, too much memory",
        130: "interrupted; the best plan so far is written",
    },
)


def plan(
    case: Annotated[Path, typer.Argument(help="Folder with case.npz, or with CT and RTSTRUCT.", metavar="CASE_DIR")],
    directive: Annotated[Path, typer.Option("--directive", help="The Directive (JSON).", metavar="FILE")],
    structures: Annotated[
        Path | None, typer.Option("--structures", help="RTSTRUCT or label map.", metavar="FILE")
    ] = None,
    density: Annotated[
        Path | None,
        typer.Option("--density", help="Density table of the scanner: lines of HU,density.", metavar="FILE"),
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option("--override", help="Density of a structure; repeatable.", metavar="NAME=DENSITY"),
    ] = None,
    cord_source: Annotated[
        str | None, typer.Option("--cord-source", help="t2_mri or ct_myelogram.", metavar="IMAGE")
    ] = None,
    beams: Annotated[int | None, typer.Option("--beams", help="Evenly round the patient.", metavar="N")] = None,
    first: Annotated[float | None, typer.Option("--first", help="Gantry of the first beam.", metavar="DEG")] = None,
    bixel: Annotated[str | None, typer.Option("--bixel", help="Width of a bixel.", metavar="MM")] = None,
    grid: Annotated[str | None, typer.Option("--grid", help="Dose grid.", metavar="MM")] = None,
    coarse: Annotated[
        bool,
        typer.Option(
            "--coarse",
            help="Allow a grid or bixels wider than a cord needs, for teaching and tests; said on every output.",
        ),
    ] = False,
    most_memory: Annotated[
        str | None, typer.Option("--most-memory", help="Largest matrix, for example 4GB.", metavar="GB")
    ] = None,
    show_frontier: Annotated[bool, typer.Option("--frontier", help="Sweep the limit of the cord.")] = False,
    limits: Annotated[
        str | None, typer.Option("--limits", help="Limits of the sweep.", metavar="10Gy,12Gy,...")
    ] = None,
    points: Annotated[int, typer.Option("--points", help="Limits of the sweep when none are named.", metavar="N")] = 10,
    organ: Annotated[str, typer.Option("--organ", help="Organ that is swept.", metavar="NAME")] = "SpinalCord",
    cord: Annotated[
        str,
        typer.Option(
            "--cord",
            help="Structure of the PRV, or scenarios: the true cord shifted by 1 mm and turned by 1 degree.",
            metavar="WORD",
        ),
    ] = "scenarios",
    half: Annotated[bool, typer.Option("--half/--no-half", help="Repeat at half the resolution.")] = True,
    asked: Annotated[
        float, typer.Option("--asked", help="Share of the highest level's dose that is asked for.", metavar="SHARE")
    ] = 1.0,
    looks: Annotated[
        int,
        typer.Option(
            "--looks",
            min=0,
            max=20,
            help="How often the plan is made again where the whole body turned out hotter than was known; 0 does not look.",
            metavar="N",
        ),
    ] = 2,
    lexicographic: Annotated[
        bool,
        typer.Option(
            "--lexicographic", help="Serve one priority after the other, strictly; takes several times as long."
        ),
    ] = False,
    separation: Annotated[
        str | None, typer.Option("--separation", help="What-if distances of target and cord.", metavar="1mm,2mm")
    ] = None,
    sequence: Annotated[
        int | None,
        typer.Option(
            "--sequence", help="Make segments of generic leaves, with so many steps of fluence a beam.", metavar="STEPS"
        ),
    ] = None,
    dicom: Annotated[
        Path | None,
        typer.Option(
            "--dicom",
            help="Write plan, dose and structures of the segments for research: unapproved, no meterset. Needs --sequence.",
            metavar="FOLDER",
        ),
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write figures and tables.", metavar="FILE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    match: MatchOption = None,
) -> None:
    """Plan.

    Raises
    ------
    UsageError : ``unknown-word``, ``length-form``, ``coarse-near-cord``, ``memory-form``, ``limit-form``, and the codes of
        :mod:`portico.cli.plan_case`
    InputRefused : what the readers, :func:`portico.planning.check_case` and :func:`portico.planning.prepare` refuse
    CannotTell : ``goals-conflict`` and the other codes of planning
    """
    from portico.cli.library import open_library
    from portico.cli.output import show_json
    from portico.cli.plan_case import case_of, overrides_of, table_of
    from portico.cli.plan_reports import save_reports, say_written, separate_files
    from portico.cli.plan_source import matches_of, progress_line
    from portico.directive import read_directive
    from portico.planning import check_case, neural_of, prepare, settings_for, with_hot_spots

    separate_files((html,), (case, directive, structures, density))
    if cord_source not in (None, "t2_mri", "ct_myelogram"):
        raise UsageError("--cord-source takes t2_mri or ct_myelogram.", code="unknown-word")
    if dicom is not None and sequence is None:
        raise UsageError("--dicom writes segments.", code="sequence-missing", fix="Add --sequence 10.")
    intent = read_directive(directive)
    library = open_library()
    more = [organ] if cord == "scenarios" else [organ, cord]
    found, own_table, metal, notes = case_of(case, structures, matches_of(match), intent, library, more)
    table = table_of(density) or own_table
    said = check_case(found, intent, cord_source=cast("CordSource | None", cord_source), metal=metal)
    notes = (*intent.notices, *notes, *said, *_implants(library, metal))
    settings = _settings(settings_for(intent), beams, first, bixel, grid, most_memory)
    notes = (*notes, *_fineness(settings, settings_for(intent), near_cord=bool(neural_of(intent)), coarse=coarse))
    if dicom is not None:
        from portico.planning import check_deliverable

        check_deliverable(found, intent, metal=metal)
    told = progress_line()
    overrides = overrides_of(override, found)

    def ready(chosen: PlanSettings) -> Prepared:
        extra = _swept_structures(found, organ, cord, chosen) if show_frontier else {}
        return prepare(found, intent, table, chosen, more=extra, overrides=overrides, told=told)

    prepared = ready(settings)
    mode: Literal["lexicographic", "weighted"] = "lexicographic" if lexicographic else "weighted"

    def planned() -> Plan:
        return prepared.plan(mode=mode, progress=lambda one: told("optimiser, steps", one.step, one.step + 1))

    made = planned()
    for look in range(looks + 1):
        hotter = None if made.interrupted or not looks else with_hot_spots(prepared, made, told)
        if hotter is None:
            break
        prepared = hotter
        made = planned() if look < looks else prepared.seen(made)
    segments = None
    if sequence is not None and not made.interrupted:
        from portico.planning import sequenced

        segments = sequenced(prepared, made, levels=sequence)
    escalation = None
    if show_frontier and not made.interrupted:
        escalation = _swept(
            prepared, ready, intent, organ, cord, limits, points, asked, separation, half=half, told=told
        )
    from portico.report import made_plan_html, made_plan_json

    data = made_plan_json(prepared, made, notes, escalation, segments=segments, peak_mb=_peak_mb())
    files: list[tuple[Path, bytes | str]] = []
    if html is not None:
        files.append((html, made_plan_html(prepared, made, data, escalation, segments)))
    refusal: CannotTell | None = None
    if dicom is not None and segments is not None:
        from portico.planning import plan_files

        try:
            written = plan_files(prepared, segments, metal=metal, told=told)
        except CannotTell as error:  # metal in a beam: the figures stand and are shown first
            refusal, written = error, {}
        files += [(dicom / name, one) for name, one in written.items()]
        if written:
            dicom.mkdir(parents=True, exist_ok=True)
    save_reports(files)
    if as_json:
        show_json(data)
    else:
        from portico.cli.plan_text import show_plan

        show_plan(data)
    say_written(files)
    if refusal is not None:
        raise refusal
    if made.interrupted or (escalation is not None and not escalation.fine.complete):
        raise typer.Exit(Exit.INTERRUPTED.value)
    kept = all(one["met"] is not False for one in data["lines"] if one["strength"] == "hard")
    raise typer.Exit(Exit.FINE.value if kept and made.hard_kept and made.converged else Exit.FINDINGS.value)


def _settings(
    base: PlanSettings, beams: int | None, first: float | None, bixel: str | None, grid: str | None, memory: str | None
) -> PlanSettings:
    made: dict[str, Any] = {}
    if beams is not None:
        made["beams"] = beams
    if first is not None:
        made["first_deg"] = first
    if bixel is not None:
        made["bixel_mm"] = _length(bixel, "--bixel")
    if grid is not None:
        made["grid_mm"] = _length(grid, "--grid")
    if memory is not None:
        try:
            size = float(memory.removesuffix("GB"))
        except ValueError:
            size = 0.0
        if not memory.endswith("GB") or not 0.0 < size < 1e4:
            raise UsageError("--most-memory takes gigabytes.", code="memory-form", fix="Write 4GB.")
        made["most_bytes"] = int(size * 1e9)
    return replace(base, **made)


def _fineness(settings: PlanSettings, needed: PlanSettings, *, near_cord: bool, coarse: bool) -> tuple[str, ...]:
    """What is said beside the figures where grid or bixels are wider than a cord needs.

    Raises
    ------
    UsageError : ``coarse-near-cord`` without ``coarse``
    """
    if not near_cord or (settings.grid_mm <= needed.grid_mm and settings.bixel_mm <= needed.bixel_mm):
        return ()
    wanted = f"{needed.grid_mm:g} mm and bixels of {needed.bixel_mm:g} mm"
    if not coarse:
        raise UsageError(
            f"The Directive limits a neural organ: that needs a grid of {wanted}, or finer.", code="coarse-near-cord",
            fix="Leave out --grid and --bixel, or add --coarse for teaching and tests.",
        )  # fmt: skip
    return (f"Coarser than {wanted}: nothing is told about the cord.",)


def _length(text: str, option: str) -> float:
    try:
        value = float(text.removesuffix("mm"))
    except ValueError:
        value = float("nan")
    if not text.endswith("mm") or not value > 0.0:
        raise UsageError(f"{option} takes millimetres.", code="length-form", fix=f"Write {option} 2.5mm.")
    return value


def _swept_structures(case: PlanCase, organ: str, cord: str, settings: PlanSettings) -> dict[str, Any]:
    """What the sweep limits, on the dose grid: the PRV, or the cord in every scenario as a structure of its own."""
    from portico.planning import cord_scenarios, dose_grid, on_dose_grid

    grid = dose_grid(case.grid, settings.grid_mm)
    mask = on_dose_grid(case.mask(organ if cord == "scenarios" else cord), case.grid, grid, touched=True)
    if cord != "scenarios":
        return {cord: mask}
    return {f"{organ} {name}": one for name, one in cord_scenarios(mask, grid, shift_mm=1.0, turn_deg=1.0).items()}


def _swept(
    prepared: Prepared, ready: Callable[[PlanSettings], Prepared], intent: Directive, organ: str, cord: str, limits: str | None,
    points: int,
    asked: float, separation: str | None, *, half: bool, told: Callable[[str, int, int], None],
) -> Escalation:  # fmt: skip
    from portico.planning import CordModel, escalate, limits_for

    names = tuple(name for name in prepared.masks if name.startswith(f"{organ} "))
    model: CordModel = CordModel(scenarios=names) if cord == "scenarios" else CordModel(prv=cord)
    sweep = _list(limits, "Gy", "--limits") if limits else limits_for(intent, model, organ, points)
    return escalate(
        prepared, model, sweep, coarse=ready(prepared.settings.halved) if half else None, asked=asked, organ=organ,
        separations_mm=_list(separation, "mm", "--separation") if separation else (),
        progress=lambda what, number, count, step: told(f"{what}, plan {number + 1} of {count}, steps", step.step, step.step + 1),
    )  # fmt: skip


def _list(text: str, unit: str, option: str) -> Sequence[float]:
    made = []
    for part in text.split(","):
        try:
            value = float(part.strip().removesuffix(unit))
        except ValueError:
            value = float("nan")
        if not part.strip().endswith(unit) or not value >= 0.0:
            raise UsageError(f"{option} takes numbers with {unit}.", code="limit-form", fix=f"Write 10{unit},12{unit}.")
        made.append(value)
    return made


def _implants(library: Any, metal: Any) -> tuple[str, ...]:
    """What a record says of dose at implants, when there is metal."""
    if metal is None or not metal.any():
        return ()
    study = library.studies["nevelsky-2017"]
    return tuple(f"{one} ({study.id}, {study.verified})" for one in study.findings)


def _peak_mb() -> float | None:
    try:
        import resource
    except ImportError:
        return None
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0, 1)

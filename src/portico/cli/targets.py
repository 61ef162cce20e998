"""``portico targets``: draft volumes from a Directive, each with the rule that made it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast

import typer

from portico.cli.help_text import help_text
from portico.cli.plan_source import MatchOption
from portico.errors import Exit, UsageError
from portico.intended_use import ANALYSIS_USE_SHORT

if TYPE_CHECKING:
    from portico.cli.target_masks import Masks
    from portico.directive import Directive
    from portico.rt import Image
    from portico.targets import Draft, Involvement

__all__ = ["HELP", "targets"]

HELP: Final = help_text(
    "Draft the target volumes of a Directive by published rule, each explained and editable. A rule that nobody has read in the "
    f"paper, and any margin, is used only when it is named here. {ANALYSIS_USE_SHORT}",
    [
        "portico targets CT_DIR --structures labels.nii.gz --directive d.json --involved L3=vertebral_body --body-side L3=left "
        "--epidural L3=anterior --choose isrc-table-body-lateral --cord-source t2_mri --prv cord-prv-rotations "
        "--ptv ptv-near-rigid --out rtstruct.dcm --html draft.html",
        "portico targets CT_DIR --structures rs.dcm --directive femur.json --bone Femur_L --bed Bed --bone-margin 20mm --out rs2.dcm",
    ],
    {
        0: "every volume of the Directive is drawn",
        3: "the files or the Directive are refused; nothing is written",
        4: "something has to be named first; what could be drawn is written",
    },
)


def targets(
    ct: Annotated[Path, typer.Argument(help="Folder or zip with the planning CT.", metavar="CT_DIR")],
    directive: Annotated[Path, typer.Option("--directive", help="The Directive (JSON).", metavar="FILE")],
    structures: Annotated[
        Path | None,
        typer.Option(
            "--structures",
            help="RTSTRUCT, or label map (NIfTI, NRRD) with the numbers of TotalSegmentator.",
            metavar="FILE",
        ),
    ] = None,
    bodies: Annotated[
        Path | None, typer.Option("--bodies", help="Label map of vertebral bodies, label 1.", metavar="FILE")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the draft as RTSTRUCT.", metavar="FILE")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write pictures and sentences.", metavar="FILE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    match: MatchOption = None,
    involved: Annotated[
        list[str] | None,
        typer.Option("--involved", help="Parts involved before surgery; repeatable.", metavar="LEVEL=PART,..."),
    ] = None,
    body_side: Annotated[
        list[str] | None, typer.Option("--body-side", help="left, right or diffuse.", metavar="LEVEL=SIDE")
    ] = None,
    epidural: Annotated[
        list[str] | None,
        typer.Option(
            "--epidural", help="Epidural sectors before surgery, or all, or none.", metavar="LEVEL=SECTOR,..."
        ),
    ] = None,
    add: Annotated[
        list[str] | None, typer.Option("--add", help="Neighbours in your own words, or none.", metavar="LEVEL=PART,...")
    ] = None,
    extensive: Annotated[
        list[str] | None, typer.Option("--extensive", help="State extensive disease at a level.", metavar="LEVEL")
    ] = None,
    choose: Annotated[
        list[str] | None,
        typer.Option("--choose", help="Rule to run for this draft; ROW+PART takes an optional part.", metavar="ROW"),
    ] = None,
    ptv: Annotated[str | None, typer.Option("--ptv", help="2mm, ROW or ROW=2mm.", metavar="MARGIN")] = None,
    prv: Annotated[str | None, typer.Option("--prv", help="2mm, ROW or ROW=2mm.", metavar="MARGIN")] = None,
    cord_source: Annotated[
        str | None, typer.Option("--cord-source", help="t2_mri or ct_myelogram.", metavar="IMAGE")
    ] = None,
    boost_gap: Annotated[str | None, typer.Option("--boost-gap", help="Gap of boost to PRV.", metavar="MM")] = None,
    epidural_reach: Annotated[
        str | None,
        typer.Option("--epidural-reach", help="Beyond the vertebra, with row epidural-craniocaudal.", metavar="MM"),
    ] = None,
    gtv_before: Annotated[
        str | None, typer.Option("--gtv-before", help="Structure of the disease before surgery.", metavar="NAME")
    ] = None,
    gtv_residual: Annotated[
        str | None, typer.Option("--gtv-residual", help="Structure of what is left.", metavar="NAME")
    ] = None,
    setting: Annotated[str, typer.Option("--setting", help="post_operative or intact.")] = "post_operative",
    hardware: Annotated[bool, typer.Option("--hardware/--no-hardware", help="Look for implants in the CT.")] = True,
    hardware_structure: Annotated[
        str | None,
        typer.Option("--hardware-structure", help="Structure of the implant, in place of a search.", metavar="NAME"),
    ] = None,
    bone: Annotated[str | None, typer.Option("--bone", help="Structure of the long bone.", metavar="NAME")] = None,
    bed: Annotated[str | None, typer.Option("--bed", help="Structure of the surgical bed.", metavar="NAME")] = None,
    bone_margin: Annotated[
        str | None, typer.Option("--bone-margin", help="Margin of a bone field.", metavar="MM")
    ] = None,
    prior: Annotated[
        list[str] | None, typer.Option("--prior", help="Structure of an earlier field; repeatable.", metavar="NAME")
    ] = None,
    prior_use: Annotated[str, typer.Option("--prior-use", help="show or subtract.")] = "show",
) -> None:
    """Draft the volumes.

    Raises
    ------
    UsageError : ``nothing-to-write``, ``same-file``, ``setting-unknown``, ``cord-source-unknown``, the codes of
        :mod:`portico.cli.target_masks`
    InputRefused : what the readers and the draft refuse
    CannotTell : ``no-ct`` and the codes of the draft
    """
    from portico.cli.library import open_library
    from portico.cli.output import show_json
    from portico.cli.plan_reports import save_reports, say_written, separate_files
    from portico.cli.plan_source import matches_of, study_of
    from portico.cli.target_masks import masks_of
    from portico.directive import read_directive

    separate_files((out, html), (ct, directive, structures, bodies))
    for value, allowed, option in (
        (setting, ("post_operative", "intact"), "--setting"), (prior_use, ("show", "subtract"), "--prior-use"),
        (cord_source, (None, "t2_mri", "ct_myelogram"), "--cord-source"),
    ):  # fmt: skip
        if value not in allowed:
            raise UsageError(f"{option} takes {' or '.join(one for one in allowed if one)}.", code="unknown-word")
    intent = read_directive(directive)
    study = study_of(ct, None, None)
    if len(study.images) != 1:
        raise UsageError(f"There are {len(study.images)} CT series.", code="no-ct", fix="Give a folder with one.")
    image = study.images[0]
    library = open_library()
    masks = masks_of(image, study, structures, matches_of(match), library)
    if intent.site.region == "spine":
        from portico.targets import SpineInputs, SpineWishes, spine_draft, stated_margin

        rows = library.volumes.values()
        inputs = SpineInputs(
            image.grid, masks.vertebrae, canal=masks.find("SpinalCanal"), bodies=_bodies(bodies, image),
            cord=masks.find("SpinalCord"), sac=_sac(masks), gtv_before=masks.get(gtv_before),
            gtv_residual=masks.get(gtv_residual), hardware=_hardware(masks, hardware_structure, hardware, library.policy),
            cord_source=cast("Literal['t2_mri', 'ct_myelogram'] | None", cord_source),
            organs=masks.sided(("Kidney_L", "Kidney_R", "Liver")),
            hu=image.hu, frame_uid=image.frame_uid,
        )  # fmt: skip
        wishes = SpineWishes(
            _involved(involved, body_side, epidural, add, extensive), tuple(choose or ()),
            stated_margin(ptv, rows, "ptv_margin") if ptv else None, stated_margin(prv, rows, "prv_margin") if prv else None,
            _mm(boost_gap), _mm(epidural_reach), cast("Literal['post_operative', 'intact']", setting),
        )  # fmt: skip
        draft = spine_draft(inputs, wishes, intent, library.volumes)
    else:
        from portico.targets import MOST_BONE_MM, bone_draft, stated_margin

        if bone is None:
            raise UsageError("A field outside the spine needs the bone.", code="no-bone", fix="Give --bone NAME.")
        margin = stated_margin(ptv, library.volumes.values(), "ptv_margin") if ptv else None
        draft = bone_draft(
            image.grid, image.hu, masks.get(bone), hardware=masks.get(hardware_structure), look_for_metal=hardware,
            bed=masks.get(bed), body=masks.find("External"), directive_volumes=intent.volumes,
            margin_mm=_mm(bone_margin, MOST_BONE_MM), ptv_margin_mm=margin, prior=tuple(masks.get(one) for one in prior or ()),
            prior_use=cast("Literal['show', 'subtract']", prior_use), frame_uid=image.frame_uid, library=library,
        )  # fmt: skip
    draft = _noted(draft, intent, masks)
    files = _files(draft, image, intent, out, html)
    save_reports(files)
    if as_json:
        from portico.report import draft_json

        show_json(draft_json(draft))
    else:
        from portico.cli.targets_text import show_draft

        show_draft(draft)
    say_written(files)
    raise typer.Exit(Exit.CANNOT_TELL.value if draft.choices else Exit.FINE.value)


def _files(
    draft: Draft, image: Image, intent: Directive, out: Path | None, html: Path | None
) -> list[tuple[Path, bytes | str]]:
    files: list[tuple[Path, bytes | str]] = []
    if out is not None:
        from portico.rt import structures_bytes
        from portico.targets import structure_set

        files.append((out, structures_bytes(structure_set(draft, image), image=image)))
    if html is not None:
        from portico.report import draft_html

        files.append((html, draft_html(draft, title="Draft of target volumes", directive=intent)))
    return files


def _noted(draft: Draft, intent: Directive, masks: Masks) -> Draft:
    from dataclasses import replace

    unsigned = () if intent.status == "signed" else ("The Directive is not signed: this draft is not for planning.",)
    return replace(draft, notes=(*intent.notices, *unsigned, *masks.notes, *draft.notes))


def _bodies(path: Path | None, image: Image) -> Any:
    if path is None:
        return None
    from portico.cli.target_masks import labels_on
    from portico.rt import read_labels

    return labels_on(read_labels(path), image) == 1


def _sac(masks: Masks) -> Any:
    found = [mask for name in ("ThecalSac", "CaudaEquina") if (mask := masks.find(name)) is not None]
    return None if not found else found[0] if len(found) == 1 else found[0] | found[1]


def _hardware(masks: Masks, name: str | None, look: bool, policy: Any) -> Any:
    """The structure of that name, or voxels of the CT that are at least half metal; None when there are none."""
    from portico.cli.target_masks import metal_on

    return masks.get(name) if name is not None or not look else metal_on(masks.image, policy)


def _involved(
    involved: Sequence[str] | None, side: Sequence[str] | None, epidural: Sequence[str] | None, add: Sequence[str] | None,
    extensive: Sequence[str] | None,
) -> tuple[Involvement, ...]:  # fmt: skip
    from portico.cli.target_masks import pairs_of
    from portico.targets import EPIDURAL_SECTORS, Involvement

    parts, sides, ring, more = (
        pairs_of(texts, option)
        for texts, option in ((involved, "--involved"), (side, "--body-side"), (epidural, "--epidural"), (add, "--add"))
    )
    wide = set(extensive or ())
    found = []
    for level in dict.fromkeys((*parts, *sides, *ring, *more, *wide)):
        sectors = None if level not in ring else EPIDURAL_SECTORS if ring[level] == "all" else _list(ring[level])
        found.append(
            Involvement(
                level, cast("Any", _list(parts.get(level, ""))), cast("Any", sides.get(level)), sectors,
                cast("Any", _list(more[level])) if level in more else None, level in wide,
            )
        )  # fmt: skip
    return tuple(found)


def _list(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip() not in ("", "none"))


def _mm(text: str | None, most_mm: float | None = None) -> float | None:
    from portico.targets import MOST_MM, stated_margin

    return None if text is None else stated_margin(text, (), "", most_mm=most_mm or MOST_MM).mm

"""``portico evidence dose``: local failure against dose, in layers."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from portico.cli.evidence_files import AsJson, CsvOption, HtmlOption, PngOption, SvgOption
from portico.cli.help_text import help_text

if TYPE_CHECKING:
    from portico.knowledge import Library
    from portico.report.drawing import Drawing
    from portico.report.evidence_page import Section
    from portico.synthesis import DoseLayer

__all__ = ["DOSE_HELP", "dose", "dose_section"]

DOSE_HELP: Final = help_text(
    "Local failure against BED10, arm by arm: operated spine, and the rest as a layer of its own. Dose was not randomised. A curve "
    "needs three studies with three doses; arms published as a range of regimens enter it only with --ranges.",
    [
        "portico evidence dose",
        "portico evidence dose --ranges --bootstrap 10000 --svg out/dose.svg",
        "portico evidence dose --months 24 --json",
    ],
    {0: "fine", 1: "no arm has a dose and a figure at this time", 3: "a file cannot be written"},
)


def dose(
    months: Annotated[
        float, typer.Option("--months", help="Time of the failure figures in months.", metavar="M")
    ] = 12.0,
    ranges: Annotated[
        bool, typer.Option("--ranges", help="Arms published as a range of regimens enter the curve, at its middle.")
    ] = False,
    scale: Annotated[str, typer.Option("--scale", help="logistic or log-logistic.", metavar="WORD")] = "logistic",
    bootstrap: Annotated[
        int | None, typer.Option("--bootstrap", help="Replicates of a bootstrap of the band, 200 or more.", metavar="N")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the bootstrap.", metavar="N")] = 1,
    csv: CsvOption = None,
    svg: SvgOption = None,
    png: PngOption = None,
    html: HtmlOption = None,
    as_json: AsJson = False,
) -> None:
    """Print the layers.

    Raises
    ------
    UsageError : ``unknown-word``
    CannotTell : ``nothing-to-draw``, ``bootstrap-unstable``
    """
    from portico.cli.evidence_files import csv_text, drawing_files, page_file, write_files
    from portico.cli.library import open_library
    from portico.cli.output import plain_table, show, show_json
    from portico.errors import UsageError
    from portico.report.bubble import bubble_drawing
    from portico.synthesis import dose_layers

    if scale not in ("logistic", "log-logistic"):
        raise UsageError(
            "--scale has no such word.", code="unknown-word", path="--scale", fix="logistic or log-logistic"
        )
    library = open_library()
    layers = dose_layers(library, months=months, ranges=ranges, scale=scale)  # type: ignore[arg-type]
    bands = (
        {}
        if bootstrap is None
        else {one.id: _bootstrap(one, bootstrap, seed) for one in layers if one.curve is not None}
    )
    drawing = bubble_drawing(layers)
    files = drawing_files(lambda wanted: bubble_drawing(layers, png=wanted), svg, png)
    if csv is not None and drawing is not None:
        files.append((csv, csv_text(drawing.columns, drawing.rows)))
    files += page_file(html, "Dose and local failure", lambda: [dose_section(library, layers, drawing)])
    write_files(files)
    if as_json:
        show_json(
            {
                "schema": "evidence-dose/1",
                "months": months,
                "layers": [_layer_plain(one, bands.get(one.id)) for one in layers],
            }
        )
    else:
        section = dose_section(library, layers, drawing)
        for line in section.text:
            show(line)
        for name, band in bands.items():
            show(
                f"{name}: bootstrap of {band['replicates']} replicates, slope {band['slope_lo']:.4f} to {band['slope_hi']:.4f} per Gy"
            )
        if drawing is not None:
            show("")
            show(plain_table(drawing.columns, drawing.rows))
        for found in section.tables:
            show("")
            show(found.caption)
            show(plain_table(found.columns, found.rows))
    raise typer.Exit(0 if drawing is not None else 1)


def _bootstrap(layer: DoseLayer, replicates: int, seed: int) -> dict[str, Any]:
    import numpy as np

    from portico.synthesis import bootstrap_band

    assert layer.curve is not None
    grid = np.linspace(layer.curve.low_gy, layer.curve.high_gy, 25)
    found = bootstrap_band(layer.curve, grid, replicates=replicates, seed=seed)
    return {
        "kind": found.kind,
        "replicates": found.replicates,
        "unfitted": found.unfitted,
        "seed": found.seed,
        "slope_lo": found.slope.lo,
        "slope_hi": found.slope.hi,
        "dose": grid.tolist(),
        "lo": found.band.lo.tolist(),
        "hi": found.band.hi.tolist(),
    }


def _layer_plain(layer: DoseLayer, band: dict[str, Any] | None) -> dict[str, Any]:
    curve = layer.curve
    return {
        "id": layer.id,
        "label": layer.label,
        "alpha_beta_gy": layer.alpha_beta_gy,
        "points": [dataclasses.asdict(one) for one in layer.points],
        "left_out": [dataclasses.asdict(one) for one in layer.left_out],
        "curve": None
        if curve is None
        else {
            "scale": curve.scale,
            "intercept": curve.intercept.estimate,
            "slope": curve.slope.estimate,
            "slope_lo": curve.slope.bounds.lo,
            "slope_hi": curve.slope.bounds.hi,
            "slope_p": curve.slope.p,
            "tau": curve.tau,
            "low_gy": curve.low_gy,
            "high_gy": curve.high_gy,
        },
        "why_no_curve": layer.why_no_curve or None,
        "bootstrap": band,
    }


def dose_section(library: Library, layers: tuple[DoseLayer, ...], drawing: Drawing | None) -> Section:
    """The dose response as a section of a page."""
    from portico.report.evidence_page import Section, Table
    from portico.synthesis import NOT_RANDOMISED

    policy = library.policy["dose-layers"].body
    model = library.models[policy["alpha_beta"]]
    text = [
        NOT_RANDOMISED,
        f"BED at α/β {layers[0].alpha_beta_gy:g} Gy, a convention of reports (level {model.verified}); single fractions "
        "above 10 Gy lie outside the comfortable range of the linear-quadratic model.",
    ]
    for layer in layers:
        curve = layer.curve
        if curve is None:
            text.append(f"{layer.label}: no curve. {layer.why_no_curve}")
        else:
            text.append(
                f"{layer.label}: odds of failure per 10 Gy more BED × {_times(curve.slope.estimate):.2f} "
                f"({_times(curve.slope.bounds.lo):.2f} to {_times(curve.slope.bounds.hi):.2f}), p {curve.slope.p:.2g}; "
                f"between studies τ {curve.tau:.2f} (p {curve.lr_tau_p:.2g}); {curve.low_gy:.0f} to {curve.high_gy:.0f} Gy, "
                f"{curve.studies} studies."
                if curve.scale == "logistic"
                else f"{layer.label}: log-logistic slope {curve.slope.estimate:.2f}, p {curve.slope.p:.2g}."
            )
    beside = []
    for name in policy["models"]:
        one = library.models[name]
        known = "; ".join(f"{key} {value}" for key, value in one.parameters.items()) or "not read"
        beside.append((one.id, one.about, known, ", ".join(one.source_ids), one.verified))
    left = [(layer.label, one.study, one.why) for layer in layers for one in layer.left_out]
    return Section(
        "Dose and local failure",
        text=tuple(text),
        drawings=() if drawing is None else (drawing,),
        tables=(
            Table(
                "Published models beside the points", ("model", "of", "parameters", "source", "verified"), tuple(beside)
            ),
            Table("Arms without a place in the picture", ("layer", "study", "why"), tuple(left)),
        ),
        anchor="dose",
    )


def _times(slope: float) -> float:
    import math

    return math.exp(10.0 * slope)

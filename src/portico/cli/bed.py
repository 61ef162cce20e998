"""``portico bed``: BED and EQD2 of a regimen, level by level."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from portico.cli.help_text import help_text

__all__ = ["HELP", "bed"]

HELP: Final = help_text(
    "BED and EQD2 of a regimen, for each dose level and each α/β ratio.\n\n"
    "The regimen is total dose, unit and fractions; a boost names both levels. The α/β ratio is in Gy and is always "
    "given: none is assumed.",
    ["portico bed 30Gy/10 --ab 10", "portico bed 30Gy/10 --ab 10 --ab 2", "portico bed 40Gy+30Gy/10 --ab 10 --json"],
    {0: "fine", 3: "a dose without unit, an implausible dose, or an α/β ratio that is none"},
)


def bed(
    regimen: Annotated[str, typer.Argument(help="Total dose with unit and fractions: 30Gy/10, 40Gy+30Gy/10.")],
    ab: Annotated[list[str], typer.Option("--ab", help="α/β ratio in Gy; may be given several times.", metavar="GY")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Print BED and EQD2 of each level.

    Raises
    ------
    QuantityRefused : the codes of :func:`portico.units.parse_regimen`; ``not-positive`` for an α/β ratio of zero
    UsageError : ``ratio-repeated``
    """
    from portico.cli.output import number, plain_table, show, show_json
    from portico.intended_use import INTENDED_USE_SHORT
    from portico.knowledge import load_library
    from portico.report.bed_json import bed_json

    found = bed_json(regimen, ab, load_library())
    rows = found["levels"]
    if as_json:
        show_json(found)
        return
    show(f"{found['regimen']}")
    show(
        plain_table(
            ["level", "a fraction", "α/β", "BED", "EQD2"],
            [
                [
                    f"{r['dose_gy']:g} Gy in {r['fractions']}",
                    f"{r['dose_per_fraction_gy']:.4g} Gy",
                    f"{r['alpha_beta_gy']:g} Gy",
                    f"{number(r['bed_gy'])} Gy",
                    f"{number(r['eqd2_gy'])} Gy",
                ]
                for r in rows
            ],
        )
    )
    for note in dict.fromkeys(r["note"] for r in rows if r["note"]):
        show(f"Note: {note}")
    show(INTENDED_USE_SHORT)

"""``portico bed``: BED and EQD2 of a regimen, level by level."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from portico.cli.help_text import help_text
from portico.errors import UsageError

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
    from portico.biology import bed as bed_of
    from portico.biology import eqd2, lq_validity
    from portico.cli.output import number, plain_table, show, show_json
    from portico.intended_use import INTENDED_USE, INTENDED_USE_SHORT
    from portico.knowledge import load_library
    from portico.units import parse_regimen, parse_sib

    if "+" in regimen:
        boost = parse_sib(regimen, path="REGIMEN")
        levels, written = boost.regimens, str(boost)
    else:
        single = parse_regimen(regimen, path="REGIMEN")
        levels, written = (single,), str(single)
    ratios = [ratio_gy(text) for text in ab]
    if len(set(ratios)) != len(ratios):
        raise UsageError("The same α/β ratio is given twice.", code="ratio-repeated", path="--ab")
    lq = load_library().models["lq-validity"]
    threshold = float(lq.parameters["single_fraction_comfortable_up_to_gy"])
    rows: list[dict[str, Any]] = []
    for level in levels:
        per_fraction = level.per_fraction.gy
        for ratio in ratios:
            rows.append(
                {
                    "dose_gy": level.dose.gy,
                    "fractions": level.fractions,
                    "dose_per_fraction_gy": per_fraction,
                    "alpha_beta_gy": ratio,
                    "bed_gy": bed_of(level.dose.gy, level.fractions, ratio),
                    "eqd2_gy": eqd2(level.dose.gy, level.fractions, ratio),
                    "note": f"{note} [{lq.id}, {lq.verified}]"
                    if (note := lq_validity(per_fraction, threshold))
                    else "",
                }
            )
    if as_json:
        show_json({"schema": "bed/1", "intended_use": INTENDED_USE, "regimen": written, "levels": rows})
        return
    show(f"{written}")
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


def ratio_gy(text: str) -> float:
    """An α/β ratio in Gy, written ``10`` or ``10Gy``.

    >>> ratio_gy("10"), ratio_gy("0.87 Gy")
    (10.0, 0.87)

    Raises
    ------
    QuantityRefused : as :func:`portico.units.parse_dose`
    """
    from portico.units import parse_dose

    plain = text.strip()
    return parse_dose(plain if plain[-1:].isalpha() else f"{plain} Gy", path="--ab").gy

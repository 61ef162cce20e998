"""BED and EQD2 of a regimen as plain data, level by level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portico.biology import bed, eqd2, lq_validity
from portico.errors import UsageError
from portico.intended_use import INTENDED_USE
from portico.knowledge import Library
from portico.units import parse_dose, parse_regimen, parse_sib

__all__ = ["bed_json"]


def bed_json(regimen: str, ratios: Sequence[str], library: Library) -> dict[str, Any]:
    """The document ``bed/1``.

    Parameters
    ----------
    regimen : total dose with unit and fractions, such as ``30Gy/10``; a boost names both levels, ``40Gy+30Gy/10``
    ratios : α/β ratios in Gy, written ``10`` or ``10Gy``
    library : its model of validity says where the formula is stretched

    Raises
    ------
    QuantityRefused : the codes of :func:`portico.units.parse_regimen`; ``not-positive`` for an α/β ratio of zero
    UsageError : ``ratio-repeated``
    """
    if "+" in regimen:
        boost = parse_sib(regimen, path="REGIMEN")
        levels, written = boost.regimens, str(boost)
    else:
        single = parse_regimen(regimen, path="REGIMEN")
        levels, written = (single,), str(single)
    values = [_ratio_gy(text) for text in ratios]
    if len(set(values)) != len(values):
        raise UsageError("The same α/β ratio is given twice.", code="ratio-repeated", path="--ab")
    lq = library.models["lq-validity"]
    threshold = float(lq.parameters["single_fraction_comfortable_up_to_gy"])
    rows: list[dict[str, Any]] = []
    for level in levels:
        per_fraction = level.per_fraction.gy
        for ratio in values:
            rows.append(
                {
                    "dose_gy": level.dose.gy,
                    "fractions": level.fractions,
                    "dose_per_fraction_gy": per_fraction,
                    "alpha_beta_gy": ratio,
                    "bed_gy": bed(level.dose.gy, level.fractions, ratio),
                    "eqd2_gy": eqd2(level.dose.gy, level.fractions, ratio),
                    "note": f"{note} [{lq.id}, {lq.verified}]"
                    if (note := lq_validity(per_fraction, threshold))
                    else "",
                }
            )
    return {"schema": "bed/1", "intended_use": INTENDED_USE, "regimen": written, "levels": rows}


def _ratio_gy(text: str) -> float:
    """An α/β ratio in Gy, written ``10`` or ``10Gy``.

    >>> _ratio_gy("10"), _ratio_gy("0.87 Gy")
    (10.0, 0.87)

    Raises
    ------
    QuantityRefused : as :func:`portico.units.parse_dose`
    """
    plain = text.strip()
    return parse_dose(plain if plain[-1:].isalpha() else f"{plain} Gy", path="--ab").gy

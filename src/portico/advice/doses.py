"""Dose of each level of a regimen with BED10, EQD2(10) and the cord's EQD2(2) if it received the full dose."""

from __future__ import annotations

from portico.advice.model import LevelDose
from portico.biology import bed, eqd2, lq_validity
from portico.knowledge import Library, Regimen

__all__ = ["level_doses"]

_OPEN = "dose or fractions not sourced; no BED or EQD2"


def level_doses(regimen: Regimen, library: Library) -> tuple[LevelDose, ...]:
    """One row per dose level; biology stays empty where dose or fractions are not sourced.

    Parameters
    ----------
    regimen : levels with dose in Gy and number of fractions
    library : gives the alpha/beta ratios (tumour 10 Gy, cord 2 Gy) and the LQ range, each with its record
    """
    tumour = float(library.models["alpha-beta-tumour"].parameters["alpha_beta_gy"])
    cord = float(library.models["alpha-beta-cord-stereotactic"].parameters["alpha_beta_gy"])
    comfort = float(library.models["lq-validity"].parameters["single_fraction_comfortable_up_to_gy"])
    rows: list[LevelDose] = []
    for level in regimen.levels:
        dose, fractions = level.dose_gy, level.fractions
        if dose is None or fractions is None:
            rows.append(LevelDose(level.name, level.roi, dose, fractions, None, None, None, _OPEN))
            continue
        rows.append(
            LevelDose(
                name=level.name,
                roi=level.roi,
                dose_gy=dose,
                fractions=fractions,
                bed10_gy=bed(dose, fractions, tumour),
                eqd2_10_gy=eqd2(dose, fractions, tumour),
                eqd2_2_if_full_dose_gy=eqd2(dose, fractions, cord),
                note=lq_validity(dose / fractions, comfort) or "",
            )
        )
    return tuple(rows)

"""The base data of the pencil beam: a generic 6 MV machine, not yours.

Three kernels by radius, for each millimetre of source-to-surface distance, and how each grows and falls with depth. They are matRad's
``photons_Generic`` (DKFZ, BSD-3-Clause), made by ``tools/make_photon_base.py``; the licence lies beside the file.

Source: Bortfeld, Schlegel and Rhein, Medical Physics 1993.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve
from scipy.special import erf

from portico.errors import CannotTell

__all__ = ["TABLE_STEP_MM", "BaseData", "generic_6mv"]

Floats = NDArray[np.float64]
#: Step of the tables that a bixel is looked up in, mm at the isocentre; also the step at which kernels are convolved.
TABLE_STEP_MM: Final = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class BaseData:
    """Kernels of one machine.

    Parameters
    ----------
    ssd_mm : (s,) rising, 1 mm apart
    radius_mm : (r,) rising from 0, at the isocentre plane
    kernels : (s, 3, r)
    betas_per_mm : (3,) rise and fall with depth of each kernel
    m_per_mm : fall with depth of primary fluence
    sad_mm : source to axis
    penumbra_fwhm_mm : of the source's image at the isocentre
    energy_mv : nominal
    """

    ssd_mm: Floats
    radius_mm: Floats
    kernels: NDArray[np.float32]
    betas_per_mm: Floats
    m_per_mm: float
    sad_mm: float
    penumbra_fwhm_mm: float
    energy_mv: float

    def depth_terms(self, depth_mm: Floats) -> Floats:
        """(n, 3) factor of each kernel at radiological depths in mm; 0 at the surface."""
        beta, m = self.betas_per_mm[None, :], self.m_per_mm
        depth = depth_mm[:, None]
        return np.asarray(beta / (beta - m) * (np.exp(-m * depth) - np.exp(-beta * depth)))

    def kernel(self, ssd_mm: float) -> Floats:
        """(3, r) at the nearest source-to-surface distance.

        Raises
        ------
        CannotTell : ``ssd-out-of-range``
        """
        if not self.ssd_mm[0] - 0.5 <= ssd_mm <= self.ssd_mm[-1] + 0.5:
            raise CannotTell(
                f"The surface lies {ssd_mm:.0f} mm from the source; the base data hold from {self.ssd_mm[0]:g} to "
                f"{self.ssd_mm[-1]:g} mm.", code="ssd-out-of-range", fix="Put the isocentre into the patient.",
            )  # fmt: skip
        return np.asarray(self.kernels[int(np.abs(self.ssd_mm - ssd_mm).argmin())], np.float64)

    def bixel_tables(self, ssd_mm: float, width_mm: float, reach_mm: float) -> NDArray[np.float32]:
        """(3, n, n) each kernel under one square bixel of weight 1, its middle in the middle, every 0.5 mm out to a reach.

        The bixel is a square blurred by the source; kernels are summed over samples of 0.5 mm without the area of a sample, as in
        matRad, so that doses stand in its unit.
        """
        radius = self.radius_mm[-1]
        inner = int(np.ceil(reach_mm / TABLE_STEP_MM)) + 1
        sigma = self.penumbra_fwhm_mm / np.sqrt(8.0 * np.log(2.0))
        field = int(np.ceil((0.5 * width_mm + 5.0 * sigma) / TABLE_STEP_MM))
        across = np.arange(-field, field + 1) * TABLE_STEP_MM
        profile = 0.5 * (
            erf((across + 0.5 * width_mm) / (np.sqrt(2.0) * sigma))
            - erf((across - 0.5 * width_mm) / (np.sqrt(2.0) * sigma))
        )
        fluence = np.outer(profile, profile)
        half = min(inner + field, int(radius / TABLE_STEP_MM))
        place = np.arange(-half, half + 1) * TABLE_STEP_MM
        distance = np.hypot(place[:, None], place[None, :])
        made = np.zeros((3, 2 * inner + 1, 2 * inner + 1), np.float32)
        for number, values in enumerate(self.kernel(ssd_mm)):
            spread = np.interp(distance, self.radius_mm, values, right=0.0)
            whole = fftconvolve(spread, fluence, mode="full")
            middle = whole.shape[0] // 2
            made[number] = whole[middle - inner : middle + inner + 1, middle - inner : middle + inner + 1]
        return made


@lru_cache(maxsize=1)
def generic_6mv() -> BaseData:
    """The shipped base data."""
    path = resources.files("portico.planning").joinpath("data", "photons_generic.npz")
    with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    single = {name: float(arrays[name]) for name in ("m_per_mm", "sad_mm", "penumbra_fwhm_mm", "energy_mv")}
    return BaseData(arrays["ssd_mm"], arrays["radius_mm"], arrays["kernels"], arrays["betas_per_mm"], **single)

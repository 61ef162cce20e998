"""Published conditions of the library as arguments for the biology room."""

from __future__ import annotations

from portico.biology import ReirradiationConditions
from portico.knowledge.library import Library

__all__ = ["reirradiation_conditions"]


def reirradiation_conditions(library: Library) -> ReirradiationConditions:
    """The conditions on a second course at the spine, with their sources.

    >>> from portico.knowledge import load_library
    >>> reirradiation_conditions(load_library(check=False)).contour
    'thecal_sac'
    """
    model = library.models["reirradiation-conditions"]
    return ReirradiationConditions(**model.parameters, source_ids=model.source_ids)

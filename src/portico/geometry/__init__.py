"""Geometry of contours and masks: slices, even-odd polygons, exact partial areas, the body between slices. No judgement."""

from portico.geometry.compiled import compiled
from portico.geometry.distance import signed_distance
from portico.geometry.mask_contours import contours_of_mask, contours_on, rings_of_slice
from portico.geometry.masks import (
    Margins,
    difference,
    distance_mm,
    filled_box,
    grown,
    intersection,
    shrunk,
    smoothed,
    union,
)
from portico.geometry.planes import Slices, slices_of
from portico.geometry.polygons import edges_of, even_odd_area, point_inside, signed_edges
from portico.geometry.raster import partial_area
from portico.geometry.solid import boxes_of, pieces_of
from portico.geometry.spans import END_CAPS, EndCap
from portico.geometry.structure_masks import mask_of_structure
from portico.geometry.surface_margin import grown_from_surface

__all__ = [
    "END_CAPS",
    "EndCap",
    "Margins",
    "Slices",
    "boxes_of",
    "compiled",
    "contours_of_mask",
    "contours_on",
    "difference",
    "distance_mm",
    "edges_of",
    "even_odd_area",
    "filled_box",
    "grown",
    "grown_from_surface",
    "intersection",
    "mask_of_structure",
    "partial_area",
    "pieces_of",
    "point_inside",
    "rings_of_slice",
    "shrunk",
    "signed_distance",
    "signed_edges",
    "slices_of",
    "smoothed",
    "union",
]

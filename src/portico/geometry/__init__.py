"""Geometry of contours: slices, even-odd polygons, exact partial areas, the body between slices. No judgement."""

from portico.geometry.compiled import compiled
from portico.geometry.distance import signed_distance
from portico.geometry.planes import Slices, slices_of
from portico.geometry.polygons import edges_of, even_odd_area, point_inside, signed_edges
from portico.geometry.raster import partial_area
from portico.geometry.solid import boxes_of, pieces_of
from portico.geometry.spans import END_CAPS, EndCap

__all__ = [
    "END_CAPS",
    "EndCap",
    "Slices",
    "boxes_of",
    "compiled",
    "edges_of",
    "even_odd_area",
    "partial_area",
    "pieces_of",
    "point_inside",
    "signed_distance",
    "signed_edges",
    "slices_of",
]

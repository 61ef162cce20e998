"""How far the dose can be raised with the cord safe: dose influence, optimisation, escalation frontier.

For research and commissioning, not for treating patients: a generic 6 MV pencil beam, fluence only unless segments are said to be made.
"""

from portico.planning import dose_claims as _dose_claims  # noqa: F401  importing the room registers its claims
from portico.planning import optimiser_claims as _optimiser_claims  # noqa: F401
from portico.planning.beams import SAD_MM, Beam, coplanar
from portico.planning.bixels import Bixels, bixels_for
from portico.planning.case import PlanCase, dose_grid, on_dose_grid
from portico.planning.case_file import read_case_file, write_case_file
from portico.planning.certificate import Gap
from portico.planning.deliverable import MACHINE, check_deliverable, plan_files
from portico.planning.density import DensityTable, densities
from portico.planning.directive_goals import DirectiveGoals, NotAGoal, goals_of
from portico.planning.escalation import Escalation, PublishedLimit, Separation, escalate, limits_for, published_limits
from portico.planning.frontier import CordModel, Frontier, FrontierPoint, TargetDose, frontier
from portico.planning.goals import Goal
from portico.planning.hot_spots import with_hot_spots
from portico.planning.influence import Engine, Influence, dose_at, imported_influence, influence, predicted_bytes
from portico.planning.leaves import LIKE_MILLENNIUM, Collimator
from portico.planning.making import NORMAL, Prepared, prepare, without_cord
from portico.planning.objectives import Anatomy, GoalValue, Region
from portico.planning.optimise import optimise
from portico.planning.outcome import BiologicalDose, Line, biological_doses, histograms, lines_of
from portico.planning.pencil_beam import PencilBeam
from portico.planning.plan import Aims, Plan, Progress
from portico.planning.product import CpuProduct, Product
from portico.planning.readiness import METAL_NEAR_MM, CordSource, body_of, check_case, neural_of
from portico.planning.row_dvh import dvh_of_rows
from portico.planning.rows import Rows, rows_for
from portico.planning.scenarios import cord_scenarios
from portico.planning.sequencing import Segments, Sequenced, segments_of, sequenced
from portico.planning.settings import PlanSettings, settings_for

__all__ = [
    "LIKE_MILLENNIUM",
    "MACHINE",
    "METAL_NEAR_MM",
    "NORMAL",
    "SAD_MM",
    "Aims",
    "Anatomy",
    "Beam",
    "BiologicalDose",
    "Bixels",
    "Collimator",
    "CordModel",
    "CordSource",
    "CpuProduct",
    "DensityTable",
    "DirectiveGoals",
    "Engine",
    "Escalation",
    "Frontier",
    "FrontierPoint",
    "Gap",
    "Goal",
    "GoalValue",
    "Influence",
    "Line",
    "NotAGoal",
    "PencilBeam",
    "Plan",
    "PlanCase",
    "PlanSettings",
    "Prepared",
    "Product",
    "Progress",
    "PublishedLimit",
    "Region",
    "Rows",
    "Segments",
    "Separation",
    "Sequenced",
    "TargetDose",
    "biological_doses",
    "bixels_for",
    "body_of",
    "check_case",
    "check_deliverable",
    "coplanar",
    "cord_scenarios",
    "densities",
    "dose_at",
    "dose_grid",
    "dvh_of_rows",
    "escalate",
    "frontier",
    "goals_of",
    "histograms",
    "imported_influence",
    "influence",
    "limits_for",
    "lines_of",
    "neural_of",
    "on_dose_grid",
    "optimise",
    "plan_files",
    "predicted_bytes",
    "prepare",
    "published_limits",
    "read_case_file",
    "rows_for",
    "segments_of",
    "sequenced",
    "settings_for",
    "with_hot_spots",
    "without_cord",
    "write_case_file",
]

"""How far the dose can be raised with the cord safe: dose influence, optimisation, escalation frontier.

For research and commissioning, not for treating patients: a generic 6 MV pencil beam, fluence only unless segments are said to be made.
"""

from portico.planning import dose_claims as _dose_claims  # noqa: F401  importing the room registers its claims
from portico.planning.case import PlanCase, dose_grid, on_dose_grid

__all__ = ["PlanCase", "dose_grid", "on_dose_grid"]

"""The one statement of intended use, printed by every verb, page and file."""

__all__ = ["INTENDED_USE", "INTENDED_USE_SHORT"]

INTENDED_USE = (
    "Portico is decision support for radiotherapy professionals. It shows published evidence and rules for one case; "
    "it does not decide. It has no CE mark and no FDA clearance. Every option must be checked against the full papers, "
    "the patient and local policy by a qualified physician before use."
)
INTENDED_USE_SHORT = "Decision support for professionals. No CE mark, no FDA clearance. Check before use."

"""The statements of intended use: one for showing evidence, one for analysing images and dose. Every verb, page and file
prints the one that fits."""

__all__ = ["ANALYSIS_USE", "ANALYSIS_USE_SHORT", "INTENDED_USE", "INTENDED_USE_SHORT"]

INTENDED_USE = (
    "Portico is decision support for radiotherapy professionals. It shows published evidence and rules for one case; "
    "it does not decide. It has no CE mark and no FDA clearance. Every option must be checked against the full papers, "
    "the patient and local policy by a qualified physician before use."
)
INTENDED_USE_SHORT = "Decision support for professionals. No CE mark, no FDA clearance. Check before use."

ANALYSIS_USE = (
    "This part of Portico analyses images, structures and dose of a treatment plan. It is for research and for "
    "commissioning, not for treating patients: it has no CE mark and no FDA clearance, it replaces neither the treatment "
    "planning system nor its independent check, and no result may be used for a patient before a qualified medical "
    "physicist has confirmed it by other means."
)
ANALYSIS_USE_SHORT = "Research and commissioning only, not for treating patients. No CE mark, no FDA clearance."

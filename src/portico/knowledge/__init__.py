"""What is known, as reviewed data files with typed loaders.

>>> library = load_library(check=False)
>>> library.regimens["conv-30-10"].levels[0].dose_gy
30

Every record carries its source and how far it was verified. ``memory`` never acts; ``secondary`` and
``derived`` bind only after a site has signed the row.
"""

from portico.knowledge.conditions import reirradiation_conditions
from portico.knowledge.library import Library, load_library
from portico.knowledge.limits_for import ResolvedLimit, resolve
from portico.knowledge.precedence import Course, Picked, pick
from portico.knowledge.records import (
    Arm,
    Disagreement,
    HistoryEntry,
    Limit,
    Model,
    Policy,
    Precedence,
    Question,
    Record,
    Regimen,
    RegimenLevel,
    Result,
    Rule,
    Source,
    Study,
    Volume,
)
from portico.knowledge.signatures import Signable, Signature, Signatures, read_signatures

__all__ = [
    "Arm",
    "Course",
    "Disagreement",
    "HistoryEntry",
    "Library",
    "Limit",
    "Model",
    "Picked",
    "Policy",
    "Precedence",
    "Question",
    "Record",
    "Regimen",
    "RegimenLevel",
    "ResolvedLimit",
    "Result",
    "Rule",
    "Signable",
    "Signature",
    "Signatures",
    "Source",
    "Study",
    "Volume",
    "load_library",
    "pick",
    "read_signatures",
    "reirradiation_conditions",
    "resolve",
]

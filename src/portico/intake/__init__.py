"""Literature in: readers, duplicates, screening, candidate figures, drafts, and what new studies change.

Nothing enters the library by itself: a record becomes a draft, a named curator decides on each of its figures, and what
the study would change is printed before anyone puts it in.
"""

from portico.intake.candidate import Candidate, Kind
from portico.intake.confirmation import DECISIONS, promote
from portico.intake.counts import contradictions, owners
from portico.intake.decisions import Decision, add_decisions, read_decisions
from portico.intake.drafts import DRAFT_SCHEMA, checked_draft, draft_from, study_id
from portico.intake.duplicates import Duplicates, Match, library_index, record_match
from portico.intake.evidence_diff import AdviceChange, AnswerChange, EvidenceDiff, candidate, evidence_diff
from portico.intake.extraction import extract
from portico.intake.formats import FORMS, form_of, read_records
from portico.intake.plain_text import plain_text
from portico.intake.record import MAX_RECORD_BYTES, Record, doi_of, pmid_of, year_of
from portico.intake.screening import (
    ENGINES,
    Engine,
    Ranked,
    Screener,
    Simulation,
    rank,
    screener,
    simulate,
    when_to_stop,
)
from portico.intake.titles import title_key

__all__ = [
    "DECISIONS",
    "DRAFT_SCHEMA",
    "ENGINES",
    "FORMS",
    "MAX_RECORD_BYTES",
    "AdviceChange",
    "AnswerChange",
    "Candidate",
    "Decision",
    "Duplicates",
    "Engine",
    "EvidenceDiff",
    "Kind",
    "Match",
    "Ranked",
    "Record",
    "Screener",
    "Simulation",
    "add_decisions",
    "candidate",
    "checked_draft",
    "contradictions",
    "doi_of",
    "draft_from",
    "evidence_diff",
    "extract",
    "form_of",
    "library_index",
    "owners",
    "plain_text",
    "pmid_of",
    "promote",
    "rank",
    "read_decisions",
    "read_records",
    "record_match",
    "screener",
    "simulate",
    "study_id",
    "title_key",
    "when_to_stop",
    "year_of",
]

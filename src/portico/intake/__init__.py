"""Literature in: what new study files change in the answers and in the advice."""

from portico.intake.evidence_diff import AdviceChange, AnswerChange, EvidenceDiff, candidate, evidence_diff

__all__ = ["AdviceChange", "AnswerChange", "EvidenceDiff", "candidate", "evidence_diff"]

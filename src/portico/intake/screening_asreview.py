"""ASReview's engine behind the same interface: its features and classifier, no download of weights."""

from __future__ import annotations

import contextlib
import importlib
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portico.errors import UsageError

__all__ = ["AsreviewScreener"]


def _part(module: str, name: str) -> Any:
    # One of its parts makes a cache file in the working directory as it is imported: that file belongs to nobody
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, contextlib.chdir(folder):
            return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        raise UsageError(
            "ASReview's engine needs the extra named screening.",
            code="extra-missing",
            fix="Install portico-rt[screening], or take the engine scikit-learn.",
        ) from None


class AsreviewScreener:
    """TF-IDF and naive Bayes of ASReview 2, with its balancing of the labels.

    Parameters
    ----------
    seed : kept for the interface; the engine itself draws nothing

    Its import changes the working directory for a moment: make the first one before other threads are started.

    Raises
    ------
    UsageError : ``extra-missing``
    """

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        self._extractor = _part("asreview.models.feature_extractors", "Tfidf")()
        self._classifier = _part("asreview.models.classifiers", "NaiveBayes")
        self._balancer = _part("asreview.models.balancers", "Balanced")()
        self._features: Any = None

    def fit_features(self, texts: Sequence[str]) -> None:
        """Make features of all texts, once."""
        import pandas as pd

        self._features = self._extractor.fit_transform(
            pd.DataFrame({"title": list(texts), "abstract": [""] * len(texts)})
        )

    def scores(self, labels: Mapping[int, bool]) -> NDArray[np.float64]:
        """(n,) probabilities of relevance."""
        known = np.array(sorted(labels), dtype=int)
        answers = np.array([int(labels[int(at)]) for at in known])
        model = self._classifier()
        weights = self._balancer.compute_sample_weight(answers)
        model.fit(self._features[known], answers, sample_weight=weights)
        return np.asarray(model.predict_proba(self._features)[:, 1], dtype=np.float64)

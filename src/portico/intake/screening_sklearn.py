"""The default screener: words and pairs of words weighted by rarity, and a balanced logistic regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["SklearnScreener"]

_MOST_FEATURES: Final = 40_000


class SklearnScreener:
    """TF-IDF over words and pairs of words; logistic regression with balanced classes, refitted from scratch each round.

    Irrelevant labels are few at the start, or none: some unread records, drawn by the seed, stand for them at a tenth of the
    weight until a person has read more.

    Parameters
    ----------
    seed : of the draw; one seed gives one order
    """

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        self._features: Any = None

    def fit_features(self, texts: Sequence[str]) -> None:
        """Make features of all texts, once."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(
            ngram_range=(1, 2), sublinear_tf=True, max_features=_MOST_FEATURES, strip_accents="unicode", min_df=1
        )
        self._features = vectorizer.fit_transform(texts)

    def scores(self, labels: Mapping[int, bool]) -> NDArray[np.float64]:
        """(n,) scores learned from labels by position."""
        from sklearn.linear_model import LogisticRegression

        n = self._features.shape[0]
        known = np.array(sorted(labels), dtype=int)
        answers = np.array([labels[int(at)] for at in known])
        weight = np.ones(len(known))
        lacking = 10 * int(answers.sum()) - int((~answers).sum())
        unread = np.setdiff1d(np.arange(n), known)
        if lacking > 0 and len(unread):
            drawn = np.random.default_rng(self.seed).choice(unread, size=min(lacking, len(unread)), replace=False)
            known = np.concatenate([known, drawn])
            answers = np.concatenate([answers, np.zeros(len(drawn), bool)])
            weight = np.concatenate([weight, np.full(len(drawn), 0.1)])
        if answers.all():
            return np.zeros(n)  # everything has been read, and all of it was relevant: nothing to tell apart
        share = max(weight[answers].sum(), 1e-9) / max(weight[~answers].sum(), 1e-9)
        weight = np.where(answers, weight / share, weight)
        train = self._features[known]
        used = np.flatnonzero(
            train.getnnz(axis=0)
        )  # a word of no labelled record has no weight: leaving it out changes nothing
        model = LogisticRegression(C=10.0, max_iter=300, solver="liblinear", random_state=self.seed)
        model.fit(train[:, used], answers, sample_weight=weight)
        return np.asarray(model.decision_function(self._features[:, used]), dtype=np.float64)

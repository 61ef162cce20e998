"""The engine: every rule of the library compiled once, evaluated for one row or for a table.

Building an engine costs some tens of milliseconds; evaluating one case well under one. `Engine.rules` and `Engine.nodes` are what
the table evaluator uses too, so that one rule serves one patient or ten million.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from portico.advice.doses import level_doses
from portico.advice.eligibility import Formula, formulas, targets_of, verdict
from portico.advice.kleene import Truth, compile_node
from portico.advice.model import Dissent, LimitRow, Outcome, PooledOutcome, Settle, Statement
from portico.advice.order import ANSWERS_IN_STEPS, OrderPolicy
from portico.advice.outcomes import outcomes_for
from portico.advice.pooled import pooled_for
from portico.case import Columns, load_columns
from portico.case.predicate import Node, columns_of
from portico.knowledge import Course, Library, Rule
from portico.knowledge.pools import Answer, load_pools

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Engine"]

#: Rests of formulas that are kept; a large one takes some hundred kilobytes.
_MOST_SETTLED = 256
#: Answers about the order that are kept, each of one or two kilobytes.
_MOST_ORDERS = 2000
STATUS = {True: "eligible", False: "not eligible", None: "undetermined"}


class Engine:
    """All rules, formulas and policies of one library, compiled.

    Example
    -------
    >>> from portico.knowledge import load_library
    >>> engine = Engine(load_library())
    >>> row = dict.fromkeys(engine.columns.names)
    >>> engine.truths(row)["urgent-new-deficit"] is None  # nothing is known
    True

    Parameters
    ----------
    library : the loaded library; its rules have been checked against ``columns.yaml`` by the loader
    answers : pooled answers by question; those built for exactly this library when left out
    """

    def __init__(self, library: Library, answers: Mapping[str, Answer] | None = None) -> None:
        self.library = library
        self.columns: Columns = load_columns()
        self.rules: dict[str, Rule] = dict(library.rules)
        self.nodes: dict[str, Node] = {key: library.predicate(rule.when) for key, rule in self.rules.items()}
        self._compiled = {key: compile_node(node) for key, node in self.nodes.items()}
        self.regimens = dict(library.regimens)
        self.formulas: dict[str, Formula] = formulas(self.rules.values(), self.regimens, self.nodes)
        self.targets = {key: targets_of(rule, self.regimens.values()) for key, rule in self.rules.items()}
        self.pointing: dict[str, dict[str, tuple[str, ...]]] = {
            kind: {
                regimen: tuple(k for k, r in self.rules.items() if r.kind == kind and regimen in self.targets[k])
                for regimen in self.regimens
            }
            for kind in ("prefer", "caution")
        }
        self.order = OrderPolicy(library.policy["order"], self._compile_text)
        self.directive_policy: Mapping[str, Any] = library.policy["directive"].body
        self.statements: dict[str, Statement] = {key: self._statement(rule) for key, rule in self.rules.items()}
        self.limit_cache: dict[tuple[Course, tuple[str, ...], bool | None], tuple[LimitRow, ...]] = {}
        sources = {
            course: {s.id for r in self.regimens.values() if r.course == course for s in r.sources}
            for course in ("first", "reirradiation")
        }
        self._second_courses = frozenset(sources["reirradiation"] - sources["first"])
        self.levels = {key: level_doses(regimen, library) for key, regimen in self.regimens.items()}
        self._outcomes: dict[tuple[str, str], tuple[Outcome, ...]] = {}
        bands = [self.library.predicate(one["when"]) for one in library.policy["order"].body["bands"]]
        self.order_reads = tuple(
            sorted({*self.order.levers, *ANSWERS_IN_STEPS, *(name for node in bands for name in columns_of(node))})
        )
        """Columns that the order of options, and what would change it, depend on."""
        self._orders: dict[Hashable, tuple[str, ...]] = {}
        self._settled: dict[Node, tuple[Settle, ...]] = {}
        self._pooled: dict[tuple[str, str], tuple[PooledOutcome, ...]] = {}
        if answers is None:
            pools = load_pools(library)
            answers = {} if pools is None else pools.answers
        self.answers = answers
        self.columns_of = {key: columns_of(node) for key, node in self.nodes.items()}

    def _compile_text(self, text: str) -> Callable[[Mapping[str, Any]], Truth]:
        return compile_node(self.library.predicate(text))

    def _statement(self, rule: Rule) -> Statement:
        return Statement(
            text=rule.says,
            records=(rule.id, *(source.id for source in rule.sources)),
            certainty=rule.certainty,
            directness=rule.directness,
            basis=rule.basis,
            comparative=rule.comparative,
            disagrees=tuple(Dissent(item.id, item.says) for item in rule.disagrees),
        )

    def truths(self, row: Mapping[str, Any]) -> dict[str, Truth]:
        """Kleene value of every rule for one row.

        Parameters
        ----------
        row : one value per column, None where unknown
        """
        return {key: holds(row) for key, holds in self._compiled.items()}

    def statuses(self, truth: Mapping[str, Truth]) -> dict[str, str]:
        """Status of every regimen from the values of the rules."""
        return {key: STATUS[verdict(formula, truth)] for key, formula in self.formulas.items()}

    def outcomes(self, regimen: str, site: str) -> tuple[Outcome, ...]:
        """Outcome figures of a regimen at a site, found once and kept."""
        key = (regimen, site)
        if key not in self._outcomes:
            self._outcomes[key] = outcomes_for(
                self.regimens[regimen], site, self.library.studies.values(), self._second_courses
            )
        return self._outcomes[key]

    def pooled(self, regimen: str, site: str) -> tuple[PooledOutcome, ...]:
        """Pooled figures of a regimen at a site, found once and kept."""
        key = (regimen, site)
        if key not in self._pooled:
            self._pooled[key] = pooled_for(self.regimens[regimen], site, self.library.questions, self.answers)
        return self._pooled[key]

    def settled(self, rest: Node | bool, search: Callable[[Engine, Node], tuple[Settle, ...]]) -> tuple[Settle, ...]:
        """Ways to settle what is left of a formula, searched once and kept: cases leave the same rests again and again.

        Parameters
        ----------
        rest : see :func:`portico.advice.explain.residual`; nothing is to be settled when it is a truth value
        search : finds the ways
        """
        if isinstance(rest, bool):
            return ()
        found = self._settled.get(rest)
        if found is None:
            if len(self._settled) >= _MOST_SETTLED:
                self._settled.clear()
            found = self._settled[rest] = search(self, rest)
        return found

    def kept_order(self, asked: Hashable, search: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        """What would change the order, searched once and kept.

        Parameters
        ----------
        asked : everything the answer depends on: options with the keys of their steps, values of ``order_reads``
        search : finds the answer
        """
        found = self._orders.get(asked)
        if found is None:
            if len(self._orders) >= _MOST_ORDERS:
                self._orders.clear()
            found = self._orders[asked] = search()
        return found

    def table(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Every rule and every regimen's status over a table of rows.

        Parameters
        ----------
        frame : one row per case, columns as in ``columns.yaml``; null is unknown

        Returns
        -------
        nullable booleans: one column per rule id, and ``option:<regimen id>`` (true eligible, false not eligible, null undetermined)
        """
        import polars as pl

        from portico.advice.table import evaluate_table  # one case needs no table: a cold start stays light

        nodes = dict(self.nodes)
        for key, formula in self.formulas.items():
            if formula.node is not None:
                nodes[f"option:{key}"] = formula.node
        found = evaluate_table(frame, nodes)
        missing = [f"option:{key}" for key, formula in self.formulas.items() if formula.node is None]
        return found.with_columns(pl.lit(False).alias(name) for name in missing) if missing else found

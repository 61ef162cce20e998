"""Bixel weights for clinical goals: hard limits always, the rest in order of priority or by weight.

Lexicographic order: the goals of priority 1 come as near as they can, then those of priority 2 while the first hold what
was reached within ``hold_gy``, and so on. A goal on voxels is held voxel by voxel: no voxel may fall behind what it had
reached by more. That is narrower than holding the sum of squares, and it is what the gap of a later priority refers to.

DVH goals choose which voxels they bind from the dose of the round before (not convex: the gap is then to the best plan
under that choice; another start may find another choice). All other kinds are convex: the gap is to the true optimum.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from portico.errors import CannotTell, UsageError
from portico.planning.certificate import Gap, find_conflict
from portico.planning.goals import Goal
from portico.planning.interior import Point, Settings, solve
from portico.planning.objectives import Anatomy, binding, judged
from portico.planning.plan import KEPT_GY, Aims, Carry, Mode, Plan, Progress, missed_notes
from portico.planning.product import Floats
from portico.planning.stage import Asked, Stage
from portico.planning.system import System

__all__ = ["optimise"]


def optimise(
    anatomy: Anatomy,
    goals: Sequence[Goal],
    *,
    mode: Mode = "lexicographic",
    aims: Aims | None = None,
    start: Plan | None = None,
    stop: Callable[[], bool] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """Find bixel weights.

    Parameters
    ----------
    anatomy : matrix and structures
    goals : at least one that is not hard; hard goals bind in every priority
    mode : ``weighted`` takes all goals as one priority, by their weights
    start : plan of the same goals with other doses, from which to go on
    stop : asked at every step; True ends with the best plan so far, as Ctrl-C does
    progress : told every step

    Raises
    ------
    UsageError : ``no-goal``
    InputRefused : ``roi-unknown``
    CannotTell : ``goals-conflict`` with the proof, naming the hard goals that exclude each other;
        ``goals-not-reached`` when no plan that keeps them was found, without proof
    """
    return _Run(anatomy, tuple(goals), mode, aims or Aims(), stop, progress).plan(start)


class _Run:
    def __init__(
        self,
        anatomy: Anatomy,
        goals: tuple[Goal, ...],
        mode: Mode,
        aims: Aims,
        stop: Callable[[], bool] | None,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        if all(goal.hard for goal in goals):
            raise UsageError("There is no goal to optimise.", code="no-goal", fix="Give a goal that is not hard.")
        for goal in goals:
            anatomy.region(goal)
        self.anatomy, self.goals, self.mode, self.aims = anatomy, goals, mode, aims
        self.stop, self.progress, self.began = stop, progress, time.perf_counter()
        self.steps = self.rounds = 0
        self.interrupted = False
        self.first = 1
        self.held: dict[int, Floats] = {}
        self.ceiling_gy = aims.ceiling * max(goal.dose_gy for goal in goals)
        self.upper = self.ceiling_gy / np.maximum(anatomy.product.largest(), 1e-6)
        body = anatomy.regions[anatomy.body]
        self.cost = aims.thrift * anatomy.product.back(body.volumes_cm3 / body.volume_cm3, body.rows)

    def plan(self, start: Plan | None) -> Plan:
        carry = Carry()
        self.open, doses = self._open_fields()
        weights = self.open
        if start is not None:
            weights, doses = start.weights, start.doses_gy
        priorities = sorted({goal.priority for goal in self.goals if not goal.hard})
        self.first = priorities[0]
        if self.mode == "weighted":
            priorities = priorities[-1:]
        converged, gap = True, Gap(np.inf, -np.inf, True)
        for priority in priorities:
            asked = self._asked(priority)
            before = start.carry if start is not None else None
            weights, doses, gap, sound = self._stage(priority, asked, weights, doses, before, carry)
            converged &= sound
            if self.interrupted:
                break
            for number, goal in enumerate(self.goals):
                if goal.priority == priority and not goal.hard:
                    self.held[number] = self._held(goal, doses[self.anatomy.region(goal).rows])
        values = tuple(
            judged(goal, doses[self.anatomy.region(goal).rows], self.anatomy.region(goal)) for goal in self.goals
        )
        notes = [f"{goal.text}: voxels were chosen, not convex." for goal in self.goals if not goal.convex]
        notes += missed_notes(values)
        return Plan(
            weights, doses, values, gap, converged and not self.interrupted, self.interrupted, self.steps, self.rounds,
            time.perf_counter() - self.began, tuple(notes), carry,
        )  # fmt: skip

    def _open_fields(self) -> tuple[Floats, Floats]:
        """Equal fields, scaled to the highest dose that a target is to have in the mean."""
        weights = self.upper / self.ceiling_gy
        doses = self.anatomy.product.forward(weights)
        lowest = [goal for goal in self.goals if goal.lower] or list(self.goals)
        aim = max(lowest, key=lambda goal: goal.dose_gy)
        scale = aim.dose_gy / max(float(doses[self.anatomy.region(aim).rows].mean()), 1e-9)
        return scale * weights, scale * doses

    def _asked(self, priority: int) -> list[Asked]:
        made = []
        for number, goal in enumerate(self.goals):
            none = np.zeros(len(self.anatomy.region(goal).rows))
            if goal.hard or goal.priority == priority or self.mode == "weighted":
                made.append(Asked(number, goal, not goal.hard, none))
            elif goal.priority < priority:
                made.append(Asked(number, goal, False, self.held[number], chooses=False))
        return made

    def _held(self, goal: Goal, doses: Floats) -> Floats:
        """How far the bound of an earlier goal gives way, by row: what it missed, and the hold."""
        region, sign = self.anatomy.region(goal), -1.0 if goal.lower else 1.0
        if goal.kind in ("mean_max", "cvar_upper", "cvar_lower", "geud_max"):
            return np.full(len(doses), judged(goal, doses, region).missed_gy + self.aims.hold_gy)
        missed = np.maximum(sign * (doses - goal.dose_gy), 0.0) + self.aims.hold_gy
        return np.where(binding(goal, doses, region), missed, np.inf)

    def _stage(
        self, priority: int, asked: list[Asked], weights: Floats, doses: Floats, before: Carry | None, carry: Carry
    ) -> tuple[Floats, Floats, Gap, bool]:
        """Solve one priority in rounds; the best true objective is kept."""
        stage = Stage(self.anatomy, asked, doses, self.cost, self.upper, self.ceiling_gy)
        warm = before.warm.get(priority) if before is not None else None
        for one in asked:
            known = before.asked.get((priority, one.number)) if before is not None else None
            if known is not None:
                one.watched = one.watched | known.watched
                one.bound, one.tangents = (known.bound if one.chooses else one.bound), list(known.tangents)
        best: tuple[float, Floats, Floats, Gap, bool] | None = None
        bixels = len(weights)
        choosing = any(not one.goal.convex and one.chooses for one in asked)
        joining = any(not one.soft and not one.watched.all() for one in asked)
        early = self.aims.choices if before is None and (choosing or joining) else ()
        ends = (*early, *(self.aims.tolerance,) * self.aims.rounds)
        floor = self.aims.negligible_gy**2 * sum(one.goal.weight for one in asked if one.soft)
        for turn, tolerance in enumerate(ends):
            system = stage.system()
            x = np.concatenate([weights if warm is not None else self.open, np.ones(len(system.cost) - bixels)])
            if turn == 0 and before is None:
                x = self._feasible(system, x, held=weights if priority > self.first else None)
            settings = Settings(tolerance=tolerance, floor=floor, hard_gy=self.aims.hard_gy)
            end = solve(system, x, settings, warm=warm, watch=self._watch(priority, turn))
            self.steps, self.rounds = self.steps + len(end.points) - 1, self.rounds + 1
            self.interrupted |= end.interrupted
            weights, warm = end.x[:bixels], end.warm
            doses = self.anatomy.product.forward(weights)
            if not end.converged and not end.interrupted:
                self._feasible(system, x, held=weights if priority > self.first else None)
            merit = self._merit(asked, doses, weights)
            tight = end.converged and tolerance <= self.aims.tolerance
            chosen = [one.bound for one in asked]
            changed = stage.learn(weights, doses, choose=turn < len(early))
            if any((one.bound != old).any() for one, old in zip(asked, chosen, strict=True)):
                warm = None  # after a change of voxels a state half way was found to cost more steps than none
            gap = self._gap(end.points[-1], asked, merit)
            sound = tight and not changed
            if best is None or merit <= best[0] or sound:
                best = (merit, weights, doses, gap, sound)
            if end.interrupted or sound:
                break
        if warm is not None:
            carry.warm[priority] = warm
        carry.asked |= {(priority, one.number): one for one in asked}
        assert best is not None  # the loop ran at least once
        return best[1], best[2], best[3], best[4]

    def _feasible(self, system: System, x: Floats, held: Floats | None) -> Floats:
        """Columns to start from; where hard goals ask for doses from both sides, proof is sought that they exclude each other.

        After the first priority the plan so far (``held``) keeps every bound: then there is nothing to prove.
        """
        hard = system.terms.hard
        if not (system.terms.sign[hard] < 0.0).any():
            return x  # without dose every upper bound is kept
        conflict, end = find_conflict(system, x, self.aims.hard_gy)
        if conflict is None:
            return end
        if held is not None:
            return np.concatenate([held, x[len(held) :]])
        named = [self.goals[number] for number, _ in conflict.weights]
        words = " and ".join(goal.text for goal in named)
        if all(goal.convex for goal in named):
            raise CannotTell(
                f"No plan keeps {words}: each breaks one of them by at least {conflict.least_excess_gy:.2f} Gy, as long as no "
                f"bixel alone gives more than {self.ceiling_gy:g} Gy.",
                code="goals-conflict", path=", ".join(goal.roi for goal in named), fix="Relax one of them.",
            )  # fmt: skip
        raise CannotTell(
            f"No plan was found that keeps {words}.", code="goals-not-reached",
            path=", ".join(goal.roi for goal in named), fix="Relax one of them; a DVH goal admits no proof.",
        )  # fmt: skip

    def _watch(self, priority: int, turn: int) -> Callable[[Point], bool]:
        def watch(point: Point) -> bool:
            if self.progress is not None:
                seconds = time.perf_counter() - self.began
                self.progress(Progress(priority, turn, point.step, point.objective, point.lower_bound, seconds))
            return self.stop is not None and self.stop()

        return watch

    def _merit(self, asked: list[Asked], doses: Floats, weights: Floats) -> float:
        """True objective of a plan: DVH goals bind the voxels that this dose chooses; hard goals count heavily."""
        total = float(self.cost @ weights)
        for one in asked:
            goal, region = one.goal, self.anatomy.region(one.goal)
            of_rows = doses[region.rows]
            if not one.soft:
                missed = judged(goal, of_rows, region).missed_gy - float(one.slack_gy.max(initial=0.0))
                if one.by_voxel and not one.chooses:
                    missed = float((one.sign * (of_rows - goal.dose_gy) - one.slack_gy).max())
                total += 1e3 * max(missed - KEPT_GY, 0.0)
            elif one.by_voxel:
                bound = binding(goal, of_rows, region)
                excess = np.maximum(one.sign * (of_rows - goal.dose_gy), 0.0)[bound]
                total += goal.weight * float(region.volumes_cm3[bound] @ excess**2) / region.volume_cm3
            else:
                total += goal.weight * judged(goal, of_rows, region).missed_gy ** 2
        return total

    def _gap(self, point: Point, asked: list[Asked], merit: float) -> Gap:
        """Of a convex priority the gap of the true objective; of one with chosen voxels that under the choice."""
        convex = all(one.goal.convex for one in asked)
        return Gap(merit if convex else point.objective, point.lower_bound, convex)

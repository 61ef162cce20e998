"""How slow this machine is now, so that a limit of time means the same amount of work everywhere.

A limit in a test guards against work that grows faster than its input (a hang), not against a slow
machine: a shared core may be three times slower than an idle one, and a coverage run slower again.
"""

from __future__ import annotations

import sys
import time

REFERENCE_SECONDS = 0.022
"""Processor time of :func:`_work` on an idle core of the machine that the limits were set on."""

TRACED = 4.0
"""How much slower a coverage run may make Python code."""


def _work() -> int:
    total = 0
    for number in range(300_000):
        total += number * number
    return total


def pace() -> float:
    """One on the reference machine, more on a slower one or under a tracer; never below one.

    A limit is written ``seconds < 5 * pace()``.
    """
    taken = []
    for _ in range(3):
        begin = time.process_time()
        _work()
        taken.append(time.process_time() - begin)
    slower = max(1.0, sorted(taken)[1] / REFERENCE_SECONDS)
    return slower * (TRACED if sys.gettrace() is not None else 1.0)

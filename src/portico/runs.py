"""One seam for parallel work: here, in processes, or on a Ray cluster; same results, same order.

>>> list(run_all(abs, [-1, 2, -3]))
[1, 2, 3]

Work is submitted as results are taken, so an endless iterator of items is fine. Function, items and results
must pickle for ``processes`` and ``ray``; workers are started fresh (spawn), so they see nothing of the
caller's state.
"""

from __future__ import annotations

import importlib
import os
import pickle
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from typing import Any, ClassVar, Final, Literal, TypeVar

from portico.errors import PorticoError, UsageError

__all__ = ["RunFailed", "Where", "run_all"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

#: Where the work is done.
Where = Literal["here", "processes", "ray"]
#: Items handed out for each worker: one in work, one waiting.
_AHEAD: Final = 2
#: Seconds that a stopped worker has to end before it is killed.
_GRACE_SECONDS: Final = 2.0


class RunFailed(PorticoError):
    """The function raised for one item, or its worker died.

    Parameters
    ----------
    index : position of the item, from 0
    kind : class name of what was raised
    detail : its message if a :class:`PorticoError`, which carries no patient identifier; else empty
    cause_code : its code where that is a :class:`PorticoError`; else None

    The error itself is ``__cause__`` where it pickles.
    """

    default_code: ClassVar[str] = "run-failed"

    def __init__(self, index: int, kind: str, detail: str = "", cause_code: str | None = None) -> None:
        super().__init__(f"Item {index} failed: {kind}{f': {detail}' if detail else ''}.".replace("..", "."))
        self.index = index
        self.kind = kind
        self.detail = detail
        self.cause_code = cause_code

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.index, self.kind, self.detail, self.cause_code), self.__dict__


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one call gave; travels from a worker."""

    value: Any = None
    kind: str = ""
    detail: str = ""
    cause_code: str | None = None
    cause: BaseException | None = None


def _failure(error: BaseException) -> _Outcome:
    known = isinstance(error, PorticoError)
    code = error.code if isinstance(error, PorticoError) else None
    return _Outcome(None, type(error).__name__, str(error) if known else "", code, error)


def _call(function: Callable[[Any], Any], item: Any) -> _Outcome:
    """Call, and bring back what was raised, a request to end the process included."""
    try:
        return _Outcome(function(item))
    except (Exception, SystemExit) as error:
        return _failure(error)


def _call_away(function: Callable[[Any], Any], item: Any) -> _Outcome:
    """As :func:`_call`, in a worker: of an error that does not pickle only the name travels."""
    outcome = _call(function, item)
    if outcome.cause is None:
        return outcome
    try:
        pickle.loads(pickle.dumps(outcome.cause))
    except Exception:
        return _Outcome(None, outcome.kind, outcome.detail, outcome.cause_code, None)
    return outcome


def _finish(index: int, outcome: _Outcome) -> Any:
    if not outcome.kind:
        return outcome.value
    raise RunFailed(index, outcome.kind, outcome.detail, outcome.cause_code) from outcome.cause


def run_all(
    function: Callable[[_Item], _Result],
    items: Iterable[_Item],
    *,
    where: Where = "here",
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[_Result]:
    """Apply a function to each item and yield the results in the order of the items, as they come.

    Parameters
    ----------
    function : takes one item; must not depend on state set up in this process
    items : any iterable, also endless; at most two items for each worker are taken ahead
    where : ``"here"`` one after the other; ``"processes"`` on this machine; ``"ray"`` on a cluster
    workers : 1 or more; None means one for each core this process may use; no meaning ``"here"``
    progress : called with the number of results so far, after each

    Raises
    ------
    UsageError : at once: ``unknown-where``, ``bad-workers``, ``extra-missing`` (``ray`` is not installed)
    RunFailed : at the position of the item whose call raised, after all earlier results; ends the run
    """
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise UsageError("The number of workers must be 1 or more.", code="bad-workers")
    count = workers or _cores()
    results: Iterator[Any]
    if where == "here":
        results = _here(function, items)
    elif where == "processes":
        results = _processes(function, items, count)
    elif where == "ray":
        results = _ray(_import_ray(), function, items, count)
    else:
        raise UsageError("There is no such place to run.", code="unknown-where", fix="Give here, processes or ray.")
    return _counted(results, progress)


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _counted(results: Iterator[Any], progress: Callable[[int], None] | None) -> Iterator[Any]:
    with closing(results):  # type: ignore[type-var]  # each of ours is a generator
        for done, result in enumerate(results, start=1):
            if progress is not None:
                progress(done)
            yield result


def _here(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    for index, item in enumerate(items):
        yield _finish(index, _call(function, item))


class _Workers(SpawnContext):
    """Start method that remembers its processes, so that they can be stopped at once."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[BaseProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> BaseProcess:  # type: ignore[override]  # noqa: N802 - its name there
        process = super().Process(*args, **kwargs)
        self.started.append(process)
        return process

    def stop(self) -> None:
        """End all processes without waiting for their work."""
        for process in self.started:
            if process.pid is not None and process.is_alive():
                process.terminate()
        for process in self.started:
            if process.pid is not None:
                process.join(_GRACE_SECONDS)
                if process.is_alive():
                    process.kill()


def _leave_interrupts_to_the_caller() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _processes(function: Callable[[Any], Any], items: Iterable[Any], count: int) -> Iterator[Any]:
    context = _Workers()
    executor = ProcessPoolExecutor(count, mp_context=context, initializer=_leave_interrupts_to_the_caller)
    waiting: deque[Future[_Outcome]] = deque()
    queue = iter(items)
    index = 0
    clean = False
    try:
        waiting.extend(executor.submit(_call_away, function, item) for item in islice(queue, count * _AHEAD))
        while waiting:
            try:
                outcome = waiting.popleft().result()
            except Exception as error:  # the worker died, or something does not pickle
                outcome = _failure(error)
            result = _finish(index, outcome)
            index += 1
            waiting.extend(executor.submit(_call_away, function, item) for item in islice(queue, 1))
            yield result
        clean = True
    finally:
        if not clean:
            context.stop()
        executor.shutdown(wait=True, cancel_futures=True)


def _import_ray() -> Any:
    try:
        return importlib.import_module("ray")
    except ImportError:
        raise UsageError(
            "Running on a cluster needs the extra named cluster.",
            code="extra-missing",
            fix="Install portico-rt[cluster], or run in processes.",
        ) from None


def _ray(ray: Any, function: Callable[[Any], Any], items: Iterable[Any], count: int) -> Iterator[Any]:
    if not ray.is_initialized():
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a run tells nobody outside
        ray.init(log_to_driver=False, include_dashboard=False)
    call = ray.remote(_call_away)
    shared = ray.put(function)
    queue = iter(items)
    waiting: deque[Any] = deque()
    index = 0
    try:
        waiting.extend(call.remote(shared, item) for item in islice(queue, count * _AHEAD))
        while waiting:
            try:
                outcome = ray.get(waiting.popleft())
            except Exception as error:
                outcome = _failure(error)
            result = _finish(index, outcome)
            index += 1
            waiting.extend(call.remote(shared, item) for item in islice(queue, 1))
            yield result
    finally:
        for reference in waiting:
            ray.cancel(reference, force=True)

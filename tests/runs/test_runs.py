"""One seam for parallel work."""

import itertools
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
import types
from pathlib import Path

import pytest

import portico
from portico.errors import QuantityRefused, UsageError
from portico.runs import RunFailed, run_all

# Functions for workers come from a module written to disk: a fresh process cannot import a
# test module that was loaded by its path.
WORK = """
import os, time
from portico.errors import QuantityRefused

class Awkward(Exception):
    def __init__(self, one, two):
        super().__init__(one)

def square(x):
    return x * x

def slow_first(x):
    time.sleep(0.3 if x == 0 else 0.0)
    return x

def refuse_three(x):
    if x == 3:
        raise QuantityRefused("This dose has no unit.", code="dose-without-unit", path="dose")
    return x

def raise_secret(x):
    raise ValueError("secret name")

def raise_awkward(x):
    raise Awkward(1, 2)

def leave(x):
    raise SystemExit(0)

def die(x):
    os._exit(9)

def unpicklable(x):
    return lambda: x

def sleep(x):
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    folder = tmp_path_factory.mktemp("work")
    (folder / "work_for_runs.py").write_text(WORK)
    source = str(Path(portico.__path__[0]).parent)
    before, path = os.environ.get("PYTHONPATH"), list(sys.path)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), source])
    sys.path.insert(0, str(folder))
    try:
        import work_for_runs

        yield work_for_runs
    finally:
        sys.path[:] = path
        sys.modules.pop("work_for_runs", None)
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def fake_ray():
    ray = types.SimpleNamespace(cancelled=[], is_initialized=lambda: False, init=lambda **_: None)
    ray.remote = lambda function: types.SimpleNamespace(remote=lambda shared, item: (function, shared, item))
    ray.put = lambda value: value
    ray.get = lambda reference: reference[0](*reference[1:])
    ray.cancel = lambda reference, force: ray.cancelled.append(reference)
    return ray


@pytest.mark.parametrize(("where", "workers"), [("here", None), ("processes", 1), ("processes", 2), ("ray", 2)])
def test_same_results_everywhere(work, where, workers, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", fake_ray())
    progress = []
    results = list(run_all(work.square, range(20), where=where, workers=workers, progress=progress.append))
    assert results == [x * x for x in range(20)]
    assert progress == list(range(1, 21))


def test_input_order_and_an_endless_iterator(work):
    taken = itertools.count()
    results = run_all(work.slow_first, taken, where="processes", workers=2)
    assert list(itertools.islice(results, 5)) == [0, 1, 2, 3, 4]
    results.close()
    assert next(taken) <= 5 + 2 * 2 + 1


@pytest.mark.parametrize("where", ["here", "processes", "ray"])
def test_what_was_raised_carries_its_item(work, where, monkeypatch):
    ray = fake_ray()
    monkeypatch.setitem(sys.modules, "ray", ray)
    results = run_all(work.refuse_three, range(100), where=where, workers=2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(RunFailed) as caught:
        next(results)
    error = caught.value
    assert (error.code, error.index, error.kind, error.cause_code) == (
        "run-failed",
        3,
        "QuantityRefused",
        "dose-without-unit",
    )
    assert isinstance(error.__cause__, QuantityRefused)
    assert error.__cause__.problem.path == "dose"
    assert str(error) == "Item 3 failed: QuantityRefused: dose: This dose has no unit."
    assert list(results) == []
    assert (where == "ray") == bool(ray.cancelled)


@pytest.mark.parametrize("where", ["here", "processes"])
@pytest.mark.parametrize(
    ("name", "kind"), [("raise_secret", "ValueError"), ("raise_awkward", "Awkward"), ("leave", "SystemExit")]
)
def test_other_exceptions_are_named_without_their_text(work, where, name, kind):
    with pytest.raises(RunFailed) as caught:
        list(run_all(getattr(work, name), [1], where=where, workers=1))
    assert caught.value.kind == kind
    assert str(caught.value) == f"Item 0 failed: {kind}."


def test_a_worker_that_dies_is_a_failed_item(work):
    with pytest.raises(RunFailed) as caught:
        list(run_all(work.die, [1, 2], where="processes", workers=1))
    assert (caught.value.index, caught.value.kind) == (0, "BrokenProcessPool")


def test_a_result_that_does_not_pickle_is_a_failed_item(work):
    with pytest.raises(RunFailed):
        list(run_all(work.unpicklable, [1], where="processes", workers=1))


def test_run_failed_pickles():
    error = pickle.loads(pickle.dumps(RunFailed(4, "ValueError", "why", "code")))
    assert (error.index, error.kind, error.detail, error.cause_code, error.code) == (
        4,
        "ValueError",
        "why",
        "code",
        "run-failed",
    )


@pytest.mark.parametrize("workers", [0, -1, True, 1.5])
def test_bad_workers(workers):
    with pytest.raises(UsageError) as caught:
        run_all(abs, [], workers=workers)
    assert caught.value.code == "bad-workers"


def test_unknown_place():
    with pytest.raises(UsageError) as caught:
        run_all(abs, [], where="moon")
    assert caught.value.code == "unknown-where"


def test_ray_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError) as caught:
        run_all(abs, [], where="ray")
    assert caught.value.code == "extra-missing"


def test_an_interrupt_passes_here():
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(run_all(stop, [1]))


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
def test_an_interrupt_stops_workers_promptly(work, tmp_path):
    script = tmp_path / "main.py"
    script.write_text(
        textwrap.dedent(
            """
            import work_for_runs
            from portico.runs import run_all
            if __name__ == "__main__":
                print("ready", flush=True)
                try:
                    list(run_all(work_for_runs.sleep, range(10), where="processes", workers=2))
                except KeyboardInterrupt:
                    raise SystemExit(130)
            """
        )
    )
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout.readline() == "ready\n"
        time.sleep(1.5)
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert time.monotonic() - begin < 8
        assert process.returncode == 130
        assert errors == ""
        with pytest.raises(ProcessLookupError):  # nobody of the group is left
            for _ in range(50):
                os.killpg(process.pid, 0)
                time.sleep(0.1)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()

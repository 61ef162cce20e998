"""The audit on a cluster: the same bytes, also when workers are killed while they work.

A local Ray takes many seconds to start, so the test with a real one runs when ``PORTICO_RAY`` is set; what travels to the workers is
tested always.
"""

from __future__ import annotations

import importlib.util
import os
import pickle
import subprocess
import sys
import types

import pytest

from portico.cohort.audit import RESULT, VALIDATION, audit_registry
from portico.cohort.synthetic import synthetic_parquet, synthetic_registry

#: Kills, once, every worker of this cluster that is busy: each is a descendant of this process.
SCRIPT = """
import os, signal, sys
from pathlib import Path
from portico.cohort.audit import audit_registry

def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])

def mine(pid):
    while pid > 1:
        if pid == os.getpid():
            return True
        pid = parent(pid)
    return False

killed = []

def kill_the_busy(done, of):
    if killed:
        return
    for entry in Path("/proc").iterdir():
        try:
            busy = entry.name.isdigit() and (entry / "cmdline").read_bytes().startswith(b"ray::_call_away")
            if busy and mine(int(entry.name)):
                os.kill(int(entry.name), signal.SIGKILL)
                killed.append(int(entry.name))
        except OSError:
            pass

audit_registry(Path(sys.argv[1]), Path(sys.argv[2]), rows=120, where="ray", workers=2, progress=kill_the_busy)
print("killed:", len(killed), flush=True)
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("here")
    path = folder / "r.parquet"
    path.write_bytes(synthetic_parquet(synthetic_registry(600, seed=4)))
    audit_registry(path, folder)
    return path


def same(one, other):
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in (RESULT, VALIDATION))


def test_what_travels_to_the_workers_is_enough(here, tmp_path, monkeypatch):
    travelled = []

    def far(function, shared, item):
        travelled.append(item)
        return pickle.loads(pickle.dumps(function))(pickle.loads(shared), pickle.loads(pickle.dumps(item)))

    ray = types.SimpleNamespace(is_initialized=lambda: True, put=pickle.dumps, cancel=lambda *_, **__: None)
    ray.remote = lambda function: types.SimpleNamespace(remote=lambda *given: (function, *given))
    ray.get = lambda reference: far(*reference)
    monkeypatch.setitem(sys.modules, "ray", ray)
    audit_registry(here, tmp_path, rows=200, where="ray", workers=2)
    assert len(travelled) == 4 and same(tmp_path, here.parent)


if "PORTICO_RAY" in os.environ:  # part of `make assure`: a local Ray with workers takes minutes on two cores

    @pytest.mark.untraced
    @pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra cluster is not installed")
    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds the workers in /proc")
    def test_a_killed_worker_changes_nothing(here, tmp_path):
        (tmp_path / "run.py").write_text(SCRIPT)
        words = [sys.executable, tmp_path / "run.py", here, tmp_path / "ray"]
        ended = subprocess.run(words, check=False, timeout=500, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr[-2000:]
        assert "killed: " in ended.stdout and "killed: 0" not in ended.stdout  # somebody was busy and died
        assert same(tmp_path / "ray", here.parent)

"""Faults: the process is killed while it stores cases, signs and runs jobs; the disk is full. What was acknowledged stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from portico.service import Settings, tables
from portico.service.application import status_of
from portico.service.jobs import JobLimits, Queue
from portico.service.jobs_work import Work, Workers
from portico.service.storage import Store, Unavailable

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("PORTICO_KILLS", "20"))
SCRIPT = "import time; time.sleep(0.02); open('x', 'w').write('y'); print('{\"n\": 1}')"
COMMON = f"""
import json, os, random, resource, signal, sys, time
from pathlib import Path
from portico.advice import Engine, advise
from portico.case import case_from, read_case
from portico.knowledge import load_library
from portico.service import Settings
from portico.service.deciding import decided
from portico.service.jobs import JobLimits, Queue
from portico.service.jobs_work import Work, Workers
from portico.service.people import LOCAL
from portico.service.storage import Store, Unavailable

engine = Engine(load_library())
plain = json.loads(read_case({str(ROOT / "examples" / "cases" / "femur-renal.yaml")!r}).model_dump_json(by_alias=True, exclude_none=True))
folder = Path(sys.argv[1])

def work(say):
    store = Store(Settings(folder))
    queue = Queue(store, folder, JobLimits(lease_seconds=0.2, most_tries=99))
    command = lambda request, inputs, place: [sys.executable, "-I", "-S", "-c", request["script"]]
    workers = Workers(queue, {{"script": Work(command)}})
    say("ready")
    while True:
        case = {{**plain, "label": os.urandom(8).hex()}}
        name, number = store.save_case(case, by="w")
        say("case", name, number)
        found = case_from(case)
        signed = decided(found, advise(found, engine), engine, LOCAL, option="conv-30-10", by="w", reason="x")
        say("directive", store.save_directive(signed, case_id=name, version=number, by="w"))
        say("asked", queue.ask("script", {{"script": {SCRIPT!r}}}, by="w"))
        queue.recover()
        job = queue.claim(f"w{{os.getpid()}}")
        if job is not None:
            workers.run(job)
            say("done" if queue.job(job.id).state == "done" else "open", job.id)
"""
KILLER = (
    COMMON
    + r"""
chance, acknowledged = random.Random(int(sys.argv[3])), []
for _ in range(int(sys.argv[2])):
    source, target = os.pipe()
    child = os.fork()
    if child == 0:
        work(lambda *words: os.write(target, (" ".join(map(str, words)) + "\n").encode()))
    os.close(target)
    text, wanted = b"", chance.randint(1, 7)  # whatever the pace of the machine, every kind of write is met
    while text.count(b"\n") < wanted:
        text += os.read(source, 65536)
    time.sleep(chance.uniform(0.0, 0.05))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while block := os.read(source, 65536):
        text += block
    os.close(source)
    acknowledged += [line.split() for line in text.decode().split("\n")[1:-1]]
print(json.dumps(acknowledged))
"""
)
FILLER = (
    COMMON
    + """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
acknowledged = []
Store(Settings(folder)).close()
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
try:
    work(lambda *words: acknowledged.append(list(map(str, words))))
except Unavailable as error:
    print(json.dumps([acknowledged[1:], str(error)]))
"""
)


def run(script, *words):
    ended = subprocess.run(
        [sys.executable, "-c", script, *map(str, words)], capture_output=True, text=True, check=False, timeout=3600
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return json.loads(ended.stdout)


def entries(store):
    with store.reader.connect() as connection:
        return connection.execute(select(tables.audit)).all()


def hold(store, folder, acknowledged) -> None:
    """Everything that was acknowledged is there, once, and nothing is damaged."""
    with store.reader.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").all() == [("ok",)]
    assert store.verify().problems == ()
    queue = Queue(store, folder)
    for word, name, *more in acknowledged:
        if word == "case":
            assert int(more[0]) in [row.version for row in store.history(name)]
        elif word == "directive":
            assert json.loads(store.directive(name).content)["hash"] == name
        elif word == "done":
            assert queue.file(name, "x") == b"y"
        else:
            assert queue.job(name).id == name


@pytest.mark.skipif(sys.platform == "win32", reason="forks and kills")
def test_nothing_acknowledged_is_lost_by_kills_while_storing_signing_and_working(tmp_path) -> None:
    acknowledged = run(KILLER, tmp_path, KILLS, 11)
    counts = Counter(one[0] for one in acknowledged)
    assert min(counts["case"], counts["directive"], counts["asked"], counts["done"]) >= KILLS / 10, counts
    store = Store(Settings(tmp_path))
    try:
        hold(store, tmp_path, acknowledged)
        queue = Queue(store, tmp_path, JobLimits(lease_seconds=0.0, most_tries=999))
        workers = Workers(
            queue,
            {"script": Work(lambda request, inputs, place: [sys.executable, "-I", "-S", "-c", request["script"]])},
        )
        queue.recover()
        while (job := queue.claim("last")) is not None:  # what was interrupted is run again, to its end
            workers.run(job)
        assert {row.state for row in queue.jobs(limit=100_000)} == {"done"}
        ends = Counter(row.object for row in entries(store) if row.action == "job-done")
        assert set(ends.values()) == {1}
        hold(store, tmp_path, acknowledged)
    finally:
        store.close()


@pytest.mark.skipif(sys.platform == "win32", reason="bounds the size of files")
def test_a_full_disk_is_told_and_nothing_is_damaged(tmp_path) -> None:
    acknowledged, said = run(FILLER, tmp_path)
    assert "could not store" in said and "look at the disk" in said
    assert status_of(Unavailable("x")) == 503
    assert {one[0] for one in acknowledged} >= {"case", "directive", "asked"}
    store = Store(Settings(tmp_path))
    try:
        hold(store, tmp_path, acknowledged)
        name, number = store.save_case({"schema": "case/1"}, by="a")  # there is room again
        assert store.case(name).version == number
    finally:
        store.close()

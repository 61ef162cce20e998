"""The queue and its workers: each job once, progress, cancelling, resuming, and what a job may not do."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
import time
from pathlib import Path

import pytest

from portico.errors import Blocked, UsageError
from portico.service import Settings
from portico.service.jobs import JobLimits, Queue
from portico.service.jobs_work import Work, Workers
from portico.service.storage import NotFound, Store

QUICK = JobLimits(lease_seconds=0.4, result_bytes=20_000, most_waiting=50)


def script(request, inputs, place):
    return [sys.executable, "-I", "-S", "-c", request["script"]]


def after(job, printed, place):
    text = f"{job.id} {printed.get('n')}"
    return lambda connection: connection.exec_driver_sql(f"INSERT INTO after VALUES ('{text}')")


def slow(request, inputs, place):
    time.sleep(1.3)
    return script({"script": FINE}, inputs, place)


def broken(request, inputs, place):
    raise KeyError("DOE^PLANTED")


WORKS = {"script": Work(script), "after": Work(script, after), "slow": Work(slow), "broken": Work(broken)}
FINE = "print('{\"n\": 7}'); open('extra.txt', 'w').write('x')"
LONG = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"])
open(os.environ["PORTICO_PROGRESS"], "w").write("step\\t3\\t9")
open("pids", "w").write(f"{os.getpid()} {child.pid}")
time.sleep(60)
"""


@pytest.fixture
def store(tmp_path):
    made = Store(Settings(tmp_path))
    yield made
    made.close()


@pytest.fixture
def queue(store, tmp_path):
    return Queue(store, tmp_path, QUICK)


def wait(condition):
    end = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def ended(queue, job):
    return wait(lambda: (row := queue.job(job)).state in ("done", "failed", "cancelled") and row)


def work(queue, text, kind="script", **more):
    """Run one job in this thread."""
    job = queue.ask(kind, {"script": text}, by="a", **more)
    row = queue.claim("w")
    assert row.id == job
    Workers(queue, WORKS).run(row)
    return queue.job(job)


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except OSError:
        return True


def test_a_job_gives_what_its_process_gave(queue) -> None:
    row = work(queue, FINE)
    assert (row.state, json.loads(row.result)["exit_status"]) == ("done", 0)
    assert [one["name"] for one in json.loads(row.result)["files"]] == ["extra.txt", "result.json"]
    assert json.loads(queue.file(row.id, "result.json")) == {"n": 7}
    (queue.place(row) / "extra.txt").write_text("y")
    with pytest.raises(Blocked, match="changed after"):
        queue.file(row.id, "extra.txt")
    for name in ("../result.json", "form.key", ""):
        with pytest.raises(NotFound):
            queue.file(row.id, name)
    assert queue.store.verify().problems == ()


def test_a_result_changed_behind_the_service_is_found(queue, tmp_path) -> None:
    work(queue, FINE)
    queue.store.close()
    with sqlite3.connect(tmp_path / "portico.sqlite3") as raw:
        raw.execute("UPDATE jobs SET result = replace(result, '0', '1')")
    raw.close()
    assert any("was changed" in one for one in queue.store.verify().problems)


def test_what_belongs_to_the_end_is_stored_with_it(queue) -> None:
    with queue.store.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE after (text VARCHAR)")
    job = queue.ask("after", {"script": FINE}, by="a")
    row = queue.claim("w")
    Workers(queue, WORKS).run(row)
    assert not queue.end(row, "done", {})
    with queue.store.reader.connect() as connection:
        assert connection.exec_driver_sql("SELECT text FROM after").all() == [(f"{job} 7",)]


def test_each_job_is_taken_once_by_several_workers(place) -> None:
    place.prepare()
    store = Store(place)
    queue = Queue(store, place.folder, QUICK)
    asked = {queue.ask("script", {"n": n}, by="a") for n in range(40)}
    taken: list[str] = []

    def take(name):
        while (row := queue.claim(name)) is not None:
            taken.append(row.id)

    threads = [threading.Thread(target=take, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 40 and set(taken) == asked
    store.close()


def test_a_job_lives_through_all_states_on_either_database(place) -> None:
    place.prepare()
    store = Store(place)
    queue = Queue(store, place.folder, QUICK)
    job = queue.ask("script", {"script": FINE}, by="a", key="k")
    assert queue.ask("script", {"script": FINE}, by="a", key="k") == job
    first = queue.claim("w1")
    assert queue.seen(first, 1, 2) and queue.put_back(first)
    lost = queue.claim("w2")
    time.sleep(0.5)
    assert queue.recover() == 1 and not queue.end(lost, "done", {})
    queue.cancel(job, by="a")
    queue.resume(job, by="a")
    Workers(queue, WORKS).run(queue.claim("w3"))
    assert queue.job(job).state == "done" and json.loads(queue.file(job, "result.json")) == {"n": 7}
    assert store.verify().problems == ()
    store.close()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_cancelling_ends_the_process_and_all_that_it_started(queue) -> None:
    workers = Workers(queue, WORKS)
    workers.start()
    try:
        job = queue.ask("script", {"script": LONG}, by="a")
        row = wait(lambda: (one := queue.job(job)).done == 3 and one)
        assert (row.state, row.total) == ("running", 9)
        pids = [int(one) for one in (queue.place(row) / "pids").read_text().split()]
        assert not any(gone(pid) for pid in pids)
        queue.cancel(job, by="b")
        assert ended(queue, job).state == "cancelled"
        assert wait(lambda: all(gone(pid) for pid in pids))
        assert not queue.place(row).exists()
        with pytest.raises(Blocked, match="has ended"):
            queue.cancel(job, by="b")
    finally:
        workers.stop()
    assert queue.store.verify().problems == ()


def test_a_stopping_service_puts_its_job_back_and_the_next_runs_it(queue, tmp_path) -> None:
    mark = tmp_path / "mark"
    text = f"import os, time\nif not os.path.exists({str(mark)!r}):\n open({str(mark)!r}, 'w'); time.sleep(60)\n{FINE}"
    first = Workers(queue, WORKS)
    first.start()
    job = queue.ask("script", {"script": text}, by="a")
    wait(mark.exists)
    first.stop()
    assert (queue.job(job).state, queue.job(job).attempts) == ("queued", 0)
    second = Workers(queue, WORKS)
    second.start()
    assert ended(queue, job).state == "done"
    second.stop()


def test_a_waiting_job_is_cancelled_at_once_and_can_be_resumed(queue) -> None:
    job = queue.ask("script", {"script": FINE}, by="a")
    assert queue.cancel(job, by="a").state == "cancelled"
    assert queue.claim("w") is None
    assert queue.store.verify().problems == ()
    assert queue.resume(job, by="a").state == "queued"
    assert queue.store.verify().problems == ()
    with pytest.raises(Blocked, match="can be resumed"):
        queue.resume(job, by="a")
    Workers(queue, WORKS).run(queue.claim("w"))
    assert queue.job(job).state == "done"
    assert queue.store.verify().problems == ()


def test_a_job_whose_worker_died_is_run_again_and_a_late_worker_changes_nothing(queue) -> None:
    job = queue.ask("script", {"script": FINE}, by="a")
    lost = queue.claim("w1")
    assert queue.recover() == 0
    time.sleep(0.5)
    assert queue.recover() == 1
    again = queue.claim("w2")
    assert (again.id, again.attempts) == (job, 2)
    assert not queue.seen(lost, 1, 2)
    assert not queue.end(lost, "done", {"files": []})
    assert not queue.put_back(lost)
    assert queue.seen(again, 1, 2)
    assert queue.end(again, "done", {"files": []})


def test_a_job_that_kills_its_workers_fails_and_can_be_resumed(queue) -> None:
    job = queue.ask("script", {"script": FINE}, by="a")
    for _ in range(QUICK.most_tries):
        assert queue.claim("w").id == job
        time.sleep(0.5)
        queue.recover()
    row = queue.job(job)
    assert (row.state, json.loads(row.result)["error"]["code"]) == ("failed", "interrupted")
    assert queue.resume(job, by="a").attempts == 0


REFUSED = """
import json, sys
one = {"code": "no-ct", "message": "There is no CT.", "path": "DOE^PLANTED", "file": "/x", "line": 1, "fix": "Give one."}
print(json.dumps({"error": one, "problems": [one], "exit_status": 3})); sys.exit(3)
"""


@pytest.mark.parametrize(
    ("text", "code"),
    [(REFUSED, "no-ct"), ("import os; os.kill(os.getpid(), 9)", "job-failed"), ("print('no JSON')", "job-failed"),
     ("print('{}'); raise SystemExit(70)", "job-failed"), ("open('x', 'wb').write(b'x' * 30_000)", "job-failed"),
     ("open('x', 'wb').write(b'x' * 15_000); open('y', 'wb').write(b'x' * 15_000); print('{}')", "too-large")],
)  # fmt: skip
def test_what_goes_wrong_is_told_by_a_code_and_leaves_no_files(queue, text, code) -> None:
    row = work(queue, text)
    assert (row.state, json.loads(row.result)["error"]["code"]) == ("failed", code)
    assert "PLANTED" not in row.result and "/x" not in row.result
    assert not queue.place(row).exists()
    with pytest.raises(UsageError, match="no result"):
        queue.file(row.id, "result.json")


def test_a_job_that_takes_too_long_is_ended(store, tmp_path) -> None:
    queue = Queue(store, tmp_path, JobLimits(run_seconds=0.2))
    row = work(queue, "import time; time.sleep(60)")
    assert json.loads(row.result)["error"]["code"] == "too-long"


def test_an_unknown_kind_and_a_full_queue(queue) -> None:
    queue.ask("other", {}, by="a")
    Workers(queue, WORKS).run(queue.claim("w"))
    assert json.loads(queue.jobs()[0].result)["error"]["code"] == "unknown-kind"
    for number in range(QUICK.most_waiting):
        queue.ask("script", {"n": number}, by="a")
    with pytest.raises(Blocked, match="Too many"):
        queue.ask("script", {}, by="a")


def test_the_same_key_means_the_same_job(queue) -> None:
    job = queue.ask("script", {"n": 1}, by="a", key="k")
    assert queue.ask("script", {"n": 1}, by="a", key="k") == job
    assert queue.ask("script", {"n": 1}, by="b", key="k") != job
    with pytest.raises(Blocked, match="another request"):
        queue.ask("script", {"n": 2}, by="a", key="k")
    assert len(queue.jobs()) == 2 and len(queue.jobs(by="b")) == 1
    with pytest.raises(NotFound):
        queue.job("none")


def test_inputs_of_jobs_that_are_over_are_removed(queue) -> None:
    row = work(queue, FINE)
    stopped = queue.ask("script", {}, by="a")
    queue.cancel(stopped, by="a")
    waiting = queue.ask("script", {"n": 2}, by="a")
    for name in (row.id, stopped, waiting, "nobody"):
        (queue.folder / name / "in").mkdir(parents=True)
    workers = Workers(queue, WORKS)
    workers.sweep()
    left = {path.parent.name for path in queue.folder.glob("*/in")}
    assert left == {stopped, waiting, "nobody"}
    for name in left:
        os.utime(queue.folder / name / "in", (0, 0))
    workers.sweep()
    assert {path.parent.name for path in queue.folder.glob("*/in")} == {waiting}


def test_secrets_of_the_service_do_not_reach_the_process(queue, monkeypatch) -> None:
    monkeypatch.setenv("PORTICO_DATABASE_PASSWORD", "planted")
    row = work(queue, "import json, os; print(json.dumps(dict(os.environ)))")
    seen = json.loads(queue.file(row.id, "result.json"))
    assert "planted" not in json.dumps(seen)
    assert seen["TMPDIR"].startswith(str(queue.folder))


def test_a_worker_lives_while_it_prepares_and_outlives_a_fault_of_ours(store, tmp_path) -> None:
    queue = Queue(store, tmp_path, JobLimits(lease_seconds=1.2))
    workers = Workers(queue, WORKS)
    workers.start()
    try:
        wrong, long = queue.ask("broken", {}, by="a"), queue.ask("slow", {}, by="a")
        row = ended(queue, wrong)
        assert (row.state, json.loads(row.result)["error"]["code"]) == ("failed", "job-failed")
        assert "KeyError" in row.result and "PLANTED" not in row.result
        wait(lambda: queue.recover() > 0 or queue.job(long).state == "done")
        assert (queue.job(long).state, queue.job(long).attempts) == ("done", 1)
    finally:
        workers.stop()

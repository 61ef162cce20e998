"""PostgreSQL: the main task, several processes at once, and restarts under load. Storage itself: test_storage.py."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
from sqlalchemy import select, update

from portico.cli import main
from portico.directive import directive_from
from portico.errors import Blocked
from portico.service import Settings
from portico.service.migrations import migrate
from portico.service.storage import Store, Unavailable, open_engine
from portico.service.tables import case_versions, cases

CASE = {"schema": "case/1", "label": "one"}
PROCESSES, EACH = 4, 12
WRITERS = """
import os, sys
from pathlib import Path
from portico.service import Settings
from portico.service.storage import Store

settings = Settings(Path(sys.argv[1]), database=sys.argv[2])
children = []
for number in range(int(sys.argv[3])):
    child = os.fork()
    if child == 0:
        try:
            store = Store(settings)  # all of them make the tables at once
            for turn in range(int(sys.argv[4])):
                name, version = store.save_case({"schema": "case/1", "label": f"{number}-{turn}"}, by=f"w{number}")
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
    children.append(child)
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


def test_the_main_task_on_postgresql(browser_on, postgres, femur) -> None:
    with browser_on(database=postgres.database()) as browser:
        case_id = browser.store(femur)
        seal = browser.signed(case_id)
        assert "30 Gy" in browser.open(f"/directives/{seal}").text
        assert "Femur 1" in browser.open("/").text


def test_processes_that_start_and_write_at_once_make_one_chain(place) -> None:
    place.prepare()
    command = [sys.executable, "-c", WRITERS, str(place.folder), place.url, str(PROCESSES), str(EACH)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    store = Store(place)
    found = store.verify()
    assert (found.entries, found.problems) == (PROCESSES * EACH, ())
    store.close()


def test_no_version_slips_in_between_the_look_and_the_signature(tmp_path, postgres, root) -> None:
    """Another process changes the case while this one signs: the signature waits, and is refused."""
    signed_directive = directive_from(json.loads((root / "examples/directives/femur-30-10.json").read_text()))
    store = Store(Settings(tmp_path, database=postgres.database()))
    name, version = store.save_case(CASE, by="a")
    outcome: list[object] = []

    def sign() -> None:
        try:
            outcome.append(store.save_directive(signed_directive, case_id=name, version=version, by="b"))
        except Blocked as error:
            outcome.append(error.code)

    with store.engine.begin() as connection:
        connection.execute(update(cases).where(cases.c.id == name).values(version=2))
        thread = threading.Thread(target=sign)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive() and outcome == []
    thread.join(20)
    assert outcome == ["changed-meanwhile"]
    store.close()


def test_a_lock_that_is_not_given_back_ends_in_an_error(tmp_path, postgres, monkeypatch) -> None:
    monkeypatch.setattr("portico.service.storage._SESSION", "-c lock_timeout=200ms")
    store = Store(Settings(tmp_path, database=postgres.database()))
    with store.engine.begin() as holder:
        holder.exec_driver_sql("LOCK TABLE audit IN EXCLUSIVE MODE")
        with pytest.raises(Unavailable, match="nothing was changed"):
            store.save_case(CASE, by="a")
        assert store.cases() == []
    store.save_case(CASE, by="a")
    store.close()


def test_the_log_cannot_be_emptied(tmp_path, postgres) -> None:
    engine = open_engine(postgres.database())
    migrate(engine)
    with pytest.raises(Exception, match="only grows"), engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE audit")
    engine.dispose()


SENDERS, RESTARTS = 4, 3


def test_restarts_under_load_give_an_error_or_a_success_and_nothing_twice(tmp_path, browser_on, postgres) -> None:
    """Each sender stores new cases until the last restart is over, and sends again what came back as an error."""
    answers: list[tuple[str, int]] = []
    over = threading.Event()
    database = postgres.database()
    with browser_on(database=database) as browser:
        page = browser.open("/cases/new").text
        token = page.split('name="csrf" value="')[1][:64]
        browser.client.follow_redirects = False

        def sender(number: int) -> None:
            turn, final = 0, False
            while not final:
                final = over.is_set()
                label, once = f"case {number} {turn}", f"{number:04x}{turn:012x}"
                for _ in range(200):
                    ended = browser.client.post("/cases/new", data={"csrf": token, "once": once, "label": label})
                    answers.append((label, ended.status_code))
                    if ended.status_code == 303:
                        break
                    assert ended.status_code == 503 and "database" in ended.text, ended.text
                    time.sleep(0.05)
                turn += 1

        threads = [threading.Thread(target=sender, args=(number,)) for number in range(SENDERS)]
        for thread in threads:
            thread.start()
        try:
            for how in (signal.SIGQUIT, signal.SIGINT, signal.SIGQUIT)[:RESTARTS]:
                time.sleep(0.4)
                postgres.stop(how)
                before = len(answers)
                assert browser.open("/health").status_code == 503
                for _ in range(600):  # somebody meets the database while it is away
                    if any(status == 503 for _, status in answers[before:]):
                        break
                    time.sleep(0.05)
                postgres.start()
        finally:
            over.set()
            for thread in threads:
                thread.join()
        assert browser.open("/health").status_code == 200
    store = Store(Settings(tmp_path, database=database))
    with store.reader.connect() as connection:
        stored = Counter(json.loads(row.content)["label"] for row in connection.execute(select(case_versions)))
    assert store.verify().problems == ()
    store.close()
    succeeded = {label for label, status in answers if status == 303}
    assert stored == dict.fromkeys(succeeded, 1)
    assert {status for _, status in answers} == {303, 503}
    assert len(succeeded) > SENDERS * RESTARTS


def test_a_database_that_does_not_answer_is_no_damaged_one(tmp_path, capsys) -> None:
    path = tmp_path / "portico.toml"
    path.write_text('[service]\nfolder = "data"\n[database]\nurl = "postgresql://portico@127.0.0.1:9/none"\n')
    for words in (
        ["audit-log", "verify"],
        ["backup", "--out", str(tmp_path / "b.zip")],
        ["retain", "--older-than=1d"],
        ["export", "x", "--out", str(tmp_path / "c.zip")],
    ):
        assert main([*words, "--config", str(path)]) == 3
        printed = capsys.readouterr().err
        assert "database" in printed and "damaged" not in printed and "Traceback" not in printed
    assert not list(tmp_path.glob("*.zip"))

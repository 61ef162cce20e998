"""Storage: versions, migrations up and down, the chain of the log, changed bytes, and kill -9 in the middle."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import DatabaseError

from portico.cli import main
from portico.errors import Blocked
from portico.service import Settings
from portico.service.audit import verify_log
from portico.service.migrations import migrate
from portico.service.storage import NotFound, Store, open_engine
from portico.service.tables import metadata

CASE = {"schema": "case/1", "label": "one"}


@pytest.fixture
def store(place):
    place.prepare()
    made = Store(place)
    yield made
    made.close()


def config_of(place: Settings, folder: Path) -> str:
    """A file that names the same database."""
    path = folder / "portico.toml"
    database = "" if place.database is None else f'[database]\nurl = "{place.database}"\n'
    path.write_text(f'[service]\nfolder = "{place.folder}"\n{database}')
    return str(path)


def test_migrations_make_the_tables_of_the_code_and_remove_them(place) -> None:
    place.prepare()
    engine = open_engine(place.url)
    for _ in range(2):
        migrate(engine)
        migrate(engine)
        found = inspect(engine)
        for table in metadata.tables.values():
            columns = {
                c["name"]: (c["type"].compile(engine.dialect), c["nullable"]) for c in found.get_columns(table.name)
            }
            assert columns == {c.name: (c.type.compile(engine.dialect), c.nullable) for c in table.columns}
            keys = found.get_pk_constraint(table.name)["constrained_columns"]
            assert keys == [c.name for c in table.primary_key.columns]
        migrate(engine, "base")
        assert inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()


def test_a_database_of_a_newer_version_is_left_alone(place, store) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Blocked) as refused:
        Store(place)
    assert refused.value.code == "database-newer"


def test_versions_are_kept_and_an_older_one_is_not_overwritten(store) -> None:
    name, number = store.save_case(CASE, by="a")
    store.save_case({**CASE, "label": "two"}, by="b", case_id=name, version=number)
    with pytest.raises(Blocked, match="changed this case"):
        store.save_case({**CASE, "label": "three"}, by="c", case_id=name, version=number)
    with pytest.raises(NotFound):
        store.save_case(CASE, by="c", case_id="none", version=1)
    assert [json.loads(row.content)["label"] for row in store.history(name)] == ["two", "one"]
    assert (store.verify().entries, store.verify().problems) == (2, ())


def test_a_new_case_that_is_sent_again_is_stored_once(store) -> None:
    once = "0123456789abcdef"
    assert [store.save_case(CASE, by="a", once=once) for _ in range(2)] == [(once, 1)] * 2
    with pytest.raises(Blocked, match="stored already"):
        store.save_case({**CASE, "label": "two"}, by="a", once=once)
    assert (store.verify().entries, store.verify().problems) == (1, ())


def test_the_database_refuses_to_change_or_remove_an_entry(store) -> None:
    store.save_case(CASE, by="a")
    for statement in ("UPDATE audit SET by = 'x'", "DELETE FROM audit", "UPDATE audit SET hash = '' WHERE seq = 1"):
        with pytest.raises(DatabaseError, match="only grows"), store.engine.begin() as connection:
            connection.exec_driver_sql(statement)


CHANGES = [
    "UPDATE audit SET by = 'b' WHERE seq = 2", "UPDATE audit SET at = '2020' WHERE seq = 1", "DELETE FROM audit WHERE seq = 2",
    "UPDATE audit SET hash = '0' WHERE seq = 3", "UPDATE case_versions SET content = replace(content, 'one', 'onf')",
    "UPDATE case_versions SET answers = '{}'", "DELETE FROM case_versions", "UPDATE cases SET version = 7",
    "INSERT INTO case_versions SELECT case_id, 9, content, answers, digest, at, by FROM case_versions LIMIT 1",
]  # fmt: skip


def test_any_change_behind_the_service_is_found(tmp_path, place, store, capsys) -> None:
    for label in ("one", "two", "three"):
        store.save_case({**CASE, "label": label}, by="a")
    config = config_of(place, tmp_path)
    assert main(["audit-log", "verify", "--config", config]) == 0
    off = (
        "DROP TRIGGER audit_guard ON audit"
        if place.database
        else "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete"
    )
    with store.engine.begin() as connection:
        for statement in off.split(";"):
            connection.exec_driver_sql(statement)
    for change in CHANGES:
        with store.engine.connect() as connection:
            assert verify_log(connection).problems == ()
            connection.exec_driver_sql(change)
            assert verify_log(connection).problems, change
            connection.rollback()
    with store.engine.begin() as connection:
        connection.exec_driver_sql(CHANGES[0])
    store.close()
    assert main(["audit-log", "verify", "--config", config]) == 1
    assert "does NOT hold" in capsys.readouterr().out


def test_the_log_holds_while_others_write(store) -> None:
    """Verification sees one moment: what is stored while it reads is no change behind the service."""
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            store.save_case(CASE, by="w")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        found = [store.verify() for _ in range(12)]
    finally:
        over.set()
        thread.join()
    assert {one.problems for one in found} == {()}
    assert found[0].entries < found[-1].entries


def test_entries_cut_off_at_the_end_are_found_with_a_noted_hash(store) -> None:
    store.save_case(CASE, by="a")
    assert store.verify(store.verify().head).problems == ()
    assert len(store.verify("0" * 63 + "1").problems) == 1


def test_verify_without_a_database_is_a_usage_error_and_a_damaged_one_is_refused(tmp_path) -> None:
    assert main(["audit-log", "verify", "--folder", str(tmp_path)]) == 2
    (tmp_path / "portico.sqlite3").write_bytes(b"SQLite" * 900)
    assert main(["audit-log", "verify", "--folder", str(tmp_path)]) == 3


KILLS = {"sqlite": 20, "postgresql": 4}
WRITER = """
import json, os, random, signal, sys, time
from pathlib import Path
from portico.service import Settings
from portico.service.storage import Store

def write(to):
    store = Store(Settings(Path(sys.argv[1]), database=sys.argv[3]))
    say = lambda *words: os.write(to, (" ".join(map(str, words)) + "\\n").encode())
    say("ready")
    while True:
        name, number = store.save_case({"schema": "case/1"}, by="w")
        say(name, number)
        name, number = store.save_case({"schema": "case/1", "label": "x"}, by="w", case_id=name, version=number)
        say(name, number)

chance, acknowledged = random.Random(8), []
for _ in range(int(sys.argv[2])):
    source, target = os.pipe()
    child = os.fork()
    if child == 0:
        write(target)
    os.close(target)
    text, wanted = b"", chance.randint(1, 8)  # whatever the pace of the machine, there is something to lose
    while text.count(b"\\n") < wanted:
        text += os.read(source, 65536)
    time.sleep(chance.uniform(0.0, 0.02))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while block := os.read(source, 65536):
        text += block
    os.close(source)
    acknowledged += [line.split() for line in text.decode().split("\\n")[1:-1]]
print(json.dumps(acknowledged))
"""


def test_no_acknowledged_write_is_lost_when_the_process_is_killed(place) -> None:
    place.prepare()
    kills = KILLS["postgresql" if place.database else "sqlite"]
    command = [sys.executable, "-c", WRITER, str(place.folder), str(kills), place.url]
    acknowledged = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    store = Store(place)
    assert len(acknowledged) > kills
    for name, number in acknowledged:
        assert int(number) in [row.version for row in store.history(name)]
    found = store.verify()
    assert (found.problems, found.entries >= len(acknowledged)) == ((), True)
    store.close()

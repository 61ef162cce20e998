"""Backup, restore, removal and export, on both kinds of database and across them."""

from __future__ import annotations

import datetime as dt
import io
import json
import shutil
import stat
import threading
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from portico.cli import main
from portico.directive import canonical_json, directive_from
from portico.errors import Blocked, ReadingRefused
from portico.service import Settings
from portico.service.audit import append, digest_of, stamp
from portico.service.backup import back_up, restore
from portico.service.people import Person
from portico.service.retention import close_case, export_case, remove_older
from portico.service.roles import Role
from portico.service.sessions import Sessions
from portico.service.settings import SignInSettings
from portico.service.storage import NotFound, Store
from portico.service.tables import audit, cases, jobs, metadata, sessions

PLANTED = "Planted-Identifier-4711"
PAGE = f"<main>{PLANTED} \u00e9</main>"


def _stored(place: Settings, root: Path) -> str:
    """One of everything; gives the id of the case."""
    place.prepare()
    store = Store(place)
    directive = directive_from(json.loads((root / "examples/directives/femur-30-10.json").read_text()))
    content = {"schema": "case/1", "label": PLANTED}
    name, version = store.save_case(content, by="a", answers={"label": PLANTED})
    name, version = store.save_case({**content, "label": "\u00e9\u2028\n"}, by="a", case_id=name, version=version)
    seal = store.save_directive(directive, case_id=name, version=version, by="b")
    store.save_check(seal, 1, PAGE, by="c")
    store.save_case({"schema": "case/1", "label": "other"}, by="a")
    Sessions(store, SignInSettings("https://i.example", "p", {})).begin(
        Person("s", "Dr Zzyzx", frozenset({Role.VIEWER}))
    )
    data = b"result " + PLANTED.encode()
    result = canonical_json(
        {"exit_status": 0, "files": [{"name": "dvh.csv", "bytes": len(data), "digest": digest_of(data)}]}
    ).decode()
    at = stamp(dt.timedelta(days=20))
    with store.engine.begin() as connection:
        row = {
            "id": "ab" * 8,
            "kind": "dvh",
            "state": "done",
            "by": "a",
            "request": f'{{"case": "{PLANTED}"}}',
            "result": result,
            "created_at": at,
            "ended_at": at,
        }
        connection.execute(insert(jobs).values(**row, done=1, total=1, attempts=1, cancel=0))
        append(
            connection, by="a", action="job-asked", subject=f"job/{row['id']}", digest=digest_of("dvh", row["request"])
        )
        append(connection, by="a", action="job-done", subject=f"job/{row['id']}/end", digest=digest_of("done", result))
    file = place.folder / "jobs" / row["id"] / "try-1" / "dvh.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(data)
    assert store.verify().problems == ()
    store.close()
    return name


def _all(place: Settings) -> dict[str, list[dict]]:
    store = Store(place)
    with store.reader.connect() as connection:
        found = {
            table.name: [
                dict(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
            ]
            for table in metadata.sorted_tables
        }
    store.close()
    return found


def _config(place: Settings, folder: Path) -> list[str]:
    path = folder / f"{place.folder.name}.toml"
    database = "" if place.database is None else f'[database]\nurl = "{place.database}"\n'
    path.write_text(f'[service]\nfolder = "{place.folder}"\n{database}')
    return ["--config", str(path)]


def test_a_backup_comes_back_whole_in_either_database(tmp_path, place, postgres, root, capsys) -> None:
    _stored(place, root)
    out = tmp_path / "b.zip"
    assert main(["backup", "--out", str(out), *_config(place, tmp_path)]) == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert main(["backup", "--out", str(out), *_config(place, tmp_path)]) == 1  # never over another
    before = _all(place)
    for number, database in enumerate((None, postgres.database())):
        other = Settings(tmp_path / f"other-{number}", database=database)
        assert main(["restore", str(out), *_config(other, tmp_path)]) == 0
        after = _all(other)
        assert after["sessions"] == []
        entry = after["audit"].pop()
        assert (entry["action"], entry["seq"]) == ("restored", len(before["audit"]) + 1)
        assert {**after, "sessions": before["sessions"]} == before
        assert (other.folder / "jobs" / ("ab" * 8) / "try-1" / "dvh.csv").read_bytes() == b"result " + PLANTED.encode()
        assert main(["audit-log", "verify", *_config(other, tmp_path), "--head", before["audit"][-1]["hash"]]) == 0
        capsys.readouterr()
        assert main(["restore", str(out), *_config(other, tmp_path)]) == 1  # it is not empty
        assert PLANTED not in "".join(capsys.readouterr())
    assert not list(tmp_path.glob(".b.zip*"))


def test_a_backup_holds_one_moment_while_the_service_writes(tmp_path, place, root) -> None:
    _stored(place, root)
    over, store = threading.Event(), Store(place)

    def write() -> None:
        while not over.is_set():
            store.save_case({"schema": "case/1"}, by="w")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        made = [back_up(place, tmp_path / f"{number}.zip") for number in range(3)]
    finally:
        over.set()
        thread.join()
        store.close()
    assert [one.problems for one in made] == [(), (), ()]
    assert made[0].entries < made[2].entries
    for number in range(3):
        back = restore(tmp_path / f"{number}.zip", Settings(tmp_path / f"back-{number}"))
        assert (back.entries, back.problems) == (made[number].entries + 1, ())


@pytest.fixture(scope="module")
def archive(tmp_path_factory, root):
    folder = tmp_path_factory.mktemp("archive")
    _stored(Settings(folder / "data"), root)
    back_up(Settings(folder / "data"), folder / "b.zip")
    with zipfile.ZipFile(folder / "b.zip") as found:
        return {name: found.read(name) for name in found.namelist()}


def _resealed(parts: dict[str, bytes], **more) -> dict[str, bytes]:
    """The same parts with a list of contents that fits them: whoever changes a backup can do that too."""
    import hashlib

    manifest = json.loads(parts["manifest.json"])
    rest = {name: data for name, data in parts.items() if name != "manifest.json"}
    manifest["members"] = [
        {"name": n, "bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in rest.items()
    ]
    return {**rest, "manifest.json": canonical_json({**manifest, **more})}


CASES = "tables/case_versions.jsonl"
DAMAGES = {
    "a flipped byte": (lambda p: {**p, CASES: p[CASES].replace(b"other", b"othes")}, "backup-damaged"),
    "a part gone": (lambda p: {n: d for n, d in p.items() if n != CASES}, "backup-damaged"),
    "a part more": (lambda p: {**p, "tables/evil.jsonl": b""}, "backup-damaged"),
    "no list": (lambda p: {n: d for n, d in p.items() if n != "manifest.json"}, "not-a-backup"),
    "another list": (lambda p: {**p, "manifest.json": b"{}"}, "not-a-backup"),
    "a list twice as deep": (lambda p: {**p, "manifest.json": b"[" * 100_000}, "not-a-backup"),
    "a path outside": (lambda p: _resealed({**p, "jobs/../../evil": b"x"}), "backup-damaged"),
    "a changed case under a new list": (lambda p: _resealed({**p, CASES: p[CASES].replace(b"other", b"othes")}), "log-broken"),
    "a removed case under a new list": (lambda p: _resealed({**p, CASES: p[CASES].split(b"\n", 1)[1]}), "log-broken"),
    "an entry cut off": (lambda p: _resealed({**p, "tables/audit.jsonl": p["tables/audit.jsonl"].rsplit(b"\n", 2)[0] + b"\n"}), "log-broken"),
    "a table missing under a new list": (lambda p: _resealed({n: d for n, d in p.items() if n != CASES}), "backup-damaged"),
    "a newer Portico": (lambda p: _resealed(p, revision="9999"), "backup-newer"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_a_backup_that_does_not_hold_is_refused_and_stores_nothing(tmp_path, archive, name) -> None:
    change, code = DAMAGES[name]
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as made:
        for member, data in change(archive).items():
            made.writestr(member, data)
    place = Settings(tmp_path / "data")
    with pytest.raises(ReadingRefused) as refused:
        restore(tmp_path / "b.zip", place)
    assert refused.value.code == code and PLANTED not in str(refused.value)
    if (place.folder / "portico.sqlite3").exists():
        assert all(rows == [] for rows in _all(place).values())
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("data", [b"", b"PK", b"no archive at all" * 99])
def test_a_file_that_is_no_backup_is_refused(tmp_path, data) -> None:
    (tmp_path / "b.zip").write_bytes(data)
    assert main(["restore", str(tmp_path / "b.zip"), "--folder", str(tmp_path / "data")]) == 3
    assert main(["restore", str(tmp_path / "none.zip"), "--folder", str(tmp_path / "data")]) == 3
    assert not (tmp_path / "data" / "portico.sqlite3").exists()


def test_a_backup_of_a_log_that_does_not_hold_says_so(tmp_path, root) -> None:
    place = Settings(tmp_path / "data")
    _stored(place, root)
    store = Store(place)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE case_versions SET content = '{}'"))
    store.close()
    assert main(["backup", "--out", str(tmp_path / "b.zip"), "--folder", str(place.folder)]) == 1
    assert main(["restore", str(tmp_path / "b.zip"), "--folder", str(tmp_path / "other")]) == 3


def _days(store: Store, name: str, days: int) -> None:
    with store.engine.begin() as connection:
        connection.execute(
            text("UPDATE cases SET closed_at = :at WHERE id = :id"), {"at": stamp(dt.timedelta(days=days)), "id": name}
        )


def test_only_what_was_closed_long_ago_is_removed_and_the_log_says_so(tmp_path, place, root, capsys) -> None:
    name = _stored(place, root)
    store = Store(place)
    kept, _ = store.save_case({"schema": "case/1", "label": "kept"}, by="a")
    close_case(store, name, by="a")
    close_case(store, kept, by="a")
    close_case(store, kept, by="a")  # closed already: no second entry
    _days(store, name, 11)
    _days(store, kept, 9)
    config = _config(place, tmp_path)
    entries = store.verify().entries
    assert main(["retain", "--older-than", "10d", "--dry-run", *config]) == 0
    assert "Due: 1 cases, 1 directives, 1 checks, 1 jobs." in capsys.readouterr().out
    assert store.verify().entries == entries
    assert main(["retain", "--older-than", "10d", "--json", *config]) == 0
    assert json.loads(capsys.readouterr().out)["cases"] == 1
    assert store.history(name) == [] and len(store.history(kept)) == 1
    found = store.verify()
    assert (found.problems, found.entries) == ((), entries + 2 + 1 + 1 + 2)
    with store.reader.connect() as connection:
        last = connection.execute(select(audit).order_by(audit.c.seq.desc()).limit(6)).all()
    assert {(row.by, row.action) for row in last} == {("operator", "removed")}
    assert not (place.folder / "jobs" / ("ab" * 8)).exists()
    store.close()
    if place.database is None:  # nor is it in the free space of the file
        for path in place.folder.iterdir():
            assert path.is_dir() or PLANTED.encode() not in path.read_bytes(), path.name
    # The whole of it can be backed up and restored as it is now.
    assert back_up(place, tmp_path / "b.zip").problems == ()
    assert restore(tmp_path / "b.zip", Settings(tmp_path / "again")).problems == ()


def test_a_new_version_opens_a_closed_case_again(tmp_path) -> None:
    store = Store(Settings(tmp_path))
    name, version = store.save_case({"schema": "case/1"}, by="a")
    close_case(store, name, by="a")
    store.save_case({"schema": "case/1", "label": "x"}, by="a", case_id=name, version=version)
    with store.reader.connect() as connection:
        assert connection.execute(select(cases.c.closed_at)).scalar() is None
    assert remove_older(store, tmp_path, stamp(), by="a").cases == 0
    with pytest.raises(NotFound):
        close_case(store, "none", by="a")
    store.close()


def test_a_change_behind_the_service_is_still_told_when_the_case_is_gone(tmp_path, root) -> None:
    place = Settings(tmp_path / "data")
    name = _stored(place, root)
    store = Store(place)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE case_versions SET content = '{}' WHERE version = 2"))
    close_case(store, name, by="a")
    remove_older(store, place.folder, stamp(), by="a")
    assert [one for one in store.verify().problems if "which was not stored so" in one]
    store.close()


@pytest.mark.parametrize("days", ["10", "0d", "-1d", "10 days", "1000000d", ""])
def test_a_time_without_unit_is_refused(tmp_path, days) -> None:
    assert main(["retain", f"--older-than={days}", "--folder", str(tmp_path)]) == 2


def test_one_case_is_given_away_whole_and_nothing_else(tmp_path, place, root) -> None:
    name = _stored(place, root)
    out = tmp_path / "case.zip"
    assert main(["export", name, "--out", str(out), *_config(place, tmp_path)]) == 0
    with zipfile.ZipFile(out) as archive:
        files = {one: archive.read(one) for one in archive.namelist()}
    assert sorted(one.split("/")[0] for one in files) == ["case"] * 3 + ["checks", "directives", "log.json"]
    assert json.loads(files["case/version-1.json"])["label"] == PLANTED
    assert PAGE.encode() in files.values()
    assert [one["action"] for one in json.loads(files["log.json"])] == [
        "case-saved",
        "case-saved",
        "signed",
        "plan-checked",
    ]
    store = Store(place)
    with store.reader.connect() as connection:
        last = connection.execute(select(audit).order_by(audit.c.seq.desc()).limit(1)).one()
    assert (last.action, last.object) == ("exported", f"export/{name}")
    assert store.verify().problems == ()
    with pytest.raises(NotFound):
        export_case(store, "none", by="a")
    store.close()
    assert main(["export", "none", "--out", str(out), *_config(place, tmp_path)]) == 2


def test_a_disk_that_is_full_leaves_no_half_backup(tmp_path, root, monkeypatch) -> None:
    place = Settings(tmp_path / "data")
    _stored(place, root)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("portico.service.backup.os.fsync", full)
    with pytest.raises(ReadingRefused, match="No space left"):
        back_up(place, tmp_path / "b.zip")
    assert not list(tmp_path.glob("*b.zip*")) and not list(tmp_path.glob(".*"))
    with pytest.raises(Blocked):
        shutil.copy(place.folder / "portico.sqlite3", tmp_path / "b.zip")
        back_up(place, tmp_path / "b.zip")


def test_sessions_are_in_no_backup(archive) -> None:
    assert not any("session" in name or "sign_in" in name for name in archive)
    assert not any(b"Dr Zzyzx" in data for data in archive.values())
    assert sessions.name not in json.loads(archive["manifest.json"])["rows"]


def test_a_case_is_closed_and_taken_along_on_its_page(browser) -> None:
    case_id = browser.store({"label": "Femur 1", "bone": "femur"})
    path = f"/cases/{case_id}/close"
    assert f'href="{path}"' in browser.open(f"/cases/{case_id}").text
    assert "This case is closed" in browser.send(path, {}).text
    taken = browser.send(f"/cases/{case_id}/export", {}, page=path)
    assert taken.headers["content-disposition"] == f'attachment; filename="case-{case_id}.zip"'
    with zipfile.ZipFile(io.BytesIO(taken.content)) as archive:
        assert [one["action"] for one in json.loads(archive.read("log.json"))] == ["case-saved", "case-closed"]
    assert browser.client.post(path).status_code == 403
    assert browser.open("/cases/none/close").status_code == 404
    assert browser.send(f"/cases/{case_id}/edit", {"label": "Femur 2"}).status_code == 200
    assert "Close this case?" in browser.open(path).text

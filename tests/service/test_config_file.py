"""portico.toml: every key known, secrets elsewhere, and no listening beyond this machine without sign-in and TLS."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from portico.cli import main
from portico.errors import ReadingRefused, UsageError
from portico.service.config_file import _Database, _Roles, _Service, _SignIn, read_config, settings_from_toml
from portico.service.settings import refuse_open_binding

SECRET = "correct-horse-battery"
WHOLE = """
[service]
folder = "data"
host = "0.0.0.0"
port = 8080
public_url = "https://portico.example.org/"
max_upload_mib = 64

[database]
url = "postgresql://portico@db.example.org/portico?sslmode=verify-full"
password_file = "db.secret"

[sign_in]
issuer = "https://login.example.org/realms/hospital"
client_id = "portico"
client_secret_env = "PORTICO_TEST_SECRET"
idle_minutes = 10

[roles]
clinician = ["radiation-oncology"]
auditor = ["quality", "board"]
"""


def test_a_whole_file_is_read_with_its_secrets_from_elsewhere(tmp_path, monkeypatch) -> None:
    (tmp_path / "portico.toml").write_text(WHOLE)
    (tmp_path / "db.secret").write_text(SECRET + "\n")
    monkeypatch.setenv("PORTICO_TEST_SECRET", SECRET)
    found = read_config(tmp_path / "portico.toml")
    refuse_open_binding(found)
    assert (found.folder, found.host, found.port) == (tmp_path / "data", "0.0.0.0", 8080)
    assert (found.origin, found.secure, found.max_upload) == ("https://portico.example.org", True, 64 * 2**20)
    assert found.url == f"postgresql+psycopg://portico:{SECRET}@db.example.org/portico?sslmode=verify-full"
    assert found.sign_in is not None
    assert (found.sign_in.client_secret, found.sign_in.idle_minutes) == (SECRET, 10)
    assert found.sign_in.groups["auditor"] == ("quality", "board") and found.sign_in.groups["viewer"] == ()
    assert SECRET not in repr(found)


def test_the_example_names_every_key_and_holds(monkeypatch, root) -> None:
    for name in ("PORTICO_DATABASE_PASSWORD", "PORTICO_CLIENT_SECRET"):
        monkeypatch.setenv(name, SECRET)
    path = root / "examples" / "service" / "portico.toml"
    refuse_open_binding(read_config(path))
    text = path.read_text()
    whole = "\n".join(
        line.removeprefix("# ") if "=" in line or line.startswith("# [") else line for line in text.splitlines()
    )
    found = settings_from_toml(whole, base=path.parent)
    assert found.sign_in is not None and found.sign_in.api_audience == "portico-api" and found.archives
    for part in (_Service, _Database, _SignIn, _Roles):
        assert all(name in text for name in part.model_fields), part


def test_the_least_file_is_the_service_of_one_person(tmp_path) -> None:
    found = settings_from_toml('[service]\nfolder = "x"', base=tmp_path)
    assert (found.url, found.sign_in) == (f"sqlite:///{tmp_path / 'x' / 'portico.sqlite3'}", None)
    refuse_open_binding(found)


REFUSED = [
    ("[service", "syntax", ""),
    ("[service]\nfolder='x'\n[servce]\nfolder='x'", "unknown-field", "servce"),
    ("[service]\nfolder='x'\nprot=1", "unknown-field", "service.prot"),
    ("[service]\nport=1", "missing", "service.folder"),
    ("[service]\nfolder='x'\nport='80'", "int-type", "service.port"),
    ("[service]\nfolder='x'\nport=0", "greater-than-equal", "service.port"),
    ("[service]\nfolder='x'\npublic_url='http://portico.example.org'", "address", "service.public_url"),
    ("[service]\nfolder='x'\npublic_url='https://example.org/portico'", "address", "service.public_url"),
    ("[service]\nfolder='x'\npublic_url='https://[bad'", "address", "service.public_url"),
    ("[service]\nfolder='x'\n[database]\nurl='mysql://a/b'", "address", "database.url"),
    ("[service]\nfolder='x'\n[database]\nurl='nothing'", "address", "database.url"),
    ("[service]\nfolder='x'\n[database]\nurl='postgresql://a:pw@h/b'", "secret-in-config", "database.url"),
    ("[service]\nfolder='x'\n[database]\nurl='postgresql://h/b'\npassword='pw'", "secret-in-config", "database.password"),
    ("[service]\nfolder='x'\n[database]\nurl='postgresql://h/b'\npassword_file='none'", "no-such-file", ""),
    ("[service]\nfolder='x'\n[database]\nurl='postgresql://h/b'\npassword_env='PORTICO_NOT_SET'", "no-secret", "database.password_env"),
    ("[service]\nfolder='x'\n[database]\nurl='postgresql://h/b'\npassword_env='A'\npassword_file='b'", "no-secret", "database.password"),
    ("[service]\nfolder='x'\n[roles]\nviewer=['a']", "no-sign-in", "roles"),
    ("[service]\nfolder='x'\n[sign_in]\nissuer='https://i.example'\nclient_id='p'", "no-role", "roles"),
    ("[service]\nfolder='x'\n[sign_in]\nissuer='https://i.example'\nclient_id='p'\n[roles]\nviewer=[]", "no-role", "roles"),
    ("[service]\nfolder='x'\n[sign_in]\nissuer='http://i.example'\nclient_id='p'\n[roles]\nviewer=['a']", "address", "sign_in.issuer"),
    ("[service]\nfolder='x'\n[sign_in]\nissuer='https://i.example'\nclient_id='p'\nclient_secret='s'", "secret-in-config", "sign_in.client_secret"),
    ("[service]\nfolder='x'\n[sign_in]\nissuer='https://i.example'\nclient_id='p'\nidle_minutes=90\nabsolute_minutes=60\n[roles]\nviewer=['a']", "limits", "sign_in.idle_minutes"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "path"), REFUSED)
def test_what_a_file_may_not_say(tmp_path, text, code, path) -> None:
    with pytest.raises(ReadingRefused) as refused:
        settings_from_toml(text, name="portico.toml", base=tmp_path)
    assert (refused.value.code, refused.value.problem.path) == (code, path)
    assert "pw" not in str(refused.value)


def test_binding_beyond_this_machine_needs_sign_in_and_a_public_address_over_tls(tmp_path) -> None:
    signed_in = "[sign_in]\nissuer='https://i.example'\nclient_id='p'\n[roles]\nviewer=['a']"
    for text, code in [
        ("host='0.0.0.0'\n", "sign-in-needed"),
        ("public_url='https://p.example'\n", "sign-in-needed"),
        ("host='0.0.0.0'\n" + signed_in, "tls-needed"),
    ]:
        with pytest.raises(UsageError) as refused:
            refuse_open_binding(settings_from_toml("[service]\nfolder='x'\n" + text, base=tmp_path))
        assert refused.value.code == code


def test_serve_refuses_an_option_beside_the_file_and_a_file_it_cannot_use(tmp_path, capsys) -> None:
    path = tmp_path / "portico.toml"
    path.write_text("[service]\nfolder='x'\nfoldr='y'")
    assert main(["serve", "--config", str(path), "--port", "80"]) == 2
    assert main(["serve", "--config", str(path)]) == 3
    assert "service.foldr" in capsys.readouterr().err
    assert main(["audit-log", "verify", "--config", str(path), "--folder", "x"]) == 2


def test_serve_with_a_file_answers_at_its_address(tmp_path: Path) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    path = tmp_path / "portico.toml"
    path.write_text(f"[service]\nfolder='data'\nport={port}\n")
    running = subprocess.Popen(
        [sys.executable, "-m", "portico", "serve", "--config", str(path)], stderr=subprocess.PIPE, text=True
    )
    try:
        for _ in range(600):
            try:
                answer = httpx.get(f"http://127.0.0.1:{port}/health", timeout=5)
                break
            except httpx.TransportError:
                assert running.poll() is None, running.communicate()[1]
                time.sleep(0.1)
        assert answer.text == "fine\n"
    finally:
        running.terminate()
        running.communicate()
    assert (tmp_path / "data" / "portico.sqlite3").is_file()
    assert main(["audit-log", "verify", "--config", str(path)]) == 0

"""Reading ``portico.toml``: every key known, every secret elsewhere.

>>> from portico.service.config_file import settings_from_toml
>>> settings_from_toml('[service]\\nfolder = "/var/lib/portico"\\n').port
8765
>>> settings_from_toml('[service]\\nfolder = "/tmp/x"\\nprot = 80\\n')
Traceback (most recent call last):
portico.errors.ReadingRefused: service.prot: there is no such field. Did you mean port?
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from portico.errors import Problem, ReadingRefused
from portico.reading import read_bytes
from portico.reading.form_problems import form_problems
from portico.service.roles import Role
from portico.service.settings import MEBIBYTE, Settings, SignInSettings, is_loopback

__all__ = ["read_config", "settings_from_toml"]

_LARGEST_FILE: Final = 256 * 1024
_LARGEST_SECRET: Final = 4096
_Text = Annotated[str, Field(min_length=1, max_length=500)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Service(_Part):
    folder: _Text
    host: _Text = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8765
    public_url: _Text | None = None
    signatures: _Text | None = None
    max_body_mib: Annotated[int, Field(ge=1, le=64)] = 2
    max_upload_mib: Annotated[int, Field(ge=1, le=16384)] = 512


class _Database(_Part):
    url: _Text
    password_file: _Text | None = None
    password_env: _Text | None = None


class _SignIn(_Part):
    issuer: _Text
    client_id: _Text
    client_secret_file: _Text | None = None
    client_secret_env: _Text | None = None
    groups_claim: _Text = "groups"
    scopes: Annotated[list[_Text], Field(max_length=20)] = ["openid", "profile"]
    idle_minutes: Annotated[int, Field(ge=1, le=120)] = 15
    absolute_minutes: Annotated[int, Field(ge=1, le=1440)] = 600
    api_audience: _Text | None = None


class _Roles(_Part):
    viewer: list[_Text] = []
    clinician: list[_Text] = []
    physicist: list[_Text] = []
    auditor: list[_Text] = []
    admin: list[_Text] = []


class _Config(_Part):
    service: _Service
    database: _Database | None = None
    sign_in: _SignIn | None = None
    roles: _Roles | None = None
    archives: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")], _Text] = {}


def read_config(path: Path) -> Settings:
    """The settings of a service from a file.

    Parameters
    ----------
    path : TOML; a relative path in it is taken from the folder of the file

    Raises
    ------
    ReadingRefused : ``syntax``, ``unknown-field``, ``secret-in-config``, ``no-secret``, ``address``, ``no-role``, and
        what reading the file refuses
    """
    name = str(path)
    data = read_bytes(path, max_bytes=_LARGEST_FILE)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise ReadingRefused("The file is not UTF-8.", code="encoding", file=name) from None
    return settings_from_toml(text, name=name, base=path.resolve().parent)


def settings_from_toml(text: str, *, name: str | None = None, base: Path | None = None) -> Settings:
    """The settings that a text in TOML gives; see :func:`read_config`.

    Parameters
    ----------
    name : of the file, for messages
    base : folder from which relative paths are taken; the working folder when None
    """
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r"at line (\d+)", str(error))
        raise ReadingRefused(
            "This is not TOML.", code="syntax", file=name, line=int(found[1]) if found else None
        ) from None
    reader = _Reader(name, base or Path())
    reader.refuse_secrets(raw)
    try:
        config = _Config.model_validate(raw)
    except ValidationError as error:
        problems = form_problems(error, _Config)
        raise ReadingRefused.from_problems(tuple(reader.placed(one) for one in problems)) from None
    return reader.settings(config)


class _Reader:
    """What all steps need to say where a problem is."""

    def __init__(self, name: str | None, base: Path) -> None:
        self.name = name
        self.base = base

    def placed(self, one: Problem) -> Problem:
        """The problem with the name of the file."""
        return Problem(one.code, one.message, one.path, self.name, None, one.fix)

    def refused(self, code: str, path: str, message: str, fix: str = "") -> ReadingRefused:
        """A refusal of one key."""
        return ReadingRefused(message, code=code, path=path, file=self.name, fix=fix)

    def refuse_secrets(self, raw: dict[str, object]) -> None:
        """A secret written into the file gets its own words; a message about an unknown key would invite a rename."""
        for table, key in (("database", "password"), ("sign_in", "client_secret")):
            part = raw.get(table)
            if isinstance(part, dict) and key in part:
                raise self._in_config(f"{table}.{key}", key)

    def _in_config(self, path: str, key: str) -> ReadingRefused:
        return self.refused(
            "secret-in-config", path, "A secret does not stand in this file.",
            f"Give {key}_file, the path of a file that holds it, or {key}_env, the name of an environment variable.",
        )  # fmt: skip

    def settings(self, config: _Config) -> Settings:
        """The settings, with addresses checked and secrets fetched."""
        service = config.service
        return Settings(
            folder=self._path(service.folder),
            host=service.host,
            port=service.port,
            database=None if config.database is None else self._database(config.database),
            signatures=None if service.signatures is None else self._path(service.signatures),
            max_body=service.max_body_mib * MEBIBYTE,
            max_upload=service.max_upload_mib * MEBIBYTE,
            public_url=None if service.public_url is None else self._public(service.public_url),
            sign_in=self._sign_in(config),
            archives=config.archives,
        )

    def _path(self, text: str) -> Path:
        return self.base / text

    def _address(self, text: str, path: str) -> SplitResult:
        """An address over TLS, or on this machine."""
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            raise self.refused("address", path, "This is no address.") from None
        if not host or parts.scheme not in ("http", "https") or parts.username or parts.query or parts.fragment:
            raise self.refused("address", path, "This is no address.", "Write it as https://name/path.")
        if parts.scheme == "http" and not is_loopback(host):
            raise self.refused("address", path, "The address must begin with https://.")
        return parts

    def _public(self, text: str) -> str:
        parts = self._address(text, "service.public_url")
        if parts.path not in ("", "/"):
            raise self.refused("address", "service.public_url", "The service needs a name of its own, without a path.")
        return f"{parts.scheme}://{parts.netloc}".lower()

    def _database(self, found: _Database) -> str:
        try:
            url = make_url(found.url)
        except ArgumentError:
            raise self.refused("address", "database.url", "This is no address of a database.") from None
        if url.password is not None:
            raise self._in_config("database.url", "password")
        kind = url.get_backend_name()
        if kind not in ("postgresql", "sqlite"):
            raise self.refused("address", "database.url", "The database is PostgreSQL or SQLite.")
        secret = self._secret("database.password", found.password_file, found.password_env)
        if kind == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        made: URL = url if secret is None else url.set(password=secret)
        return made.render_as_string(hide_password=False)

    def _sign_in(self, config: _Config) -> SignInSettings | None:
        found, roles = config.sign_in, config.roles
        if found is None:
            if roles is not None:
                raise self.refused("no-sign-in", "roles", "Roles need sign-in.", "Add the table [sign_in].")
            return None
        self._address(found.issuer, "sign_in.issuer")
        groups = {role: tuple(getattr(roles, role.value, ())) for role in Role} if roles else {}
        if not any(groups.values()):
            raise self.refused(
                "no-role", "roles", "No group gives a role, so nobody could do anything.",
                'Add the table [roles], such as clinician = ["radiation-oncology"].',
            )  # fmt: skip
        if found.idle_minutes > found.absolute_minutes:
            raise self.refused("limits", "sign_in.idle_minutes", "This is longer than absolute_minutes.")
        if found.api_audience == found.client_id:
            raise self.refused(
                "audience", "sign_in.api_audience", "Tokens that sign people in would also count as those of programs.",
                "Give the interfaces a name of their own at the provider.",
            )  # fmt: skip
        return SignInSettings(
            issuer=found.issuer,
            client_id=found.client_id,
            groups={role.value: names for role, names in groups.items()},
            client_secret=self._secret("sign_in.client_secret", found.client_secret_file, found.client_secret_env),
            groups_claim=found.groups_claim,
            scopes=tuple(dict.fromkeys(["openid", *found.scopes])),
            idle_minutes=found.idle_minutes,
            absolute_minutes=found.absolute_minutes,
            api_audience=found.api_audience,
        )

    def _secret(self, key: str, file: str | None, variable: str | None) -> str | None:
        """A secret from a file or an environment variable; None when neither is named."""
        if file is not None and variable is not None:
            raise self.refused("no-secret", key, "Name a file or an environment variable, not both.")
        if variable is not None:
            value = os.environ.get(variable, "")
            if not value:
                raise self.refused("no-secret", f"{key}_env", "This environment variable is not set.")
            return value
        if file is None:
            return None
        try:
            value = read_bytes(self._path(file), max_bytes=_LARGEST_SECRET).decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise self.refused("no-secret", f"{key}_file", "The file is not UTF-8.") from None
        if not value:
            raise self.refused("no-secret", f"{key}_file", "The file is empty.")
        return value

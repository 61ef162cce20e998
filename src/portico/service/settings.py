"""Settings of the service, and the refusal to listen beyond this machine without sign-in."""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from portico.errors import ReadingRefused, UsageError

__all__ = ["MEBIBYTE", "Settings", "SignInSettings", "is_loopback", "refuse_open_binding"]

MEBIBYTE: Final = 1024 * 1024
_SECRET: Final = "form.key"
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class SignInSettings:
    """How people sign in: by OpenID Connect, at the provider of the department.

    Parameters
    ----------
    issuer : address of the provider, exactly as it names itself; https, or http on this machine
    client_id : name of this service at the provider
    client_secret : None for a public client, which is guarded by PKCE alone
    groups : for each role the groups of the provider that give it
    groups_claim : claim of the ID token that lists the groups
    scopes : what is asked of the provider
    idle_minutes : a session ends after so many minutes without a request
    absolute_minutes : and after so many minutes in any case
    api_audience : audience of the access tokens that programs bring to REST, FHIR and the metrics; None lets none in
    """

    issuer: str
    client_id: str
    groups: Mapping[str, tuple[str, ...]]
    client_secret: str | None = field(default=None, repr=False)
    groups_claim: str = "groups"
    scopes: tuple[str, ...] = ("openid", "profile")
    idle_minutes: int = 15
    absolute_minutes: int = 600
    api_audience: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What one running service is told.

    Parameters
    ----------
    folder : where database, key and log lie; made when it is missing, readable by its owner alone
    host, port : address to listen on
    database : SQLAlchemy URL; SQLite in the folder when None
    signatures : the site's signature file; None leaves rows read only in secondary pages unbound
    max_body : bytes of a request other than an upload of a plan
    max_upload : bytes of an uploaded plan
    public_url : address under which browsers reach the service, without a path; None when it is that of ``host``
    sign_in : how people sign in; None when whoever uses this machine may do everything
    archives : DICOMweb roots by name; the service talks to these and to no other
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8765
    database: str | None = field(default=None, repr=False)
    signatures: Path | None = None
    max_body: int = 2 * MEBIBYTE
    max_upload: int = 512 * MEBIBYTE
    public_url: str | None = None
    sign_in: SignInSettings | None = None
    archives: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the database."""
        return self.database or f"sqlite:///{self.folder / 'portico.sqlite3'}"

    @property
    def origin(self) -> str:
        """Scheme, host and port that a browser sees, such as ``https://portico.example.org``."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{shown}:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether browsers reach the service over TLS, so that cookies may be kept to it."""
        return self.origin.startswith("https://")

    def prepare(self) -> bytes:
        """Make the folder and its key for forms; the key of an earlier start is read again.

        Raises
        ------
        ReadingRefused : ``cannot-write``, when the folder or key cannot be made; ``key-damaged``
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self.folder / _SECRET
            if not path.exists():
                part = path.with_name(f".{_SECRET}.{secrets.token_hex(8)}.part")
                descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(secrets.token_bytes(_SECRET_BYTES))
                part.replace(path)
            key = path.read_bytes()
        except OSError as error:
            raise ReadingRefused(
                f"The folder of the service cannot be used: {error.strerror}.", code="cannot-write"
            ) from None
        if len(key) != _SECRET_BYTES:
            raise ReadingRefused("The key of the forms is damaged.", code="key-damaged", fix=f"Remove {_SECRET}.")
        return key


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone; a name other than localhost counts as not.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0"), is_loopback("example.org")
    (True, True, False, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_open_binding(settings: Settings) -> None:
    """Refuse to listen where other machines reach a service that asks nobody to sign in, or that sends sessions in clear.

    Raises
    ------
    UsageError : ``sign-in-needed``, ``tls-needed``
    """
    if settings.sign_in is None:
        if not is_loopback(settings.host):
            raise UsageError(
                "Without sign-in the service listens on this machine only.",
                code="sign-in-needed",
                path="--host",
                fix="Use 127.0.0.1.",
            )
        if settings.public_url is not None:
            raise UsageError(
                "Without sign-in the service has no public address.",
                code="sign-in-needed",
                path="service.public_url",
                fix="Add the table [sign_in], or leave public_url out.",
            )
    elif not settings.secure and not is_loopback(urlsplit(settings.origin).hostname or ""):
        raise UsageError(
            "Sessions would travel in clear.",
            code="tls-needed",
            path="service.public_url",
            fix='Put a proxy with TLS in front, and give its address as public_url = "https://…".',
        )

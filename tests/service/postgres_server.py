"""PostgreSQL of the Debian package on a free port of this machine, as its own user, stopped by its process id."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

import psycopg

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


class PostgresServer:
    """One server; each test takes a database of its own."""

    def __init__(self) -> None:
        self.bin = BINARIES[-1].parent
        # Not under the folder of the tests: its parents are closed to the user of the server.
        self.folder = Path(tempfile.mkdtemp(prefix="portico-postgres-", dir="/tmp"))
        self._as = []
        if os.geteuid() == 0:  # the server refuses to run as root
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = sock.getsockname()[1]
        self._names = count(1)
        self._running: subprocess.Popen[bytes] | None = None
        make = [
            *self._as,
            str(self.bin / "initdb"),
            "-D",
            str(self.folder / "data"),
            "-U",
            "portico",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]
        subprocess.run(make, check=True, capture_output=True, cwd="/")
        self.start()

    def start(self) -> None:
        settings = [
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            "unix_socket_directories=",
            "fsync=off",
            "shared_buffers=32MB",
            "max_connections=120",
        ]
        options = [word for one in settings for word in ("-c", one)]
        command = [*self._as, str(self.bin / "postgres"), "-D", str(self.folder / "data"), *options]
        with (self.folder / "log").open("ab") as log:
            self._running = subprocess.Popen(command, stdout=log, stderr=log, cwd="/")
        for _ in range(600):
            ready = [
                str(self.bin / "pg_isready"),
                "-q",
                "-h",
                "127.0.0.1",
                "-p",
                str(self.port),
                "-d",
                "postgres",
                "-U",
                "portico",
            ]
            if subprocess.run(ready, cwd="/").returncode == 0:
                return
            assert self._running.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends connections in good order; SIGQUIT leaves at once, as after a crash."""
        assert self._running is not None
        self._running.send_signal(how)
        self._running.wait(60)

    def close(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def _where(self, name: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=portico dbname={name}"

    def database(self) -> str:
        """Address of a new, empty database, for SQLAlchemy."""
        name = f"test_{next(self._names)}"
        self.run(f"CREATE DATABASE {name}", "postgres")
        return f"postgresql+psycopg://portico@127.0.0.1:{self.port}/{name}"

    def run(self, statements: str, name: str) -> None:
        with psycopg.connect(self._where(name), autocommit=True) as connection:
            connection.execute(statements)

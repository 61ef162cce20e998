"""Orthanc from the Debian packages, started on a free port of this machine."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from portico.errors import InputRefused
from portico.interop import DicomWeb

PLACES = [Path(path) for path in (shutil.which("Orthanc"), "/usr/sbin/Orthanc", "/usr/local/sbin/Orthanc") if path]
ORTHANC = next((path for path in PLACES if path.is_file()), None)
PLUGINS = [path for path in (Path("/usr/share/orthanc/plugins"), Path("/usr/lib/orthanc")) if path.is_dir()]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def orthanc_running(folder: Path) -> Iterator[str]:
    """Address of its DICOMweb root."""
    if ORTHANC is None:
        pytest.skip("Orthanc is not installed (Debian packages orthanc and orthanc-dicomweb)")
    port = free_port()
    settings = {
        "Name": "test", "StorageDirectory": str(folder / "storage"), "IndexDirectory": str(folder / "storage"),
        "HttpPort": port, "DicomServerEnabled": False, "RemoteAccessAllowed": False, "AuthenticationEnabled": False,
        "Plugins": [str(path) for path in PLUGINS], "HttpBindAddresses": ["127.0.0.1"],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "EnableWado": False},
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps(settings), encoding="utf-8")
    with (folder / "log").open("w") as log:
        running = subprocess.Popen([str(ORTHANC), str(folder / "orthanc.json")], stdout=log, stderr=log, cwd=folder)
        url = f"http://127.0.0.1:{port}/dicom-web"
        try:
            limit = time.monotonic() + 60
            while True:
                try:
                    DicomWeb(url).studies(study_uid="1.2")
                    break
                except InputRefused:
                    assert running.poll() is None and time.monotonic() < limit, (folder / "log").read_text()[-2000:]
                    time.sleep(0.1)
            yield url
        finally:
            running.terminate()
            running.wait(30)

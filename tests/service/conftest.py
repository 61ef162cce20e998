"""One service on a folder of its own, and a browser without script that keeps cookies and sends forms."""

from __future__ import annotations

import io
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from portico.advice import Engine
from portico.knowledge import load_library
from portico.service import Settings, app

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(Path(__file__).parent))  # oidc_provider.py stands beside the tests
FEMUR = {
    "label": "Femur 1", "as_of": "2026-03-02", "bone": "femur", "bone_part": "shaft", "index_side": "left",
    "fracture_state": "impending", "lesion_type": "lytic", "soft_tissue_extension": "no", "other_lesions_in_bone": "no",
    "surgery_done": "yes", "days_since_surgery": "2026-02-09", "surgery_indication": "impending_fracture",
    "procedure": "intramedullary_nail", "resection": "none", "residual_disease": "yes", "hardware_present": "yes",
    "hardware_material": "titanium", "hardware_length_cm": "40 cm", "cement": "no", "embolised": "yes",
    "wound_state": "healed", "infection": "no", "reoperation_planned": "no", "unstable_now": "no",
    "histology": "renal_cell", "pathology_status": "confirmed", "primary_bone_tumour_suspected": "no",
    "radiosensitivity": "radioresistant", "oligometastatic": "no", "visceral_metastases": "yes",
    "brain_metastases": "no", "bone_modifying_agent": "no", "systemic_therapy": "yes", "agent1.name": "axitinib",
    "agent1.kind": "targeted", "agent1.status": "current", "age_years": "67", "ecog": "1",
    "survival_months_low": "12", "survival_months_high": "24", "prior_rt_at_site": "no", "pain_worst": "4",
    "ambulatory": "with_aid", "weight_bearing": "partial", "fit_for_surgery": "yes", "cied": "no",
    "pregnancy": "not_applicable", "can_lie_flat": "yes", "contrast_contraindicated": "no", "mri_possible": "yes",
    "dept_imrt": "yes", "dept_image_guidance": "cbct", "declines_radiotherapy": "no", "max_visits": "12",
    "goal": "function",
}  # fmt: skip


class Browser:
    """Opens pages and sends forms with the token that the page gave."""

    def __init__(self, client: httpx.Client, log: io.StringIO, folder: Path) -> None:
        self.client = client
        self.log = log
        self.folder = folder

    def open(self, path: str) -> Any:
        return self.client.get(path)

    def send(self, path: str, data: dict[str, str], page: str | None = None, **more: Any) -> Any:
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.open(page or path).text))
        return self.client.post(path, data={**{k: unescape(v) for k, v in hidden.items()}, **data}, **more)

    def store(self, answers: dict[str, str]) -> str:
        ended = self.send("/cases/new", answers, follow_redirects=False)
        assert ended.status_code == 303, ended.text
        return ended.headers["location"].rpartition("/")[2]

    def signed(self, case_id: str, **more: str) -> str:
        answers = {"option": "conv-30-10", "by": "Dr A. Example", "reason": "tumour board", **more}
        ended = self.send(f"/cases/{case_id}/sign", answers, follow_redirects=False)
        assert ended.status_code == 303, ended.text
        return ended.headers["location"].rpartition("/")[2]


@lru_cache
def _engine() -> Engine:
    """Loaded once: what takes longest when a service starts, and no test changes it."""
    return Engine(load_library())


@contextmanager
def served(folder: Path, log: io.StringIO, **more: Any) -> Iterator[httpx.Client]:
    """A service on a free port of this machine, and a client for it."""
    with running(lambda port: app(Settings(folder, port=port, **more), log, engine=_engine())) as client:
        yield client


@contextmanager
def running(made: Callable[[int], Any]) -> Iterator[httpx.Client]:
    """An ASGI application, made for a free port of this machine, and a client for it."""
    # With no protocol named, asyncio does not turn off delayed sending, and each answer waits for 40 ms.
    with socket.socket(proto=socket.IPPROTO_TCP) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(made(port), access_log=False, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.005)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=True, timeout=60) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    log = io.StringIO()
    with served(tmp_path / "data", log) as client:
        yield Browser(client, log, tmp_path / "data")


@pytest.fixture
def browser_on(tmp_path: Path) -> Any:
    """A browser at a service with other settings."""

    @contextmanager
    def opened(**more: Any) -> Iterator[Browser]:
        log = io.StringIO()
        with served(tmp_path / "other", log, **more) as client:
            yield Browser(client, log, tmp_path / "other")

    return opened


@pytest.fixture(scope="session")
def loaded() -> Engine:
    return _engine()


@pytest.fixture(scope="session")
def serve() -> Any:
    return running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A server of PostgreSQL for as long as the tests run."""
    pytest.importorskip("psycopg")
    from postgres_server import BINARIES, PostgresServer

    if not BINARIES:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a service with an empty database, of either kind."""
    database = None if request.param == "sqlite" else request.getfixturevalue("postgres").database()
    return Settings(tmp_path / "data", database=database)


@pytest.fixture
def femur() -> dict[str, str]:
    return dict(FEMUR)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT

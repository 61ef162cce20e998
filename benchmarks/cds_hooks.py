"""Speed of a CDS Hooks call and of its parts: reading and importing the record, advice, cards.

    python benchmarks/cds_hooks.py [--json] [--calls 200]

The call goes over HTTP on this machine with a signed token, as a client sends it; the parts are timed in this process. The library is
loaded once. There is no peer (null).
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import json
import resource
import socket
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey

from portico.advice import Engine, advise
from portico.interop.fhir_import import import_bundle
from portico.interop.fhir_import_bundle import BUNDLE_LIMITS
from portico.interop.fhir_import_json import quick_json
from portico.knowledge import load_library
from portico.service import Settings, app
from portico.service.cds_hooks_cards import CardMaker, topics_of
from portico.service.cds_hooks_ids import CardNames

ROOT = Path(__file__).parents[1]
EXAMPLES = {"femur-postop": "2026-03-02", "spine-postop": "2026-04-20", "spine-urgent": "2026-04-20"}
ISSUER, BASE = "https://ehr.example.org", "https://portico.example.org"


def share(times: list[float], part: float) -> float:
    """The time within which a part of the calls was answered."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def request(name: str) -> dict[str, Any]:
    """A call of patient-view with the resources of an example."""
    bundle = json.loads((ROOT / "examples" / "fhir" / f"{name}.json").read_text(encoding="utf-8"))
    kinds: dict[str, list[Any]] = {}
    for entry in bundle["entry"]:
        kinds.setdefault(entry["resource"]["resourceType"], []).append(entry)

    def found(kind: str) -> Any:
        return {"resourceType": "Bundle", "type": "searchset", "entry": kinds[kind]} if kind in kinds else None

    patient = kinds["Patient"][0]["resource"]
    return {
        "hook": "patient-view", "hookInstance": str(uuid.uuid4()),
        "context": {"userId": "Practitioner/1", "patientId": patient["id"]},
        "prefetch": {
            "patient": patient, "conditions": found("Condition"), "procedures": found("Procedure"),
            "observations": found("Observation"), "medications": None,
        },
    }  # fmt: skip


def timed(act: Callable[[], Any], count: int, clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Milliseconds of each of several runs; one run before them is not counted."""
    act()
    found = []
    for _ in range(count):
        start = clock()
        act()
        found.append((clock() - start) * 1000)
    return found


def calls(engine: Engine, count: int) -> dict[str, list[float]]:
    """Signed calls over HTTP, by example."""
    key = ECKey.generate_key("P-384", {"kid": "one"})
    # with no protocol named, asyncio does not turn off delayed sending, and each answer waits for 40 ms
    with tempfile.TemporaryDirectory() as place, socket.socket(proto=socket.IPPROTO_TCP) as sock:
        folder = Path(place) / "data"
        folder.mkdir()
        (folder / "keys.json").write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
        (folder / "cds-clients.yaml").write_text(
            f"schema: cds-clients/1\nbase_url: {BASE}\nclients:\n- {{issuer: '{ISSUER}', keys: keys.json}}\n"
        )
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        made = app(Settings(folder, port=port), io.StringIO(), engine=engine)
        server = uvicorn.Server(uvicorn.Config(made, access_log=False, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                return {name: timed(lambda name=name: _call(client, key, name), count) for name in EXAMPLES}
        finally:
            server.should_exit = True
            thread.join()


def _call(client: httpx.Client, key: ECKey, name: str) -> None:
    now = int(time.time())
    claims = {
        "iss": ISSUER, "aud": f"{BASE}/cds-services/portico-patient-view", "iat": now, "exp": now + 60, "jti": str(uuid.uuid4()),
    }  # fmt: skip
    token = jwt.encode({"alg": "ES384", "kid": "one", "typ": "JWT"}, claims, key, algorithms=["ES384"])
    answer = client.post(
        "/cds-services/portico-patient-view", json=request(name), headers={"authorization": f"Bearer {token}"}
    )
    answer.raise_for_status()
    assert answer.json()["cards"]


def parts(engine: Engine, count: int) -> dict[str, list[float]]:
    """Processor time of the parts of a call, for the spine; other programs on the machine change it little."""
    data = (ROOT / "examples" / "fhir" / "spine-postop.json").read_bytes()
    day = dt.date.fromisoformat(EXAMPLES["spine-postop"])
    bundle = quick_json(data, name="bundle", limits=BUNDLE_LIMITS)
    imported = import_bundle(bundle, as_of=day)
    advice = advise(imported.case, engine)
    names = CardNames(b"key", engine.library.version, topics_of(engine))
    maker = CardMaker(engine, names, BASE)
    acts = {
        "reading the JSON": lambda: quick_json(data, name="bundle", limits=BUNDLE_LIMITS),
        "import": lambda: import_bundle(bundle, as_of=day),
        "advice": lambda: advise(imported.case, engine),
        "cards": lambda: maker.cards(imported, advice, "1", None),
    }
    return {f"processor, {name}": timed(act, count, time.process_time) for name, act in acts.items()}


def say(as_json: bool, claim: str, ours: float, unit: str, **more: Any) -> None:
    """One figure, as the other benchmarks print it."""
    line = {"claim": claim, "ours": round(ours, 3), "peer": None, "ratio": None, "unit": unit, **more}
    print(json.dumps(line) if as_json else f"{claim:32} {line['ours']:10.2f} {unit}   {more or ''}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--calls", type=int, default=200)
    options = parser.parse_args()
    start = time.perf_counter()
    engine = Engine(load_library())
    loaded = time.perf_counter() - start
    times = {f"call, {name}": found for name, found in calls(engine, options.calls).items()}
    times |= parts(engine, options.calls)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(options.json, "library, loaded once", loaded, "s")
    for name, found in times.items():
        say(options.json, f"{name}, p50", statistics.median(found), "ms", n=len(found))
        say(options.json, f"{name}, p95", share(found, 0.95), "ms", n=len(found))
    say(options.json, "peak memory", memory, "MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

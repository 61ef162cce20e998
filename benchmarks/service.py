"""The service under load: advice over REST and CDS Hooks mixed at a fixed rate, memory, and how fast pages come.

    python benchmarks/service.py [--json] [--rate 200] [--seconds 60] [--connections 16]

`portico serve` runs as a process of its own on a free port of this machine, with SQLite in a new folder; this process sends the
requests. A request is sent when its time has come, whether or not earlier ones were answered, and its time counts from when it was
due, so that a service that falls behind cannot look fast. Every case is another one. There is no peer (null).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from portico.case import read_case

ROOT = Path(__file__).parents[1]
CASES = sorted((ROOT / "examples" / "cases").glob("*.yaml"))
HOOK = ROOT / "examples" / "fhir" / "cds" / "order-sign.json"


@dataclass
class Load:
    """What a run gave: times in ms by kind of request, and what went wrong."""

    times: dict[str, list[float]] = field(default_factory=dict)
    errors: int = 0
    seconds: float = 0.0

    @property
    def all(self) -> list[float]:
        return sorted(time for times in self.times.values() for time in times)


def share(times: list[float], part: float) -> float:
    """The time within which a part of the requests was answered."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def bodies(seed: int, count: int) -> list[bytes]:
    """Cases that differ: the shipped ones with another age, label and survival."""
    chance = random.Random(seed)
    shipped = [json.loads(read_case(path).model_dump_json(by_alias=True, exclude_none=True)) for path in CASES]
    made = []
    for number in range(count):
        case = json.loads(json.dumps(chance.choice(shipped)))
        case["label"] = f"Load {number}"
        case.setdefault("patient", {})["age_years"] = chance.randint(40, 90)
        made.append(json.dumps({"case": case}).encode())
    return made


def message(method: str, path: str, port: int, body: bytes = b"", kind: str = "application/json") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(body)}\r\n"
    return (head + (f"Content-Type: {kind}\r\n" if body else "") + "\r\n").encode() + body


class Connection:
    """One kept-alive connection; plain enough that the client costs little of the two cores."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, data: bytes) -> tuple[int, float]:
        """Status, and the moment of the first byte."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        assert self.reader is not None
        self.writer.write(data)
        head = await self.reader.readuntil(b"\r\n\r\n")
        first = time.perf_counter()
        length = re.search(rb"content-length: (\d+)", head.lower())
        assert length is not None
        await self.reader.readexactly(int(length[1]))
        return int(head[9:12]), first


async def load(port: int, requests: list[tuple[str, bytes]], rate: float, connections: int) -> Load:
    """Send the requests at a rate; ``inf`` sends each as soon as a connection is free."""
    found = Load({kind: [] for kind, _ in requests})
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(Connection(port))
    start = time.perf_counter()

    async def one(number: int, kind: str, data: bytes) -> None:
        due = start + number / rate
        connection = await free.get()
        if rate == float("inf"):
            due = time.perf_counter()
        try:
            status, _ = await connection.ask(data)
            found.times[kind].append((time.perf_counter() - due) * 1000)
            found.errors += status != 200
        except (OSError, asyncio.IncompleteReadError):
            found.errors += 1
            connection.writer = None
        free.put_nowait(connection)

    tasks = set()
    for number, (kind, data) in enumerate(requests):
        pause = start + number / rate - time.perf_counter()
        if pause > 0:
            await asyncio.sleep(pause)
        task = asyncio.create_task(one(number, kind, data))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        while len(tasks) > 5000:
            await asyncio.sleep(0.01)
    await asyncio.gather(*tasks)
    found.seconds = time.perf_counter() - start
    return found


async def pages(port: int, paths: list[str], repeats: int) -> tuple[list[float], list[float]]:
    """Times to the first and to the last byte of pages, in ms, one after the other."""
    connection = Connection(port)
    firsts, lasts = [], []
    for path in paths * repeats:
        start = time.perf_counter()
        status, first = await connection.ask(message("GET", path, port))
        assert status == 200, path
        firsts.append((first - start) * 1000)
        lasts.append((time.perf_counter() - start) * 1000)
    return firsts, lasts


def memory_mib(pid: int) -> float | None:
    """Memory of the process and all that it started, in MiB; None where the system does not tell."""
    try:
        total, waiting = 0.0, [pid]
        while waiting:
            one = waiting.pop()
            found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{one}/status").read_text())
            total += int(found[1]) / 1024 if found else 0.0
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += [int(word) for word in (task / "children").read_text().split()]
        return total
    except OSError:
        return None


def processor_seconds(pid: int) -> float:
    """Processor time that the process took so far; other programs on the machine do not change it much."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def post(port: int, path: str, body: bytes) -> Any:
    request = Request(f"http://127.0.0.1:{port}{path}", body, {"Content-Type": "application/json"})
    with urlopen(request) as answer:
        return json.load(answer)


def hook_requests(port: int, count: int) -> list[bytes]:
    """Calls of CDS Hooks, each another instance of the shipped example."""
    example = json.loads(HOOK.read_text(encoding="utf-8"))
    with urlopen(f"http://127.0.0.1:{port}/cds-services") as answer:
        name = next(one["id"] for one in json.load(answer)["services"] if one["hook"] == example["hook"])
    path = f"/cds-services/{name}"
    return [
        message("POST", path, port, json.dumps({**example, "hookInstance": str(uuid.uuid4())}).encode())
        for _ in range(count)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--warm", type=int, default=400, help="Requests before anything is measured.")
    parser.add_argument("--most", type=int, default=2000, help="Requests sent as fast as they are answered.")
    asked = parser.parse_args()

    def say(claim: str, ours: float | None, unit: str, **more: Any) -> None:
        line = {
            "claim": claim,
            "ours": None if ours is None else round(ours, 2),
            "peer": None,
            "ratio": None,
            "unit": unit,
            **more,
        }
        print(json.dumps(line) if asked.json else f"{claim:34} {line['ours']} {unit}   {more or ''}", flush=True)

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        open_here = "schema: cds-clients/1\nopen_on_this_machine: true\n"  # calls of CDS Hooks without a token
        (Path(folder) / "cds-clients.yaml").write_text(open_here, encoding="utf-8")
        clients = f"schema: cds-clients/1\nbase_url: http://127.0.0.1:{port}\nclients: []\nopen_on_this_machine: true\n"
        (Path(folder) / "cds-clients.yaml").write_text(clients, encoding="utf-8")
        command = [sys.executable, "-m", "portico", "serve", "--folder", folder, "--port", str(port)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as served:
            try:
                while True:
                    try:
                        urlopen(f"http://127.0.0.1:{port}/health").close()
                        break
                    except OSError:
                        assert served.poll() is None
                        time.sleep(0.05)
                measure(port, served.pid, asked, say)
            finally:
                served.terminate()
                served.wait(30)


def measure(port: int, pid: int, asked: argparse.Namespace, say: Any) -> None:
    """Load, memory, pages."""
    stored = post(port, "/api/v1/cases", bodies(1, 1)[0])["id"]
    shown = ["/", "/cases/new", f"/cases/{stored}"]
    asyncio.run(pages(port, [*shown, f"/cases/{stored}/advice"], 3))
    firsts, _ = asyncio.run(pages(port, shown, 30))
    say(
        "first byte of a page, p95",
        share(firsts, 0.95),
        "ms",
        pages=len(firsts),
        median=round(statistics.median(firsts), 1),
    )
    _, lasts = asyncio.run(pages(port, [f"/cases/{stored}/advice"], 30))
    say("a full advice page, p95", share(lasts, 0.95), "ms", median=round(statistics.median(lasts), 1))

    def mixed(count: int, seed: int) -> list[tuple[str, bytes]]:
        half = (count + 1) // 2
        cases = [("advice", message("POST", "/api/v1/advice", port, body)) for body in bodies(seed, half)]
        hooks = [("hook", one) for one in hook_requests(port, half)]
        return [one for pair in zip(cases, hooks, strict=True) for one in pair]

    asyncio.run(load(port, mixed(asked.warm, 2), float("inf"), asked.connections))
    before = memory_mib(pid)
    used = processor_seconds(pid)
    run = asyncio.run(load(port, mixed(int(asked.rate * asked.seconds), 3), asked.rate, asked.connections))
    used = processor_seconds(pid) - used
    after = memory_mib(pid)
    kinds = {kind: {"n": len(times), "p95": round(share(times, 0.95), 1)} for kind, times in run.times.items() if times}
    say(
        f"{asked.rate:g} requests a second, p95", share(run.all, 0.95), "ms", p50=round(share(run.all, 0.5), 1),
        p99=round(share(run.all, 0.99), 1), worst=round(run.all[-1], 1), errors=run.errors, sent=len(run.all),
        reached=round(len(run.all) / run.seconds, 1), seconds=round(run.seconds, 1), kinds=kinds, load=os.getloadavg()[0],
    )  # fmt: skip
    say("processor time of a request", used * 1000 / len(run.all), "ms")
    grown = None if before is None or after is None else after - before
    say("memory grown under load", grown, "MiB", before=before and round(before), after=after and round(after))
    most = asyncio.run(load(port, mixed(asked.most, 4), float("inf"), asked.connections))
    say(
        "requests a second at most",
        len(most.all) / most.seconds,
        "1/s",
        errors=most.errors,
        p95=round(share(most.all, 0.95), 1),
    )


if __name__ == "__main__":
    main()

"""Speed of advice: one case on a warm engine, a cold start of the command, and one million cases through all rules.

    python benchmarks/advise.py [--json] [--rows 1000000] [--peer-rows 20000]

The peer of the table is the same rules walked by a plain Python engine, one row after the other (below); it runs on fewer rows of
the same table in the same run and its time is scaled by the number of rows. One case and cold start have no peer (null).
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from portico.advice import Engine, advise
from portico.case import load_columns, read_case
from portico.case.predicate import And, Between, BoolAtom, Compare, In, Node, Not, Or
from portico.knowledge import load_library

ROOT = Path(__file__).parents[1]
CASES = sorted((ROOT / "examples" / "cases").glob("*.yaml"))


def walk(node: Node, row: Mapping[str, Any]) -> bool | None:
    """The peer: one row, one rule, the tree walked anew each time."""
    if isinstance(node, And | Or):
        values = [walk(part, row) for part in node.parts]
        stop = isinstance(node, Or)
        return stop if stop in values else (None if None in values else not stop)
    if isinstance(node, Not):
        value = walk(node.part, row)
        return None if value is None else not value
    value = row[node.column]
    if value is None:
        return None
    if isinstance(node, BoolAtom):
        return value
    if isinstance(node, Compare):
        return {
            "=": value == node.value,
            "<>": value != node.value,
            "<": node.op == "<" and value < node.value,
            "<=": node.op == "<=" and value <= node.value,
            ">": node.op == ">" and value > node.value,
            ">=": node.op == ">=" and value >= node.value,
        }[node.op]
    if isinstance(node, In):
        return (value in node.values) != node.negated
    assert isinstance(node, Between)
    return (node.low <= value <= node.high) != node.negated


def table(rows: int, seed: int = 1) -> pl.DataFrame:
    """A random table over the columns of the case, 30 % unknown."""
    import numpy as np

    rng = np.random.default_rng(seed)
    data: dict[str, pl.Series] = {}
    for column in load_columns():
        unknown = rng.random(rows) < 0.3
        if column.type == "bool":
            series = pl.Series(rng.random(rows) < 0.5)
        elif column.type == "enum":
            words = np.array(column.values, dtype=object)[rng.integers(0, len(column.values), rows)]
            series = pl.Series(words.tolist(), dtype=pl.Enum(list(column.values)))
        else:
            whole = rng.integers(math.ceil(column.low or 0), int(column.high or 0) + 1, rows)
            series = pl.Series(whole).cast(pl.Int64 if column.type == "int" else pl.Float64)
        data[column.name] = pl.select(pl.when(~pl.Series(unknown)).then(series)).to_series()
    return pl.DataFrame(data)


def one_case(engine: Engine, repeats: int = 30) -> float:
    """Median over the shipped cases of the time of whole options, in ms."""
    cases = [read_case(path) for path in CASES]
    for case in cases:
        advise(case, engine)
    medians = []
    for case in cases:
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            advise(case, engine)
            times.append(time.perf_counter() - start)
        medians.append(statistics.median(times))
    return statistics.median(medians) * 1000


def cold_start(repeats: int = 5) -> float:
    """Median wall time of the command with JSON output, in s."""
    command = [sys.executable, "-m", "portico", "advise", str(ROOT / "examples/cases/femur-renal.yaml"), "--json"]
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--peer-rows", type=int, default=20_000)
    asked = parser.parse_args()
    engine = Engine(load_library())
    lines: list[dict[str, Any]] = []

    def say(claim: str, ours: float, peer: float | None, unit: str, **more: Any) -> None:
        ratio = None if peer is None else round(peer / ours, 2)
        line = {"claim": claim, "ours": round(ours, 4), "peer": peer and round(peer, 4), "ratio": ratio, "unit": unit}
        lines.append({**line, **more})
        if asked.json:
            print(json.dumps(lines[-1]), flush=True)
        else:
            print(
                f"{claim:28} ours {ours:10.3f} {unit}   peer {peer and round(peer, 1)}   ratio {ratio}   {more or ''}"
            )

    say("one case, median", one_case(engine), None, "ms", rules=len(engine.rules), cases=len(CASES))
    say("cold start, median", cold_start(), None, "s")
    frame = table(asked.rows)
    small = frame.head(asked.peer_rows)
    engine.table(small)
    start = time.perf_counter()
    found = engine.table(frame)
    ours = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    rows = small.to_dicts()
    start = time.perf_counter()
    peer = [{key: walk(node, row) for key, node in engine.nodes.items()} for row in rows]
    peer_time = (time.perf_counter() - start) * asked.rows / max(1, len(rows))
    for key in engine.nodes:
        assert found[key].head(len(rows)).to_list() == [row[key] for row in peer], key
    name = "one million cases" if asked.rows == 1_000_000 else f"{asked.rows} cases"
    say(name, ours, peer_time, "s", rules=len(engine.rules), peak_gib=round(memory, 2), peer_rows=len(rows))


if __name__ == "__main__":
    main()

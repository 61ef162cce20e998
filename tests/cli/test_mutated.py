"""Mutated cases through the verbs: a documented status every time, never an internal error, never a file left behind.

A tenth of PORTICO_FUZZ is run: a verb takes longer than a parser.
"""

from __future__ import annotations

import os
import random

import pytest

COUNT = max(int(os.environ.get("PORTICO_FUZZ", "2000")) // 10, 20)
SEED = 20261123
WORDS = (
    "null", "true", "no", "012", ".nan", ".inf", "-1", "1e400", "2026-02-30", "800 Gy", "30", "[]", "{}", "''", "'\\0'",
    "*a", "&a x", "!!python/object:os.system x", "\t", "- - - -", "}", "\ufeff", "\u202e", "\x1b[2J", "x" * 3000, "?", ": :",
)  # fmt: skip


def _mutated(text: str, rng: random.Random) -> str:
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        lines = text.splitlines()
        at = rng.randrange(len(lines)) if lines else 0
        kind = rng.randrange(6)
        if not lines:
            return rng.choice(WORDS)
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines.insert(at, lines[rng.randrange(len(lines))])
        elif kind == 2:
            key, colon, _ = lines[at].partition(":")
            lines[at] = f"{key}{colon} {rng.choice(WORDS)}"
        elif kind == 3:
            lines[at] = " " * rng.randrange(4) + lines[at]
        elif kind == 4 and lines[at]:
            place = rng.randrange(len(lines[at]))
            lines[at] = (
                lines[at][:place] + chr(rng.choice((0, 9, 34, 39, 58, 91, 123, 0xD800, 0x2028))) + lines[at][place:]
            )
        else:
            words = lines[at].replace("{", " ").replace("}", " ").split()
            if words:
                lines[at] = lines[at].replace(rng.choice(words), rng.choice(WORDS), 1)
        text = "\n".join(lines) + "\n"
    return text


@pytest.fixture
def texts(cases) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(cases.glob("*.yaml"))]


def _write(path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))


@pytest.mark.untraced
def test_check(run, texts, tmp_path) -> None:
    rng = random.Random(SEED)
    path = tmp_path / "case.yaml"
    seen = set()
    for _ in range(COUNT):
        _write(path, _mutated(rng.choice(texts), rng))
        ended = run("case", "check", path)
        assert ended.status in (0, 3), ended.err
        assert "\x1b" not in ended.err
        seen.add(ended.status)
    assert seen == {0, 3}


def test_advise_explain_and_sign(run, texts, tmp_path) -> None:
    rng = random.Random(SEED + 1)
    path, out = tmp_path / "case.yaml", tmp_path / "out"
    for _ in range(max(COUNT // 20, 5)):
        _write(path, _mutated(rng.choice(texts), rng))
        advised = run("advise", path, "--json")
        assert advised.status in (0, 1, 3), advised.out[-500:]
        explained = run("explain", path, "conv-20-5")
        assert explained.status in (0, 3), explained.err
        signed = run("sign", path, "--option", "conv-20-5", "--by", "A", "--reason", "B", "--out", out / "d.json")
        assert signed.status in (0, 1, 2, 3), signed.err
        assert out.exists() == (signed.status == 0)
        if signed.status == 0:
            (out / "d.json").unlink()
            out.rmdir()

"""Mutated bundles: each is imported or refused, and what is imported is a case that holds.

PORTICO_FUZZ sets the number of mutated bundles (250 unless set; 100,000 in the full run).
"""

from __future__ import annotations

import copy
import json
import os
import random
from typing import Any

from portico.case import case_problems
from portico.errors import InputRefused
from portico.interop.fhir_import import import_bundle
from portico.interop.fhir_r4 import r4_problems

COUNT = int(os.environ.get("PORTICO_FUZZ", "250"))
JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 1e308, 5, "", "x", "<script>alert(1)</script>", "2026-02-30", "Patient/x", "urn:uuid:x", [], {}, [[]],
    [None], [{}], {"coding": None}, {"coding": [None, 1, {"system": [], "code": {}}]}, {"reference": 7}, "\u202e\x7f", "9" * 40,
)  # fmt: skip


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at] if at else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += _places(inner, (*at, key))
    return found


def _junk(draw: random.Random) -> Any:
    return copy.deepcopy(draw.choice(JUNK))


def _changed(bundle: Any, draw: random.Random) -> Any:
    for _ in range(draw.randint(1, 4)):
        *way, last = draw.choice(_places(bundle))
        here = bundle
        for step in way:
            here = here[step]
        kind = draw.randint(0, 3)
        if kind == 0:
            here[last] = _junk(draw)
        elif kind == 1:
            del here[last]
        elif kind == 2:
            other = bundle
            for step in draw.choice(_places(bundle)):
                other = other[step]
            here[last] = json.loads(json.dumps(other))
        elif isinstance(here, list):
            here.insert(0, _junk(draw))
        else:
            here[draw.choice(("extension", "code", "status", "bodySite", "modifierExtension", "x"))] = _junk(draw)
    return bundle


def _small(example, published) -> list[str]:
    femur = example("femur-postop")
    femur["entry"] = femur["entry"][:12]
    xrts = published("Bundle-xrts-05-brainmets-reirradiation")
    xrts["entry"] = xrts["entry"][:6]
    return [json.dumps(femur), json.dumps(xrts)]


def test_mutated_bundles_are_imported_or_refused(example, published) -> None:
    seeds, imported = _small(example, published), 0
    for number in range(COUNT):
        draw = random.Random(number)
        bundle = _changed(json.loads(draw.choice(seeds)), draw)
        try:
            found = import_bundle(bundle)
        except InputRefused as error:
            assert error.code in ("not-a-bundle", "several-patients")
            continue
        imported += 1
        assert case_problems(found.draft)[1] == ()
        assert "script" not in json.dumps(found.to_dict())
    assert imported > COUNT // 2


def test_mutated_text_is_imported_or_refused(example, published) -> None:
    seeds = [seed.encode() for seed in _small(example, published)]
    for number in range(COUNT // 3):
        draw = random.Random(-number - 1)
        data = bytearray(draw.choice(seeds))
        for _ in range(draw.randint(1, 6)):
            at = draw.randrange(len(data))
            data[at : at + draw.randint(0, 9)] = draw.choice(
                (b"", b"{", b"]", b'"', b"\xff", b"NaN", b"\x00", b"1e999", b",", b"\\u")
            )
        try:
            found = import_bundle(bytes(data))
        except InputRefused:
            continue
        assert case_problems(found.draft)[1] == ()


def test_mutated_bundles_are_checked_as_r4_without_a_crash(example, published) -> None:
    seeds = _small(example, published)
    for number in range(COUNT // 10):
        draw = random.Random(number)
        problems = r4_problems(_changed(json.loads(draw.choice(seeds)), draw))
        assert all("script" not in one and "Invented" not in one for one in problems)

"""The seal: every single change of any field breaks it, and nothing else does."""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from portico.directive import (
    Directive,
    canonical_json,
    directive_from,
    directive_hash,
    read_directive,
    seal,
    verify_seal,
    write_directive,
)
from portico.errors import DirectiveRefused

Data = dict[str, Any]
Sample = Callable[[str], Data]
Place = tuple[str | int, ...]

#: Other values a field could take; each leaf must accept at least one of them, else the test proves nothing.
POOL: tuple[Any, ...] = (
    1, 2, 7.25, 90, "2026-01-25", "x", "ef" * 32, True, False, None, "spine", "left", "sbrt", "conventional",
    "reirradiation", "first", "boost", "target", "hard", "info", "Gy", "cm3", ">=", "<=", "course", "cumulative",
    "derived", "guideline", "observed", "Dmean", "prv", "not_met", "met", "display", "signed", "proposed", "de_novo", {},
)  # fmt: skip
#: Fields that have only one legal value.
CONSTANT: set[Place] = {("schema",)}


def _signed(sample: Sample, decision: Callable[[], Data], kind: str) -> Directive:
    data = {**sample(kind), "status": "signed", "decision": decision()}
    directive = seal(Directive.model_validate(data))
    return directive_from(directive.to_dict())


def _leaves(value: Any, place: Place = ()) -> Iterator[Place]:
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _leaves(item, (*place, key))
    if not isinstance(value, dict) or value == {}:
        yield place


def _changed(data: Data, place: Place, value: Any) -> Data:
    again = copy.deepcopy(data)
    spot: Any = again
    for step in place[:-1]:
        spot = spot[step]
    spot[place[-1]] = value
    return again


@pytest.mark.parametrize("kind", ["femur", "spine", "sib", "again"])
def test_every_single_change_breaks_the_seal(sample: Sample, decision: Callable[[], Data], kind: str) -> None:
    sealed = _signed(sample, decision, kind)
    data = sealed.to_dict()
    leaves = [place for place in _leaves(data) if place not in CONSTANT]
    assert len(leaves) > 60
    for place in leaves:
        old: Any = data
        for step in place:
            old = old[step]
        tried = 0
        candidates = [old[1:], [*old, *old[:1]]] if isinstance(old, list) else POOL
        if old == []:
            candidates = [["x"], [{"what": "x", "says": "x"}], [{}], [{"kind": "x"}]]
            candidates += [[{"roi": "Lung_R", "fractions": None, "neural": False, "why": "x"}]]
            candidates += [[{"source_id": "x", "says": "x"}]]
            candidates += [[{"metric": "Dmax", "op": "<=", "value": 1, "unit": "Gy", "strength": "info"}]]
            candidates += [sample("spine")["limits"][:1]]
        if place == ("reirradiation",):
            candidates = (sample("again")["reirradiation"],)
        for candidate in candidates:
            try:
                other = Directive.model_validate(_changed(data, place, candidate))
            except ValidationError:
                continue
            if other == sealed:
                continue
            tried += 1
            assert not verify_seal(other), place
            if tried == 1:
                with pytest.raises(DirectiveRefused):
                    directive_from(_changed(data, place, candidate))
        assert tried, place


@pytest.mark.parametrize("kind", ["femur", "spine", "sib", "again"])
def test_any_list_in_another_order_breaks_the_seal(sample: Sample, decision: Callable[[], Data], kind: str) -> None:
    sealed = _signed(sample, decision, kind)
    data = sealed.to_dict()
    turned = 0
    for name, value in data.items():
        if isinstance(value, list) and len(value) > 1:
            assert not verify_seal(Directive.model_validate({**data, name: value[::-1]}))
            turned += 1
    assert turned


def test_tampered_file_is_refused(sample: Sample, decision: Callable[[], Data], tmp_path: Path) -> None:
    path = tmp_path / "directive.json"
    write_directive(path, _signed(sample, decision, "spine"))
    text = path.read_text(encoding="utf-8")
    for old, new in (('"metric": "D5cc"', '"metric": "D6cc"'), ("Dr Example", "Dr Exemple"), ('"T8"', '"T9"')):
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(DirectiveRefused) as caught:
            read_directive(path)
        assert [problem.code for problem in caught.value.problems] == ["seal-broken"]
        assert caught.value.problem.line == next(
            number for number, line in enumerate(text.splitlines(), 1) if line.startswith('  "hash"')
        )


def test_form_of_the_file_does_not_matter(sample: Sample, decision: Callable[[], Data], tmp_path: Path) -> None:
    sealed = _signed(sample, decision, "again")
    data = sealed.to_dict()
    for number, text in enumerate(
        (
            json.dumps(data),
            json.dumps(dict(reversed(data.items())), indent=4),
            json.dumps(data, ensure_ascii=True, sort_keys=True),
            json.dumps(data).replace("30.9", "3.09e1"),
        )
    ):
        path = tmp_path / f"{number}.json"
        path.write_text(text, encoding="utf-8")
        assert read_directive(path) == sealed


def test_hash_is_that_of_the_file_without_its_hash(
    sample: Sample, decision: Callable[[], Data], tmp_path: Path
) -> None:
    path = tmp_path / "directive.json"
    sealed = _signed(sample, decision, "spine")
    write_directive(path, sealed)
    plain = json.loads(path.read_text(encoding="utf-8"))
    claimed = plain.pop("hash")
    assert hashlib.sha256(canonical_json(plain)).hexdigest() == claimed == sealed.hash


def test_unsealed_and_resealed(sample: Sample) -> None:
    directive = Directive.model_validate(sample("femur"))
    assert directive.hash is None
    assert not verify_seal(directive)
    sealed = seal(directive)
    assert verify_seal(sealed)
    assert seal(sealed) == sealed
    other = sealed.model_copy(update={"notices": ()})
    assert not verify_seal(other)
    assert verify_seal(seal(other))
    assert seal(other).hash != sealed.hash
    assert directive_hash(directive) == sealed.hash


def test_model_is_frozen(sample: Sample) -> None:
    directive = Directive.model_validate(sample("femur"))
    with pytest.raises(ValidationError):
        directive.status = "signed"
    with pytest.raises(ValidationError):
        directive.levels[0].dose_gy = 60


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=30).filter(
    str.strip
)


@given(
    dose=st.floats(0.1, 100),
    value=st.floats(0, 1000),
    fractions=st.integers(1, 60),
    label=_TEXT,
    reason=_TEXT,
    day=st.dates(min_value=dt.date(2026, 1, 10), max_value=dt.date(2099, 1, 1)),
    metric=st.sampled_from(["Dmax", "D0.03cc", "D5%", "EQD2_2:Dmean", "BED_10:D1cc"]),
)
def test_round_trip(
    sample: Sample,
    decision: Callable[[], Data],
    tmp_path_factory: pytest.TempPathFactory,
    dose: float,
    value: float,
    fractions: int,
    label: str,
    reason: str,
    day: dt.date,
    metric: str,
) -> None:
    data = {**sample("spine"), "status": "signed", "decision": decision()}
    data["levels"][0].update(dose_gy=dose, fractions=fractions)
    for row in (*data["limits"], *data["no_limit"]):
        row["fractions"] = fractions
    data["limits"][0].update(value=value, metric=metric)
    data["site"]["description"] = label
    data["decision"].update(reason=reason, date=day)
    sealed = seal(Directive.model_validate(data))
    assert directive_from(sealed.to_dict()) == sealed
    path = tmp_path_factory.getbasetemp() / "round.json"
    write_directive(path, sealed)
    first = path.read_bytes()
    assert read_directive(path) == sealed
    write_directive(path, read_directive(path))
    assert path.read_bytes() == first

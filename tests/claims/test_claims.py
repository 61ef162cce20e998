"""The registry behind ``portico verify``."""

import json
import math

import pytest

from portico import claims as module
from portico.claims import Claim, ClaimSet, claim_equal, claim_number
from portico.errors import QuantityRefused, UsageError


def number(got, expected=1.0, tolerance=0.0):
    return claim_number("c", "x", source="s", expected=expected, got=got, tolerance=tolerance).ok


def test_numbers():
    assert number(1.0)
    assert number(1)
    assert number(1.5, tolerance=0.5)
    assert not number(1.5, tolerance=0.49)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, "1.0", True, [1.0], object()])
def test_what_is_no_number_is_never_right(value):
    assert not number(value, tolerance=1e9)
    assert not number(1.0, expected=value, tolerance=1e9)
    assert not number(value, expected=value, tolerance=1e9)


@pytest.mark.parametrize("tolerance", [-1.0, math.nan, math.inf])
def test_a_tolerance_must_bound(tolerance):
    with pytest.raises(ValueError, match="tolerance"):
        number(1.0, tolerance=tolerance)


def test_equality_is_exact_and_typed():
    assert claim_equal("c", "x", source="s", expected="a", got="a").ok
    assert not claim_equal("c", "x", source="s", expected="a", got="b").ok
    assert not claim_equal("c", "x", source="s", expected=1, got=True).ok
    assert claim_equal("c", "x", source="s", expected=None, got=None).tolerance is None


def test_claims_run_in_registered_order_by_chapter():
    registry = ClaimSet()

    def check(chapter, name):
        def run():
            yield claim_equal(chapter, name, source="s", expected=1, got=1)

        run.__qualname__ = name
        registry.chapter(chapter)(run)

    check("b", "1")
    check("a", "2")
    check("b", "3")
    assert registry.chapters() == ("b", "a")
    assert [claim.claim for claim in registry.run()] == ["1", "2", "3"]
    assert [claim.claim for claim in registry.run(["b"])] == ["1", "3"]
    assert list(registry.run([])) == []


def test_unknown_chapter_is_refused_before_anything_runs():
    registry = ClaimSet()
    registry.chapter("biology")(lambda: pytest.fail("must not run"))
    with pytest.raises(UsageError) as caught:
        registry.run(["bology"])
    assert caught.value.code == "unknown-chapter"
    assert caught.value.problem.fix == "Did you mean biology? Known chapters: biology."


def test_a_check_that_raises_fails_and_the_run_goes_on():
    registry = ClaimSet()

    @registry.chapter("a")
    def broken():
        yield claim_equal("a", "before", source="s", expected=1, got=1)
        raise ZeroDivisionError("secret")

    @registry.chapter("a")
    def refused():
        raise QuantityRefused("no", code="bad-number")

    @registry.chapter("a")
    def not_iterable():
        return None

    @registry.chapter("a")
    def empty():
        return []

    @registry.chapter("a")
    def misplaced():
        yield claim_equal("other", "x", source="s", expected=1, got=1)

    @registry.chapter("a")
    def fine():
        yield claim_equal("a", "after", source="s", expected=1, got=1)

    ran = list(registry.run())
    assert [claim.ok for claim in ran] == [True, False, False, False, False, False, True]
    assert all(claim.chapter == "a" for claim in ran)
    notes = [claim.note for claim in ran[1:6]]
    assert notes == [
        "ZeroDivisionError was raised",
        "QuantityRefused (bad-number) was raised",
        "TypeError was raised",
        "no claim was made",
        "claimed under 'other'",
    ]


def test_an_interrupt_ends_the_run():
    registry = ClaimSet()

    @registry.chapter("a")
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(registry.run())


def test_a_module_imported_again_replaces_its_checks():
    registry = ClaimSet()
    for _ in range(2):

        @registry.chapter("a")
        def check():
            yield claim_equal("a", "x", source="s", expected=1, got=1)

    assert len(list(registry.run())) == 1


def test_the_dictionary_is_json():
    claim = Claim("c", "x", "s", {"a": {2, 1}, 3: (None,)}, math.nan, math.inf, False, "note")
    text = json.dumps(claim.to_dict(), allow_nan=False)
    assert list(json.loads(text)) == ["chapter", "claim", "source", "expected", "got", "tolerance", "ok"]
    assert claim.to_dict()["got"] == "nan"
    assert claim.to_dict()["expected"] == {"a": [1, 2], "3": [None]}


def test_the_module_functions_are_those_of_one_registry():
    assert module.run.__self__ is module.chapter.__self__ is module.chapters.__self__ is module.CLAIMS

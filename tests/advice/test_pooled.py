"""Pooled figures beside an option: matching population and technique, direct before indirect, three studies at least."""

from __future__ import annotations

import pytest

from portico.advice import Engine
from portico.knowledge import load_library

LIBRARY = load_library()
ENGINE = Engine(LIBRARY)


def test_the_shipped_answers_are_used():
    assert set(ENGINE.answers) == set(LIBRARY.questions)
    assert Engine(LIBRARY, {}).pooled("sbrt-24-2", "spine") == ()


@pytest.mark.parametrize("regimen", list(LIBRARY.regimens))
@pytest.mark.parametrize("site", ["spine", "non_spine"])
def test_what_stands_beside_an_option_fits_it(regimen, site):
    option = LIBRARY.regimens[regimen]
    families = set()
    for one in ENGINE.pooled(regimen, site):
        answer = ENGINE.answers[one.question]
        assert one.k >= 3 and one.estimate == answer.main.est and one.studies == tuple(row.study for row in answer.rows)
        assert one.population.startswith("spine" if site == "spine" else "bone")
        assert (one.population == "spine_again") == (option.course == "reirradiation")
        wanted = LIBRARY.questions[one.question].techniques
        assert not wanted or option.technique in ("sib", *wanted)
        if not one.indirect:
            families.add(one.family)
    for one in ENGINE.pooled(regimen, site):
        assert not (one.indirect and one.family in families)
    if option.technique == "none":
        assert ENGINE.pooled(regimen, site) == ()


def test_a_stereotactic_option_of_the_spine():
    found = {one.question: one for one in ENGINE.pooled("sbrt-24-2", "spine")}
    assert not found["spine-postop-sbrt-lf12"].indirect and found["spine-sbrt-vcf-crude"].indirect
    assert ENGINE.pooled("sbrt-24-2", "pelvis") == ()

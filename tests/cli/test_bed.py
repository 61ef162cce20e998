"""portico bed."""

from __future__ import annotations

import pytest


def test_bed_and_eqd2_of_ten_fractions(run) -> None:
    ended = run("bed", "30Gy/10", "--ab", "10", "--ab", "2")
    assert ended.status == 0
    assert "39.00 Gy" in ended.out and "32.50 Gy" in ended.out
    assert "75.00 Gy" in ended.out and "37.50 Gy" in ended.out
    assert "No CE mark" in ended.out
    assert "Note:" not in ended.out


def test_levels_of_a_boost(run) -> None:
    rows = run("bed", "40Gy+30Gy/10", "--ab", "10", "--json").json["levels"]
    assert [(r["dose_gy"], r["fractions"], r["dose_per_fraction_gy"]) for r in rows] == [
        (40.0, 10, 4.0),
        (30.0, 10, 3.0),
    ]
    assert [r["bed_gy"] for r in rows] == pytest.approx([56.0, 39.0])
    assert [r["eqd2_gy"] for r in rows] == pytest.approx([46.6666667, 32.5])


def test_the_ways_to_write_one_regimen_agree(run) -> None:
    shown = {run("bed", text, "--ab", "10").out for text in ("30Gy/10", "30 Gy in 10", "3000cGy/10")}
    assert len(shown) == 1


def test_a_large_fraction_gets_the_note(run) -> None:
    ended = run("bed", "24Gy/1", "--ab", "10Gy")
    assert ended.status == 0
    assert "Note:" in ended.out and "uncertain" in ended.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["30/10", "--ab", "10"], "dose-without-unit"),
        (["3000Gy/10", "--ab", "10"], "dose-implausible"),
        (["30Gy/100", "--ab", "10"], "fractions-implausible"),
        (["30Gy", "--ab", "10"], "bad-regimen"),
        (["30,5Gy/10", "--ab", "10"], "bad-number"),
        (["nan Gy/10", "--ab", "10"], "bad-number"),
        (["30Gy/10", "--ab", "0"], "bad-number"),
        (["30Gy/10", "--ab", "nan"], "bad-number"),
        (["30Gy/10", "--ab=-3"], "bad-number"),
        (["30Gy/10", "--ab", ""], "bad-number"),
        (["40Gy+40Gy/10", "--ab", "10"], "bad-levels"),
    ],
)
def test_what_is_no_dose_is_refused(run, words, code) -> None:
    ended = run("bed", *words, "--json")
    assert (ended.status, ended.json["error"]["code"]) == (3, code)


def test_no_ratio_is_assumed(run) -> None:
    assert run("bed", "30Gy/10").status == 2


def test_one_ratio_twice_is_a_usage_error(run) -> None:
    assert run("bed", "30Gy/10", "--ab", "2", "--ab", "2.0").status == 2

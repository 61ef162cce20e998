"""A registry file in parts: every row is used or refused with a reason, and no reason repeats a cell."""

from __future__ import annotations

import csv
import io
import itertools
import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.case.schemas import load_registry_columns
from portico.cohort import csv_lines
from portico.cohort.cells import Problem, read_cell
from portico.cohort.dictionary import KEYS, registry_columns
from portico.cohort.registry_file import RegistryFile
from portico.cohort.registry_rows import _fast, _read
from portico.errors import InputRefused, UsageError

GOOD = {"course_key": "c1", "patient_key": "p1", "centre": "A", "bone": "femur", "prescribed_dose_gy": "30", "prescribed_fractions": "10",
        "start_day": "21", "end_day": "33", "follow_up_day": "300", "dead": "true"}  # fmt: skip


def written(path, rows, columns=None):
    names = columns or list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as stream:
        made = csv.DictWriter(stream, names, restval="")
        made.writeheader()
        made.writerows(rows)
    return path


def read(path, **more):
    found = RegistryFile(path, **more)
    parts = list(found.parts())
    assert found.rows_in == found.rows_used + found.rows_refused == sum(part.rows for part in parts)
    assert found.rows_used == sum(part.frame.height for part in parts)
    return found, parts, [one for part in parts for one in part.problems]


def test_a_good_row_is_read_with_its_types(tmp_path):
    found, (part,), problems = read(written(tmp_path / "r.csv", [{**GOOD, "local_failure_day": ""}]))
    assert not problems and found.rows_used == 1 and found.absent and not found.ignored
    row = part.frame.row(0, named=True)
    assert (row["prescribed_dose_gy"], row["prescribed_fractions"], row["dead"], row["bone"]) == (
        30.0,
        10,
        True,
        "femur",
    )
    assert row["local_failure_day"] is None and row["histology"] is None
    assert part.frame.columns == [*KEYS, *(one.name for one in registry_columns())]


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({"start_day": "2026-03-01"}, "start_day", "date-for-days"),
        ({"start_day": "01/03/2026"}, "start_day", "date-for-days"),
        ({"start_day": "-3"}, "start_day", "negative"),
        ({"local_failure_day": "-10"}, "local_failure_day", "negative"),
        ({"bone": "femmur"}, "bone", "unknown-word"),
        ({"prescribed_dose_gy": "nan"}, "prescribed_dose_gy", "not-finite"),
        ({"prescribed_dose_gy": "3000"}, "prescribed_dose_gy", "out-of-range"),
        ({"prescribed_dose_gy": "30 Gy"}, "prescribed_dose_gy", "not-a-number"),
        ({"prescribed_fractions": "2.5"}, "prescribed_fractions", "not-whole"),
        ({"dead": "=1+1"}, "dead", "formula"),
        ({"centre": '=HYPERLINK("x")'}, "centre", "formula"),
        ({"patient_key": "@SUM(A1)"}, "patient_key", "formula"),
        ({"course_key": "  "}, "course_key", "key-missing"),
        ({"end_day": "20"}, "end_day", "before-start"),
        ({"fracture_day": "301"}, "fracture_day", "after-follow-up"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason(tmp_path, change, column, code):
    rows = [
        GOOD,
        {**GOOD, "course_key": "c2", "patient_key": "p2", **change},
        {**GOOD, "course_key": "c3", "patient_key": "p3"},
    ]
    found, parts, problems = read(written(tmp_path / "r.csv", rows))
    assert [(one.row, one.column, one.code) for one in problems] == [(2, column, code)]
    assert found.rows_used == 2 and found.counts == {(column, code): 1}
    assert parts[0].frame["course_key"].to_list() == ["c1", "c3"]
    (value,) = change.values()
    assert not value.strip() or len(value) < 3 or value not in problems[0].sentence


def test_a_nearby_word_is_named(tmp_path):
    _, _, (problem,) = read(written(tmp_path / "r.csv", [{**GOOD, "bone": "femmur"}]))
    assert "did you mean femur" in problem.sentence and "femmur" not in problem.sentence


def test_a_course_stands_once_whatever_part_it_is_in(tmp_path):
    rows = [{**GOOD, "course_key": f"c{n % 7}", "patient_key": f"p{n % 7}"} for n in range(10)]
    found, parts, problems = read(written(tmp_path / "r.csv", rows), rows=3)
    assert [one.row for one in problems] == [8, 9, 10] and {one.code for one in problems} == {"course-twice"}
    assert all(part.rows <= 3 for part in parts) and found.rows_used == 7
    assert [one.row for one in read(tmp_path / "r.csv", rows=1000)[2]] == [8, 9, 10]


def test_an_earlier_row_counts_even_when_it_is_refused(tmp_path):
    rows = [{**GOOD, "bone": "x"}, {**GOOD, "patient_key": " p2 ", "course_key": " c1"}, {**GOOD, "course_key": ""}]
    found = [(one.row, one.code) for one in read(written(tmp_path / "r.csv", rows))[2]]
    assert found == [(1, "unknown-word"), (2, "course-twice"), (3, "key-missing")]


def test_a_row_that_nothing_tells_from_another_of_its_patient_is_named_and_used(tmp_path):
    rows = [{**GOOD, "course_key": f"c{n}", "start_day": day} for n, day in enumerate(("20", "21", "20", "20", ""))]
    for size in (2, 1000):
        found, parts, problems = read(written(tmp_path / "r.csv", rows), rows=size)
        assert not problems and [one.row for part in parts for one in part.alike] == [3, 4]
        assert found.doubles().patients == 1
    other = [{**row, "patient_key": f"p{n}"} for n, row in enumerate(rows)]
    assert not any(part.alike for part in read(written(tmp_path / "r.csv", other))[1])


def test_numbers_of_a_parquet_file_are_judged_as_text_is(tmp_path):
    frame = pl.DataFrame(
        {
            "course_key": [f"c{n}" for n in range(6)],
            "patient_key": list(range(6)),
            "start_day": [1.0, -1.0, 2.5, float("nan"), None, 300.0],
            "ecog": pl.Series([0, 4, None, 2, 5, 1], dtype=pl.Int8),
            "dead": [True, False, None, True, True, True],
            "prescribed_fractions": [10**17, 1, 2, 3, 4, 5],
            "bone": pl.Series(["femur", "femr", None, "femur", "femur", "femur"], dtype=pl.Categorical),
            "synthetic": [True, None, False, False, False, True],
        }
    )
    frame.write_parquet(tmp_path / "r.parquet")
    frame.write_csv(tmp_path / "r.csv")
    (_, parts, typed), (_, plain, text) = (read(tmp_path / f"r.{ending}") for ending in ("parquet", "csv"))
    assert typed == text and {one.row for one in typed} == {1, 2, 3, 4, 5}
    assert parts[0].synthetic == plain[0].synthetic == 2


def test_parts_do_not_change_what_is_read(tmp_path):
    rng = random.Random(5)
    rows = [
        {
            **GOOD,
            "course_key": f"c{n}",
            "patient_key": f"p{n}",
            "start_day": rng.choice(["1", "x", "-1", "7"]),
            "bone": rng.choice(["femur", "", "fmur"]),
        }
        for n in range(200)
    ]
    path = written(tmp_path / "r.csv", rows)
    whole, small = read(path), read(path, rows=17)
    assert whole[0].counts == small[0].counts and whole[2] == small[2]
    assert pl.concat([part.frame for part in whole[1]]).equals(pl.concat([part.frame for part in small[1]]))


def test_a_map_names_other_headings_and_the_rest_is_said(tmp_path):
    rows = [{"Fall": "1", "Pat": "2", "Dosis": "8", "Bemerkung": "Frau X"}]
    path = written(tmp_path / "r.csv", rows)
    names = {"course_key": "Fall", "patient_key": "Pat", "prescribed_dose_gy": "Dosis"}
    found, (part,), problems = read(path, names=names)
    assert not problems and part.frame["prescribed_dose_gy"].to_list() == [8.0] and found.ignored == ("Bemerkung",)
    for bad, code in (({"dose": "Dosis"}, "unknown-column"), ({**names, "centre": "Pat"}, "heading-twice")):
        with pytest.raises((UsageError, InputRefused)) as refused:
            RegistryFile(path, names=bad)
        assert refused.value.code == code
    with pytest.raises(InputRefused) as keyless:
        RegistryFile(path)
    assert keyless.value.code == "key-column-missing"


def test_parquet_is_the_same_as_csv(tmp_path):
    path = written(tmp_path / "r.csv", [{**GOOD, "course_key": f"c{n}", "start_day": str(n)} for n in range(40)])
    pl.read_csv(path).write_parquet(tmp_path / "r.parquet")
    one, other = read(path)[1][0].frame, read(tmp_path / "r.parquet")[1][0].frame
    assert one.equals(other)


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b'course_key,patient_key\n"1,2\n', b"PAR1"])
def test_what_is_no_table_is_refused_not_crashed(tmp_path, content):
    for name in ("r.csv", "r.parquet"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputRefused) as refused:
            list(RegistryFile(tmp_path / name).parts())
        assert refused.value.code in ("registry-form", "key-column-missing")
    with pytest.raises(InputRefused):
        RegistryFile(tmp_path / "none.csv")


def test_a_line_with_another_number_of_cells_is_refused_alone(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text('course_key,patient_key,bone\n1,1,femur\n2,2\n3,3,femur,x\n\n"5,",5,"fem\nur"\n6,6,femur\n')
    for size in (2, 1000):
        found, parts, problems = read(path, rows=size)
        assert [(one.row, one.code) for one in problems] == [
            (2, "cell-count"), (3, "cell-count"), (4, "cell-count"), (5, "unknown-word"),
        ]  # fmt: skip
        assert found.rows_in == 6 and [key for part in parts for key in part.frame["course_key"]] == ["1", "6"]
    path.write_text("course_key,patient_key,bone,bone\n1,1,femur,tibia\n")
    with pytest.raises(InputRefused) as refused:
        RegistryFile(path)
    assert refused.value.code == "heading-twice"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_empty_lines_and_a_missing_line_end_do_not_shift_a_row(tmp_path, end):
    lines = ["", "course_key,patient_key,bone", "1,1,femur", "", "3,3,femur", "4,4,femur", "", "", "7,7,femur", ""]
    path = tmp_path / "r.csv"
    for text in (end.join(lines), end.join(lines) + end, end.join(lines[:-1])):
        path.write_text(text, newline="")
        for size in (1, 2, 3, 1000):
            _, parts, problems = read(path, rows=size)
            assert [key for part in parts for key in part.frame["course_key"]] == ["1", "3", "4", "7"]
            assert {one.row for one in problems} - {8} == {2, 5, 6} and {one.code for one in problems} == {"cell-count"}


@pytest.mark.parametrize("piece", [5, 64, 1 << 20])
def test_lines_are_counted_as_a_reader_counts_them(tmp_path, monkeypatch, piece):
    monkeypatch.setattr(csv_lines, "_PIECE", piece)
    draw, path = random.Random(piece), tmp_path / "r.csv"
    for _ in range(60):
        cells = ["", "1", "x,y", 'q"u', "l\nm", "zz"]
        rows = [["a", "b", "c"]] + [
            [draw.choice(cells) for _ in range(draw.choice([3, 3, 2, 4]))] for _ in range(draw.randrange(6))
        ]
        with path.open("w", newline="") as stream:
            csv.writer(stream, lineterminator=draw.choice(["\n", "\r\n"])).writerows(rows)
        found = csv_lines.lines_of(path, 2)
        assert found.rows == len(rows) - 1 and found.odd.tolist() == [n for n, row in enumerate(rows) if len(row) != 3]
        data = path.read_bytes()
        parts = [data[a:b].decode() for a, b in itertools.pairwise(found.starts)]
        assert [list(csv.reader(io.StringIO(part, newline=""))) for part in parts] == [
            rows[n : n + 2] for n in range(1, len(rows), 2)
        ]
        assert csv_lines.headings_of(path) == rows[0]


def test_bytes_that_are_no_utf8_refuse_their_row_alone(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes(b"course_key,patient_key,bone\n1,1,femur\n2,2,f\xe9mur\n")
    assert [(one.row, one.code) for one in read(path)[2]] == [(2, "unknown-word")]


WORDS = st.one_of(
    st.text(alphabet="\x1c\u2003\t0123456789.+-eE nainfx=/", max_size=8),
    st.sampled_from(
        [
            "",
            "true",
            "false",
            "femur",
            "1e3",
            "-0",
            "0.0",
            "1_000",
            "٣",
            " 7 ",
            "9007199254740993",
            "1e400",
            "Infinity",
            ".5",
            "5.",
        ]
    ),
    st.floats(-1e4, 1e4).map(str),
    st.integers(-30, 30000).map(str),
)


@settings(max_examples=400, deadline=None)
@given(
    word=WORDS,
    name=st.sampled_from(
        ["start_day", "prescribed_dose_gy", "dead", "bone", "hardware_covered_share", "pain_follow_up"]
    ),
)
def test_the_table_reads_a_cell_as_one_cell_is_read(word, name):
    """The fast path over a column and the slow one that gives the reasons are one rule."""
    column = {one.name: one for one in registry_columns()}.get(name) or load_registry_columns()[name]
    slow = read_cell(column, word)
    cell = pl.DataFrame({name: [word]}, schema={name: pl.String})
    fast = cell.select(_fast(column, pl.String()).alias(name)).item()
    assert fast is None or (fast == slow and not isinstance(slow, Problem)), (name, word, slow)
    values, problems = _read(cell, [column], 1)
    if isinstance(slow, Problem):
        assert [(one.column, one.code, one.sentence) for one in problems] == [(slow.column, slow.code, slow.sentence)]
    else:
        assert values.item() == slow and not problems

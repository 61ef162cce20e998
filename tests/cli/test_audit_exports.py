"""What ``portico audit`` writes beside its result: the adjusted report, the research export, study records that the pool counts."""

from __future__ import annotations

import polars as pl
import pytest

from portico.cohort.synthetic import PREFIX, synthetic_registry

STUDY = ("--department", "Radiotherapy, Example Hospital", "--study-name", "example")


@pytest.fixture(scope="module")
def drawn() -> pl.DataFrame:
    return synthetic_registry(120, seed=1)


@pytest.fixture(scope="module")
def synthetic(drawn, tmp_path_factory):
    path = tmp_path_factory.mktemp("exports") / "r.parquet"
    drawn.write_parquet(path)
    return path


@pytest.fixture(scope="module")
def plain(drawn, tmp_path_factory):
    """Rows without their marks stand for a real registry; nothing else may ever do that."""
    path = tmp_path_factory.mktemp("exports") / "plain.csv"
    drawn.drop("synthetic").with_columns(
        pl.col("patient_key", "course_key", "centre").str.strip_prefix(PREFIX)
    ).write_csv(path)
    return path


def test_the_adjusted_report_and_the_research_export(run, synthetic, tmp_path) -> None:
    ended = run(
        "audit", synthetic, "--out", tmp_path / "out", "--html", tmp_path / "r.html", "--table-by", "prescribed_option",
        "--adjusted", "--research-export", tmp_path / "research", "--research-form", "csv",
    )  # fmt: skip
    assert ended.status == 0, ended.err
    page = (tmp_path / "r.html").read_text()
    for words in (
        "Table 1, by prescribed option",
        "Adjusted comparisons",
        "Not compared",
        "Prognostic scores on these patients",
    ):
        assert words in page
    shown = pl.read_csv(tmp_path / "research" / "registry.csv", infer_schema=False)
    assert shown.height == pl.read_parquet(synthetic).height
    assert shown["synthetic"].unique().to_list() == ["true"]
    assert "Written:" in ended.err and "README.txt" in ended.err


def test_study_records_are_signed_and_counted_as_their_own(run, plain, tmp_path) -> None:
    place, question = tmp_path / "studies", "spine-postop-sbrt-lf12"
    ended = run(
        "audit", plain, "--out", tmp_path / "out", "--study-export", place, *STUDY, "--signed-by", "Ada Example, head"
    )
    assert ended.status == 0, ended.err
    own = place / "own-example-spine-sbrt.yaml"
    text = own.read_text()
    assert "verified: full_text" in text and "Ada Example" in text
    counted = run("evidence", "pool", question, "--study", own, "--svg", tmp_path / "f.svg", "--json")
    assert own.stem in [row["study"] for row in counted.json["answer"]["rows"]]
    assert "#007a5a" in (tmp_path / "f.svg").read_text()
    own.write_text(text.replace("n_patients: ", "n_patients: 1"))
    refused = run("evidence", "pool", question, "--study", own)
    assert refused.status == 3
    assert "a named person has signed exactly these" in refused.err


def test_what_cannot_be_is_refused_before_the_audit(run, synthetic, plain, tmp_path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "kept").write_text("x")
    out = ("--out", tmp_path / "out")
    for words, status in (
        (("--study-export", tmp_path / "s"), 2),
        (("--department", "D"), 2),
        (("--study-export", tmp_path / "s", *STUDY, "--signed-by", "nobody"), 2),
        (("--research-export", full), 3),
    ):
        assert run("audit", plain, *out, *words).status == status
    assert not (tmp_path / "out").exists()
    assert run("audit", synthetic, *out, "--study-export", tmp_path / "s", *STUDY).status == 3
    assert run("audit", plain, *out, "--html", tmp_path / "r.html", "--table-by", "age_years").status == 2

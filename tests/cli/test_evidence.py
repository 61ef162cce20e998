"""The evidence verbs as a guideline author calls them."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from portico.cli import main
from portico.knowledge import load_library

ROOT = Path(__file__).parents[2]
LIBRARY = load_library()
STUDIES = ROOT / "src" / "portico" / "knowledge" / "data" / "studies"


@pytest.fixture
def say(capsys):
    def run(*words, status=0):
        got = main(["evidence", *map(str, words)])
        out = capsys.readouterr().out
        assert got == status, out[-600:]
        return out

    return run


def document(say, *words, status=0):
    return json.loads(say(*words, "--json", status=status))


def test_every_figure_of_the_library_is_in_the_table(say):
    found = document(say, "table")
    assert len(found["figures"]) == sum(len(one.results) for one in LIBRARY.studies.values())


def test_filters_join(say, tmp_path):
    found = document(
        say, "table", "--setting", "spine", "--endpoint", "local_failure", "--regimen", "24/2", "--level", "abstract"
    )
    assert {one["study"] for one in found["figures"]} >= {"ito-2022", "zeng-2023"}
    for one in found["figures"]:
        assert (one["site"], one["result"]["outcome"], one["arm"]["dose_gy"], one["arm"]["fractions"]) == (
            "spine",
            "local_failure",
            24,
            2,
        )
    text = say("table", "--design", "rct", "--csv", tmp_path / "a.csv", "--html", tmp_path / "a.html")
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    assert {row["design"] for row in rows} == {"rct"} and "patchell-2005" in text
    assert "patchell-2005" in (tmp_path / "a.html").read_text()
    assert say("table", "--setting", "any", "--regimen", "99/1", status=1).startswith("No figure fits.")


def test_a_question_in_the_table(say):
    found = document(say, "table", "--question", "bone-postop-lf-crude")
    places = {one["study"]: one["place"] for one in found["figures"]}
    assert places["rosen-2021"] == "counts" and places["mskcc-longbone-abstract"] == "out: overlap"
    assert {one["result"]["measure"] for one in found["figures"]} <= {
        "proportion",
        "cumulative_incidence",
        "km_probability",
    }


def test_a_study_says_where_its_figures_count(say):
    found = document(say, "show", "alomair-2013")
    places = {one["question"]: one["place"] for one in found["questions"]}
    assert places["spine-postop-sbrt-lf12"] == "overlap" and places["spine-postop-sbrt-os12"] == "counts"
    assert "local failure, crude" in say("show", "alomair-2013")


def test_one_answer(say, tmp_path):
    found = document(say, "pool", "spine-postop-sbrt-lf12")
    assert found["answer"]["k"] == 5 and found["mark"] is None
    assert sum(one["share_of_difference"] for one in found["beside"][0]["pulls"]) == pytest.approx(1.0)
    text = say(
        "pool",
        "spine-postop-sbrt-lf12",
        "--svg",
        tmp_path / "a.svg",
        "--png",
        tmp_path / "a.png",
        "--html",
        tmp_path / "a.html",
    )
    assert "Published (kang-2022): 10.2 %" in text and "alomair-2013" in text and "Certainty: very low" in text
    assert (tmp_path / "a.svg").read_text().startswith("<svg") and (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    assert 'role="img"' in (tmp_path / "a.html").read_text()
    for figure in ("funnel", "cumulative", "leave-one-out"):
        say("pool", "spine-postop-sbrt-lf12", "--figure", figure, "--svg", tmp_path / f"{figure}.svg")


def test_a_gap_is_no_answer(say, tmp_path):
    assert "a gap" in say("pool", "spine-postop-sbrt-lf24", status=1)
    say("pool", "spine-postop-sbrt-lf24", "--svg", tmp_path / "a.svg", status=4)
    assert not (tmp_path / "a.svg").exists()


def test_all_answers(say):
    found = document(say, "pool")
    assert [one["question"] for one in found["pools"]] == list(LIBRARY.questions)
    assert "spine-postop-sbrt-lf12" in say("pool")


def test_indirect_and_waiting_figures_only_when_asked_for_and_marked(say):
    plain = document(say, "pool", "spine-postop-sbrt-lf12")["answer"]
    assert {row["directness"] for row in plain["rows"]} == {"post_operative"}
    wide = document(say, "pool", "spine-postop-sbrt-lf12", "--indirect")
    assert "INDIRECT" in wide["mark"] and {row["directness"] for row in wide["answer"]["rows"]} > {"post_operative"}
    shown = document(say, "pool", "spine-postop-sbrt-lf12", "--levels", "shown")
    assert "SHOWN ONLY" in shown["mark"] and "tao-2016" in {row["study"] for row in shown["answer"]["rows"]}


def test_subgroups_and_regression(say):
    found = document(say, "pool", "spine-sbrt-vcf-crude", "--by", "directness")["groups"]
    assert sum(one["k"] for one in found["groups"]) == 6
    assert document(say, "pool", "spine-sbrt-vcf-crude", "--by", "year")["groups"]["slope"] < 0
    say("pool", "bone-postop-lf-crude", "--by", "year", status=4)
    assert "directness mixed: 0.115, one study" in say("pool", "bone-mixed-lf-crude", "--by", "directness")


OVERRIDE = """schema: certainty-override/1
overrides:
- {question: bone-mixed-lf-crude, domain: indirectness, judgement: none, by: A. Reader, date: "2026-11-27", why: all were irradiated}
"""


def test_a_named_curator_overrides(say, tmp_path):
    path = tmp_path / "o.yaml"
    path.write_text(OVERRIDE)
    found = document(say, "pool", "bone-mixed-lf-crude", "--overrides", path)["answer"]
    assert "A. Reader, 2026-11-27" in {d: why for d, _, why in found["domains"]}["indirectness"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("certainty-override/1", "x/1"), ("bone-mixed-lf-crude", "nothing"), ("indirectness", "luck"), ("judgement: none", "judgement: bad"),
        ("2026-11-27", "soon"), ("by: A. Reader, ", ""), ("why: all were irradiated", 'why: " "'), ("overrides:", "rows:"),
    ],
)  # fmt: skip
def test_overrides_that_do_not_hold(say, tmp_path, old, new):
    path = tmp_path / "o.yaml"
    path.write_text(OVERRIDE.replace(old, new, 1))
    found = document(say, "pool", "--overrides", path, status=3)
    assert found["error"]["code"] == "bad-override"


def test_dose(say, tmp_path):
    found = document(say, "dose", "--ranges", "--bootstrap", "400")
    layers = {one["id"]: one for one in found["layers"]}
    assert layers["postop"]["curve"]["slope"] < 0 and layers["postop"]["bootstrap"]["replicates"] == 400
    assert not {one["study"] for one in layers["postop"]["points"]} & {
        one["study"] for one in layers["intact"]["points"]
    }
    text = say("dose", "--csv", tmp_path / "a.csv", "--svg", tmp_path / "a.svg", "--html", tmp_path / "a.html")
    assert "Dose was not randomised" in text and "no curve" in text and "not read" in text
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 10
    assert document(say, "dose", "--months", "7", status=1)["layers"][0]["points"] == []


def test_gaps(say, tmp_path):
    found = document(say, "gaps")
    asks = {one["id"]: one for one in found["asks"]}
    assert round(asks["bone-port-or-not"]["sizes"][0]["size"]["per_arm"]) in (289, 290)
    assert "10.8 %" in asks["bone-port-or-not"]["sizes"][0]["stands_on"]
    assert asks["bone-pain"]["sizes"][0]["size"] is None and "no figure" in asks["bone-pain"]["sizes"][0]["why_not"]
    text = say("gaps", "--svg", tmp_path / "g.svg", "--csv", tmp_path / "g.csv", "--html", tmp_path / "g.html")
    assert "Questions to ask next" in text and "Empty cells" in text
    assert sum(one["gap"] for one in found["cells"]) == text.split("Empty cells")[1].count("Other bones") + text.split("Empty cells")[1].count("Spine,") + text.split("Empty cells")[1].count("Mixed series")  # fmt: skip


def test_timeline(say, tmp_path):
    found = document(say, "timeline", "--svg", tmp_path / "t.svg", "--csv", tmp_path / "t.csv")
    years = [one["year"] for one in found["entries"] if one["year"]]
    assert years == sorted(years) and len(found["entries"]) == len(LIBRARY.history)
    assert "Separation surgery" in say("timeline")


def test_build_and_report(say, tmp_path):
    assert document(say, "build", "--check")["current"]
    out = tmp_path / "pools.json"
    assert document(say, "build", "--out", out)["written"] and not document(say, "build", "--out", out)["written"]
    out.write_text("{}")
    assert "Not current" in say("build", "--check", "--out", out, status=1)
    say("report", "--html", tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert (
        all(f'id="{name}"' in page for name in LIBRARY.questions)
        and "Summary of findings" in page
        and "style=" not in page
    )


@pytest.fixture
def cases(tmp_path):
    """Two of the shipped cases: one that a change of the operated spine touches, and one it does not."""
    folder = tmp_path / "cases"
    folder.mkdir()
    for name in ("thoracic-separation.yaml", "femur-renal.yaml"):
        shutil.copy(ROOT / "examples" / "cases" / name, folder)
    return folder


def test_diff(say, tmp_path, cases):
    path = tmp_path / "tao.yaml"
    path.write_text((STUDIES / "tao-2016.yaml").read_text().replace("verified: secondary", "verified: abstract"))
    found = document(say, "diff", path, "--cases", cases, status=1)
    changed = {one["question"]: one for one in found["answers"]}
    assert changed["spine-postop-sbrt-lf12"]["joined"] == ["tao-2016"] and found["replaced"] == ["tao-2016"]
    assert [one["case"] for one in found["cases"]] == ["thoracic-separation"] and found["cases_seen"] == 2
    text = say("diff", path, "--cases", cases, status=1)
    assert "before: 16.5 %" in text and "pooled local control 16.5 % before" in text


def test_a_file_that_changes_nothing(say, tmp_path):
    path = tmp_path / "tao.yaml"
    path.write_text((STUDIES / "tao-2016.yaml").read_text() + "# nothing\n")
    assert document(say, "diff", path)["answers"] == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("schema: rule/1\n", "not-a-study"),
        ("schema: study/1\nid: ../x\n", "not-a-study"),
        ("schema: study/1\nid: a\n", None),
        ("{", None),
    ],
)
def test_study_files_that_do_not_hold(say, tmp_path, text, code):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    found = document(say, "diff", path, status=3)
    assert code in (None, found["error"]["code"])


RIS = """TY  - JOUR
AU  - Müller, Karl
TI  - A made-up series of operated spines
PY  - 2024
AB  - We treated 47 patients. Local failure at 12 months was 17%. 5 of 40 (20%) failed locally.
ER  -
TY  - JOUR
TI  - Truncated
"""


def test_from_a_file_to_a_study(say, tmp_path, cases):
    import yaml

    source, box, drafts = tmp_path / "a.ris", tmp_path / "box", tmp_path / "drafts"
    source.write_text(RIS)
    found = document(say, "intake", source, "--out", box, status=1)
    assert (found["read"], found["kept"], found["problems"][0]["code"]) == (1, 1, "record-truncated")
    assert "1 of 1 read, 1 relevant" in say("screen", box, "--decide", "1=yes", "--by", "A. Reader")
    assert document(say, "screen", box)["relevant"] == 1
    found = document(say, "draft", box, "--out", drafts, status=1)
    assert found["problems"][0]["code"] == "count-contradicts-percentage"
    draft = yaml.safe_load((drafts / "muller-2024.yaml").read_text())
    confirm = tmp_path / "c.yaml"
    plain = {"schema": "confirmation/1", "draft": "muller-2024", "by": "A. Reader", "date": "2026-11-27", "study": {"site": "spine", "directness": "post_operative", "design": "retrospective_cohort", "technique": "sbrt", "population": "P."}, "figures": [{"id": one["id"], "decision": "confirm"} for one in draft["figures"] if one["kind"] in ("patients", "local_failure") and one["months"] != 0]}  # fmt: skip
    confirm.write_text(yaml.safe_dump(plain))
    assert (
        document(say, "promote", drafts / "muller-2024.yaml", "--confirm", confirm, "--out", tmp_path, status=3)[
            "error"
        ]["code"]
        == "figure-undecided"
    )
    assert not (tmp_path / "muller-2024.yaml").exists()
    plain["figures"] = [{"id": one["id"], **({"decision": "confirm"} if one["kind"] == "patients" or one["months"] else {"decision": "reject", "why": "contradicts its count"})} for one in draft["figures"]]  # fmt: skip
    confirm.write_text(yaml.safe_dump(plain))
    study = document(say, "promote", drafts / "muller-2024.yaml", "--confirm", confirm, "--out", tmp_path)["study"]
    assert (study["verified"], len(study["results"])) == ("abstract", 1)
    found = document(say, "diff", tmp_path / "muller-2024.yaml", "--cases", cases, status=1)
    assert {one["question"] for one in found["answers"]} == {"spine-postop-sbrt-lf12"} | {
        one["question"] for one in found["answers"] if not one["joined"]
    }


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["table", "--setting", "spin"], 2, "unknown-word"), (["table", "--regimen", "24"], 2, "regimen-form"), (["show", "nothing"], 2, "unknown-record"),
        (["show", "conv-30-10"], 2, "unknown-record"), (["pool", "nothing"], 2, "unknown-question"), (["pool", "--by", "year"], 2, "question-needed"),
        (["pool", "bone-postop-lf-crude", "--by", "colour"], 2, "unknown-word"), (["dose", "--scale", "linear"], 2, "unknown-word"),
        (["dose", "--ranges", "--bootstrap", "10"], 3, "too-few-replicates"), (["screen", "nowhere"], 3, "no-intake"), (["screen", "nowhere", "--engine", "x"], 2, "unknown-engine"),
        (["draft", "nowhere", "--out", "x"], 3, "no-intake"), (["diff", "nowhere.yaml"], 3, None), (["diff", "nowhere.yaml", "--cases", "nowhere"], 2, "no-cases"),
        (["intake", "nowhere.ris", "--out", "OUT"], 3, "cannot-read"),
    ],
)  # fmt: skip
def test_wrong_calls(say, tmp_path, words, status, code):
    words = [str(tmp_path / "out") if word == "OUT" else word for word in words]
    found = document(say, *words, status=status)
    assert code in (None, found["error"]["code"])


def test_wrong_decisions(say, tmp_path):
    source = tmp_path / "a.ris"
    source.write_text(RIS.split("TY  - JOUR\nTI  - Trunc")[0])
    say("intake", source, "--out", tmp_path)
    for words, status, code in (
        (["--decide", "1"], 2, "decision-form"),
        (["--decide", "9=yes"], 3, "record-unknown"),
        (["--decide", "1=yes"], 3, "no-name"),
    ):
        assert document(say, "screen", tmp_path, *words, status=status)["error"]["code"] == code
    assert document(say, "draft", tmp_path, "--out", tmp_path, status=3)["error"]["code"] == "none-relevant"
    assert (
        document(say, "draft", tmp_path, "--out", tmp_path, "--record", "4", status=3)["error"]["code"]
        == "record-unknown"
    )
    (tmp_path / "records.jsonl").write_text("{}\n")
    assert document(say, "screen", tmp_path, status=3)["error"]["code"] == "bad-intake"


def test_decisions_are_not_moved_to_other_records(say, tmp_path):
    source, box = tmp_path / "a.ris", tmp_path / "box"
    source.write_text(RIS.split("TY  - JOUR\nTI  - Trunc")[0])
    say("intake", source, "--out", box)
    say("screen", box, "--decide", "1=yes", "--by", "A. Reader")
    before = (box / "records.jsonl").read_bytes()
    say("intake", source, "--out", box)  # the same records
    other = tmp_path / "b.ris"
    other.write_text("TY  - JOUR\nTI  - Another title of some length\nER  - \n")
    assert document(say, "intake", other, "--out", box, status=3)["error"]["code"] == "decisions-there"
    assert (box / "records.jsonl").read_bytes() == before and not list(box.glob(".*"))


def test_a_curator_decides_by_the_verb(say, tmp_path):
    import yaml

    source, box, drafts = tmp_path / "a.ris", tmp_path / "box", tmp_path / "drafts"
    source.write_text(RIS.split("TY  - JOUR\nTI  - Trunc")[0])
    say("intake", source, "--out", box)
    document(say, "draft", box, "--record", "1", "--out", drafts, status=1)
    again = document(say, "draft", box, "--record", "1", "--out", drafts, status=1)["drafts"][0]
    assert again["new"] is False and len(list(drafts.iterdir())) == 1
    draft, file = drafts / "muller-2024.yaml", tmp_path / "c.yaml"
    names = [one["id"] for one in yaml.safe_load(draft.read_text())["figures"]]
    assert document(say, "confirm", draft, "--file", file, status=1)["open"] == names and not file.exists()
    who = ("--by", "A. Reader")
    for words, status, code in (
        (["--decide", "f1=confirm"], 3, "no-name"), (["--decide", "f99=confirm", *who], 3, "figure-unknown"), (["--decide", "f1", *who], 2, "decision-form"),
        (["--decide", "f1=perhaps", *who], 2, "decision-form"), (["--decide", "f1=inf", *who], 2, "decision-form"), (["--decide", "f1=reject", *who], 3, "why-missing"),
        (["--study", "colour=red", *who], 2, "study-form"),
    ):  # fmt: skip
        assert document(say, "confirm", draft, "--file", file, *words, status=status)["error"]["code"] == code
    study = [
        word
        for text in ("site=spine", "directness=post_operative", "design=retrospective_cohort", "population=P.")
        for word in ("--study", text)
    ]
    say(
        "confirm",
        draft,
        "--file",
        file,
        *who,
        *study,
        "--decide",
        f"{names[0]}=reject",
        "--why",
        "a slip",
        status=1 if len(names) > 1 else 0,
    )
    for name in names[1:]:
        say(
            "confirm",
            draft,
            "--file",
            file,
            "--by",
            "B. Reader",
            "--decide",
            f"{name}=reject",
            "--why",
            "no",
            status=1 if name != names[-1] else 0,
        )
    say("confirm", draft, "--file", file, "--by", "B. Reader", "--decide", f"{names[0]}=confirm")
    rows = yaml.safe_load(file.read_text())["figures"]
    assert (
        [row["id"] for row in rows] == names
        and {row["by"] for row in rows} == {"B. Reader"}
        and rows[0]["decision"] == "confirm"
    )
    out = tmp_path / "studies"
    made = document(say, "promote", draft, "--confirm", file, "--out", out)["study"]
    assert "A. Reader, B. Reader" in made["curator_note"]
    (out / "muller-2024.yaml").write_text("mine: 1\n")
    assert document(say, "promote", draft, "--confirm", file, "--out", out, status=2)["error"]["code"] == "file-exists"
    assert (out / "muller-2024.yaml").read_text() == "mine: 1\n"
    file.write_text("schema: confirmation/1\ndraft: other\nfigures: []\n")
    assert document(say, "confirm", draft, "--file", file, status=3)["error"]["code"] == "other-draft"
    file.write_text("- 1\n")
    assert document(say, "confirm", draft, "--file", file, status=3)["error"]["code"] == "bad-confirmation"

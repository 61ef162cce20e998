"""The published library: every statement resolves to a citation, and the tables say what the records say."""

from __future__ import annotations

import copy
import csv
import io
import json
from dataclasses import replace

import pytest

from portico.cli import main
from portico.errors import KnowledgeRefused
from portico.interop import checked_fhir, data_package, evidence_bundle, evidence_resource, plan_definition, unresolved
from portico.knowledge import load_library
from portico.synthesis import build_pools

LIBRARY = load_library()
POOLS = build_pools(LIBRARY)
FILES = data_package(LIBRARY, POOLS)
BUNDLE = evidence_bundle(LIBRARY, POOLS.answers.values())
PLAN = plan_definition(LIBRARY)


def rows(name):
    return list(csv.DictReader(io.StringIO(FILES[name].decode())))


def test_the_tables_hold_every_record():
    assert {row["id"] for row in rows("studies.csv")} == set(LIBRARY.studies)
    assert len(rows("figures.csv")) == sum(len(one.results) for one in LIBRARY.studies.values())
    figure = next(
        row
        for row in rows("figures.csv")
        if row["study"] == "kang-2022" and row["months"] == "12" and row["measure"] == "proportion"
    )
    assert (figure["est"], figure["lo"], figure["hi"], figure["events"]) == ("0.102", "0.078", "0.128", "")
    assert {row["question"] for row in rows("answers.csv")} == set(LIBRARY.questions)
    assert data_package(LIBRARY, POOLS) == FILES


def test_the_description_fits_the_tables():
    package = json.loads(FILES["datapackage.json"])
    assert {one["path"] for one in package["resources"]} == {name for name in FILES if name.endswith(".csv")}
    ids = {row["id"] for row in rows("studies.csv")}
    for one in package["resources"]:
        found = rows(one["path"])
        fields = {field["name"]: field["type"] for field in one["schema"]["fields"]}
        assert set(found[0]) == set(fields)
        for row in found:
            for key, kind in fields.items():
                assert row[key] is not None
                if kind == "number" and row[key]:
                    float(row[key])
            assert "study" not in row or row["study"] in ids


def test_fhir_holds_and_every_statement_has_its_citation():
    checked_fhir(BUNDLE, PLAN)
    assert unresolved(BUNDLE) == []
    kinds = {}
    for one in BUNDLE["entry"]:
        kinds.setdefault(one["resource"]["resourceType"], []).append(one["resource"])
    assert len(kinds["Evidence"]) == sum(one.k > 0 for one in POOLS.answers.values())
    for one in kinds["Evidence"]:
        assert one["relatedArtifact"] and one["statistic"] and one["certainty"]
        answer = POOLS.answers[one["id"]]
        assert one["statistic"][0]["quantity"]["value"] == pytest.approx(answer.main.est, rel=1e-5)
        assert len(one["certainty"][0]["subcomponent"]) == 5
    assert {one["code"][0]["text"] for one in PLAN["action"]} == set(LIBRARY.rules)
    assert all(action["documentation"] for action in PLAN["action"] if LIBRARY.rules[action["code"][0]["text"]].sources)


def test_a_statement_without_its_citation_is_not_published():
    broken = copy.deepcopy(BUNDLE)
    broken["entry"] = [one for one in broken["entry"] if one["resource"]["id"] != "rosen-2021"]
    assert set(unresolved(broken)) == {"Citation/rosen-2021"}
    with pytest.raises(KnowledgeRefused) as caught:
        checked_fhir(broken, PLAN)
    assert caught.value.code == "citation-unresolved"
    lost = {**PLAN, "relatedArtifact": PLAN["relatedArtifact"][1:]}
    with pytest.raises(KnowledgeRefused) as caught:
        checked_fhir(BUNDLE, lost)
    assert caught.value.code == "citation-unresolved"


def test_a_resource_that_does_not_hold_is_not_published():
    for bundle, plan in (({**BUNDLE, "type": 7}, PLAN), (BUNDLE, {**PLAN, "status": None})):
        with pytest.raises(KnowledgeRefused) as caught:
            checked_fhir(bundle, plan)
        assert caught.value.code == "fhir-invalid"


def test_an_answer_without_a_year_or_interval_still_holds():
    answer = replace(POOLS.answers["spine-postop-sbrt-lf12"], certainty=None, n=None, events=None, left_out=())
    one = evidence_resource(answer, "v")
    assert "certainty" not in one and "note" not in one and "numberOfEvents" not in one["statistic"][0]


def test_the_verb(tmp_path, capsys):
    assert main(["evidence", "publish", "--out", str(tmp_path), "--fhir", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {path.name for path in tmp_path.iterdir()} == set(found["files"])
    assert json.loads((tmp_path / "fhir-r5-evidence.json").read_text())["resourceType"] == "Bundle"
    for name, data in FILES.items():
        assert (tmp_path / name).read_bytes() == data

"""Case, options, signing and Directive, as a browser without script walks through them."""

from __future__ import annotations

import io
import json
import re
import secrets
from collections.abc import Iterator

import pytest

from portico.advice import advise
from portico.case import case_from, read_case
from portico.directive import directive_from
from portico.knowledge import load_library

from .conftest import FEMUR, Browser, served


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[Browser]:
    """One service for all tests here: starting one costs more than most of them."""
    log, folder = io.StringIO(), tmp_path_factory.mktemp("service")
    with served(folder, log) as client:
        yield Browser(client, log, folder)


@pytest.fixture
def femur() -> dict[str, str]:
    """A case of its own for each test: the same Directive is never signed for two."""
    return {**FEMUR, "label": f"Femur {secrets.token_hex(4)}"}


def _count(browser: Browser) -> int:
    return len(set(re.findall(r'href="/cases/([0-9a-f]{16})"', browser.open("/").text)))


def test_the_form_makes_the_case_that_a_file_makes(browser, femur, root) -> None:
    case_id = browser.store(femur)
    page = browser.open(f"/cases/{case_id}").text
    library = load_library()
    wanted = advise(read_case(root / "examples" / "cases" / "femur-renal.yaml"), library)
    for option in wanted.options:
        if option.status == "eligible":
            assert f'<code class="small">{option.id}</code>' in page
    first = next(option for option in wanted.options if option.rank == 1)
    assert re.findall(r'<code class="small">([\w-]+)</code>', page)[0] == first.id


def test_every_answer_may_stay_unknown(browser) -> None:
    case_id = browser.store({})
    page = browser.open(f"/cases/{case_id}").text
    assert "NOT EXCLUDED" in page
    assert "The answers that matter most now" in page


def test_hints_store_nothing_and_point_to_the_field(browser) -> None:
    before = _count(browser)
    ended = browser.send("/cases/new", {"bone": "vertebra", "do": "hints"})
    assert ended.status_code == 200
    targets = re.findall(r'<li><a href="#(f-[^"]+)">', ended.text)
    assert targets and all(f'id="{target}"' in ended.text for target in targets)
    assert _count(browser) == before


def test_a_hint_opens_before_it_asks_for_what_does_not_concern_the_case_yet(browser) -> None:
    hinted = [re.findall(r'<li><a href="#f-([^"]+)">', browser.send("/cases/new", {**answers, "do": "hints"}).text)
              for answers in ({}, {"surgery_done": "yes", "bone": "vertebra"})]  # fmt: skip
    assert "surgery_done" in hinted[0] and "wound_state" not in hinted[0]
    assert "wound_state" in hinted[1]


def test_what_holds_for_every_option_is_said_once(browser, femur) -> None:
    page = browser.open(f"/cases/{browser.store(femur)}").text
    table, shared = page.split("What holds for every one of them")
    assert page.count("more than 30 % locally at titanium screws") == 1 and "titanium screws" in shared
    assert table.count("A BED10 of 39 Gy or more") == 1
    for part in (
        "Closest published figure",
        "Where sources disagree",
        "Why not the others",
        "Dates on the clock",
        "Forest plot: ",
    ):
        assert part in page


@pytest.mark.parametrize(
    ("answers", "field"),
    [({"age_years": "old"}, "age_years"), ({"as_of": "2.3.2026"}, "as_of"), ({"bone": "femur", "escc_postop": "2"}, "escc_postop"),
     ({"ecog": "1", "kps": "80"}, "kps"), ({"course1.dose": "30 Gy"}, "course1.dose"), ({"hardware_length_cm": "40"}, "hardware_length_cm")],
)  # fmt: skip
def test_an_answer_that_does_not_fit_stores_nothing_and_is_named(browser, answers, field) -> None:
    before = _count(browser)
    ended = browser.send("/cases/new", answers)
    assert ended.status_code == 422
    assert f'<a href="#f-{field}">' in ended.text.split("</section>")[0]
    assert f'id="e-{field}"' in ended.text and "? explains" not in ended.text
    assert _count(browser) == before


def test_one_named_course_does_not_count_as_the_only_one(browser) -> None:
    described = {"bone": "femur", "prior_rt_at_site": "yes", "course1.dose": "30 Gy", "course1.fractions": "10"}
    open_end = json.loads(browser.open(f"/cases/{browser.store(described)}/json").text)
    closed = json.loads(browser.open(f"/cases/{browser.store({**described, 'courses_all_named': 'yes'})}/json").text)
    assert case_from(open_end).row()["prior_rt_courses_n"] != case_from(closed).row()["prior_rt_courses_n"]
    assert case_from(closed).row()["prior_rt_courses_n"] == 1


def test_questions_that_do_not_concern_the_case_are_folded_and_none_is_left_out(browser, femur) -> None:
    def parts(page: str) -> tuple[set[str], set[str]]:
        folded = {
            name for part in re.findall(r'<details class="later">(.*?)</section>', page, re.S) for name in names(part)
        }
        return names(page) - folded, folded

    def names(text: str) -> set[str]:
        return set(re.findall(r'class="field[^"]*" id="q-([^"]+)"', text))

    empty, later = parts(browser.open("/cases/new").text)
    assert {"bone", "histology", "ecog", "kps", "surgery_done"} <= empty and {
        "escc_postop",
        "agent1.name",
        "course1.dose",
    } <= later
    femoral, folded = parts(browser.open(f"/cases/{browser.store(femur)}/edit").text)
    assert {"agent1.name", "agent2.name", "hardware_length_cm"} <= femoral and {
        "kps",
        "agent3.name",
        "deficit",
        "course1.dose",
    } <= folded
    assert empty | later == femoral | folded


def test_rows_left_empty_between_agents_leave_no_gap(browser) -> None:
    case_id = browser.store({"systemic_therapy": "yes", "agent2.name": "axitinib", "agent2.kind": "targeted"})
    case = json.loads(browser.open(f"/cases/{case_id}/json").text)
    assert [agent["name"] for agent in case["cancer"]["systemic"]["agents"]] == ["axitinib"]


def test_sign_gives_a_sealed_directive_in_three_forms(browser, femur) -> None:
    seal = browser.signed(browser.store(femur))
    directive = directive_from(json.loads(browser.open(f"/directives/{seal}/json").text))
    assert (directive.hash, directive.decision.by) == (seal, "Dr A. Example")
    assert "Dr A. Example" in browser.open(f"/directives/{seal}").text
    pdf = browser.open(f"/directives/{seal}/pdf")
    assert pdf.content.startswith(b"%PDF-") and pdf.headers["content-type"] == "application/pdf"


def test_an_override_is_recorded_as_one(browser, femur) -> None:
    case_id = browser.store(femur)
    seal = browser.signed(case_id, option="conv-20-5", override="yes", dose="16Gy/4")
    decision = json.loads(browser.open(f"/directives/{seal}/json").text)["decision"]
    assert decision["override"] is True
    assert "Override signed" in browser.open(f"/cases/{case_id}").text


@pytest.mark.parametrize("left_out", ["option", "by", "reason"])
def test_signing_needs_option_name_and_reason(browser, femur, left_out) -> None:
    case_id = browser.store(femur)
    answers = {"option": "conv-30-10", "by": "Dr A. Example", "reason": "tumour board"}
    del answers[left_out]
    ended = browser.send(f"/cases/{case_id}/sign", answers)
    assert ended.status_code == 422 and 'role="alert"' in ended.text
    assert f'<a href="#{left_out}">' in ended.text and f'id="{left_out}"' in ended.text
    assert "Signed:" not in browser.open(f"/cases/{case_id}").text


def test_signing_is_blocked_while_something_urgent_is_not_excluded(browser) -> None:
    case_id = browser.store({"bone": "vertebra", "levels_n": "T8", "as_of": "2026-03-02"})
    ended = browser.send(f"/cases/{case_id}/sign", {"option": "conv-30-10", "by": "Dr A. Example", "reason": "x"})
    assert ended.status_code == 409 and "Signing is blocked" in ended.text


def test_a_change_makes_a_version_and_an_old_form_is_refused(browser, femur) -> None:
    case_id = browser.store(femur)
    changed = {**femur, "max_visits": "5"}
    assert (
        browser.send(f"/cases/{case_id}/edit", {**changed, "version": "1"}, follow_redirects=False).status_code == 303
    )
    assert "Version 2" in browser.open(f"/cases/{case_id}").text
    late = browser.send(f"/cases/{case_id}/edit", {**femur, "version": "1"})
    assert late.status_code == 409 and "Someone changed this case" in late.text
    sign = {"option": "conv-30-10", "by": "Dr A. Example", "reason": "x", "version": "1"}
    assert browser.send(f"/cases/{case_id}/sign", sign).status_code == 409


@pytest.mark.parametrize(
    "path",
    ["/cases/x", "/cases/x/edit", "/cases/x/advice", "/directives/x", "/directives/x/check", "/checks/x", "/nothing"],
)
def test_what_is_not_there_is_404(browser, path) -> None:
    assert browser.open(path).status_code == 404


def test_every_page_states_the_intended_use_and_asks_no_other_host(browser, femur) -> None:
    case_id = browser.store(femur)
    seal = browser.signed(case_id)
    pages = ["/", "/cases/new", f"/cases/{case_id}", f"/cases/{case_id}/edit", f"/cases/{case_id}/advice",
             f"/cases/{case_id}/sign", f"/directives/{seal}", f"/directives/{seal}/check"]  # fmt: skip
    for path in pages:
        answer = browser.open(path)
        assert answer.status_code == 200, path
        assert "No CE mark" in answer.text or "no CE mark" in answer.text, path
        text, policy = answer.text, answer.headers["content-security-policy"]
        if path.endswith(("/new", "/edit")):
            assert text.count(SCRIPT) == 1 and "script-src 'self';" in policy
            text, policy = text.replace(SCRIPT, ""), policy.replace("script-src 'self';", "")
        assert not re.search(r'(src|action)="(https?:)?//|<script|<link[^>]+href="(https?:)?//|\son\w+=', text), path
        assert "default-src 'none'" in policy and "script-src" not in policy and "unsafe-eval" not in policy, path


SCRIPT = '<script src="/static/form.js" defer></script>'
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def test_free_text_is_shown_as_text(browser, femur, tmp_path) -> None:
    agents = {f"agent{n}.name": f"{n}{HOSTILE}" for n in (1, 2, 3)}
    case_id = browser.store({**femur, "label": HOSTILE, **agents})
    signing = {"option": "conv-30-10", "by": HOSTILE, "reason": HOSTILE, "role": HOSTILE}
    refused = browser.send(f"/cases/{case_id}/sign", {**signing, "dose": HOSTILE})
    typed = browser.send(
        "/cases/new", {**femur, **agents, "label": HOSTILE, "age_years": HOSTILE, "course1.dose": HOSTILE}
    )
    seal = browser.signed(case_id, by=HOSTILE, reason=HOSTILE, role=HOSTILE)
    work = [browser.send(f"/directives/{seal}/{kind}", {name: HOSTILE}, files={"file": (HOSTILE, b"PK")})
            for kind, name in (("check", "plan"), ("check", "match"), ("targets", "ptv"), ("targets", "gtv_before"), ("plan", "organ"))]  # fmt: skip
    audit = browser.send("/audit", {"table_by": HOSTILE}, files={"file": (HOSTILE, b"a,b")})
    assert {one.status_code for one in (refused, typed, *work, audit)} == {422}
    shown = [one.text for one in (refused, typed, *work, audit)]
    asked = {"text": HOSTILE, "option": HOSTILE, "kind": HOSTILE}
    for path in ("/", f"/cases/{case_id}", f"/cases/{case_id}/edit", f"/cases/{case_id}/advice", f"/cases/{case_id}/sign",
                 f"/directives/{seal}", f"/directives/{seal}/check", "/evidence", "/jobs", "/audit"):  # fmt: skip
        shown += [
            browser.open(path).text,
            browser.client.get(path, params=asked).text,
            browser.client.get(path, params={"text": HOSTILE}).text,
        ]
    assert sum("&lt;script&gt;" in page for page in shown) >= 20
    for page in shown:
        assert "<script" not in page.replace(SCRIPT, "") and "<img src=x" not in page

"""The main task in a real browser: by keyboard alone, without a violation that axe-core finds in light and dark, at
320 px and at 200 % zoom, without script, and with markup in every free text. Pictures are kept in out/screenshots."""

from __future__ import annotations

import io
import json
import os
import shutil
from pathlib import Path

import axe_playwright_python
import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from portico.report import draft_html
from portico.rt import Grid
from portico.service import Settings
from portico.service.storage import Store
from portico.targets import Draft, DraftVolume

from .conftest import FEMUR, Browser, served

CHROMIUM = Path("/usr/bin/chromium")
ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "out" / "screenshots"
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
EVERY_VIEW = os.environ.get("PORTICO_BROWSER") == "all" or os.environ.get("PORTICO_ASSURE") == "1"
#: Large pages made of the parts of other pages: their colours in dark are asked with PORTICO_BROWSER=all, which takes longer.
SAME_COLOURS = frozenset({"8-all-evidence", "case-edit", "evidence-answer", "evidence-gaps", "evidence-timeline"})
MARKUP = "<img src=x onerror=alert(1)>"
pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists() and os.environ.get("PORTICO_REQUIRE_ALL") != "1", reason="there is no chromium"
)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    log, folder = io.StringIO(), tmp_path_factory.mktemp("browser")
    with served(folder, log) as client:
        yield Browser(client, log, folder)


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def tab(chromium, service):
    """A page that notes requests to other hosts, refusals of the policy, faults of the script, and windows of alert."""
    base = str(service.client.base_url).rstrip("/")
    tab = chromium.new_page(viewport={"width": 1280, "height": 800}, base_url=base)
    tab.set_default_timeout(30_000)
    wrong: list[str] = []
    tab.wrong = wrong
    tab.on("request", lambda one: None if one.url.startswith((base, "data:")) else wrong.append(one.url))
    tab.on("console", lambda one: wrong.append(one.text) if "Content Security" in one.text else None)
    tab.on("pageerror", lambda one: wrong.append(str(one)))
    tab.on("dialog", lambda one: (wrong.append("alert"), one.dismiss()))
    yield tab
    tab.close()
    assert wrong == []


def _violations(tab, rules: str = "") -> list[str]:
    """What axe-core finds; it preloads nothing, since a page has one style sheet of its own server."""
    options = f"{{resultTypes: ['violations'], preload: false, {rules}}}"
    found = tab.evaluate(f"axe.run(document, {options}).then(found => found.violations)")
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def _look(tab, name: str) -> None:
    """No violation in light, none of the rules on colour in dark; no sideways scrolling at 200 % zoom and 320 px; a picture."""
    tab.evaluate(AXE)
    tab.emulate_media(color_scheme="light")
    assert _violations(tab) == [], tab.url
    tab.emulate_media(color_scheme="dark")
    if name not in SAME_COLOURS or EVERY_VIEW:
        assert _violations(tab, "runOnly: ['color-contrast', 'link-in-text-block']") == [], tab.url
    size = tab.viewport_size
    for width in (size["width"] // 2, 320):  # zoom of 200 % halves the width that the page is laid out for
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, (tab.url, width)
    tab.emulate_media(color_scheme="light")
    SHOTS.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=SHOTS / f"{name}.jpg", type="jpeg", quality=70, full_page=True)
    tab.set_viewport_size(size)


STOP = """e => ({tag: e.tagName, name: e.name || "", type: e.type || "", text: e.textContent.replace(/\\s+/g, " ").trim(),
    seen: e.checkVisibility({visibilityProperty: true})})"""
STOPS = """() => {
    const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
        .filter(e => e.checkVisibility({contentVisibilityAuto: true}) && (e.type !== "radio" || e.checked || !document.querySelector(`[name="${e.name}"]:checked`)));
    const at = all.findIndex(e => e === document.activeElement || e.compareDocumentPosition(document.activeElement) & 2);
    const from = all[at] === document.activeElement ? at + 1 : Math.max(at, 0);
    return [...all.slice(from), ...all.slice(0, from)].map(STOP) }""".replace("STOP", f"({STOP})")


class Keys:
    """A person without a mouse."""

    def __init__(self, tab) -> None:
        self.tab = tab

    def on(self) -> dict:
        return self.tab.evaluate(f"() => ({STOP})(document.activeElement)")

    def until(self, wanted) -> dict:
        """Press Tab until what has the focus is wanted, as often as the page's own order says, and see that it is seen.

        While that goes on, the script may bring questions forward; then it goes on from where the focus is.
        """
        for _ in range(5):
            stops = self.tab.evaluate(STOPS)
            count = next((n for n, one in enumerate(stops, 1) if wanted(one)), None)
            assert count is not None, f"not there for a keyboard on {self.tab.url}"
            for _ in range(count):
                self.tab.keyboard.press("Tab")
            found = self.on()
            assert found["seen"], found
            if wanted(found):
                return found
        raise AssertionError(f"not reached by keyboard on {self.tab.url}")

    def follow(self, text: str, *, away: bool = True) -> None:
        self.until(lambda one: one["tag"] in ("A", "BUTTON") and one["text"].startswith(text))
        if not away:
            self.tab.keyboard.press("Enter")
            self.tab.wait_for_timeout(50)
            return
        with self.tab.expect_navigation():
            self.tab.keyboard.press("Enter")

    def answer(self, answers: dict[str, str]) -> None:
        """Give every answer in the order in which the focus comes by."""
        left = dict(answers)
        while left:
            found = self.until(lambda one: one["name"] in left)
            value = left.pop(found["name"])
            if found["type"] == "radio":
                wanted = self.tab.locator(f'[name="{found["name"]}"]').evaluate_all("all => all.map(e => e.value)")
                for _ in range(wanted.index(value)):
                    self.tab.keyboard.press("ArrowDown")
            elif found["tag"] == "SELECT":
                self.tab.keyboard.type(value.replace("_", " "))
            else:
                self.tab.keyboard.press("Control+A")
                self.tab.keyboard.type(value)


#: The answers without which 30 Gy in 10 cannot be signed; the rest stays unknown.
ENOUGH = (
    "as_of", "bone", "surgery_done", "residual_disease", "hardware_present", "wound_state", "infection", "reoperation_planned",
    "unstable_now", "histology", "pathology_status", "primary_bone_tumour_suspected", "systemic_therapy",
    "prior_rt_at_site", "pregnancy",
)  # fmt: skip


def test_the_main_task_by_keyboard_alone(service, tab, tmp_path) -> None:
    keys = Keys(tab)
    tab.goto("/")
    _look(tab, "1-cases")
    tab.keyboard.press("Tab")
    assert keys.on()["text"] == "Skip to the content"
    keys.follow("Enter a case")
    keys.answer({**{name: FEMUR[name] for name in ENOUGH}, "label": f"Femur {MARKUP}", "age_years": "old"})
    keys.follow("Store and show the options")
    assert tab.get_by_role("alert").count() == 1
    _look(tab, "2-case-form-refused")
    keys.follow("How old is the patient", away=False)
    assert keys.on()["name"] == "age_years"
    tab.keyboard.press("Control+A")
    tab.keyboard.type("67")
    keys.follow("Store and show the options")
    case = tab.url
    assert tab.get_by_role("heading", name="Options side by side").count() == 1
    stored = json.loads(service.open(f"{case}/json").text)
    assert (stored["patient"]["age_years"], stored["cancer"]["histology"]) == (67, "renal_cell")
    _look(tab, "3-options")
    keys.follow("Choose 30 Gy in 10")
    assert tab.locator('[name="option"]:checked').get_attribute("value") == "conv-30-10"
    keys.follow("Sign and seal the Directive")
    assert tab.get_by_role("alert").count() == 1
    _look(tab, "4-sign-refused")
    keys.answer({"reason": f"tumour board {MARKUP}", "by": f"Dr A. Example {MARKUP}"})
    keys.follow("Sign and seal the Directive")
    assert "/directives/" in tab.url and f"Dr A. Example {MARKUP}" in tab.inner_text("main")
    _look(tab, "5-directive")
    assert service.open(f"{tab.url}/pdf").content.startswith(b"%PDF-")
    keys.follow("Check a plan against it")
    _look(tab, "6-check-form")
    plan = shutil.make_archive(str(tmp_path / "plan"), "zip", ROOT / "tests" / "data" / "femur-phantom")
    keys.until(lambda one: one["type"] == "file")
    choosers: list = []
    tab.on("filechooser", lambda one: choosers.append(one))
    for key in ("Enter", "Space", "Enter", "Space"):  # a browser that is still drawing lets one go by
        tab.keyboard.press(key)
        tab.wait_for_timeout(500)
        if choosers:
            break
    choosers[0].set_files(plan)
    keys.follow("Check")
    tab.wait_for_url("**/checks/*")
    assert tab.get_by_role("img").count() >= 2
    _look(tab, "7-check-report")
    tab.goto(f"{case}/advice")
    _look(tab, "8-all-evidence")


def test_other_pages_are_clean_too(service, tab) -> None:
    spine = service.store({"bone": "vertebra", "levels_n": "T8", "as_of": "2026-03-02", "label": MARKUP})
    pages = {
        "case-undetermined": f"/cases/{spine}", "case-edit": f"/cases/{spine}/edit", "refusal": "/cases/x",
        "case-close": f"/cases/{spine}/close",
        "evidence-records": f"/evidence?kind=regimens&text={MARKUP}", "evidence-record": "/evidence/keit-2025",
        "evidence-questions": "/evidence/questions", "evidence-answer": "/evidence/questions/spine-postop-sbrt-lf-crude",
        "jobs": "/jobs", "audit": "/audit", "evidence-gaps": "/evidence/gaps", "evidence-timeline": "/evidence/timeline",
    }  # fmt: skip
    for name, path in pages.items():
        tab.goto(path)
        _look(tab, name)


def test_a_draft_of_volumes_is_turned_by_its_own_script_and_by_no_other(service, tab) -> None:
    seal = service.signed(service.store(dict(FEMUR)))
    cube = np.zeros((12, 12, 12), bool)
    cube[3:9, 3:9, 3:9] = True
    grid = Grid(np.zeros(3), np.full(3, 2.0), np.eye(3), cube.shape)
    page = draft_html(Draft(grid, (DraftVolume(f"CTV {MARKUP}", "CTV", cube, MARKUP),), {}), title="Draft")
    store = Store(Settings(service.folder))
    names = [
        store.save_check(seal, 0, text, by="x")
        for text in (page, page.replace("</body>", "<script>alert(1)</script></body>"))
    ]
    store.close()
    for name in names:
        answer = tab.goto(f"/checks/{name}")
        assert "script-src 'sha256-" in answer.headers["content-security-policy"]
        assert tab.locator("#space-live").is_visible() and not tab.locator("#space-still").is_visible()
        if name == names[0]:
            _look(tab, "draft")
    tab.wrong[:] = [
        one for one in tab.wrong if "Content Security" not in one
    ]  # the second page's own script was refused


def test_the_form_asks_again_what_matters_and_brings_questions_forward(tab) -> None:
    tab.goto("/cases/new")
    grade = tab.locator("#q-escc_postop")
    assert grade.evaluate("e => !!e.closest('details.later')")
    before = tab.inner_text("#hints")
    tab.select_option('[name="bone"]', "vertebra")
    tab.locator('[name="surgery_done"][value="yes"]').check()
    tab.locator("#q-escc_postop:not(details *)").wait_for()
    assert tab.inner_text("#hints") != before
    tab.locator("#hints a").first.click()
    assert tab.evaluate("document.activeElement.id").startswith("f-")


def test_without_script_the_form_does_the_same(chromium, service) -> None:
    base = str(service.client.base_url).rstrip("/")
    tab = chromium.new_page(java_script_enabled=False, base_url=base)
    tab.goto("/cases/new")
    tab.locator('[name="surgery_done"][value="yes"]').check()
    tab.get_by_role("button", name="Only show what matters most now").click()
    assert tab.locator("#hints").get_by_role("link", name="Is the wound healed").count() == 1
    tab.get_by_role("button", name="Store and show the options").click()
    assert tab.get_by_role("heading", name="Options side by side").count() == 1
    tab.close()

"""The main task in a real browser, without a violation that axe-core finds, in light and dark, on a narrow screen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists() and os.environ.get("PORTICO_REQUIRE_ALL") != "1", reason="there is no chromium"
)


def _fill(page, answers: dict[str, str]) -> None:
    for name, value in answers.items():
        field = page.locator(f'[name="{name}"]')
        kind = field.first.get_attribute("type")
        if kind == "radio":
            page.locator(f'[name="{name}"][value="{value}"]').check()
        elif field.first.evaluate("e => e.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def _clean(page, *, narrow: bool = True) -> None:
    """No violation; ``narrow`` also asks that the page does not scroll sideways, which reports of other rooms do at 320 px."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{page.url} {scheme}\n{found.generate_report()}"
    assert not narrow or page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url


def test_the_main_task_is_clicked_through(browser, femur) -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 320, "height": 800})
        page.set_default_timeout(20_000)
        outside: list[str] = []
        base = str(browser.client.base_url).rstrip("/")
        page.on(
            "request", lambda request: None if request.url.startswith((base, "data:")) else outside.append(request.url)
        )
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text) if "Content Security" in message.text else None)
        page.goto(f"{base}/")
        _clean(page)
        page.get_by_role("link", name="Enter a case").click()
        page.locator('[name="age_years"]').fill("old")
        page.get_by_role("button", name="Store and show the options").click()
        page.get_by_role("alert").wait_for()
        _clean(page)
        _fill(page, femur)
        page.get_by_role("button", name="Store and show the options").click()
        _clean(page)
        page.get_by_role("link", name="Choose 30 Gy in 10").click()
        assert page.locator('[name="option"]:checked').get_attribute("value") == "conv-30-10"
        _fill(page, {"reason": "tumour board", "by": "Dr A. Example"})
        _clean(page)
        page.get_by_role("button", name="Sign and seal the Directive").click()
        assert "/directives/" in page.url
        assert "Dr A. Example" in page.inner_text("main")
        _clean(page, narrow=False)
        page.get_by_role("link", name="Back to the case").click()
        page.get_by_role("link", name="Options with all their evidence").click()
        _clean(page, narrow=False)
        page.goto(f"{base}/")
        page.get_by_role("link", name="Femur 1").click()
        page.get_by_role("link", name="Signed: 30 Gy in 10").click()
        page.get_by_role("link", name="Check a plan against it").click()
        _clean(page)
        chromium.close()
    assert (outside, refused) == ([], [])

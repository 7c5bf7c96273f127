"""Each page: no console or policy error, no accessibility violation, no sideways scrolling.

One load per page, then wide and light, dark, phone, and 320 pixels: WCAG 2.2 AA asks for reflow at
that width. The dark look is checked for contrast, the phone's for everything again.
"""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils.html import strip_tags

from apps.access.roles import Role
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.pages import PAGES, PLAIN, PageCase

NARROW = {"width": 320, "height": 740}
ALL_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


AXE = Axe().axe_script


def violations(page, only=None):
    """axe's findings as readable lines; the page has been given AXE."""
    options = {"runOnly": only or ALL_RULES, "resultTypes": ["violations"], "preload": False}
    found = page.evaluate("options => axe.run(options)", options)
    return [
        f"{rule['id']}: {rule['help']} — {node['html'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def problems_of(watched, url):
    """Everything wrong with one page in all its looks, by look."""
    page = watched.open(url)
    page.evaluate(AXE)
    found = {"light": violations(page)}
    if (headings := page.locator("h1").count()) != 1:
        found["headings"] = [f"{headings} h1 headings"]
    page.emulate_media(color_scheme="dark")
    found["dark"] = violations(page, only=["color-contrast"])
    page.set_viewport_size(PHONE)
    found["phone"] = violations(page)
    widths = {}
    for size in (PHONE, NARROW, DESKTOP):
        page.set_viewport_size(size)
        if (wide := watched.overflow()) > 0:
            widths[size["width"]] = f"{wide} pixels wider than the window"
    found |= {"width": widths, "console": watched.problems}
    return {look: problems for look, problems in found.items() if problems}


@pytest.mark.parametrize("case", PAGES, ids=str)
def test_page(site, case: PageCase):
    with site.world.a.scope():
        args = case.args()
    assert problems_of(site.look(case.role), site.path(case.name, *args) + case.query) == {}


@pytest.mark.parametrize(("path", "inside"), PLAIN)
def test_plain_page(site, path, inside):
    assert problems_of(site.look(Role.VIEWER if inside else None), site.url + path) == {}


@pytest.mark.parametrize("case", PAGES, ids=str)
def test_page_needs_no_script(site, case: PageCase):
    """What the server sends is the whole page: it has its heading before any script runs."""
    with site.world.a.scope():
        args = case.args()
    text = site.served(case.role, site.path(case.name, *args) + case.query)
    headings = re.findall(r"<h1\b[^>]*>(.*?)</h1>", text, re.DOTALL)
    assert len(headings) == 1
    assert strip_tags(headings[0]).strip()

"""Each page: no console or policy error, no accessibility violation, no sideways scrolling.

Wide and light, phone and dark, and 320 pixels: WCAG 2.2 AA asks for reflow at that width.
"""

import pytest
from axe_playwright_python.sync_playwright import Axe

from apps.access.roles import Role
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.pages import PAGES, PLAIN, PageCase

NARROW = {"width": 320, "height": 740}
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
LOOKS = [
    pytest.param(DESKTOP, "light", id="1440-light"),
    pytest.param(DESKTOP, "dark", id="1440-dark"),
    pytest.param(PHONE, "light", id="390-light"),
    pytest.param(NARROW, "dark", id="320-dark"),
]


def violations(page):
    """axe's findings as readable lines."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{rule['id']}: {rule['help']} — {node['html'][:160]}"
        for rule in found
        for node in rule["nodes"]
    ]


def check(watched, url):
    watched.open(url)
    assert violations(watched.page) == []
    assert watched.overflow() <= 0
    assert watched.page.locator("h1").count() == 1
    assert watched.problems == []


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
@pytest.mark.parametrize("case", PAGES, ids=str)
def test_page(site, case: PageCase, viewport, scheme):
    with site.world.a.scope():
        args = case.args(site.world)
    with site.visit(case.role, viewport=viewport, scheme=scheme) as watched:
        check(watched, site.path(case.name, *args) + case.query)


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
@pytest.mark.parametrize(("path", "inside"), PLAIN)
def test_plain_page(site, path, inside, viewport, scheme):
    role = Role.VIEWER if inside else None
    with site.visit(role, viewport=viewport, scheme=scheme) as watched:
        watched.open(site.url + path)
        assert violations(watched.page) == []
        assert watched.overflow() <= 0
        assert watched.problems == []


@pytest.mark.parametrize("case", PAGES, ids=str)
def test_page_needs_no_script(site, case: PageCase):
    with site.world.a.scope():
        args = case.args(site.world)
    with site.visit(case.role, javascript=False) as watched:
        answer = watched.page.goto(site.path(case.name, *args) + case.query)
        assert answer.status == 200
        assert watched.page.locator("h1").inner_text().strip()

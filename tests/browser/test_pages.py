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
    ("1440-light", DESKTOP, "light"),
    ("1440-dark", DESKTOP, "dark"),
    ("390-light", PHONE, "light"),
    ("320-dark", NARROW, "dark"),
]


def violations(page):
    """axe's findings as readable lines."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{rule['id']}: {rule['help']} — {node['html'][:160]}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("case", PAGES, ids=str)
def test_page(site, case: PageCase):
    """Every look of one page, so that a failure names all of them."""
    with site.world.a.scope():
        args = case.args()
    url = site.path(case.name, *args) + case.query
    found = {}
    for name, viewport, scheme in LOOKS:
        with site.visit(case.role, viewport=viewport, scheme=scheme) as watched:
            watched.open(url)
            problems = [*violations(watched.page), *watched.problems]
            if (wide := watched.overflow()) > 0:
                problems.append(f"{wide} pixels wider than the window")
            if (headings := watched.page.locator("h1").count()) != 1:
                problems.append(f"{headings} h1 headings")
            if problems:
                found[name] = problems
    assert found == {}


@pytest.mark.parametrize(("path", "inside"), PLAIN)
def test_plain_page(site, path, inside):
    found = {}
    for name, viewport, scheme in LOOKS:
        with site.visit(
            Role.VIEWER if inside else None, viewport=viewport, scheme=scheme
        ) as watched:
            watched.open(site.url + path)
            problems = [*violations(watched.page), *watched.problems]
            if (wide := watched.overflow()) > 0:
                problems.append(f"{wide} pixels wider than the window")
            if problems:
                found[name] = problems
    assert found == {}


@pytest.mark.parametrize("case", PAGES, ids=str)
def test_page_needs_no_script(site, case: PageCase):
    with site.world.a.scope():
        args = case.args()
    with site.visit(case.role, javascript=False) as watched:
        answer = watched.page.goto(site.path(case.name, *args) + case.query)
        assert answer.status == 200
        assert watched.page.locator("h1").inner_text().strip()

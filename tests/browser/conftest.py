"""A real Chromium against the live site, with every console and content-policy error collected.

The site is built once per module: committed data, one server, many pages. Set TOKENOPS_CHROMIUM
to another executable; without a browser these tests are skipped with a reason.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from apps.access.roles import ASSIGNABLE, Role
from tests.browser.site import build_site
from tests.database import empty
from tests.world import World

CHROMIUM = os.environ.get("TOKENOPS_CHROMIUM") or shutil.which("chromium") or ""
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}

#: Reports what the policy blocked even where the console stays silent.
WATCH = """
document.addEventListener("securitypolicyviolation",
  (e) => console.error("CSP " + e.violatedDirective + " blocked " + e.blockedURI));
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db)
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="no chromium: apt-get install chromium"))


@dataclass
class Watched:
    """A page and what went wrong on it."""

    page: Page
    problems: list[str] = field(default_factory=list)

    def open(self, url: str) -> Page:
        answer = self.page.goto(url, wait_until="load")
        assert answer is not None
        assert answer.status < 400, f"{url} answered {answer.status}"
        return self.page

    def overflow(self) -> int:
        """How many pixels the document is wider than the window."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )


@dataclass
class Site:
    """The running site and a browser for it."""

    url: str
    world: World
    browser: Browser
    sessions: dict[Role, str]
    windows: dict[Role | None, Watched] = field(default_factory=dict)

    def path(self, name: str, *args: object, **kwargs: object) -> str:
        return self.url + self.world.a.url(name, *args, **kwargs)

    def served(self, role: Role, url: str) -> str:
        """The page as the server sends it to the role's persona."""
        cookies = {settings.SESSION_COOKIE_NAME: self.sessions[role]}
        answer = httpx.get(url, cookies=cookies, timeout=30)
        assert answer.status_code == 200, f"{url} answered {answer.status_code}"
        return answer.text

    @contextmanager
    def visit(
        self,
        role: Role | None = Role.OWNER,
        *,
        viewport: dict[str, int] = DESKTOP,
        scheme: str = "light",
        javascript: bool = True,
    ) -> Iterator[Watched]:
        """A page in a fresh context, logged in as the role's persona (None: nobody)."""
        watched = self._window(role, viewport, scheme, javascript)
        try:
            yield watched
        finally:
            watched.page.context.close()

    def look(self, role: Role | None) -> Watched:
        """The role's window, kept for looking at page after page: wide, light, no problem yet.

        A fresh context costs as much as the page itself: another process, nothing in its cache.
        """
        if role not in self.windows:
            self.windows[role] = self._window(role, DESKTOP, "light", javascript=True)
        watched = self.windows[role]
        watched.page.set_viewport_size(DESKTOP)
        watched.page.emulate_media(color_scheme="light")
        watched.problems.clear()
        return watched

    def _window(
        self, role: Role | None, viewport: dict[str, int], scheme: str, javascript: bool
    ) -> Watched:
        context: BrowserContext = self.browser.new_context(
            viewport=viewport,
            color_scheme=scheme,
            reduced_motion="reduce",
            java_script_enabled=javascript,
        )
        context.add_init_script(WATCH)
        if role is not None:
            name, value = settings.SESSION_COOKIE_NAME, self.sessions[role]
            context.add_cookies([{"name": name, "value": value, "url": self.url}])
        watched = Watched(context.new_page())
        watched.page.on(
            "console",
            lambda m: watched.problems.append(m.text) if m.type in {"error", "warning"} else None,
        )
        watched.page.on("pageerror", lambda e: watched.problems.append(str(e)))
        return watched


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(
    django_db_setup: None, django_db_blocker: pytest.FixtureRequest, chromium: Browser
) -> Iterator[Site]:
    """The site with the world's organizations and a month of use in organization A."""
    with django_db_blocker.unblock(), serving(chromium, build_site) as served:
        yield served


@contextmanager
def serving(chromium: Browser, build: Callable[[], World]) -> Iterator[Site]:
    """A live server over committed data of one's own, gone afterwards."""
    empty()
    server = None
    try:
        world = build()
        server = LiveServer("127.0.0.1")
        site = Site(server.url, world, chromium, sessions(world, ASSIGNABLE))
        yield site
        for watched in site.windows.values():
            watched.page.context.close()
    finally:
        if server is not None:
            server.stop()
        connection.close()
        empty()


def sessions(world: World, roles: Iterable[Role]) -> dict[Role, str]:
    """A committed login for each persona: a test's own transaction is not seen by the server."""
    keys = {}
    for role in roles:
        persona = world.a.person(role)
        client = Client()
        client.force_login(persona.user)
        keys[role] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return keys

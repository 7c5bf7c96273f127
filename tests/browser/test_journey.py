"""What people do, from login to a decision, with keyboard, phone and without a reload."""

import re

from playwright.sync_api import expect

from apps.access.roles import Role
from tests.browser.conftest import PHONE
from tests.world import PASSWORD


def test_sign_in_leads_home_and_a_wrong_password_says_so(site):
    email = site.world.a.person(Role.CFO).user.email
    with site.visit(None) as watched:
        page = watched.open(site.path("portal:inform"))
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password", exact=True).fill("not the password")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile(r"/o/acme/"))
        assert watched.problems == []


def test_filters_swap_the_figures_and_the_address(site):
    with site.visit() as watched:
        page = watched.open(site.path("portal:inform"))
        before = page.locator("h1").inner_text()
        page.get_by_label("Period").select_option("7d")
        expect(page.locator("h1")).to_contain_text("The last 7 days")
        assert "period=7d" in page.url
        assert "unit=" not in page.url
        page.get_by_role("link", name="Tokens", exact=True).click()
        expect(page.get_by_role("heading", name="Tokens per day")).to_be_visible()
        assert "period=7d" in page.url
        page.get_by_label("Period").select_option("mtd")
        expect(page.locator("h1")).to_have_text(before)
        assert "measure=tokens" in page.url
        page.reload()
        expect(page.get_by_role("heading", name="Tokens per day")).to_be_visible()
        page.go_back()
        expect(page.locator("h1")).to_contain_text("The last 7 days")
        assert watched.problems == []


def test_a_panel_of_several_values_works_by_keyboard(site):
    with site.visit() as watched:
        page = watched.open(site.path("portal:inform"))
        summary = page.locator("details.fpop summary", has_text="Category")
        summary.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        expect(summary).to_contain_text("Production apps")
        page.wait_for_url(re.compile("kind=production"))
        page.keyboard.press("Escape")
        expect(summary).to_be_focused()
        assert watched.problems == []


def test_the_chart_is_read_with_arrow_keys_from_its_own_table(site):
    with site.visit() as watched:
        page = watched.open(site.path("portal:inform"))
        plot = page.locator("figure .cpw").first
        plot.focus()
        page.keyboard.press("End")
        tip = page.locator("figure .tip").first
        expect(tip).to_be_visible()
        last = page.locator("figure .cdata tbody tr").last.locator("th")
        assert last.text_content() in tip.inner_text()
        page.keyboard.press("Escape")
        expect(tip).to_be_hidden()
        assert watched.problems == []


def test_explore_is_shared_by_its_address_and_exports_what_it_shows(site):
    with site.visit() as watched:
        page = watched.open(site.path("portal:explore"))
        page.get_by_label("Then by").select_option("model")
        expect(page.get_by_role("heading", name="Cost by team and model")).to_be_visible()
        with page.expect_download() as waiting:
            page.get_by_role("link", name="Export CSV").click()
        text = waiting.value.path().read_text(encoding="utf-8-sig")
        assert text.splitlines()[0].startswith("Day,Team,Team (id),Model,Model (id),input_uncached")
        address = page.url
    with site.visit(Role.CFO) as watched:
        page = watched.open(address)
        expect(page.get_by_role("heading", name="Cost by team and model")).to_be_visible()


def test_lists_sort_filter_and_page_without_a_reload(site):
    with site.visit() as watched:
        page = watched.open(site.path("trail:list"))
        page.evaluate("window.stayed = true")
        rows = page.locator("#list tbody tr")
        count = rows.count()
        page.get_by_role("link", name="Next").click()
        page.wait_for_url(re.compile("after="))
        assert rows.count() > 0
        assert count >= rows.count()
        assert page.evaluate("window.stayed") is True
        assert watched.problems == []


def test_the_theme_changes_at_once_and_stays(site):
    with site.visit(Role.EA, scheme="light") as watched:
        page = watched.open(site.path("portal:home"))
        with page.expect_response("**/preferences/theme/"):
            page.get_by_role("button", name="Switch between light and dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        with page.expect_response("**/preferences/theme/"):
            page.get_by_role("button", name="Switch between light and dark").click()
        assert watched.problems == []


def test_the_phone_has_every_page_behind_more(site):
    with site.visit(viewport=PHONE) as watched:
        page = watched.open(site.path("portal:home"))
        page.get_by_role("button", name="More").click()
        sheet = page.get_by_role("navigation", name="All pages")
        sheet.get_by_role("link", name="Explore").click()
        page.wait_for_url(re.compile("/inform/explore/"))
        assert watched.overflow() <= 0
        assert watched.problems == []


def test_the_skip_link_is_first_and_leads_to_the_content(site):
    with site.visit() as watched:
        page = watched.open(site.path("portal:home"))
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to content")
        expect(skip).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_a_server_that_fails_is_said_and_nothing_else_breaks(site):
    with site.visit() as watched:
        page = watched.open(site.path("portal:inform"))
        page.route("**/inform/?*", lambda route: route.abort())
        page.get_by_label("Period").select_option("7d")
        expect(page.get_by_role("alert")).to_contain_text("could not be reached")


def test_text_at_150_percent_reflows(site):
    with site.visit(viewport=PHONE) as watched:
        page = watched.open(site.path("portal:inform"))
        page.evaluate("document.documentElement.style.fontSize = '150%'")
        assert watched.overflow() <= 0

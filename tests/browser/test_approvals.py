"""The queue in a real browser: keys select and never commit, the next item follows, a page that is
out of date says so."""

import re

from playwright.sync_api import expect

from apps.access.roles import Role


def test_keys_move_and_select_and_only_the_button_decides(site):
    with site.visit(Role.CFO) as visit:
        page = visit.open(site.path("approvals:list"))
        items = page.locator("[data-queue] a.q")
        before = items.count()
        page.keyboard.press("j")
        expect(items.nth(1)).to_be_focused()
        page.keyboard.press("k")
        page.locator("a.q", has_text="Probe one").focus()
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Probe one")
        expect(page.locator("h1")).to_be_focused()
        assert re.search(r"/approvals/[0-9a-f-]{36}/", page.url)
        button = page.locator("[data-act-button]")
        for key, value, words in (
            ("l", "lower", "Approve with the lower cap"),
            ("c", "request_changes", "Send back for changes"),
            ("d", "reject", "Decline this request"),
            ("a", "approve", "Approve $4,000 a month"),
        ):
            page.keyboard.press(key)
            expect(page.locator(f"#d-{value}")).to_be_checked()
            expect(button).to_have_text(words)
        expect(page.locator("h1")).to_have_text("Probe one")
        page.keyboard.press("c")
        button.click()
        expect(page.locator("#decide")).to_contain_text("A request for changes needs a reason.")
        page.fill("textarea[name=note]", "Say what it is for.")
        page.locator("[data-act-button]").click()
        expect(page.locator("[role=status]", has_text="You sent Probe one back.")).to_be_visible()
        expect(page.locator("[data-queue] a.q")).to_have_count(before - 1)
        assert page.url.endswith("/approvals/")
        assert [p for p in visit.problems if "422" not in p] == []


def test_a_page_that_is_out_of_date_says_what_changed(site):
    with site.visit(Role.CFO) as first, site.visit(Role.CIO) as second:
        for visit in (first, second):
            page = visit.open(site.path("approvals:list"))
            page.locator("a.q", has_text="Probe two").click()
            expect(page.locator("h1")).to_have_text("Probe two")
        page = second.page
        page.keyboard.press("d")
        page.select_option("select[name=reason]", "not_now")
        page.fill("textarea[name=note]", "Not now.")
        page.locator("[data-act-button]").click()
        expect(page.locator("[role=status]", has_text="You declined Probe two.")).to_be_visible()
        page = first.page
        page.locator("[data-act-button]").click()
        alert = page.locator("[role=alert]", has_text="Changed since you opened it")
        expect(alert).to_be_focused()
        expect(alert).to_contain_text("CIO Acme declined")
        expect(alert).to_contain_text("Not now.")
        expect(page.locator("#decide")).to_have_count(0)


def test_without_script_the_same_page_decides(site):
    with site.visit(Role.CFO, javascript=False) as visit:
        page = visit.open(site.path("approvals:list"))
        page.locator("a.q", has_text="Probe three").click()
        page.check("#d-lower", force=True)
        page.fill("input[name=cap]", "12.5")
        page.locator("#decide button.btn.wide").click()
        expect(page.locator(".call.ok")).to_contain_text(
            "You approved Probe three at $12.50 a month"
        )

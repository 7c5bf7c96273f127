"""The heart of it: a story waits, and the CFO decides in the browser."""

import re

from playwright.sync_api import expect

from apps.access.roles import Role
from apps.approvals.models import ApprovalRequest
from tests.browser.stories import WAITING


def test_a_waiting_story_is_approved_from_the_home_page(site):
    with site.visit(Role.CFO) as watched:
        page = watched.open(site.path("portal:home"))
        expect(page.locator("h1")).to_contain_text(re.compile(r"decisions? waits? for you"))
        item = page.locator("li", has_text=WAITING)
        item.get_by_role("link", name="Decide").click()
        page.wait_for_url(re.compile("/approvals/"))
        expect(page.locator("main")).to_contain_text(WAITING)
        page.locator("label", has=page.locator("[data-key=a]")).click()
        button = page.locator("[data-act-button]")
        expect(button).to_contain_text("Approve")
        with page.expect_response(re.compile("/decide/")) as waiting:
            button.click()
        assert waiting.value.status == 200
        assert watched.problems == []
    with site.world.a.scope():
        statuses = ApprovalRequest.objects.filter(title=WAITING).order_by("id")
        assert list(statuses.values_list("status", flat=True))[-1] == "approved"

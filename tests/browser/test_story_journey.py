"""The life of a story in a real browser, as five people: filed, sent back, amended, approved with a
condition and a lower cap, live, and out of its band again. Every page of it is checked with axe, in
light and dark; the architect works by keyboard alone, the CFO on a phone in the dark.
"""

import re

import httpx
import pytest
import time_machine
from playwright.sync_api import expect

from apps.access.roles import Role
from apps.approvals.models import ApprovalCondition, ApprovalDecision, ApprovalRequest
from apps.budgets.models import BudgetEntry
from apps.budgets.selectors.budgets import active_budget_of_story
from apps.ledger.services import fold
from apps.stories.models import BandExit
from apps.stories.tasks import SCHEDULE, watch
from tests import journey as j
from tests.browser.conftest import PHONE, serving, sessions
from tests.browser.test_pages import AXE, violations
from tests.world import World

FIVE = (Role.MEMBER, Role.EA, Role.TOKENOPS_LEAD, Role.CFO, Role.AUDITOR)


def build() -> World:
    world = World()
    j.build_journey(world.a)
    world.a.key_secret  # noqa: B018 -- the gateway's key, made on first use
    return world


@pytest.fixture(scope="module")
def journey(django_db_setup, django_db_blocker, chromium):
    """A site with five people and prices, on the morning the story is filed."""
    with (
        time_machine.travel(j.FILED),
        django_db_blocker.unblock(),
        serving(chromium, build) as site,
    ):
        yield site


def accessible(visit, *, dark=False):
    """No violation, nothing wider than the window; with `dark`, the contrast of that look too."""
    page = visit.page
    page.evaluate(AXE)
    assert violations(page) == []
    assert visit.overflow() <= 0
    if dark:
        page.emulate_media(color_scheme="dark")
        assert violations(page, only=["color-contrast"]) == []
        page.emulate_media(color_scheme="light")


@pytest.mark.django_db(transaction=True)
def test_a_story_from_the_first_estimate_to_the_band_it_leaves(journey):
    ref = the_team_files(journey)
    the_architect_sends_it_back_by_keyboard(journey)
    the_team_amends(journey, ref)
    nobody_else_decides(journey)
    tokenops_approves(journey)
    the_cfo_approves_less_on_a_phone(journey, ref)
    the_team_goes_live(journey, ref)
    usage_arrives(journey, ref)
    with time_machine.travel(j.AFTER):
        journey.sessions |= sessions(journey.world, FIVE)
        the_band_is_left(journey, ref)


def fill(page, typed):
    """Type into the fields that are open; folded parts are opened as a person would."""
    for name, value in typed.items():
        field = page.locator(f"[name='{name}']")
        if name in ("volume_basis", "dev_basis"):
            page.locator(f"label:has([name='{name}'][value='{value}'])").click()
        elif name == "value_per":
            field.select_option(value)
        else:
            if not field.is_visible():
                page.locator(f"details:has([name='{name}']) > summary").last.click()
            field.fill(value)


def the_team_files(site):
    with site.visit(Role.MEMBER) as visit:
        page = visit.open(site.path("stories:list"))
        page.get_by_role("link", name="New Token Story").first.click()
        page.get_by_role("link", name="Start with an empty form").click()
        estimate = page.locator("#estimate")
        expect(estimate).to_contain_text("missing before this can be priced")
        page.select_option("[name=unit]", str(site.world.a.units["platform"].id))
        fill(page, j.FIRST)
        expect(estimate).to_contain_text("$4,637 a month, likely")
        expect(estimate).to_contain_text("1.3 B tokens · $0.33 a claim")
        expect(estimate).to_contain_text("High case passes cap")
        expect(estimate.locator("dd").first).to_contain_text("Standard")
        expect(estimate.locator(".route .chip")).to_have_text(
            ["Architecture", "TokenOps", "Finance"]
        )
        expect(estimate).to_contain_text("7 working days at most")
        expect(page.locator("#estimate-more")).to_contain_text("$30,870")
        lever = page.locator("#lever-trim")
        lever.click()
        expect(estimate).to_contain_text("$4,068 a month, likely")
        page.fill("[name='production.parts.context.likely']", "5,200")
        expect(estimate).to_contain_text("$4,637 a month, likely")
        page.get_by_text("Try your own values").click()
        page.locator("#w_volume").fill("200")
        expect(page.locator("#w_volume_out")).to_contain_text("+$4,637")
        expect(estimate).to_contain_text("With your what-if")
        page.locator("#w_volume").fill("100")
        expect(estimate).not_to_contain_text("With your what-if")
        page.wait_for_load_state("networkidle")
        accessible(visit, dark=True)
        page.get_by_role("button", name="Submit version 1").click()
        page.wait_for_url("**/stories/TS-*/")
        expect(page.locator("main .chip").first).to_have_text("Submitted")
        accessible(visit)
        assert visit.problems == []
        return j.story_of(site.world.a).ref


def the_architect_sends_it_back_by_keyboard(site):
    with site.visit(Role.EA) as visit:
        page = visit.open(site.path("approvals:list"))
        keys = page.keyboard
        item = page.locator("[data-queue] a.q")
        keys.press("j")
        keys.press("k")
        expect(item).to_be_focused()
        keys.press("Enter")
        expect(page.locator("h1")).to_have_text(j.TITLE)
        expect(page.locator("h1")).to_be_focused()
        keys.press("?")
        expect(page.locator("#keys")).to_be_visible()
        keys.press("Escape")
        button = page.locator("#act")
        for key, words in (
            ("a", "Approve $6,000 a month"),
            ("l", "Approve with the lower cap"),
            ("d", "Decline this request"),
            ("c", "Send back for changes"),
        ):
            keys.press(key)
            expect(button).to_have_text(words)
        accessible(visit)
        for _ in range(9):
            if page.evaluate("document.activeElement.id") == "id_note":
                break
            keys.press("Tab")
        keys.press("Tab")
        expect(button).to_be_focused()
        keys.press("Enter")
        expect(page.locator("#decide")).to_contain_text("A request for changes needs a reason.")
        expect(page.locator("#form-errors")).to_be_focused()
        keys.press("Tab")
        keys.press("Enter")
        expect(page.locator("#id_note")).to_be_focused()
        keys.type(j.CHANGES)
        keys.press("Tab")
        keys.press("Enter")
        expect(page.locator("[role=status]", has_text=f"You sent {j.TITLE} back.")).to_be_visible()
        expect(item).to_have_count(0)
        assert [p for p in visit.problems if "422" not in p] == []
    assert j.story_of(site.world.a).status == "changes_requested"


def the_team_amends(site, ref):
    with site.visit(Role.MEMBER) as visit:
        page = visit.open(site.path("stories:detail", ref))
        note = page.locator(".call", has_text="Enterprise architect Acme asked for changes")
        expect(note).to_contain_text(j.CHANGES)
        page.get_by_role("link", name="Edit version 2").click()
        expect(page.locator(".call", has_text=j.CHANGES)).to_be_visible()
        fill(page, j.SECOND)
        expect(page.locator("#estimate")).to_contain_text("$2,538 a month, likely")
        expect(page.locator("#estimate")).to_contain_text("Within cap")
        expect(page.locator("#saved")).to_have_text("Saved just now.")
        page.get_by_role("button", name="Submit version 2").click()
        page.wait_for_url(f"**/stories/{ref}/")
        page.get_by_role("link", name="Compare versions").click()
        expect(page.locator("main")).to_contain_text("7 assumptions changed.")
        rows = page.locator("table.diff tr")
        expect(rows.filter(has_text="Requested cap a month")).to_contain_text("$6,000")
        expect(rows.filter(has_text="Requested cap a month").locator("ins")).to_have_text("$4,000")
        expect(rows.filter(has_text="Likely cost a month").locator("ins")).to_have_text("$2,538")
        accessible(visit, dark=True)
        page.set_viewport_size(PHONE)
        accessible(visit)
        assert visit.problems == []


def nobody_else_decides(site):
    """The author, who is an architect as well, and the auditor: no form, and 403 all the same."""
    org = site.world.a
    request = j.request_of(org)
    for role, words in (
        (Role.MEMBER, "You cannot decide this: you wrote it."),
        (Role.AUDITOR, "Others decide this."),
    ):
        with site.visit(role) as visit:
            page = visit.open(site.path("approvals:detail", request.id))
            expect(page.locator("main")).to_contain_text(words)
            expect(page.locator("#decide")).to_have_count(0)
            status = page.evaluate(
                """async ([url, version]) => {
                  const headers = JSON.parse(document.body.getAttribute("hx-headers"));
                  const body = new URLSearchParams({version, decision: "approve"});
                  return (await fetch(url, {method: "POST", headers, body})).status;
                }""",
                [site.path("approvals:decide", request.id), str(request.version)],
            )
            assert status == 403
    with org.scope():
        assert not ApprovalDecision.objects.filter(request_id=request.id).exists()


def tokenops_approves(site):
    """The architect agrees now; TokenOps has the page open twice, and the second is out of date."""
    with site.visit(Role.EA) as visit:
        page = visit.open(site.path("approvals:list"))
        page.locator("a.q", has_text=j.TITLE).click()
        expect(page.locator("h1")).to_have_text(j.TITLE)
        approve(page)
        assert visit.problems == []
    with site.visit(Role.TOKENOPS_LEAD) as visit:
        page = visit.open(site.path("approvals:detail", j.request_of(site.world.a).id))
        expect(page.locator("main")).to_contain_text("What changed since version 1")
        other = page.context.new_page()
        other.goto(page.url)
        approve(page)
        assert visit.problems == []
        other.locator("#act").click()
        alert = other.locator("[role=alert]", has_text="Changed since you opened it")
        expect(alert).to_be_focused()
        expect(alert).to_contain_text("TokenOps lead Acme approved as TokenOps lead")
        expect(other.locator("#decide")).to_have_count(0)


def approve(page):
    page.locator("#act").click()
    expect(
        page.locator("[role=status]", has_text="is recorded. Others decide next.")
    ).to_be_visible()


def the_cfo_approves_less_on_a_phone(site, ref):
    with site.visit(Role.CFO, viewport=PHONE, scheme="dark") as visit:
        page = visit.open(site.path("portal:home"))
        expect(page.locator("h1")).to_have_text("1 decision waits for you")
        page.get_by_role("link", name="Decide").first.click()
        expect(page.locator("h1")).to_have_text(j.TITLE)
        expect(page.locator(".chain [aria-current=step]")).to_contain_text("Finance, you")
        accessible(visit)
        page.locator("label", has=page.locator("#d-lower")).click()
        page.locator("#id_cap").fill(j.LOWER)
        page.locator("details.conds > summary").click()
        page.locator("#id_condition_0").fill(j.CONDITION)
        page.locator("#id_condition_due_0").fill("2031-09-30")
        page.locator("#act").click()
        done = page.locator(
            "[role=status]", has_text=f"You approved {j.TITLE} at $3,250.50 a month."
        )
        expect(done).to_be_visible()
        expect(page.locator("main")).to_contain_text("Nothing waits for you")
        accessible(visit)
        assert visit.problems == []
    org = site.world.a
    story = j.story_of(org)
    assert (story.status, story.approved_cap_nanos) == ("approved", j.LOWER_NANOS)
    with org.scope():
        assert ApprovalCondition.objects.get().text == j.CONDITION
        budget = active_budget_of_story(story.id)
        assert BudgetEntry.objects.get(budget_id=budget.id).amount_nanos == j.LOWER_NANOS


def the_team_goes_live(site, ref):
    with site.visit(Role.MEMBER, scheme="dark") as visit:
        page = visit.open(site.path("stories:detail", ref))
        expect(page.locator("main")).to_contain_text(j.CONDITION)
        expect(page.locator("dl", has_text="Cap approved")).to_contain_text("$3,250.50")
        page.get_by_role("button", name="Start delivery").click()
        page.get_by_role("button", name="Mark as live").click()
        expect(page.locator("main .chip").first).to_have_text("Live")
        accessible(visit)
        page.locator("section", has_text="Budget this month").get_by_role(
            "link", name="Open"
        ).last.click()
        expect(page.locator("h1")).to_have_text(f"{ref} {j.TITLE} has $3,250 left")
        expect(page.locator(".kpi .v").first).to_have_text("$3,250.50")
        expect(page.locator("main")).to_contain_text("CFO Acme opened the budget at $3,250.50")
        accessible(visit)
        assert visit.problems == []


def usage_arrives(site, ref):
    """Through the push API, as a gateway of the team would send it, and into the ledger."""
    org = site.world.a
    with time_machine.travel(j.AFTER):
        answer = httpx.post(
            f"{site.url}/api/v1/usage/records",
            json=j.records(ref),
            headers=org.key_headers,
            timeout=30,
        )
        assert (answer.status_code, answer.json()["accepted"]) == (202, 4)
        assert fold(organization_id=org.id) == 1


def the_band_is_left(site, ref):
    org = site.world.a
    assert "stories.watch_bands_all" in SCHEDULE
    watch(organization_id=str(org.id))
    with org.scope():
        exit_ = BandExit.objects.get()
        asked = ApprovalRequest.objects.get(subject_type="story_band")
    assert (exit_.measured_nanos, asked.amount_nanos) == (9_000_000_000_000,) * 2
    with site.visit(Role.EA, viewport=PHONE) as visit:
        page = visit.open(site.path("approvals:list"))
        page.locator("a.q", has_text="August 2031 above the approved band").click()
        expect(page.locator("h1")).to_contain_text("August 2031 above the approved band")
        expect(page.locator("main")).to_contain_text("Asked by TokenOps, Platform")
        expect(page.locator("main dl", has_text="Measured").first).to_contain_text("$9,000")
        expect(page.locator("#d-lower")).to_have_count(0)
        expect(page.locator("#act")).to_have_text("Accept the month as it was")
        accessible(visit, dark=True)
        assert visit.problems == []
    with site.visit(Role.MEMBER) as visit:
        page = visit.open(site.path("stories:detail", ref))
        left = page.locator(".call", has_text="August 2031 cost $9,000")
        expect(left).to_contain_text("the approved band ends at $3,934")
        expect(page.locator("main")).to_contain_text("Measured $9,000 in 1 whole month, +255%")
        accessible(visit)
        left.get_by_role("link", name="The re-approval").click()
        page.wait_for_url(re.compile(r"/approvals/[0-9a-f-]{36}/"))
        expect(page.locator("main")).to_contain_text("You cannot decide this: you wrote it.")
        assert visit.problems == []

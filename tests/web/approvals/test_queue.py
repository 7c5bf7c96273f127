"""The queue page: tabs, filters, detail, four choices, receipts, 409 and 422 on the same page."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest
import time_machine

from apps.access.roles import Role
from apps.approvals import services
from apps.approvals.models import ApprovalDecision, ApprovalRequest
from tests.factories.approvals import make_request, probe


@pytest.fixture(autouse=True)
def _monday():
    """Words about working days do not depend on the day the tests run."""
    with time_machine.travel(datetime(2026, 11, 23, 9, tzinfo=UTC)):
        yield


@pytest.fixture
def side(world):
    probe.calls.clear()
    probe.failing = False
    for role in (Role.CFO, Role.CIO, Role.UNIT_LEAD):
        world.a.person(role)
    return world.a


@pytest.fixture
def asked(side):
    lead = side.person(Role.UNIT_LEAD)
    with side.scope():
        return make_request(
            actor=lead.actor,
            requester_id=lead.membership.id,
            unit_id=side.units["platform"].id,
            title="Claims triage copilot",
            summary="Reads a new claim.",
            flags=[{"tone": "warn", "text": "PII"}],
        )


def page(side, role, name="approvals:list", *args, query="", **extra):
    response = side.client(role).get(side.url(name, *args) + query, **extra)
    return response, response.content.decode()


def post(side, role, request, headers=None, **data):
    data = {"version": request.version, "decision": "approve", **data}
    return side.client(role).post(
        side.url("approvals:decide", request.id), data, headers=headers or {}
    )


HTMX = {"HX-Request": "true", "HX-Target": "approvals"}


def test_the_queue_shows_what_waits_with_its_detail(side, asked):
    response, html = page(side, Role.CFO)
    assert response.status_code == 200
    for text in (
        "Waiting for you",
        "Claims triage copilot",
        "PII",
        "$4,000 a month",
        "3 days left",
        "Your decision",
        "Approve with a lower cap",
        'data-key="a"',
        'data-key="l"',
        'data-key="c"',
        'data-key="d"',
        "CFO Acme, CIO Acme",
    ):
        assert text in html, text
    assert html.count("<h1") == 1


def test_tabs_hold_what_they_say(side, asked):
    assert "Nothing waits for you" in page(side, Role.OWNER, query="?tab=mine")[1]
    assert "Claims triage copilot" in page(side, Role.OWNER, query="?tab=others")[1]
    assert "Nothing decided yet" in page(side, Role.CFO, query="?tab=decided")[1]
    post(side, Role.CFO, asked)
    assert "Claims triage copilot" in page(side, Role.CFO, query="?tab=decided")[1]


def test_people_without_a_decision_see_others_first_and_no_form(side, asked):
    html = page(side, Role.AUDITOR)[1]
    assert "Waiting for others" in html
    assert 'id="decide"' not in html
    assert "Others decide this." in html


def test_the_requester_sees_the_route_and_may_take_it_back(side, asked):
    html = page(side, Role.UNIT_LEAD, "approvals:detail", asked.id)[1]
    assert "You cannot decide this: you asked for it." in html
    assert "Take it back" in html
    response = side.client(Role.UNIT_LEAD).post(
        side.url("approvals:withdraw", asked.id), {"version": 1, "note": "Later."}
    )
    assert response.status_code == 302
    html = page(side, Role.UNIT_LEAD, "approvals:detail", asked.id)[1]
    assert "Withdrawn" in html
    assert "Later." in html


def test_approving_redirects_to_the_queue_with_a_receipt(side, asked):
    browser = side.client(Role.CFO)
    response = browser.post(
        side.url("approvals:decide", asked.id), {"version": 1, "decision": "approve"}, follow=True
    )
    assert response.redirect_chain == [(side.url("approvals:list"), 302)]
    assert "You approved Claims triage copilot at $4,000 a month." in response.content.decode()


def test_with_htmx_the_receipt_and_the_next_item_come_back(side, asked):
    with side.scope():
        make_request(title="The next one")
    response = post(side, Role.CFO, asked, headers=HTMX)
    html = response.content.decode()
    assert response.status_code == 200
    assert response["HX-Push-Url"] == side.url("approvals:list")
    assert "You approved Claims triage copilot" in html
    assert "The next one" in html
    assert "<html" not in html


def test_a_lower_cap_is_recorded_to_the_nano(side, asked):
    post(side, Role.CFO, asked, decision="lower", cap="2500.000000001")
    with side.scope():
        assert ApprovalRequest.objects.get().approved_nanos == 2_500_000_000_001


LOWER = {"decision": "lower", "cap": "2500"}


def promises(html):
    """What the buttons that give the answer say, by their place, and what they promise."""
    found = re.findall(
        r'<button class="btn (?:wide )?\w+"[^>]*name="said" value="([^"]*)" data-act-button="(\w*)"'
        r"[^>]*>([^<]*)<",
        html,
    )
    return {place or "bar": (said, words) for said, place, words in found}


def test_with_a_lower_cap_everything_on_the_screen_says_it(side, asked):
    html = page(side, Role.CFO, "approvals:detail", asked.id)[1]
    whole = ("approve", "Approve $4,000 a month")
    assert promises(html) == {"bar": whole, "wide": whole}
    chosen = page(side, Role.CFO, "approvals:detail", asked.id, query="?choice=lower&cap=2500")[1]
    shown = post(side, Role.CFO, asked, preview="1", **LOWER)
    url = side.url("approvals:effect", asked.id) + "?bar=1&decision=lower&cap=2500"
    parts = side.client(Role.CFO).get(url, headers={"HX-Request": "true"}).content.decode()
    assert shown.status_code == 200
    for text in (chosen, shown.content.decode(), parts):
        said, words = promises(text)["bar"]
        assert (promises(text)["wide"], words) == ((said, words), "Approve $2,500 a month")
        assert said.startswith("lower 2500")
        assert "Approve $4,000" not in text
    assert parts.count('hx-swap-oob="true"') == 3
    beside = side.client(Role.CFO).get(url.replace("bar=1&", ""), headers={"HX-Request": "true"})
    assert 'id="mdec"' not in beside.content.decode()
    assert "Nothing is recorded yet." in shown.content.decode()
    plain = side.client(Role.CFO).get(url)
    assert plain["Location"].endswith("?choice=lower&cap=2500")
    with side.scope():
        assert not ApprovalDecision.objects.exists()


@pytest.mark.parametrize("cap", ["", "lots", "-1", "4000.01"])
def test_a_cap_that_cannot_be_given_is_not_promised(side, asked, cap):
    html = page(side, Role.CFO, "approvals:detail", asked.id, query=f"?choice=lower&cap={cap}")[1]
    assert promises(html)["bar"] == ("lower", "Approve with the lower cap")


def test_what_the_button_said_is_what_is_recorded(side, asked):
    """Without script a button may say what was chosen before: then nothing is recorded."""
    for said in ("approve", "lower 3000", "reject"):
        response = post(side, Role.CFO, asked, said=said, **LOWER)
        assert response.status_code == 422
        assert promises(response.content.decode())["bar"][1] == "Approve $2,500 a month"
    with side.scope():
        assert not ApprovalDecision.objects.exists()
    said = promises(response.content.decode())["bar"][0]
    assert post(side, Role.CFO, asked, said=said, **LOWER).status_code == 302
    with side.scope():
        assert ApprovalRequest.objects.get().approved_nanos == 2_500_000_000_000


def test_others_do_not_look_at_effects(world, side, asked):
    url = world.b.url("approvals:effect", asked.id)
    assert world.b.client(Role.CFO).get(url).status_code == 404


def test_a_typed_cap_without_the_choice_is_ignored(side, asked):
    post(side, Role.CFO, asked, decision="approve", cap="1")
    with side.scope():
        assert ApprovalRequest.objects.get().approved_nanos == 4_000_000_000_000


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"decision": "reject", "reason": "other"}, "A refusal needs a reason."),
        ({"decision": "request_changes", "note": " "}, "A request for changes needs a reason."),
        ({"decision": "lower"}, "Enter the cap you approve."),
        ({"decision": "lower", "cap": "4000.01"}, "The cap is above what was asked for."),
        ({"decision": "lower", "cap": "lots"}, "Enter a number."),
        ({"decision": "perhaps"}, "Select a valid choice."),
        ({"version": "x"}, "Enter a whole number."),
    ],
)
def test_an_incomplete_answer_comes_back_with_its_error(side, asked, data, words):
    response = post(side, Role.CFO, asked, **data)
    assert response.status_code == 422
    assert words in response.content.decode()
    with side.scope():
        assert ApprovalDecision.objects.count() == 0


def test_a_stale_page_says_what_changed_and_keeps_the_note(side, asked):
    with side.scope():
        services.decide(
            actor=side.actor(Role.CIO),
            request_id=asked.id,
            version=1,
            decision="request_changes",
            note="Trim the context.",
        )
    response = post(side, Role.CFO, asked, headers=HTMX, note="Fine by me.")
    html = response.content.decode()
    assert response.status_code == 409
    assert "Changed since you opened it" in html
    assert "Trim the context." in html
    with side.scope():
        assert ApprovalDecision.objects.count() == 1


def test_who_may_not_decide_gets_403(side, asked):
    assert post(side, Role.AUDITOR, asked).status_code == 403
    assert post(side, Role.EA, asked).status_code == 403
    with side.scope():
        own = make_request(requester_id=side.person(Role.CFO).membership.id)
    assert post(side, Role.CFO, own).status_code == 403


def test_the_other_organization_finds_nothing(world, side, asked):
    b = world.b
    for name in ("approvals:detail", "approvals:decide"):
        assert b.client(Role.CFO).get(b.url(name, asked.id), follow=True).status_code == 404
    response = b.client(Role.CFO).post(
        b.url("approvals:decide", asked.id), {"version": 1, "decision": "approve"}
    )
    assert response.status_code == 404
    assert world.b.client(Role.CFO).get(side.url("approvals:list")).status_code == 404


def test_filters_sort_and_csv(side, asked):
    with side.scope():
        make_request(title="Cheap one", amount_nanos=1_000_000_001)
    html = page(side, Role.CFO, query="?sort=-amount")[1]
    assert html.index("Claims triage copilot") < html.index("Cheap one")
    html = page(side, Role.CFO, query="?q=CHEAP")[1]
    assert "Cheap one" in html
    assert "Claims triage copilot" not in html
    unit = side.units["platform"].id
    assert "Cheap one" not in page(side, Role.CFO, query=f"?unit={unit}")[1]
    assert "Nothing matches these filters" in page(side, Role.CFO, query="?q=zzz")[1]
    response = side.client(Role.CFO).get(side.url("approvals:list") + "?format=csv&sort=-amount")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(r["Title"], r["Amount asked"], r["Status"]) for r in rows] == [
        ("Claims triage copilot", "4000.000000000", "Waiting for a decision"),
        ("Cheap one", "1.000000001", "Waiting for a decision"),
    ]


def test_a_choice_in_the_address_is_preselected_and_commits_nothing(side, asked):
    html = page(side, Role.CFO, "approvals:detail", asked.id, query="?choice=reject")[1]
    reject = html[html.index('id="d-reject"') :]
    assert "checked" in reject[: reject.index(">")]
    with side.scope():
        assert ApprovalDecision.objects.count() == 0


def test_the_menu_counts_what_waits(side, asked):
    html = page(side, Role.CFO, "approvals:list")[1]
    assert "1 waiting for you" in html or "waiting for you" in html.lower()


@pytest.mark.parametrize("count", [1, 30])
def test_the_number_of_queries_does_not_grow_with_the_queue(
    side, asked, count, django_assert_max_num_queries
):
    with side.scope():
        for _ in range(count):
            make_request()
    browser = side.client(Role.CFO)
    url = side.url("approvals:list")
    browser.get(url)
    with django_assert_max_num_queries(27):
        browser.get(url)


def test_past_the_last_page_is_the_last_page(side, asked):
    response = side.client(Role.CFO).get(side.url("approvals:list"), {"page": "9", "sort": "due"})
    assert response.status_code == 302
    assert response.headers["Location"].endswith("/approvals/?page=1&sort=due")
    _, content = page(side, Role.CFO, query="?page=1&sort=due")
    assert asked.title in content

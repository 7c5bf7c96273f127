"""Budget requests and exceptions through the engine: applied, refused, sent back, undone."""

from datetime import UTC, date, datetime

import pytest

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalDecision, ApprovalParty, ApprovalRequest
from apps.asks import selectors, services
from apps.asks.models import Ask, AskRevision
from apps.asks.services import AskInput
from apps.budgets.models import Budget, BudgetEntry
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from tests.factories.budgets import make_budget

START = date(2026, 11, 1)
NANOS = 1_000_000_000
NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)


@pytest.fixture
def side(world):
    for role in (Role.UNIT_LEAD, Role.CFO, Role.CIO, Role.VIEWER):
        world.a.person(role)
    with clock.at(NOW):
        yield world.a


def budget_of(side, **fields):
    with side.scope():
        return make_budget(scope="unit", unit_id=side.units["platform"].id, **fields)


def ask(side, role=Role.UNIT_LEAD, **values):
    values = {"title": "More for tests", "reason": "A new suite.", "starts_on": START, **values}
    with side.scope():
        return services.file_ask(actor=side.actor(role), asked=AskInput(**values))


def answer(side, row, decision="approve", role=Role.CFO, **values):
    with side.scope():
        request = ApprovalRequest.objects.get(id=Ask.objects.get(id=row.id).request_id)
        approvals.decide(
            actor=side.actor(role),
            request_id=request.id,
            version=request.version,
            decision=decision,
            note="" if decision == "approve" else "Why now?",
            **values,
        )
        return Ask.objects.get(id=row.id)


def undo(side, row, role=Role.CFO):
    with side.scope():
        request = ApprovalRequest.objects.get(id=row.request_id)
        approvals.undo_decision(
            actor=side.actor(role), request_id=request.id, version=request.version
        )


def entries(side, budget):
    with side.scope():
        rows = BudgetEntry.objects.filter(budget_id=budget.id).order_by("id")
        return [(e.kind, e.amount_nanos) for e in rows]


def test_an_approved_increase_is_a_grant_at_the_lowered_cap(side):
    budget = budget_of(side)
    row = ask(side, kind="increase", budget_id=budget.id, amount_nanos=300 * NANOS)
    assert (row.ref, row.status) == ("BR-0001", "asked")
    done = answer(side, row, cap_nanos=200 * NANOS)
    assert (done.status, done.approved_nanos) == ("approved", 200 * NANOS)
    assert entries(side, budget)[1:] == [("grant", 200 * NANOS)]
    undo(side, done)
    assert entries(side, budget)[1:] == [("grant", 200 * NANOS), ("grant", -200 * NANOS)]
    with side.scope():
        assert Ask.objects.get(id=row.id).status == "asked"
    answer(side, row)
    assert entries(side, budget)[-1] == ("grant", 300 * NANOS)


def test_another_amount_and_back(side):
    budget = budget_of(side)
    row = ask(side, kind="amount", budget_id=budget.id, amount_nanos=500 * NANOS)
    done = answer(side, row)
    assert entries(side, budget)[-1] == ("revision", 500 * NANOS)
    undo(side, done)
    assert entries(side, budget)[-1] == ("revision", 1_000 * NANOS)


def test_a_transfer_moves_money_and_stays(side):
    target, source = budget_of(side), budget_of(side)
    row = ask(
        side,
        kind="transfer",
        budget_id=target.id,
        source_budget_id=source.id,
        amount_nanos=100 * NANOS,
    )
    done = answer(side, row)
    assert entries(side, target)[-1] == ("transfer_in", 100 * NANOS)
    assert entries(side, source)[-1] == ("transfer_out", -100 * NANOS)
    with pytest.raises(Conflict):
        undo(side, done)


def test_a_transfer_the_source_cannot_pay_undoes_the_decision(side):
    target, source = budget_of(side), budget_of(side, amount_nanos=50 * NANOS)
    row = ask(
        side,
        kind="transfer",
        budget_id=target.id,
        source_budget_id=source.id,
        amount_nanos=100 * NANOS,
    )
    with pytest.raises(Invalid):
        answer(side, row)
    with side.scope():
        assert Ask.objects.get(id=row.id).status == "asked"
        assert ApprovalRequest.objects.get(id=row.request_id).status == "pending"


def test_whoever_owns_the_paying_budget_alone_does_not_decide(side):
    cfo = side.person(Role.CFO).membership.id
    target, source = budget_of(side), budget_of(side, owner_membership_id=cfo)
    row = ask(
        side,
        kind="transfer",
        budget_id=target.id,
        source_budget_id=source.id,
        amount_nanos=NANOS,
    )
    with pytest.raises(Forbidden):
        answer(side, row)
    assert answer(side, row, role=Role.CIO).status == "approved"


def exception(side, **values):
    values = {
        "kind": "exception",
        "rule": "model",
        "unit_id": side.units["platform"].id,
        "ends_on": date(2026, 12, 31),
        "about": "audit finding 3",
        **values,
    }
    return ask(side, **values)


def test_an_exception_holds_below_its_unit_until_its_day(side):
    row = exception(side)
    with side.scope():
        held = selectors.exceptions_in_force
        core, claims = side.units["core"].id, side.units["claims"].id
        assert held(core, "model", date(2026, 11, 10)) == []
    answer(side, row)
    with side.scope():
        assert [a.ref for a in held(core, "model", date(2026, 12, 31))] == ["EX-0001"]
        assert held(core, "model", date(2027, 1, 1)) == []
        assert held(core, "data", date(2026, 12, 1)) == []
        assert held(claims, "model", date(2026, 12, 1)) == []


def test_sent_back_and_asked_again(side):
    row = exception(side)
    back = answer(side, row, "request_changes")
    assert back.status == "sent_back"
    again = AskInput(
        kind="exception",
        rule="model",
        title="Shorter",
        reason="Two weeks are enough.",
        starts_on=START,
        ends_on=date(2026, 11, 30),
    )
    with side.scope():
        with pytest.raises(Forbidden):
            services.ask_again(
                actor=side.actor(Role.CFO), ask_id=row.id, version=back.version, asked=again
            )
        with pytest.raises(Conflict):
            services.ask_again(
                actor=side.actor(Role.UNIT_LEAD), ask_id=row.id, version=1, asked=again
            )
        done = services.ask_again(
            actor=side.actor(Role.UNIT_LEAD), ask_id=row.id, version=back.version, asked=again
        )
        assert (done.status, done.revision_number) == ("asked", 2)
        assert AskRevision.objects.count() == 2
        with pytest.raises(Conflict):
            services.ask_again(
                actor=side.actor(Role.UNIT_LEAD), ask_id=row.id, version=done.version, asked=again
            )
    assert answer(side, row).status == "approved"


@pytest.mark.parametrize("decision", ["reject", "withdraw"])
def test_the_other_ends(side, decision):
    row = exception(side)
    if decision == "reject":
        assert answer(side, row, "reject", reason="not_now").status == "declined"
        return
    with side.scope():
        approvals.withdraw(actor=side.actor(Role.UNIT_LEAD), request_id=row.request_id, version=1)
        assert Ask.objects.get(id=row.id).status == "withdrawn"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "wish"}, "kind"),
        ({"kind": "increase"}, "budget"),
        ({"rule": "gravity"}, "rule"),
        ({"ends_on": None}, "ends_on"),
        ({"ends_on": date(2026, 10, 1)}, "ends_on"),
        ({"ends_on": date(2030, 1, 1)}, "ends_on"),
        ({"title": " "}, "title"),
        ({"reason": " "}, "reason"),
        ({"amount_nanos": -1}, "amount"),
    ],
)
def test_wrong_input_writes_nothing(side, values, field):
    with pytest.raises(Invalid) as caught:
        exception(side, **values)
    assert field in [e.field for e in caught.value.errors]
    with side.scope():
        assert not Ask.objects.exists()
        assert not ApprovalRequest.objects.exists()


def test_who_may_ask_and_see(side):
    with pytest.raises(Forbidden):
        exception(side, role=Role.VIEWER)
    row = exception(side)
    elsewhere = side.actor(Role.CFO, "claims")
    with side.scope(), pytest.raises(NotFound):
        selectors.ask_by_id(elsewhere, row.id)
    with side.scope(), pytest.raises(Forbidden):
        services.file_ask(
            actor=side.key_actor,
            asked=AskInput(kind="exception", title="x", reason="x", starts_on=START),
        )


def test_pages_and_api(side):
    budget = budget_of(side)
    browser = side.client(Role.UNIT_LEAD)
    filed = browser.post(
        side.url("asks:new") + "?kind=increase",
        {
            "kind": "increase",
            "budget": str(budget.id),
            "title": "More for tests",
            "reason": "A new suite.",
            "amount": "250",
            "starts_on": "2026-11-10",
        },
    )
    with side.scope():
        row = Ask.objects.get()
    assert filed["Location"] == side.url("asks:detail", row.id)
    assert "More for tests" in browser.get(side.url("asks:list")).content.decode()
    assert "A new suite." in browser.get(side.url("asks:detail", row.id)).content.decode()
    page = side.client(Role.CFO).get(side.url("approvals:detail", row.request_id))
    assert "What approving $250 changes" in page.content.decode()
    wrong = browser.post(side.url("asks:new") + "?kind=exception", {"kind": "exception"})
    assert wrong.status_code == 422
    headers = {"X-TokenOps-Organization": side.organization.slug}
    made = browser.post(
        "/api/v1/requests/",
        {
            "kind": "exception",
            "rule": "data",
            "title": "Names in the pilot",
            "reason": "Twenty people agreed.",
            "starts_on": "2026-11-10",
            "ends_on": "2026-12-10",
            "unit_id": str(side.units["platform"].id),
        },
        content_type="application/json",
        headers=headers,
    )
    assert (made.status_code, made.json()["ref"]) == (201, "EX-0002")
    listed = browser.get("/api/v1/requests/?kind=exception", headers=headers).json()["results"]
    assert [r["ref"] for r in listed] == ["EX-0002"]
    refused = browser.put(
        f"/api/v1/requests/{made.json()['id']}/",
        {"version": 1, "title": "x", "reason": "x", "starts_on": "2026-11-10"},
        content_type="application/json",
        headers=headers,
    )
    assert refused.status_code == 409
    with side.scope():
        assert Budget.objects.get(id=budget.id).version == 1


def funders(side, row):
    with side.scope():
        request = ApprovalRequest.objects.get(id=row.request_id)
        found = ApprovalParty.objects.filter(request_id=request.id, reason="funder")
        return [party.membership_id for party in found]


@pytest.mark.parametrize("kind", ["increase", "amount"])
def test_who_alone_funds_more_money_does_not_decide_about_it(side, kind):
    cfo = side.person(Role.CFO).membership.id
    with side.scope():
        make_budget("Everything", owner_membership_id=cfo)
    budget = budget_of(side)
    row = ask(side, kind=kind, budget_id=budget.id, amount_nanos=300 * NANOS)
    assert funders(side, row) == [cfo]
    before = entries(side, budget)
    for decision in ("approve", "reject", "request_changes"):
        with pytest.raises(Forbidden) as refused:
            answer(side, row, decision)
        assert "fund" in str(refused.value)
    with side.scope():
        assert Ask.objects.get(id=row.id).status == "asked"
        assert ApprovalDecision.objects.count() == 0
    assert entries(side, budget) == before
    assert answer(side, row, role=Role.CIO).status == "approved"
    assert len(entries(side, budget)) == len(before) + 1


def test_money_of_several_owners_or_of_nobody_keeps_nobody_from_deciding(side):
    cfo = side.person(Role.CFO).membership.id
    with side.scope():
        make_budget("Everything", owner_membership_id=cfo)
        make_budget("Division", scope="unit", unit_id=side.units["engineering"].id)
    budget = budget_of(side, owner_membership_id=side.person(Role.CIO).membership.id)
    row = ask(side, kind="increase", budget_id=budget.id, amount_nanos=NANOS)
    assert funders(side, row) == []
    assert answer(side, row).status == "approved"


def test_the_owner_of_the_highest_budget_funds_it_and_that_of_a_source_its_move(side):
    cfo, cio = (side.person(role).membership.id for role in (Role.CFO, Role.CIO))
    with side.scope():
        top = make_budget("Everything", owner_membership_id=cfo)
    budget = budget_of(side, owner_membership_id=cio)
    row = ask(side, Role.CIO, kind="increase", budget_id=top.id, amount_nanos=NANOS)
    assert funders(side, row) == [cfo]
    row = ask(
        side,
        kind="transfer",
        budget_id=top.id,
        source_budget_id=budget.id,
        amount_nanos=NANOS,
        role=Role.CFO,
    )
    assert funders(side, row) == [cio]

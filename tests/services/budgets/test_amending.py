"""Opening and changing budgets: entries are the truth, versions guard them."""

from datetime import date

import pytest
from django.db import ProgrammingError, transaction

from apps.access.roles import Role
from apps.budgets import services
from apps.budgets.enums import Basis
from apps.budgets.models import Budget, BudgetEntry, BudgetThreshold
from apps.budgets.rules.amounts import Limit
from apps.budgets.rules.periods import period_on
from apps.budgets.selectors import entries_of, limit_for
from apps.budgets.selectors.thresholds import thresholds_of
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.common.ids import uuid7
from apps.outbox.models import OutboxMessage
from apps.trail.models import TrailEvent
from tests.factories.budgets import make_approved_request, make_budget
from tests.factories.portfolio import make_capability

NOV, DEC = date(2026, 11, 1), date(2026, 12, 1)


@pytest.fixture
def side(world):
    world.a.person(Role.CFO)
    with world.a.scope():
        yield world.a


def limit(budget, day, on=None):
    return limit_for(budget, period_on(budget.plan, day), on or day)


def test_opening_writes_entry_thresholds_trail_and_outbox(side):
    budget = make_budget("AI spend", amount_nanos=123_456_789_012, amount_tokens=7)
    (entry,) = entries_of(budget)
    assert (entry.kind, entry.effective_on, entry.amount_nanos, entry.amount_tokens) == (
        "initial",
        NOV,
        123_456_789_012,
        7,
    )
    assert limit(budget, NOV) == Limit(123_456_789_012, 7)
    assert (budget.own_thresholds, BudgetThreshold.objects.count()) == (False, 0)
    assert [(percent, basis.value) for basis, percent in thresholds_of([budget])[budget.id]] == [
        (50, "actual"),
        (80, "actual"),
        (90, "actual"),
        (100, "actual"),
        (100, "forecast"),
        (120, "actual"),
    ]
    assert TrailEvent.objects.filter(action="budget.opened").count() == 1
    message = OutboxMessage.objects.get(topic="budget.changed")
    assert message.payload == {"budget_id": str(budget.id), "entry_id": str(entry.id)}
    assert (budget.currency, budget.timezone, budget.year_starts_in) == ("USD", "UTC", 1)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": " "}, ["name"]),
        ({"name": "x" * 161}, ["name"]),
        ({"amount_nanos": -1}, ["amount"]),
        ({"amount_tokens": -1}, ["tokens"]),
        ({"amount_nanos": 10**19}, ["amount"]),
        ({"period_kind": "week"}, ["period_kind"]),
        ({"period_kind": "custom"}, ["ends_on"]),
        ({"ends_on": NOV}, ["ends_on"]),
        ({"timezone": "Mars/Olympus"}, ["timezone"]),
        ({"scope": "story"}, ["scope"]),
        ({"scope": "unit"}, ["unit"]),
        ({"scope": "capability"}, ["capability"]),
    ],
)
def test_wrong_input_names_its_field_and_writes_nothing(side, fields, wrong):
    with pytest.raises(Invalid) as caught:
        make_budget(**{"name": "x", **fields})
    assert [e.field for e in caught.value.errors] == wrong
    assert Budget.objects.count() == 0


def test_a_unit_lead_opens_no_budget(side):
    with pytest.raises(Forbidden):
        services.create_budget(
            actor=side.actor(Role.UNIT_LEAD),
            name="Ours",
            scope="unit",
            unit_id=side.units["platform"].id,
            starts_on=NOV,
            amount_nanos=1,
        )
    assert Budget.objects.count() == 0


def test_a_cfo_of_one_team_manages_the_budgets_of_that_team_only(side):
    cfo = side.actor(Role.CFO, "engineering")
    values = {"name": "Ours", "scope": "unit", "starts_on": NOV, "amount_nanos": 1}
    services.create_budget(actor=cfo, unit_id=side.units["core"].id, **values)
    for elsewhere in ({"unit_id": side.units["claims"].id}, {"scope": "organization"}):
        with pytest.raises(Forbidden):
            services.create_budget(actor=cfo, **{**values, **elsewhere})


def test_a_capabilitys_budget_belongs_to_its_unit(side):
    capability = make_capability(unit_id=side.units["core"].id)
    budget = make_budget(scope="capability", capability_id=capability.id)
    assert (budget.unit_id, budget.capability_id) == (side.units["core"].id, capability.id)


def test_a_revision_replaces_the_amount_from_its_date(side):
    budget = make_budget(amount_nanos=1_000)
    services.revise_budget(
        actor=side.actor(Role.CFO),
        budget_id=budget.id,
        version=1,
        effective_on=date(2026, 11, 16),
        amount_nanos=None,
        amount_tokens=0,
        note="Agreed in the board.",
    )
    assert limit(budget, NOV, date(2026, 11, 15)) == Limit(1_000, None)
    assert limit(budget, NOV, date(2026, 11, 16)) == Limit(None, 0)
    assert limit(budget, DEC) == Limit(None, 0)
    event = TrailEvent.objects.get(action="budget.revised")
    assert event.before["amount_nanos"] == 1_000
    assert event.after["effective_on"] == "2026-11-16"
    assert event.reason == "Agreed in the board."


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"note": ""}, ["note"]),
        ({"effective_on": date(2026, 10, 31)}, ["effective_on"]),
        ({"amount_nanos": -5}, ["amount"]),
    ],
)
def test_a_refused_revision_writes_nothing(side, fields, wrong):
    budget = make_budget()
    values = {
        "version": 1,
        "effective_on": DEC,
        "amount_nanos": 1,
        "amount_tokens": None,
        "note": "x",
    }
    with pytest.raises(Invalid) as caught:
        services.revise_budget(
            actor=side.actor(Role.CFO), budget_id=budget.id, **{**values, **fields}
        )
    assert [e.field for e in caught.value.errors] == wrong
    assert BudgetEntry.objects.count() == 1
    with pytest.raises(Conflict):
        services.revise_budget(
            actor=side.actor(Role.CFO), budget_id=budget.id, **{**values, "version": 2}
        )
    assert BudgetEntry.objects.count() == 1


def test_a_grant_raises_one_period(side):
    budget = make_budget(amount_nanos=1_000)
    services.grant_budget(
        actor=side.actor(Role.CFO),
        budget_id=budget.id,
        version=1,
        on=date(2026, 12, 24),
        amount_nanos=500,
        note="Launch.",
    )
    assert [limit(budget, d).nanos for d in (NOV, DEC, date(2027, 1, 1))] == [1_000, 1_500, 1_000]
    with pytest.raises(Invalid):
        services.grant_budget(
            actor=side.actor(Role.CFO),
            budget_id=budget.id,
            version=2,
            on=DEC,
            amount_nanos=0,
            note="Nothing.",
        )


def test_money_moves_without_gain_or_loss(side):
    source, target = make_budget(amount_nanos=1_000), make_budget(amount_nanos=10)
    cfo = side.actor(Role.CFO)
    move = {"actor": cfo, "from_id": source.id, "to_id": target.id, "on": DEC, "note": "Shift."}
    services.move_budget(from_version=1, amount_nanos=400, **move)
    assert [limit(b, DEC).nanos for b in (source, target)] == [600, 410]
    assert [limit(b, NOV).nanos for b in (source, target)] == [1_000, 10]
    for amount in (601, 0, -5):
        with pytest.raises(Invalid):
            services.move_budget(from_version=2, amount_nanos=amount, **move)
    with pytest.raises(Conflict):
        services.move_budget(from_version=1, amount_nanos=1, **move)
    with pytest.raises(Invalid):
        services.move_budget(from_version=2, amount_nanos=1, **{**move, "to_id": source.id})
    services.move_budget(from_version=2, amount_nanos=600, **move)
    assert [limit(b, DEC).nanos for b in (source, target)] == [0, 1_010]
    assert BudgetEntry.objects.filter(transfer_id__isnull=False).count() == 4


def test_details_and_thresholds(side):
    budget = make_budget()
    services.change_budget(
        actor=side.actor(Role.CFO),
        budget_id=budget.id,
        version=1,
        name="Renamed",
        owner_membership_id=side.person(Role.CFO).membership.id,
        thresholds=[(Basis.ACTUAL, 75)],
    )
    budget.refresh_from_db()
    assert (budget.name, budget.version) == ("Renamed", 2)
    assert list(BudgetThreshold.objects.values_list("percent", flat=True)) == [75]
    with pytest.raises(Invalid):
        services.change_budget(
            actor=side.actor(Role.CFO),
            budget_id=budget.id,
            version=2,
            name="x",
            owner_membership_id=None,
            thresholds=[(Basis.ACTUAL, 0)],
        )


def test_a_closed_budget_takes_no_more_entries(side):
    budget, cfo = make_budget(), side.actor(Role.CFO)
    services.close_budget(actor=cfo, budget_id=budget.id, version=1, note="Done.")
    with pytest.raises(Conflict):
        services.grant_budget(
            actor=cfo, budget_id=budget.id, version=2, on=DEC, amount_nanos=1, note="x"
        )
    with pytest.raises(NotFound):
        services.close_budget(actor=cfo, budget_id=uuid7(), version=1, note="x")


def test_entries_cannot_be_changed_or_removed(side):
    make_budget()
    for act in (
        lambda: BudgetEntry.objects.update(amount_nanos=1),
        lambda: BudgetEntry.objects.all().delete(),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            act()


def from_story(side, request, **fields):
    values = {
        "actor": side.actor(Role.CFO),
        "name": "Claims triage",
        "unit_id": side.units["core"].id,
        "capability_id": None,
        "story_id": fields.pop("story_id", None) or uuid7(),
        "monthly_cap_nanos": 4_000_000_000_000,
        "currency": "USD",
        "starts_on": DEC,
        "source_request_id": request.id,
    }
    return services.open_budget(**values | fields)


def test_an_approved_story_gets_its_budget_once(side):
    request = make_approved_request(side.actor(Role.CFO))
    story_id = uuid7()
    budget = from_story(side, request, story_id=story_id)
    again = from_story(side, request, story_id=story_id)
    assert again.id == budget.id
    assert (budget.scope, budget.story_ref, budget.starts_on) == (
        "story",
        request.subject_ref,
        DEC,
    )
    assert BudgetEntry.objects.count() == 1
    assert limit(budget, DEC).nanos == 4_000_000_000_000


def test_a_later_approval_revises_the_storys_budget(side):
    story_id = uuid7()
    first = from_story(side, make_approved_request(side.actor(Role.CFO)), story_id=story_id)
    second = from_story(
        side,
        make_approved_request(side.actor(Role.CFO), amount_nanos=9_000),
        story_id=story_id,
        monthly_cap_nanos=9_000,
        starts_on=date(2027, 1, 1),
    )
    assert second.id == first.id
    assert limit(first, DEC).nanos == 4_000_000_000_000
    assert limit(first, date(2027, 1, 1)).nanos == 9_000


def test_a_budget_never_exceeds_what_was_approved(side):
    request = make_approved_request(side.actor(Role.CFO), amount_nanos=1_000)
    for cap in (1_001, None, -1):
        with pytest.raises(Invalid):
            from_story(side, request, monthly_cap_nanos=cap)
    from_story(side, request, monthly_cap_nanos=0)


def test_a_budget_needs_an_approved_request(side):
    from tests.factories.approvals import make_request

    with pytest.raises(Conflict) as caught:
        from_story(side, make_request())
    assert caught.value.code == "not_approved"
    assert Budget.objects.count() == 0

"""The automatic lane with guardrails and sampling; reminders, overdue, escalation; calendar."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.approvals import selectors, services
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalCondition,
    ApprovalDecision,
    ApprovalHoliday,
    ApprovalRequest,
)
from apps.approvals.rules.policy import parse_policy
from apps.approvals.rules.sampling import is_sampled
from apps.approvals.selectors.metrics import metrics
from apps.approvals.selectors.simulation import simulate_policy
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.common.ids import uuid7
from apps.notifications.models import Notification
from apps.trail.models import TrailEvent
from tests.factories.approvals import make_request, probe, set_route

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
NANOS = 1_000_000_000
FACTS = {"tier": "light", "amount_lifetime_nanos": 900 * NANOS}


def auto(**rails):
    return {
        "lane": "auto",
        "when": [{"fact": "tier", "op": "in", "value": ["light"]}],
        "guardrails": {
            "max_month_nanos": 500 * NANOS,
            "max_lifetime_nanos": 1_000 * NANOS,
            "sample_percent": 100,
            "conditions": ["Keep the cap"],
            **rails,
        },
    }


@pytest.fixture(autouse=True)
def traveller():
    with time_machine.travel(MONDAY, tick=False) as found:
        yield found


def add_lane(people, **rails):
    with people.scope():
        return services.create_policy(
            actor=people.actor(Role.CIO),
            name="Small",
            document=auto(**rails),
            note="Small things need no meeting.",
            priority=10,
        )


def ask(people, amount=100 * NANOS, facts=FACTS, **values):
    with people.scope():
        return make_request(amount_nanos=amount, context=facts, **values)


def stored(people, request):
    with people.scope():
        return ApprovalRequest.objects.get(id=request.id)


def test_the_rule_approves_and_says_so(people):
    add_lane(people)
    request = ask(people, requester_id=people.person(Role.UNIT_LEAD).membership.id)
    assert (request.lane, request.status) == ("auto", "pending")
    with people.scope():
        for _ in range(2):
            services.settle_request(request_id=request.id)
    request = stored(people, request)
    assert (request.status, request.version, request.closed_by_name) == (
        "approved",
        2,
        "Rule Small v1",
    )
    assert request.sample_status == "due"
    with people.scope():
        assert not ApprovalDecision.objects.exists()
        event = TrailEvent.objects.get(action="approval.auto_approved")
        assert (event.actor_kind, event.after["rule"]) == ("system", "Rule Small v1")
        texts = {c.text: c.due_on for c in ApprovalCondition.objects.all()}
    assert texts == {"Review after 90 days of use": date(2027, 2, 21), "Keep the cap": None}
    assert [c[0] for c in probe.calls] == ["opened", "decided"]


@pytest.mark.parametrize(
    ("amount", "facts", "why"),
    [
        (501 * NANOS, FACTS, "The monthly amount is above the lane's limit."),
        (
            100 * NANOS,
            FACTS | {"amount_lifetime_nanos": 1_001 * NANOS},
            "The lifetime amount is above the lane's limit.",
        ),
        (None, FACTS, "No monthly amount is known."),
        (100 * NANOS, {"tier": "light"}, "No lifetime amount is known."),
    ],
)
def test_a_broken_guardrail_leaves_it_to_people(people, amount, facts, why):
    add_lane(people)
    request = ask(people, amount, facts)
    assert request.lane == "people"
    assert request.facts["not_automatic"] == why
    assert request.flags == [{"tone": "", "text": "Not automatic"}]


def test_a_team_has_so_many_in_thirty_days(people, traveller):
    add_lane(people, max_per_unit=2)
    unit = people.units["core"].id
    for _ in range(2):
        with people.scope():
            services.settle_request(request_id=ask(people, unit_id=unit).id)
    assert ask(people, unit_id=unit).lane == "people"
    assert ask(people, unit_id=people.units["apps"].id).lane == "auto"
    traveller.move_to(MONDAY + timedelta(days=31))
    assert ask(people, unit_id=unit).lane == "auto"


def test_nobody_decides_what_the_rule_decides(people, act):
    add_lane(people)
    request = ask(people)
    with pytest.raises(Conflict) as caught:
        act(services.decide, Role.CFO, request, decision="approve")
    assert caught.value.code == "automatic"


def test_looking_at_a_sample(people):
    add_lane(people)
    lead = people.person(Role.UNIT_LEAD)
    unit = people.units["platform"].id
    first, second = (ask(people, requester_id=lead.membership.id, unit_id=unit) for _ in range(2))
    with people.scope():
        for request in (first, second):
            services.settle_request(request_id=request.id)
        cfo = people.actor(Role.CFO)
        assert selectors.to_sample(cfo).count() == 2
        services.review_sample(actor=cfo, request_id=first.id, agree=True)
        with pytest.raises(Conflict):
            services.review_sample(actor=cfo, request_id=first.id, agree=True)
        with pytest.raises(Invalid):
            services.review_sample(actor=cfo, request_id=second.id, agree=False)
        with pytest.raises(Forbidden):
            services.review_sample(actor=lead.actor, request_id=second.id, agree=True)
        services.review_sample(actor=cfo, request_id=second.id, agree=False, note="Whose data?")
        objection = ApprovalCondition.objects.get(text__startswith="Answer the objection")
        assert (objection.owner_id, objection.due_on) == (lead.membership.id, date(2026, 11, 30))
        assert Notification.objects.filter(kind="approval.objection").count() == 1
        assert selectors.to_sample(cfo).count() == 0


def test_the_sample_is_the_share_that_was_set_and_fixed_by_the_id():
    ids = [uuid7() for _ in range(2000)]
    share = sum(is_sampled(i, 10) for i in ids) / 2000
    assert 0.07 < share < 0.13
    assert [is_sampled(i, 10) for i in ids] == [is_sampled(i, 10) for i in ids]
    assert not any(is_sampled(i, 0) for i in ids)
    assert all(is_sampled(i, 100) for i in ids)


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"lane": "auto"}, "when"),
        (auto() | {"guardrails": None}, "guardrails"),
        (auto(max_month_nanos=0), "guardrails.max_month_nanos"),
        (auto(sample_percent=101), "guardrails.sample_percent"),
        (auto(conditions=["x"] * 6), "guardrails.conditions"),
        (auto() | {"steps": [{"name": "A", "roles": ["cfo"]}]}, "steps"),
        ({"lane": "robot", "steps": [{"name": "A", "roles": ["cfo"]}]}, "lane"),
        (
            {"steps": [{"name": "A", "roles": ["cfo"], "escalate_working_days": 1}]},
            "steps[0].escalate_roles",
        ),
    ],
)
def test_wrong_documents_name_their_field(document, field):
    with pytest.raises(Invalid) as caught:
        parse_policy(document, roles=["cfo"])
    assert field in [e.field for e in caught.value.errors]


def test_routes_are_made_by_who_manages_them(people):
    with people.scope():
        with pytest.raises(Forbidden):
            services.create_policy(
                actor=people.actor(Role.CFO), name="Mine", document=auto(), note="x"
            )
        for values, field in (
            ({"name": ""}, "name"),
            ({"note": " "}, "note"),
            ({"subject_type": "nothing"}, "subject_type"),
            ({"priority": -1}, "priority"),
        ):
            with pytest.raises(Invalid) as caught:
                services.create_policy(
                    actor=people.actor(Role.CIO),
                    **{"name": "A", "document": auto(), "note": "x", **values},
                )
            assert [e.field for e in caught.value.errors] == [field]
    add_lane(people)
    with pytest.raises(Conflict) as caught:
        add_lane(people)
    assert caught.value.code == "name_taken"


def test_the_simulator_shows_the_other_route_and_writes_nothing(people):
    small = ask(people, 100 * NANOS)
    large = ask(people, 9_000 * NANOS)
    document = parse_policy(auto(), roles=["cfo"])
    with people.scope():
        found = simulate_policy(
            people.actor(Role.CIO), document=document, name="Small", priority=10
        )
        assert selectors.policies().count() == 1
    rows = {row.request.id: row for row in found.rows}
    assert rows[small.id].before.steps == ("Approval",)
    assert (rows[small.id].after.auto, rows[small.id].after.policy) == (True, "Small")
    assert not rows[large.id].changed
    assert rows[large.id].after.skipped == "The monthly amount is above the lane's limit."
    assert (found.changed, found.auto_after, found.answers_before, found.answers_after) == (
        1, 1, 2, 1,
    )  # fmt: skip


def told(people):
    with people.scope():
        rows = Notification.objects.filter(kind__startswith="approval.").order_by("id")
        names = {p.membership.id: role for role, p in ((r, people.person(r)) for r in
                 (Role.CFO, Role.CDO, Role.UNIT_LEAD))}  # fmt: skip
        return [(names.get(n.membership_id), n.kind) for n in rows]


def run(people, times=2):
    with people.scope():
        first, *others = (services.run_deadlines() for _ in range(times))
    assert all(sum(c.values()) == 0 for c in others)
    return dict(first)


def test_reminded_overdue_escalated_each_once(people, traveller, act):
    lead = people.person(Role.UNIT_LEAD)
    with people.scope():
        set_route(
            {
                "name": "Money",
                "roles": ["cfo"],
                "due_working_days": 2,
                "remind_working_days": 1,
                "escalate_working_days": 1,
                "escalate_roles": ["cdo"],
            }
        )
        request = make_request(requester_id=lead.membership.id)
    assert request.due_at == datetime(2026, 11, 25, 18, tzinfo=UTC)
    assert sum(run(people).values()) == 0
    traveller.move_to(datetime(2026, 11, 24, 9, tzinfo=UTC))
    assert run(people)["reminded"] == 1
    traveller.move_to(datetime(2026, 11, 25, 18, 1, tzinfo=UTC))
    assert run(people)["overdue"] == 1
    traveller.move_to(datetime(2026, 11, 26, 18, 1, tzinfo=UTC))
    assert run(people)["escalated"] == 1
    assert told(people) == [
        (Role.CFO, "approval.reminder"),
        (Role.CFO, "approval.overdue"),
        (Role.UNIT_LEAD, "approval.overdue"),
    ] or told(people) == [
        (Role.CFO, "approval.reminder"),
        (Role.UNIT_LEAD, "approval.overdue"),
        (Role.CFO, "approval.overdue"),
    ]
    with people.scope():
        row = ApprovalAssignment.objects.get(via="escalated")
        assert row.name == "CDO Acme"
        assert TrailEvent.objects.filter(action="approval.escalated").count() == 1
        services.refresh_open_steps()
    assert act(services.decide, Role.CDO, request, decision="approve").outcome.final


def test_conditions_are_recalled_on_their_day(people, traveller):
    add_lane(people)
    lead = people.person(Role.UNIT_LEAD).membership.id
    with people.scope():
        services.settle_request(request_id=ask(people, requester_id=lead).id)
    traveller.move_to(MONDAY + timedelta(days=90))
    assert run(people)["conditions"] == 1
    assert told(people) == [(Role.UNIT_LEAD, "approval.condition_due")]


def test_due_times_follow_the_organizations_calendar(people):
    manager = people.actor(Role.CIO)
    with people.scope():
        services.change_calendar(
            actor=manager, workdays=[6, 0, 1, 2, 3], closes_at=time(16), undo_hours=24
        )
        services.add_holidays(actor=manager, days=[(date(2026, 11, 24), "Founders' day")])
        request = make_request()
    assert request.due_at == datetime(2026, 11, 29, 16, tzinfo=UTC)
    with people.scope():
        for wrong in (
            {"workdays": []},
            {"workdays": [7]},
            {"undo_hours": 169},
        ):
            values = {"workdays": [0], "closes_at": time(18), "undo_hours": 1, **wrong}
            with pytest.raises(Invalid):
                services.change_calendar(actor=manager, **values)
        with pytest.raises(Forbidden):
            services.add_holidays(actor=people.actor(Role.CFO), days=[(date(2026, 12, 24), "Mine")])
        with pytest.raises(Invalid):
            services.add_holidays(actor=manager, days=[])
        services.remove_holiday(actor=manager, holiday_id=ApprovalHoliday.objects.get().id)
        assert not ApprovalHoliday.objects.exists()


def test_metrics_by_hand(people, traveller, act):
    with people.scope():
        set_route({"name": "Money", "roles": ["cfo"], "due_working_days": 1})
        rows = [make_request() for _ in range(4)]
    for hours, request, values in (
        (2, rows[0], {"decision": "approve"}),
        (4, rows[1], {"decision": "reject", "note": "No.", "reason": "not_now"}),
        (12, rows[2], {"decision": "request_changes", "note": "More."}),
    ):
        traveller.move_to(MONDAY + timedelta(hours=hours))
        act(services.decide, Role.CFO, request, **values)
    traveller.move_to(MONDAY + timedelta(days=4))
    with people.scope():
        found = metrics(
            people.actor(Role.CFO), start=MONDAY - timedelta(days=1), end=MONDAY + timedelta(days=5)
        )
        claims = metrics(
            people.actor(Role.CFO, "claims"),
            start=MONDAY - timedelta(days=1),
            end=MONDAY + timedelta(days=5),
        )
    (step,) = found.steps
    assert (step.name, step.count, step.median_seconds, step.p90_seconds, step.late) == (
        "Money", 3, 4 * 3600, round(10.4 * 3600), 0,
    )  # fmt: skip
    assert [(o.name, o.count) for o in found.overdue] == [("Money", 1)]
    lane = found.lanes[0]
    assert (lane.approved, lane.rejected, lane.changes_requested) == (1, 1, 1)
    assert [(r.value, n) for r, n in found.reasons] == [("not_now", 1)]
    assert found.open_requests == 1
    assert (claims.steps, claims.open_requests) == ([], 0)


def test_the_system_actor_is_no_person(people):
    request = ask(people)
    with people.scope(), pytest.raises(Forbidden):
        services.add_approver(
            actor=system_actor("tests"),
            request_id=request.id,
            version=1,
            person_id=people.person(Role.CFO).membership.id,
        )

"""Asked for, decided, minted with the decision, undone, ended, reminded of."""

from datetime import UTC, date, datetime

import pytest

from apps.access.roles import Role
from apps.approvals.models import ApprovalRequest
from apps.asks import services as asks
from apps.asks.models import Ask, AskedEntitlement
from apps.asks.services import AskInput, EntitlementInput
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.entitlements import services
from apps.entitlements.models import Entitlement, TierAssignment
from apps.entitlements.selectors.held import state_q
from apps.entitlements.selectors.tiers import tier_book
from apps.notifications.models import Notification
from apps.portfolio.services import change_capability
from apps.trail.models import TrailEvent

pytestmark = pytest.mark.django_db


def test_an_approval_mints_it_in_the_same_transaction(desk):
    ask = desk.ask(to={"evidence": "412 claims."})
    assert (ask.ref, ask.status, ask.about) == (
        "ER-0001",
        "asked",
        "models of every class, but restricted ones",
    )
    with desk.org.scope():
        request = ApprovalRequest.objects.get(id=ask.request_id)
        assert request.subject_type == "entitlement"
        assert (request.facts["kind"], request.facts["tier"]) == ("premium", "light")
        assert not Entitlement.objects.exists()
    assert desk.answer(ask).status == "approved"
    with desk.org.scope():
        row = Entitlement.objects.get()
        assert (row.ref, row.gives, row.holder, row.capability_id) == (
            "EN-0001",
            "premium",
            "capability",
            desk.capability.id,
        )
        assert (row.reach, row.starts_on, row.last) == (
            "frontier",
            date(2026, 11, 10),
            date(2026, 12, 31),
        )
        assert (row.source_ref, row.request_id, row.evidence) == (
            "ER-0001",
            ask.request_id,
            "412 claims.",
        )
        assert row.granted_by_name == desk.org.actor(Role.CFO).name
        assert TrailEvent.objects.filter(action="entitlement.granted").count() == 1


@pytest.mark.parametrize("decision", ["reject", "request_changes"])
def test_no_other_answer_mints_one(desk, decision):
    desk.answer(desk.ask(), decision)
    with desk.org.scope():
        assert not Entitlement.objects.exists()


def test_a_decision_and_what_it_mints_happen_together(desk):
    ask = desk.ask()
    with desk.org.scope():
        change_capability(
            actor=desk.org.actor(Role.EA),
            capability_id=desk.capability.id,
            version=1,
            stage="retired",
        )
    with pytest.raises(Conflict):
        desk.answer(ask)
    with desk.org.scope():
        assert Ask.objects.get().status == "asked"
        assert ApprovalRequest.objects.get().status == "pending"
        assert not Entitlement.objects.exists()


def test_an_approval_is_undone_while_nothing_used_it(desk):
    ask = desk.ask()
    desk.answer(ask)
    desk.undo(ask)
    with desk.org.scope():
        row = Entitlement.objects.get()
        assert (row.ended_on, row.holds_on(date(2026, 11, 20))) == (row.starts_on, False)
        assert Ask.objects.get().status == "asked"
    desk.answer(ask)
    desk.used(20)
    with pytest.raises(Conflict, match="EN-0002 is in use"):
        desk.undo(ask)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"to": {"reach": "all"}}, "reach"),
        ({"to": {"reach": "listed"}}, "models"),
        ({"to": {"reach": "listed", "models": ("opus",)}}, "models"),
        ({"to": {"gives": "speed"}}, "gives"),
        ({"to": {"user": "ada", "capability_id": None}, "unit_id": None}, "unit_id"),
        ({"gives": "context", "to": {"context_tokens": 0}}, "context_tokens"),
        ({"gives": "context", "to": {"evidence": " "}}, "evidence"),
        ({"gives": "context", "to": {"user": "ada", "capability_id": None}}, "user"),
        ({"ends_on": None}, "ends_on"),
        ({"ends_on": date(2026, 11, 1)}, "ends_on"),
        ({"reason": " "}, "reason"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(desk, values, field):
    with pytest.raises(Invalid) as refused:
        desk.ask(**values)
    assert field in [e.field for e in refused.value.errors]
    with desk.org.scope():
        assert not Ask.objects.exists()
        assert not AskedEntitlement.objects.exists()


def test_who_may_not_ask_and_who_may_not_decide(desk):
    with pytest.raises(Forbidden):
        desk.ask(role=Role.VIEWER)
    ask = desk.ask(role=Role.CFO)
    with pytest.raises(Forbidden):
        desk.answer(ask, role=Role.CFO)
    with desk.org.scope():
        assert not Entitlement.objects.exists()


def test_asked_again_for_the_same_holder_only(desk):
    ask = desk.answer(desk.ask(gives="context"), "request_changes")

    def again(**to):
        wanted = {"gives": "context", "capability_id": desk.capability.id, "evidence": "Measured."}
        with desk.org.scope():
            return asks.ask_again(
                actor=desk.org.actor(Role.UNIT_LEAD),
                ask_id=ask.id,
                version=ask.version,
                asked=AskInput(
                    kind="entitlement",
                    title="Less",
                    reason="Measured again.",
                    starts_on=date(2026, 11, 21),
                    ends_on=date(2026, 12, 31),
                    entitlement=EntitlementInput(**{**wanted, "context_tokens": 90_000, **to}),
                ),
            )

    with pytest.raises(Invalid):
        again(capability_id=None)
    assert again().about == "up to 90,000 input tokens a call"
    desk.answer(ask)
    with desk.org.scope():
        assert Entitlement.objects.get().context_tokens == 90_000


def test_a_person_and_a_team_hold_one(desk):
    desk.answer(desk.ask(to={"user": "ada@acme.example", "capability_id": None}))
    desk.answer(desk.ask(to={"capability_id": None}))
    with desk.org.scope():
        rows = Entitlement.objects.order_by("number")
        assert [(r.holder, r.holder_name, r.unit_id) for r in rows] == [
            ("user", "ada@acme.example", None),
            ("unit", desk.org.units["platform"].name, desk.team),
        ]


def end(desk, row, role=Role.EA, version=1, reason="The pilot is over."):
    with desk.org.scope():
        return services.end_entitlement(
            actor=desk.org.actor(role), entitlement_id=row.id, version=version, reason=reason
        )


def test_ended_early(desk, world):
    desk.answer(desk.ask())
    with desk.org.scope():
        row = Entitlement.objects.get()
    with pytest.raises(Forbidden):
        end(desk, row, role=Role.UNIT_LEAD)
    with pytest.raises(Conflict):
        end(desk, row, version=7)
    with pytest.raises(Invalid):
        end(desk, row, reason=" ")
    with desk.org.scope():
        assert Entitlement.objects.get().ended_on is None
    done = end(desk, row)
    assert (done.last, done.holds_on(date(2026, 11, 20))) == (date(2026, 11, 19), False)
    with pytest.raises(Conflict, match="over already"):
        end(desk, done, version=2)
    with desk.org.scope():
        assert Notification.objects.filter(kind="approval.entitlement_ended").count() == 1
    owner = world.b.actor(Role.OWNER)
    with world.b.scope(), pytest.raises(NotFound):
        services.end_entitlement(actor=owner, entitlement_id=row.id, version=2, reason="x")


def test_one_that_is_ended_before_it_begins_is_over(desk):
    desk.answer(desk.ask(starts_on=date(2026, 12, 5)))
    with desk.org.scope():
        row = Entitlement.objects.get()
        assert Entitlement.objects.filter(state_q("to_come", date(2026, 11, 20))).exists()
    done = end(desk, row)
    with desk.org.scope():
        assert Entitlement.objects.filter(state_q("ended", date(2026, 11, 20))).exists()
        assert not Entitlement.objects.filter(state_q("to_come", date(2026, 11, 20))).exists()
    with pytest.raises(Conflict, match="over already"):
        end(desk, done, version=2)


def test_whoever_asked_is_reminded_once_before_it_ends(desk):
    desk.answer(desk.ask())
    with desk.org.scope():
        assert services.remind() == 0
    with clock.at(datetime(2026, 12, 18, 9, tzinfo=UTC)), desk.org.scope():
        assert (services.remind(), services.remind()) == (1, 0)
        told = Notification.objects.get(kind="approval.entitlement_ends")
        assert told.membership_id == desk.org.person(Role.UNIT_LEAD).membership.id
        assert told.title == "EN-0001 premium models for Claims ends on 31 December 2026"


def test_its_end_is_told_once_and_not_when_somebody_ended_it(desk):
    desk.answer(desk.ask())
    with clock.at(datetime(2026, 12, 31, 9, tzinfo=UTC)), desk.org.scope():
        assert services.lapse() == 0  # the last day is included
    with clock.at(datetime(2027, 1, 1, 9, tzinfo=UTC)), desk.org.scope():
        assert (services.lapse(), services.lapse()) == (1, 0)
        event = TrailEvent.objects.get(action="entitlement.lapsed")
        assert event.after == {"holds": False, "ends_on": "2026-12-31"}
    with desk.org.scope():
        Entitlement.objects.update(lapsed_at=None)
        row = Entitlement.objects.get()
    end(desk, row)
    with clock.at(datetime(2027, 1, 1, 9, tzinfo=UTC)), desk.org.scope():
        assert services.lapse() == 0


def give(desk, role=Role.EA, **values):
    with desk.org.scope():
        return services.set_tier(
            actor=desk.org.actor(role), **{"tier": "heavy", "version": 0, **values}
        )


def test_tiers_of_teams_and_people_and_why(desk):
    def applied():
        with desk.org.scope():
            desk.capability.refresh_from_db()
            found = tier_book().of_capability(desk.capability)
            return found.tier.value, found.why.value

    assert applied() == ("light", "default")
    top = desk.org.units["platform"].parent_id
    give(desk, unit_id=top, tier="standard")
    assert applied() == ("standard", "unit")
    row = give(desk, unit_id=desk.team)
    assert applied() == ("heavy", "unit")
    with desk.org.scope():
        assert tier_book().of_unit(desk.team).why == "own"
        change_capability(
            actor=desk.org.actor(Role.EA),
            capability_id=desk.capability.id,
            version=1,
            tier="critical",
        )
    assert applied() == ("critical", "own")
    with pytest.raises(Conflict):
        give(desk, unit_id=desk.team)
    give(desk, unit_id=desk.team, tier="", version=row.version)
    give(desk, user="ada", tier="heavy")
    with desk.org.scope():
        book = tier_book()
        assert book.of_unit(desk.team).tier == "standard"
        assert (book.of_user("ada").tier, book.of_user("bob").why) == ("heavy", "default")
        assert TrailEvent.objects.filter(action="entitlement.tier_set").count() == 4


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"role": Role.UNIT_LEAD, "user": "ada"}, Forbidden),
        ({}, Invalid),
        ({"user": "ada", "tier": "huge"}, Invalid),
        ({"user": "a" * 201}, Invalid),
        ({"user": "ada", "version": 3}, Conflict),
    ],
)
def test_a_tier_that_cannot_be_set_is_not(desk, values, error):
    with pytest.raises(error):
        give(desk, **values)
    with desk.org.scope():
        assert not TierAssignment.objects.exists()

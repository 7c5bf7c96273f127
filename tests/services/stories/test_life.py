"""From draft to budget: what each step stores, and what it refuses."""

import datetime as dt
from decimal import Decimal

import pytest

from apps.approvals.models import ApprovalRequest
from apps.budgets.models import Budget, BudgetEntry
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.outbox.models import OutboxMessage
from apps.portfolio.models import Capability
from apps.stories import services
from apps.stories.models import PhaseEstimate, StoryDraft, StoryRevision, TokenStory
from apps.stories.selectors.stories import story_by_id
from apps.trail.models import TrailEvent
from tests.factories.portfolio import make_capability
from tests.factories.stories import CAP, make_assumptions, make_plan

pytestmark = pytest.mark.django_db


def actions(story):
    return list(
        TrailEvent.objects.filter(object_type="story", object_id=story.id)
        .order_by("id")
        .values_list("action", flat=True)
    )


def test_a_draft_gets_the_next_number_and_its_figures(desk):
    first, second = desk.draft(), desk.draft()
    assert (first.ref, second.ref) == ("TS-0001", "TS-0002")
    assert first.status == "draft"
    assert first.month_cost_nanos == 2_538_174_240_000
    assert first.month_tokens == 876_153_600
    assert actions(first) == ["story.drafted"]
    assert first.author_id == desk.author.membership_id


def test_a_submission_freezes_a_revision_with_its_estimate(desk):
    story = desk.submitted()
    revision = StoryRevision.objects.get(story_id=story.id)
    assert (story.status, story.revision_number) == ("submitted", 1)
    assert story.current_revision_id == revision.id
    assert revision.month_cost_likely == revision.month_cost_p50 == 2_538_174_240_000
    assert revision.month_cost_p10 == pytest.approx(2_538_174_240_000 * 0.72, rel=1e-3)
    # 14,000 claims × 70 % × 4.5 minutes × $0.70
    assert revision.value_month_nanos == 30_870_000_000_000
    assert revision.estimate["phases"]["development"]["cost"]["likely"] == 1_719_360_000_000
    cells = PhaseEstimate.objects.filter(revision=revision)
    assert cells.filter(phase="production").count() == 12
    assert sorted(set(cells.values_list("month", flat=True)))[:3] == [
        dt.date(2026, 12, 1),
        dt.date(2027, 1, 1),
        dt.date(2027, 2, 1),
    ]
    assert not StoryDraft.objects.filter(story_id=story.id).exists()
    request = desk.request(story)
    assert (request.subject_ref, request.amount_nanos) == (story.ref, CAP)
    assert request.requester_id == desk.author.membership_id
    assert actions(story) == ["story.drafted", "story.submitted"]
    assert OutboxMessage.objects.filter(topic="story.submitted").count() == 1


def test_the_database_refuses_to_change_a_revision(desk):
    from django.db import DatabaseError, transaction

    story = desk.submitted()
    for change in (
        lambda: StoryRevision.objects.filter(story_id=story.id).update(cap_nanos=1),
        lambda: PhaseEstimate.objects.filter(revision__story_id=story.id).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_approval_opens_the_budget_in_the_same_transaction(desk):
    story = desk.approved()
    assert story.status == "approved"
    assert story.approved_revision_id == story.current_revision_id
    assert story.approved_cap_nanos == CAP
    budget = Budget.objects.get(id=story.budget_id)
    assert (budget.story_id, budget.story_ref) == (story.id, story.ref)
    assert budget.starts_on == dt.date(2026, 12, 1)
    assert BudgetEntry.objects.get(budget=budget).amount_nanos == CAP
    capability = Capability.objects.get(id=story.capability_id)
    assert capability.name == story.title
    assert capability.unit_id == story.unit_id


def test_an_approver_may_lower_the_cap(desk):
    story = desk.decide(desk.submitted(), "approve", cap_nanos=CAP // 2)
    assert story.approved_cap_nanos == CAP // 2
    assert BudgetEntry.objects.get(budget_id=story.budget_id).amount_nanos == CAP // 2


def test_an_existing_capability_keeps_its_unit_and_kind(desk):
    capability = make_capability(unit_id=desk.org.units["core"].id, kind="pipeline")
    story = desk.draft(capability_id=capability.id)
    assert (story.unit_id, story.kind) == (capability.unit_id, "pipeline")


def test_requested_changes_open_the_draft_again(desk):
    story = desk.decide(desk.submitted(), "request_changes")
    assert story.status == "changes_requested"
    draft = StoryDraft.objects.get(story_id=story.id)
    assert draft.cap_nanos == CAP
    again = services.submit(actor=desk.author, story_id=story.id, version=story.version)
    assert (again.status, again.revision_number) == ("submitted", 2)
    assert desk.request(again).revision_number == 2


def test_a_declined_story_can_be_reworked(desk):
    story = desk.decide(desk.submitted(), "reject")
    assert (story.status, story.request_id) == ("rejected", None)
    draft = services.amend(actor=desk.author, story_id=story.id, version=story.version)
    assert draft.status == "draft"


def test_withdrawing_a_submission_closes_its_request(desk):
    story = desk.submitted()
    request = desk.request(story)
    gone = services.withdraw(actor=desk.author, story_id=story.id, version=story.version)
    assert gone.status == "withdrawn"
    request.refresh_from_db()
    assert request.status == "withdrawn"


def test_a_colleague_withdraws_for_the_author(desk, world):
    from apps.access.roles import Role

    story = desk.submitted()
    request = desk.request(story)
    lead = world.a.actor(Role.TOKENOPS_LEAD)
    gone = services.withdraw(actor=lead, story_id=story.id, note="Team is moving.")
    assert gone.status == "withdrawn"
    request.refresh_from_db()
    assert request.status == "voided"


def test_amending_a_live_story_keeps_it_live_until_the_answer(desk):
    story = desk.approved()
    for step in (services.start_delivery, services.go_live):
        story = step(actor=desk.author, story_id=story.id, version=story.version)
    story = services.amend(actor=desk.author, story_id=story.id, version=story.version)
    assert story.status == "live"
    plan = make_plan(desk.unit_id, cap_nanos=2 * CAP, capability_id=story.capability_id)
    story = services.save_draft(
        actor=desk.author, story_id=story.id, version=story.version, plan=plan
    )
    story = services.submit(actor=desk.author, story_id=story.id, version=story.version)
    assert (story.status, story.resume_status) == ("submitted", "live")
    assert story.approved_cap_nanos == CAP
    story = desk.decide(story, "approve")
    assert (story.status, story.resume_status) == ("live", "")
    assert story.approved_cap_nanos == 2 * CAP
    entries = BudgetEntry.objects.filter(budget_id=story.budget_id).order_by("budget_version")
    assert [e.amount_nanos for e in entries] == [CAP, 2 * CAP]


def test_a_declined_amendment_leaves_the_approved_story_as_it_was(desk):
    story = desk.resubmitted(desk.approved())
    before = story.approved_revision_id
    story = desk.decide(story, "reject")
    assert (story.status, story.approved_revision_id) == ("approved", before)


@pytest.mark.parametrize("answer", ["approve", "reject", "withdraw"])
def test_an_amendment_that_names_no_capability_keeps_the_one_of_the_approval(desk, answer):
    first = desk.approved()
    story = desk.resubmitted(first)
    assert story.capability_id == first.capability_id
    if answer == "withdraw":
        story = services.withdraw(actor=desk.author, story_id=story.id)
    else:
        story = desk.decide(story, answer)
    assert (story.status, story.capability_id) == ("approved", first.capability_id)
    assert Capability.objects.count() == 1


def test_resubmitting_during_the_review_voids_the_older_request(desk):
    story = desk.submitted()
    first = desk.request(story)
    story = services.amend(actor=desk.author, story_id=story.id, version=story.version)
    story = services.submit(actor=desk.author, story_id=story.id, version=story.version)
    first.refresh_from_db()
    assert first.status == "voided"
    assert desk.request(story).revision_id == story.current_revision_id
    assert story.revision_number == 2


def test_closing_ends_the_budget(desk):
    story = desk.approved()
    closed = services.close(actor=desk.author, story_id=story.id, version=story.version)
    assert closed.status == "closed"
    assert Budget.objects.get(id=story.budget_id).status == "closed"


def test_the_author_never_decides_their_own_story(desk, world):
    from apps.access.roles import Role
    from apps.approvals import services as approvals

    lead = world.a.actor(Role.TOKENOPS_LEAD)
    story = services.create_draft(actor=lead, plan=make_plan(desk.unit_id))
    story = services.submit(actor=lead, story_id=story.id, version=1)
    request = desk.request(story)
    with pytest.raises(Forbidden):
        approvals.decide(
            actor=lead, request_id=request.id, version=request.version, decision="approve"
        )
    assert story_by_id(story.id).status == "submitted"


def test_whoever_submits_for_the_author_does_not_decide_either(desk, world):
    from apps.access.roles import Role
    from apps.approvals import services as approvals

    story = desk.draft()
    lead = world.a.actor(Role.TOKENOPS_LEAD)
    story = services.submit(actor=lead, story_id=story.id, version=story.version)
    request = desk.request(story)
    with pytest.raises(Forbidden):
        approvals.decide(
            actor=lead, request_id=request.id, version=request.version, decision="approve"
        )


def test_an_incomplete_story_is_refused_with_every_gap(desk):
    story = desk.draft(
        cap_nanos=None, value_metric="", value_why="", assumptions=make_assumptions(mix=())
    )
    assert story.month_cost_nanos is None
    with pytest.raises(Invalid) as refused:
        services.submit(actor=desk.author, story_id=story.id, version=story.version)
    assert [e.field for e in refused.value.errors] == [
        "cap",
        "value_metric",
        "value_why",
        "assumptions.production.mix",
    ]
    assert not StoryRevision.objects.exists()
    assert not ApprovalRequest.objects.exists()


def test_a_model_without_a_price_is_named(desk):
    from apps.stories.estimator import MixShare

    story = desk.draft(assumptions=make_assumptions(mix=(MixShare("corvid", "32b"),)))
    with pytest.raises(Invalid) as refused:
        services.submit(actor=desk.author, story_id=story.id, version=story.version)
    assert "corvid 32b has no price today." in refused.value.errors[0].message
    assert not StoryRevision.objects.exists()


def test_wrong_input_of_a_draft_is_refused_field_by_field(desk):
    with pytest.raises(Invalid) as refused:
        desk.draft(
            title=" ", cap_nanos=-1, kind="robots", value_evidence_url="javascript:alert(1)",
            value_adoption=Decimal(101),
        )  # fmt: skip
    assert sorted(e.field for e in refused.value.errors) == [
        "cap",
        "kind",
        "title",
        "value_adoption",
        "value_evidence_url",
    ]
    assert not TokenStory.objects.exists()


def test_people_without_the_permission_write_nothing(desk, world):
    from apps.access.roles import Role

    story = desk.draft()
    viewer = world.a.actor(Role.VIEWER)
    for act in (
        lambda: services.create_draft(actor=viewer, plan=make_plan(desk.unit_id)),
        lambda: services.save_draft(
            actor=viewer, story_id=story.id, version=1, plan=make_plan(desk.unit_id)
        ),
        lambda: services.submit(actor=viewer, story_id=story.id, version=1),
        lambda: services.withdraw(actor=viewer, story_id=story.id),
    ):
        with pytest.raises(Forbidden):
            act()
    assert TokenStory.objects.count() == 1
    assert story_by_id(story.id).version == 1


def test_a_member_files_only_their_own(desk, world):
    from apps.access.roles import Role

    member = world.a.actor(Role.MEMBER)
    mine = services.create_draft(actor=member, plan=make_plan(desk.unit_id))
    assert services.submit(actor=member, story_id=mine.id, version=1).status == "submitted"
    other = desk.draft()
    with pytest.raises(Forbidden):
        services.submit(actor=member, story_id=other.id, version=other.version)


def test_autosave_of_the_same_content_writes_nothing(desk):
    plan = make_plan(desk.unit_id)
    story = services.create_draft(actor=desk.author, plan=plan)
    for _ in range(3):
        story = services.save_draft(actor=desk.author, story_id=story.id, version=1, plan=plan)
    assert story.version == 1
    assert actions(story) == ["story.drafted"]


def test_a_stale_version_is_refused(desk):
    story = desk.draft()
    services.save_draft(
        actor=desk.author, story_id=story.id, version=1, plan=make_plan(desk.unit_id, title="One")
    )
    with pytest.raises(Conflict):
        services.save_draft(
            actor=desk.author,
            story_id=story.id,
            version=1,
            plan=make_plan(desk.unit_id, title="Two"),
        )
    assert story_by_id(story.id).title == "One"


def test_usage_of_the_capability_is_the_storys_from_its_approval(desk):
    from apps.attribution.rules import Dimensions
    from apps.attribution.selectors import rule_set
    from apps.common import clock

    capability = make_capability(unit_id=desk.unit_id)
    dims = Dimensions(capability=capability.slug)
    story = desk.approved(capability_id=capability.id)
    today = clock.today()
    found = rule_set().attribute(dims, today)
    assert (found.capability_id, found.story_id) == (capability.id, story.id)
    assert rule_set().attribute(dims, today - dt.timedelta(days=1)).story_id is None
    assert OutboxMessage.objects.filter(topic="attribution.changed").exists()
    services.close(actor=desk.author, story_id=story.id)
    assert rule_set().attribute(dims, today + dt.timedelta(days=1)).story_id is None

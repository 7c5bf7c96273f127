"""What holds of a story, its requests and their steps, whatever happened to them.

Said here anew from the rows, not by the code that moved them: `test_life` asks it after every act.
"""

from collections import Counter

from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
)

from apps.access.roles import Role
from apps.approvals.enums import Lane, RequestStatus, StepStatus
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalDecision,
    ApprovalParty,
    ApprovalRequest,
    ApprovalStep,
    ApprovalUndo,
)
from apps.budgets.models import Budget
from apps.stories import rules
from apps.stories.enums import BandOutcome, StoryStatus
from apps.stories.models import BandExit, StoryDraft, StoryRevision
from tests.factories.stories import CAP

S = StoryStatus
LEAD = Role.UNIT_LEAD
ENDED = frozenset({S.CLOSED, S.SUPERSEDED})
CLOSING = {"rejected": "reject", "changes_requested": "request_changes"}


class Legal(RuleBasedStateMachine):
    """The checks. `now` is the story as the last act left it, `changed` whether there was one."""

    side = None

    def member(self, role):
        return self.side.person(role).membership.id

    # What holds whatever happened

    @invariant()
    def what_is_stored_is_legal(self):
        """After each act that was done; one that was refused has left everything as it was."""
        if not getattr(self, "changed", False):
            return
        self.changed = False
        self.the_story_is_in_a_legal_state()
        for request in ApprovalRequest.objects.filter(subject_id=self.id):
            self.answers_are_by_who_may(request)
            self.steps_are_in_order(request)

    def the_story_is_in_a_legal_state(self):
        story = self.now
        revisions = list(StoryRevision.objects.filter(story_id=story.id).order_by("number"))
        assert [r.number for r in revisions] == list(range(1, story.revision_number + 1))
        if revisions:
            assert story.current_revision_id == revisions[-1].id
        drafts = StoryDraft.objects.filter(story_id=story.id).count()
        if story.state in {S.DRAFT, S.CHANGES_REQUESTED}:
            assert drafts == 1
        if story.state in rules.FINISHED and revisions:
            assert drafts == 0
        waiting = ApprovalRequest.objects.filter(
            subject_type="story", subject_id=story.id, status=RequestStatus.PENDING
        )
        if story.state in rules.WAITING:
            request = waiting.get()
            assert (request.id, request.revision_id) == (
                story.request_id, story.current_revision_id,
            )  # fmt: skip
        else:
            assert (list(waiting), story.request_id) == ([], None)
        if story.resume_status:
            assert story.state in {*rules.WAITING, S.CHANGES_REQUESTED}
            assert story.resume in rules.UNDER_WAY
        if story.state in rules.UNDER_WAY or story.resume_status:
            assert story.approved_revision_id in {r.id for r in revisions}
        self.its_approval_stands(story)

    def its_approval_stands(self, story):
        """The cap and the budget in force are those of the approval in force."""
        approved = ApprovalRequest.objects.filter(
            subject_type="story", revision_id=story.approved_revision_id, status="approved"
        )
        if story.approved_revision_id is None:
            assert story.approved_cap_nanos is None
            assert not approved.exists()
            return
        request = approved.get()
        assert story.approved_cap_nanos == request.approved_nanos <= CAP
        if story.state not in ENDED:
            assert Budget.objects.filter(id=story.budget_id, closed_at__isnull=True).count() == 1
        months = BandExit.objects.filter(story_id=story.id, outcome=BandOutcome.OPEN)
        asked = ApprovalRequest.objects.filter(
            subject_type="story_band", subject_id=story.id, status=RequestStatus.PENDING
        )
        assert {m.id for m in months} == {r.revision_id for r in asked}
        if story.state in ENDED:
            assert not asked.exists()

    def answers_are_by_who_may(self, request):
        undone = set(ApprovalUndo.objects.values_list("decision_id", flat=True))
        rows = list(ApprovalDecision.objects.filter(request_id=request.id).order_by("id"))
        live = [d for d in rows if d.id not in undone]
        parties = {p.membership_id: p for p in ApprovalParty.objects.filter(request_id=request.id)}
        for answer in live:
            party = parties.get(answer.membership_id)
            assert party is None or (
                party.reason == "recused" and party.created_at >= answer.decided_at
            )
            assert answer.revision_id == request.revision_id
        by_step = Counter((d.step_id, d.membership_id) for d in live)
        assert set(by_step.values()) <= {1}
        if request.status in {"rejected", "changes_requested"}:
            assert live[-1].decision == CLOSING[request.status]
        else:
            assert {d.decision for d in live} <= {"approve"}
        self.live = live

    def steps_are_in_order(self, request):
        steps = list(ApprovalStep.objects.filter(request_id=request.id).order_by("position"))
        if request.lane != Lane.PEOPLE:
            assert (steps, request.status) == ([], RequestStatus.APPROVED)
            return
        places = list(ApprovalAssignment.objects.filter(request_id=request.id))
        active = [s for s in steps if s.status == StepStatus.ACTIVE]
        assert [s.position for s in active] == ([request.current_step] if request.is_open else [])
        assert {p.step_id for p in places if p.is_open} <= {s.id for s in active}
        if request.status == RequestStatus.APPROVED:
            assert {s.status for s in steps} == {StepStatus.APPROVED}
        earlier = set()
        for step in steps:
            given = [d for d in self.live if d.step_id == step.id]
            people = {d.membership_id for d in given}
            if step.status == StepStatus.APPROVED:
                seats = {seat for d in given for seat in d.seats}
                mine = [p for p in places if p.step_id == step.id]
                owed = {str(p.seat) for p in mine if p.is_required}
                assert given
                assert owed <= seats
                counted = len(seats) if step.mode == "all" else len(people)
                assert counted >= step.needed
            if step.status == StepStatus.WAITING:
                assert not given
            if step.is_distinct:
                assert not people & earlier
            earlier |= people

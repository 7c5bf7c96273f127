"""The walk: every act that moves a Token Story, done or refused, by Hypothesis or by dice."""

from collections import Counter
from dataclasses import replace
from random import Random

from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
)

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.models import (
    ApprovalAssignment,
    ApprovalDecision,
    ApprovalParty,
    ApprovalRequest,
    ApprovalStep,
    ApprovalUndo,
)
from apps.budgets.models import BudgetEntry
from apps.common import clock
from apps.common.errors import DomainError
from apps.common.periods import month_of
from apps.stories import rules, services
from apps.stories.enums import Act
from apps.stories.models import BandExit, StoryDraft, StoryRevision, TokenStory
from apps.stories.selectors.accuracy import Outcome
from apps.stories.services import band
from tests.factories.approvals import set_route
from tests.factories.stories import CAP, make_plan
from tests.property.stories.legal import LEAD, Legal

BOARD = (Role.CFO, Role.CIO, Role.CTO)
PEOPLE = (LEAD, *BOARD, Role.EA, Role.VIEWER)
ROUTES = (
    [{"name": "One", "roles": ["cfo", "cio"], "fallback_roles": ["ea"]}],
    [
        {"name": "All", "roles": ["cfo", "cio"], "mode": "all", "fallback_roles": ["ea"]},
        {"name": "Last", "roles": ["cfo", "cto"], "distinct": True, "fallback_roles": ["owner"]},
    ],
    [
        {"name": "Two", "roles": ["cfo", "cio", "cto"], "mode": "quorum", "quorum": 2},
        {"name": "Team", "roles": ["unit_lead"], "fallback_roles": ["ea"]},
    ],
)
EVIDENCE = (ApprovalDecision, ApprovalUndo, ApprovalParty)
ENOUGH = 4
"""Refusals and ends of a life of one kind after which it is tried no more: others are rarer."""
TEAM = (
    Act.SUBMIT, Act.AMEND, Act.DISCARD, Act.WITHDRAW, Act.START_DELIVERY, Act.GO_LIVE,
    Act.TRUE_UP, Act.CLOSE,
)  # fmt: skip
MUST = (
    "approve", "reject", "undo", "hand over", "add an approver", "step back", "supersede",
    "leave the band", "decide the month", "save", *TEAM,
)  # fmt: skip
"""What the test has done at least once, or it proves nothing."""
ENDING = frozenset({Act.WITHDRAW, Act.CLOSE})
SEEN = Counter()
"""What was done and refused, so that the test can say that it tried everything."""


class Life(Legal):
    """One story, filed by the lead of its team. `now` is the story as the last act left it."""

    @initialize(route=st.sampled_from(ROUTES), amended=st.booleans())
    def file(self, route, amended):
        """Half the lives begin with an approved story whose amendment to twice the cap waits."""
        lead = self.side.actor(LEAD)
        self.plan = make_plan(self.side.units["platform"].id, cap_nanos=CAP // 2)
        self.id = services.create_draft(actor=lead, plan=self.plan).id
        self.months, self.successor = 0, None
        if amended:
            set_route({"name": "Board", "roles": ["cfo"]})
            self.approve(self.id)
            services.amend(actor=lead, story_id=self.id)
        set_route(*route)
        self.look()
        self.save(CAP)
        services.submit(actor=lead, story_id=self.id, version=self.now.version)
        self.look()

    def approve(self, story_id):
        """Submit a story, and let the CFO or whoever is on the route approve it at once."""
        version = TokenStory.objects.get(id=story_id).version
        services.submit(actor=self.side.actor(LEAD), story_id=story_id, version=version)
        while (request := self.request(of=story_id)).is_open:
            waiting = ApprovalAssignment.objects.filter(request_id=request.id, is_open=True)
            by = {self.member(role): role for role in (*PEOPLE, Role.OWNER)}
            approvals.decide(
                actor=self.side.actor(by[waiting.order_by("id").first().membership_id]),
                request_id=request.id, version=request.version, decision="approve",
            )  # fmt: skip

    def save(self, cap):
        plan = replace(self.plan, cap_nanos=cap)
        services.save_draft(
            actor=self.side.actor(LEAD), story_id=self.id, version=self.now.version, plan=plan
        )
        self.look()

    @property
    def story(self):
        return TokenStory.objects.get(id=self.id)

    def request(self, kind="story", of=None):
        """The newest request of the story, open or closed."""
        rows = ApprovalRequest.objects.filter(subject_type=kind, subject_id=of or self.id)
        return rows.order_by("-opened_at", "-id").first()

    def look(self):
        self.changed, self.now, self.asked = True, self.story, self.request()
        self.draft = StoryDraft.objects.filter(story_id=self.id).exists()

    def attempt(self, name, act, *, legal=None):
        """Do it, or be refused with nothing written. `legal` False: it must not be done."""
        before = self.rows()
        try:
            act()
        except DomainError as error:
            assert error.status in {403, 404, 409, 422}, error
            assert legal is not True, (name, error)
            assert self.rows() == before, name
            SEEN[name, "refused"] += 1
            return
        assert legal is not False, name
        SEEN[name, "done"] += 1
        self.look()

    def rows(self):
        """What a refusal leaves as it was."""
        requests = ApprovalRequest.objects.filter(subject_id=self.id).order_by("id")
        of_request = {"request__subject_id": self.id}
        return (
            TokenStory.objects.filter(id=self.id).values_list().get(),
            list(requests.values_list("id", "status", "version", "approved_nanos")),
            list(
                ApprovalAssignment.objects.filter(**of_request)
                .order_by("id")
                .values_list("id", "is_open", "is_required")
            ),
            [m.objects.filter(**of_request).count() for m in EVIDENCE],
            [m.objects.filter(story_id=self.id).count() for m in (StoryDraft, StoryRevision)],
            list(BandExit.objects.filter(story_id=self.id).order_by("id").values_list("outcome")),
            BudgetEntry.objects.count(),
        )

    def standing(self):
        """What an answer moves."""
        story = self.story
        open_places = ApprovalAssignment.objects.filter(request_id=self.asked.id, is_open=True)
        steps = ApprovalStep.objects.filter(request_id=self.asked.id).order_by("position")
        return (
            story.resume_status, story.approved_revision_id, story.approved_cap_nanos,
            sorted(open_places.values_list("membership_id", "on_behalf_of_id"), key=str),
            list(steps.values_list("status", flat=True)),
            self.request().status,
        )  # fmt: skip

    # What the team does

    def may(self, act):
        target = rules.next_status(
            self.now.state, act, resume=self.now.resume, has_draft=self.draft
        )
        return target is not None

    @rule(data=st.data(), role=st.sampled_from([LEAD] * 7 + [Role.VIEWER]))
    def team(self, data, role):
        """Mostly something that may be done now."""
        now = [act for act in TEAM if self.may(act)]
        anything = pick(data, [False, False, False, True])
        act = pick(data, list(TEAM) if anything or not now else now)
        possible = self.may(act)
        legal = role is LEAD and possible
        rare = SEEN[act, "refused" if not legal else "done"]
        if (not legal or act in ENDING) and rare > ENOUGH:
            return
        self.do(act, role, legal=legal)

    def do(self, act, role=LEAD, *, legal=True):
        values = {"version": self.now.version} if act is Act.SUBMIT else {}
        self.attempt(
            act,
            lambda: getattr(services, act.value)(
                actor=self.side.actor(role), story_id=self.id, **values
            ),
            legal=legal,
        )

    @precondition(lambda self: self.draft)
    @rule(cap=st.sampled_from([CAP // 2, CAP]))
    def edit(self, cap):
        """An amendment that moves nothing needs no decision; twice the cap does."""
        self.attempt("save", lambda: self.save(cap), legal=None)

    @precondition(lambda self: self.successor is None and SEEN["supersede", "done"] < ENOUGH)
    @rule()
    def replaced(self):
        """A new story takes its place once it is approved."""

        def act():
            self.successor = services.supersede(actor=self.side.actor(LEAD), story_id=self.id).id
            self.approve(self.successor)

        under_way = self.now.state in rules.UNDER_WAY or self.now.resume is not None
        if under_way and self.months:
            self.attempt("supersede", act)

    # What approvers do

    @property
    def waited_for(self):
        """Roles of the people whose answer is waited for; everybody when none is."""
        open_places = ApprovalAssignment.objects.filter(request_id=self.asked.id, is_open=True)
        waiting = set(open_places.values_list("membership_id", flat=True))
        return [role for role in PEOPLE if self.member(role) in waiting] or list(PEOPLE)

    def on_request(self, name, service, role, *, stale=0, legal=None, **values):
        if stale:
            legal = False
        self.attempt(
            name,
            lambda: service(
                actor=self.side.actor(role),
                request_id=self.asked.id,
                version=self.asked.version - stale,
                **values,
            ),
            legal=legal,
        )

    @precondition(lambda self: self.asked.is_open or SEEN["closed"] < ENOUGH)
    @rule(
        data=st.data(),
        answer=st.sampled_from(["approve"] * 4 + ["reject", "request_changes"]),
        cap=st.sampled_from([None, None, CAP // 2, CAP + 1]),
        stale=st.sampled_from([0, 0, 0, 0, 1]),
    )
    def decide(self, data, answer, cap, stale):
        SEEN["closed"] += not self.asked.is_open
        if answer == "reject" and SEEN["reject", "done"] > ENOUGH:
            answer = "approve"
        role = self.somebody(data)
        parties = ApprovalParty.objects.filter(
            request_id=self.asked.id, membership_id=self.member(role)
        )
        must_not = not self.asked.is_open or (cap or 0) > CAP or role is Role.VIEWER
        legal = False if must_not or parties.exists() else None
        if answer != "approve":
            cap, legal = None, legal if not self.asked.is_open else None
        self.on_request(
            answer, approvals.decide, role, decision=answer, stale=stale, legal=legal,
            note="" if answer == "approve" else "Because.", cap_nanos=cap,
        )  # fmt: skip

    @precondition(lambda self: self.asked.is_open)
    @rule(data=st.data(), answer=st.sampled_from(["approve", "approve", "reject"]))
    def think_again(self, data, answer):
        """An answer that is taken back at once leaves story and places as they were."""
        role = pick(data, self.waited_for)
        before, version = self.standing(), self.asked.version
        self.on_request(answer, approvals.decide, role, decision=answer, note="Because.")
        if self.asked.version == version:
            return
        self.on_request("undo", approvals.undo_decision, role)
        if self.asked.version == version + 2:
            assert self.standing() == before

    def somebody(self, data):
        """Mostly whoever is waited for, now and then anybody."""
        anybody = pick(data, [False, False, False, True])
        return pick(data, list(PEOPLE) if anybody else self.waited_for)

    @precondition(lambda self: self.asked.is_open)
    @rule(data=st.data(), to=st.sampled_from([*BOARD, Role.EA, LEAD]))
    def hand_over(self, data, to):
        self.on_request(
            "hand over", approvals.delegate_request, self.somebody(data), to_id=self.member(to)
        )

    @precondition(lambda self: self.asked.is_open)
    @rule(data=st.data(), who=st.sampled_from([*BOARD, Role.EA, LEAD]))
    def add(self, data, who):
        self.on_request(
            "add an approver", approvals.add_approver, self.somebody(data),
            person_id=self.member(who),
        )  # fmt: skip

    @precondition(lambda self: self.asked.is_open)
    @rule(data=st.data())
    def step_back(self, data):
        self.on_request("step back", approvals.recuse, self.somebody(data), note="A vendor.")

    @rule(role=st.sampled_from([*BOARD, Role.EA]), mine=st.booleans())
    def undo(self, role, mine):
        """By whoever answered last, as the last act; mostly tried by that person."""
        last = ApprovalDecision.objects.filter(
            request_id=self.asked.id, request_version=self.asked.version - 1
        ).first()
        by = {self.member(each): each for each in PEOPLE}
        if last is not None and mine:
            role = by.get(last.membership_id, role)
        legal = None if last is not None and last.membership_id == self.member(role) else False
        if legal is False and SEEN["undo", "refused"] > ENOUGH:
            return
        self.on_request("undo", approvals.undo_decision, role, legal=legal)

    @rule()
    def refresh(self):
        approvals.refresh_open_steps()
        self.look()

    # What months bring

    @precondition(
        lambda self: (
            self.now.state in rules.UNDER_WAY
            and self.now.resume is None
            and SEEN["leave the band", "done"] < 2 * ENOUGH
        )
    )
    @rule()
    def leave_the_band(self):
        """A whole month cost twice its P90: asked about once, and not while it is asked."""
        self.months += 1
        found = Outcome(month_of(clock.today()).shift(-self.months), CAP, CAP, 2 * CAP)
        self.attempt("leave the band", lambda: band.ask_about(self.story, found), legal=True)
        assert band.ask_about(self.story, found) == 0

    @precondition(lambda self: self.months)
    @rule(
        role=st.sampled_from([*BOARD, *BOARD, LEAD, Role.VIEWER]),
        answer=st.sampled_from(["approve", "reject", "request_changes", "undo"]),
    )
    def decide_the_month(self, role, answer):
        request = self.request("story_band")
        actor = self.side.actor(role)
        what = {"actor": actor, "request_id": request.id, "version": request.version}
        if (
            not request.is_open
            and answer != "undo"
            and SEEN["decide the month", "refused"] > ENOUGH
        ):
            return
        if answer == "undo":
            self.attempt("undo the month", lambda: approvals.undo_decision(**what))
            return
        legal = False if not request.is_open or role is Role.VIEWER else None
        note = "" if answer == "approve" else "Because."
        self.attempt(
            "decide the month",
            lambda: approvals.decide(**what, decision=answer, note=note),
            legal=legal,
        )


def pick(data, among):
    """One of them: by Hypothesis, or by the dice of the seeded walk."""
    known = list(among)
    return data.choice(known) if isinstance(data, Random) else data.draw(st.sampled_from(known))

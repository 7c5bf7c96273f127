"""What waits for a person: decisions, findings to answer, their own stories, loose ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can_anywhere
from apps.approvals.selectors import count_waiting_for, waiting_for
from apps.audits.selectors import my_findings
from apps.common import fmt
from apps.ledger.query import Coverage
from apps.portal.nav import link_to
from apps.stories.enums import StoryStatus
from apps.stories.selectors.stories import stories
from apps.tenancy.urls import org_url

MOST = 6


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do: what, why now, where, and the word on its button."""

    title: str
    detail: str
    url: str
    act: str
    icon: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The first few things, and how many decisions and answers wait in all."""

    items: list[Todo]
    decisions: int
    findings: int

    @property
    def count(self) -> int:
        return max(len(self.items), self.decisions + self.findings)


def waiting(
    request: HttpRequest, today: date, coverage: Coverage, unattributed_nanos: int, currency: str
) -> Waiting:
    """Everything that waits for the actor, most urgent first."""
    actor = request.actor
    decisions = list(_decisions(request, actor))
    findings = list(_findings(request, actor, today))
    items = [
        *decisions,
        *findings,
        *_stories(request, actor),
        *_loose_ends(request, actor, coverage, unattributed_nanos, currency),
    ]
    return Waiting(items[:MOST], count_waiting_for(actor), len(findings))


def _decisions(request: HttpRequest, actor: Actor) -> Iterator[Todo]:
    for item in waiting_for(actor).order_by("opened_at", "id")[:MOST]:
        amount = fmt.money(item.amount_nanos, item.currency)
        per = " a month" if item.amount_period == "month" else ""
        asked = f"{amount}{per}, asked by {item.requester_name}"
        yield Todo(
            title=item.title,
            detail=asked if item.amount_nanos is not None else f"Asked by {item.requester_name}",
            url=org_url(request, "approvals:detail", item.id),
            act="Decide",
            icon="inbox",
            tone="acc",
        )


def _findings(request: HttpRequest, actor: Actor, today: date) -> Iterator[Todo]:
    if actor.membership_id is None:
        return
    for finding in my_findings(actor)[:MOST]:
        late = finding.due_on is not None and finding.due_on < today
        due = f" · {fmt.due(finding.due_on, today)}" if finding.due_on else ""
        yield Todo(
            title=finding.title,
            detail=f"{finding.audit.ref}, finding {finding.number}{due}",
            url=org_url(request, "audits:detail", finding.audit_id),
            act="Respond",
            icon="clipboard-check",
            tone="bad" if late else "warn",
        )


def _stories(request: HttpRequest, actor: Actor) -> Iterator[Todo]:
    """The person's own stories that were sent back or never submitted."""
    if not can_anywhere(actor, P.STORY_SUBMIT):
        return
    mine = stories(actor).filter(
        author_id__in=[i for i in (actor.membership_id, actor.id) if i is not None],
        status__in=[StoryStatus.CHANGES_REQUESTED.value, StoryStatus.DRAFT.value],
    )
    for story in mine.order_by("status", "-number")[:3]:
        back = story.status == StoryStatus.CHANGES_REQUESTED.value
        yield Todo(
            title=story.title,
            detail=f"{story.ref}, {'changes were requested' if back else 'not submitted yet'}",
            url=org_url(request, "stories:detail", story.ref),
            act="Rework" if back else "Continue",
            icon="pencil",
            tone="warn" if back else "",
        )


def _loose_ends(
    request: HttpRequest, actor: Actor, coverage: Coverage, unattributed: int, currency: str
) -> Iterator[Todo]:
    if unattributed > 0 and can_anywhere(actor, P.ATTRIBUTION_MANAGE):
        yield Todo(
            title=f"{fmt.money(unattributed, currency)} has no team",
            detail="A rule decides who pays for use that nobody claims",
            url=link_to(request, "ledger:unattributed"),
            act="Assign",
            icon="fingerprint",
            tone="warn",
        )
    if can_anywhere(actor, P.SOURCE_MANAGE):
        for source in coverage.lagging[:2]:
            behind = (
                f"{fmt.duration(source.lag_seconds)} behind"
                if source.lag_seconds
                else "has sent nothing yet"
            )
            yield Todo(
                title=f"{source.name}: {behind}",
                detail="Figures after that are not complete",
                url=link_to(request, "connectors:list"),
                act="Look",
                icon="database",
                tone="warn",
            )

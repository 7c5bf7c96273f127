"""All Token Stories: what is live, waiting, drifting."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.access.permissions import P
from apps.access.services import can_anywhere
from apps.access.web import requires
from apps.common import charts, clock, fmt
from apps.common.web.lists import (
    Action,
    ChoiceFilter,
    Column,
    Empty,
    ListPage,
    RelationFilter,
    Row,
    SearchFilter,
)
from apps.ledger.query import Query, run
from apps.organizations import selectors as organizations
from apps.portfolio.enums import CapabilityKind, Tier
from apps.stories import rules
from apps.stories.enums import StoryStatus
from apps.stories.models import TokenStory
from apps.stories.selectors.stories import capabilities_with_story, stories
from apps.stories.selectors.usage import RECENT_DAYS, largest_untracked
from apps.tenancy.urls import org_url

TONES = {
    StoryStatus.APPROVED: "ok",
    StoryStatus.IN_DELIVERY: "ok",
    StoryStatus.LIVE: "ok",
    StoryStatus.TRUED_UP: "ok",
    StoryStatus.SUBMITTED: "acc",
    StoryStatus.IN_REVIEW: "acc",
    StoryStatus.CHANGES_REQUESTED: "warn",
    StoryStatus.REJECTED: "bad",
}


def status_chip(story: TokenStory) -> SafeString:
    """The status, with what it goes back to while an amendment is in review."""
    label = story.state.label
    if story.resume is not None:
        label = f"{story.resume.label}, amendment {label.lower()}"
    return format_html('<span class="chip {}">{}</span>', TONES.get(story.state, ""), label)


def _estimate(story: TokenStory) -> str:
    return fmt.money(story.month_cost_nanos, story.currency)


def _measured(story: Any) -> SafeString | str:
    daily: list[int | None] = getattr(story, "daily", [])
    known = [value for value in daily if value is not None]
    if not known:
        return fmt.DASH
    total = sum(known)
    change = rules.relative_change(story.month_cost_nanos, total)
    words = fmt.money(total, story.currency)
    against = "" if change is None else f"{fmt.delta(change, 0)} vs estimate"
    trend = charts.sparkline(daily, label=f"{words} in {RECENT_DAYS} days. {against}")
    return format_html("{}{}<small>{}</small>", words, trend, against)


def _cap(story: TokenStory) -> str:
    cap = story.cap_nanos if story.approved_cap_nanos is None else story.approved_cap_nanos
    return fmt.money(cap, story.currency)


def units(request: HttpRequest) -> list[tuple[str, str]]:
    """Teams for filters."""
    return organizations.unit_choices()


@dataclass(frozen=True, slots=True)
class StorySearch(SearchFilter):
    """Every word occurs in the name or in the reference."""

    def apply(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        for word in value.casefold().split():
            qs = qs.filter(Q(title_norm__contains=word) | Q(ref__contains=word.upper()))
        return qs


@requires(P.STORY_VIEW)
class StoryList(ListPage):
    """Stories the actor may read."""

    title = "Token Stories"
    noun = ("story", "stories")
    filename = "token-stories"
    default_sort = "-updated_at"
    columns: ClassVar[Sequence[Column]] = [
        Column(
            "title",
            "Story",
            sort="title_norm",
            link=lambda story, request: org_url(request, "stories:detail", story.ref),
            sub=lambda story: story.ref,
            csv=lambda story: story.title,
        ),
        Column("ref", "Reference", in_table=False, csv=lambda story: story.ref),
        Column("team", "Team", value=lambda story: story.unit.name),
        Column("kind", "Category", value=lambda story: story.get_kind_display(), in_table=False),
        Column(
            "status", "Status", value=status_chip, sort="status", csv=lambda story: story.status
        ),
        Column("pattern", "How it works", in_table=False),
        Column("tier", "Tier", value=lambda story: story.get_tier_display(), in_table=False),
        Column(
            "estimate",
            "Likely a month",
            value=_estimate,
            align="num",
            csv=lambda story: _decimal(story.month_cost_nanos),
            csv_label="Likely a month (P50)",
        ),
        Column(
            "tokens",
            "Tokens a month",
            value=lambda story: fmt.tokens(story.month_tokens),
            align="num",
            csv=lambda story: story.month_tokens,
            phone=False,
        ),
        Column(
            "cap",
            "Cap",
            value=_cap,
            align="num",
            csv=lambda story: _decimal(
                story.cap_nanos if story.approved_cap_nanos is None else story.approved_cap_nanos
            ),
            csv_label="Monthly cap",
        ),
        Column(
            "measured",
            "Measured, 30 days",
            value=_measured,
            align="num",
            csv=lambda story: _decimal(_known_sum(story)),
        ),
        Column("currency", "Currency", in_table=False),
        Column("live_on", "Go-live", in_table=False),
        Column(
            "updated",
            "Changed",
            value=lambda story: fmt.day(story.updated_at.date()),
            sort="updated_at",
            csv=lambda story: story.updated_at,
            phone=False,
        ),
    ]
    filters = [
        StorySearch("q", "Search", placeholder="Name or TS-0142"),
        ChoiceFilter("status", "Status", choices=StoryStatus.choices(), multiple=True),
        RelationFilter("team", "Team", field="unit_id", choices=units),
        ChoiceFilter("kind", "Category", choices=CapabilityKind.choices),
        ChoiceFilter("tier", "Tier", choices=Tier.choices),
    ]

    def get_queryset(self) -> QuerySet[TokenStory]:
        return stories(self.request.actor)

    def get_actions(self) -> Sequence[Action]:
        actor = self.request.actor
        reports = [
            Action("Planning gap", org_url(self.request, "stories:gaps"), icon="circle-dashed"),
            Action("Accuracy", org_url(self.request, "stories:accuracy"), icon="scale"),
        ]
        if not can_anywhere(actor, P.STORY_WRITE):
            return reports
        return [
            *reports,
            Action("Templates", org_url(self.request, "stories:templates"), icon="bookmark"),
            Action("Import", org_url(self.request, "stories:import"), icon="table"),
            Action(
                "New Token Story", org_url(self.request, "stories:new"), icon="plus", primary=True
            ),
        ]

    crumbs = (("Token Stories", ""),)

    def get_title(self) -> str:
        """What waits, else what is under way."""
        waiting = Count("id", filter=Q(status__in=[s.value for s in rules.WAITING]))
        running = Count("id", filter=Q(status__in=[s.value for s in rules.UNDER_WAY]))
        found = self.get_queryset().order_by().aggregate(waiting=waiting, running=running)
        parts = []
        if found["waiting"]:
            verb = "waits" if found["waiting"] == 1 else "wait"
            parts.append(
                f"{fmt.plural(found['waiting'], 'story', 'stories')} {verb} for a decision"
            )
        if found["running"]:
            verb = "is" if found["running"] == 1 else "are"
            noun = "" if parts else (" story" if found["running"] == 1 else " stories")
            parts.append(f"{fmt.count(found['running'])}{noun} {verb} under way")
        return ", ".join(parts) or self.title

    def get_lede(self) -> str:
        return "What each AI feature was estimated to use, may use, and did use."

    def get_empty(self) -> Empty:
        """Teaches with the largest workload nobody has estimated."""
        actor = self.request.actor
        if not can_anywhere(actor, P.STORY_WRITE):
            return Empty(
                "No Token Stories yet",
                "Teams estimate what an AI feature will use before they build it. "
                "Their stories will be listed here.",
                icon="file-text",
            )
        found = largest_untracked(capabilities_with_story())
        url = org_url(self.request, "stories:new")
        if found is None:
            return Empty(
                "No Token Stories yet",
                "One story covers one AI feature: what it will use, cost and bring. "
                "Approval turns it into a budget.",
                "New Token Story",
                url,
                icon="file-text",
            )
        money = fmt.money(found.cost_nanos)
        return Empty(
            f"Your largest untracked workload is {found.name}, {money} in {RECENT_DAYS} days",
            "Start a story from it: tokens, models and cache hits are filled in from what was "
            "measured.",
            f"Start from {found.name}",
            f"{url}?capability={found.capability_id}",
            icon="file-text",
        )

    def _rows(self, request: HttpRequest) -> Iterator[Row]:
        attach_daily(self.page.rows)
        return super()._rows(request)

    def _export(self, rows: QuerySet[Any] | Iterable[Any]) -> HttpResponseBase:
        found = list(rows)
        attach_daily(found)
        return super()._export(found)


def _decimal(nanos: int | None) -> Any:
    from apps.common.money import from_nanos

    return None if nanos is None else from_nanos(nanos)


def _known_sum(story: Any) -> int | None:
    known = [value for value in getattr(story, "daily", []) if value is not None]
    return sum(known) if known else None


def attach_daily(rows: Sequence[Any]) -> None:
    """Give each story ``daily``: its measured cost per day, by story or by its capability."""
    under_way = [row for row in rows if row.approved_revision_id]
    if not under_way:
        return
    today = clock.today()
    start = today - dt.timedelta(days=RECENT_DAYS)
    by_story = _daily("story", [row.id for row in under_way], start, today)
    rest = [row for row in under_way if row.id not in by_story and row.capability_id]
    by_capability = _daily("capability", [row.capability_id for row in rest], start, today)
    for row in under_way:
        found = by_story.get(row.id) or by_capability.get(row.capability_id)
        if found:
            row.daily = [found.get(start + dt.timedelta(days=n)) for n in range(RECENT_DAYS)]


def _daily(
    axis: str, ids: Iterable[UUID | None], start: dt.date, end: dt.date
) -> dict[UUID, dict[dt.date, int]]:
    wanted = [str(each) for each in ids if each]
    if not wanted:
        return {}
    result = run(Query(start=start, end=end, grain="day", group_by=(axis,), filters={axis: wanted}))
    found: dict[UUID, dict[dt.date, int]] = {}
    for row in result.rows:
        if row.keys[0] and row.cost_nanos is not None and isinstance(row.period, dt.date):
            found.setdefault(UUID(row.keys[0]), {})[row.period] = row.cost_nanos
    return found

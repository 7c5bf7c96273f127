"""The pages of the four domains of consumption, and of the people of the last."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import fmt
from apps.common.web.lists import Column, Empty, ListPage
from apps.portal.rules import domains as rules
from apps.portal.rules.domains import ANALYTICS, DEVELOPMENT, PIPELINE, PRODUCTION
from apps.portal.selectors import domain_people
from apps.portal.selectors import domains as selectors
from apps.portal.selectors.domain_estimate import estimate, inputs
from apps.portal.selectors.domain_people import Crowd, Person
from apps.portal.selectors.domains import DomainFigures, Line
from apps.portal.web import domain_text as text
from apps.portal.web.domain_frame import DomainPage, Figures, planned, units_of
from apps.tenancy.urls import org_url

TAIL = 10


@requires(P.USAGE_VIEW)
class DevelopmentPage(DomainPage):
    """AI-assisted development. People are a spread, never a ranking."""

    domain = DEVELOPMENT
    filename = "development"

    @cached_property
    def crowd(self) -> Crowd | None:
        inside, _ = selectors.of_domain(self.chosen, self.domain, self.request.actor)
        narrowed = bool(self.chosen.chosen.get("capability"))
        return domain_people.developers(self.request.actor, inside, self.view, narrowed=narrowed)

    def get_columns(self) -> Sequence[Column]:
        view, currency = self.view, self.currency
        return [
            self._name(),
            *self._owners(),
            *self._uses(),
            Column(
                "share",
                "Share of tokens",
                align="num",
                value=lambda line: fmt.share(line.tokens, view.tokens),
                in_csv=False,
            ),
            Column(
                "annual",
                "Tokens a year",
                align="num",
                value=lambda line: text.tokens(_year(line)),
                csv=_year,
            ),
            Column(
                "per_million",
                "Per million tokens",
                align="num",
                value=lambda line: fmt.money(_per_million(line), currency, "unit"),
                csv=lambda line: units_of(_per_million(line)),
                csv_label=f"Cost per million tokens ({currency})",
            ),
        ]

    def extra_context(self) -> dict[str, Any]:
        found = super().extra_context()
        crowd = self.crowd
        asked = inputs(self.request.GET, crowd)
        found["asked"] = asked
        found["estimate"] = estimate(self.view, asked)
        if crowd is not None:
            found["bars"] = text.bars(crowd)
        return found


def _year(line: Line) -> int | None:
    found = rules.ratio(line.tokens, line.days)
    return None if found is None else rules.whole(found * 365)


def _per_million(line: Line) -> int | None:
    return fmt.per_million(line.cost_nanos, (line.tokens or 0) - line.unpriced_tokens)


@requires(P.USAGE_VIEW)
class ProductionPage(DomainPage):
    """Chatbots, retrieval, agents: what one interaction takes."""

    domain = PRODUCTION
    filename = "production"

    def get_columns(self) -> Sequence[Column]:
        calls = Column(
            "calls",
            "Calls per task",
            sort="calls_each",
            align="num",
            value=lambda line: text.number(line.calls_each),
            sub=lambda line: f"plan {text.number(line.promise.calls)}" if line.promise else "",
            csv=lambda line: line.calls_each,
        )
        each = self._each("interaction", "interactions")
        return [self._name(), *self._owners(), *each, calls, *self._uses()]


@requires(P.USAGE_VIEW)
class PipelinePage(DomainPage):
    """Documents and records: volume, tokens each, retries, and how much runs in batch."""

    domain = PIPELINE
    filename = "pipelines"

    def get_columns(self) -> Sequence[Column]:
        more = [
            Column("noun", "What it counts", in_table=False),
            Column(
                "retries",
                "Retries",
                sort="retries",
                align="num",
                value=lambda line: fmt.pct(line.retries, 1),
                csv=lambda line: line.retries,
                csv_label="Retries (share of calls)",
            ),
            Column(
                "batch",
                "In batch",
                sort="batch_share",
                align="num",
                value=lambda line: fmt.pct(line.batch_share),
                sub=lambda line: (
                    f"of {fmt.pct(line.tier_stated)} that states it"
                    if line.batch_share is not None and line.tier_stated != 1
                    else ""
                ),
                csv=lambda line: line.batch_share,
                csv_label="In batch (share of tokens)",
            ),
        ]
        return [
            self._name(), *self._owners(), *self._each("record", "records"), *more, *self._uses(),
        ]  # fmt: skip


class _Askers(Figures):
    """Business users with their use."""

    domain = ANALYTICS

    @cached_property
    def both(self) -> tuple[DomainFigures, Crowd]:
        inside, _ = selectors.of_domain(self.chosen, self.domain, self.request.actor)
        return domain_people.askers(self.request.actor, inside, self.read())

    @cached_property
    def view(self) -> DomainFigures:
        return self.both[0]

    @cached_property
    def crowd(self) -> Crowd | None:
        return self.both[1]


@requires(P.USAGE_VIEW)
class AnalyticsPage(_Askers, DomainPage):
    """Business users: who asks how much, and what a query takes against the plan."""

    filename = "business-users"

    def get_columns(self) -> Sequence[Column]:
        people = [
            Column(
                "people",
                "People",
                sort="people",
                align="num",
                sub=_people_planned,
            ),
            Column(
                "planned_people",
                "People, planned",
                value=lambda line: line.promise.people if line.promise else None,
                in_table=False,
            ),
            Column(
                "per_person",
                "Queries a person a month",
                sort="per_person_month",
                align="num",
                value=lambda line: text.number(line.per_person_month),
                sub=lambda line: planned(line, "per_person"),
                csv=lambda line: line.per_person_month,
            ),
            Column(
                "planned_per_person",
                "Queries a person a month, planned",
                value=lambda line: line.promise.per_person if line.promise else None,
                in_table=False,
            ),
        ]
        each = self._each("query", "queries")
        return [self._name(), *self._owners(), *people, *each, *self._uses()]

    def extra_context(self) -> dict[str, Any]:
        found = super().extra_context()
        if self.crowd is not None and self.crowd.persons:
            found["tail"] = self.crowd.persons[:TAIL]
            found["tail_url"] = org_url(self.request, "portal:analytics_people")
        return found


def _people_planned(line: Line) -> str:
    return planned(line, "people")


@requires(P.USAGE_VIEW)
class PeoplePage(_Askers, ListPage):
    """Everybody who asks, the heaviest first: by name only for those who may see people."""

    noun = ("person", "people")
    filename = "business-users-people"

    def get_queryset(self) -> Sequence[Person]:
        return self.crowd.persons if self.crowd else []

    def get_title(self) -> str:
        people = self.get_queryset()
        many, share = rules.top_share([person.tokens for person in people])
        if share is None:
            return "No people to show"
        who = "1 person takes" if many == 1 else f"{fmt.count(many)} people take"
        return f"{who} {fmt.pct(share)} of the tokens"

    def get_lede(self) -> str:
        days = f"Whole days {self.view.window.text}; the heaviest tenth of the people."
        if self.crowd and not self.crowd.named:
            return f"{days} Names are for those who may see people."
        return days

    def get_crumbs(self) -> Sequence[tuple[str, str]]:
        up = org_url(self.request, "portal:analytics")
        return (("Inform", ""), (self.domain.title, up), ("People", ""))

    def get_empty(self) -> Empty:
        if self.crowd and self.crowd.hidden:
            few = rules.SMALLEST_GROUP
            body = f"Groups of fewer than {few} are shown to those who may see people."
            return Empty("Too few people", body, icon="users")
        body = (
            "Their calls have to say who made them: `user` in records, `user.email` in telemetry."
        )
        return Empty("No use in these days names a person", body, icon="users")

    def get_columns(self) -> Sequence[Column]:
        currency = self.currency
        return [
            Column("name", "Person", sort="name"),
            Column("calls", "Calls", value=lambda p: p.requests, sort="requests", align="num"),
            Column("days", "Days with use", value=lambda p: p.use.days, align="num", phone=False),
            Column(
                "tokens_each",
                "Tokens per call",
                sort="tokens_each",
                align="num",
                value=lambda p: fmt.tokens(p.tokens_each),
                csv=lambda p: p.tokens_each,
            ),
            Column(
                "tokens",
                "Tokens",
                sort="tokens",
                align="num",
                value=lambda p: fmt.tokens(p.tokens),
                csv=lambda p: p.tokens,
            ),
            Column(
                "share",
                "Share of tokens",
                sort="share",
                align="num",
                value=lambda p: fmt.pct(p.share, 1),
                csv=lambda p: p.share,
            ),
            Column(
                "cost",
                "Cost",
                sort="cost_nanos",
                align="num",
                value=lambda p: fmt.money(p.cost_nanos, currency),
                csv=lambda p: units_of(p.cost_nanos),
                csv_label=f"Cost ({currency})",
            ),
        ]

"""The pages every browser check visits. A new page is added here, once.

`args` builds the URL's arguments inside organization A's scope.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from apps.access.roles import Role
from apps.approvals.models import ApprovalPolicy, ApprovalRequest
from apps.attribution.models import AttributionRule
from apps.audits.models import Audit, AuditReport
from apps.budgets.models import Budget
from apps.connectors.imports.models import ImportJob, SavedMapping
from apps.connectors.models import PullRun, Source
from apps.entitlements.models import Entitlement
from apps.ledger.models import RollupAxis, UsageRecord, UsageRun
from apps.organizations.models import ApiKey, Invitation, Membership, Unit
from apps.planning.models import Envelope, PlanningCycle
from apps.portfolio.models import Capability
from apps.reports.models import ReportSchedule
from apps.sprints.models import Sprint
from apps.stories.models import StoryTemplate, TokenStory
from apps.trail.models import TrailEvent
from apps.webhooks.models import WebhookEndpoint

Args = Callable[[], tuple[Any, ...]]


@dataclass(frozen=True)
class PageCase:
    """One page: its URL name, who looks at it and with which arguments and query."""

    name: str
    role: Role = Role.OWNER
    args: Args = tuple
    query: str = ""

    def __str__(self) -> str:
        return f"{self.name}{self.query}-{self.role.value}"


def first(model: type[Model], **where: Any) -> Args:
    """The id of the first object."""
    return lambda: (model._default_manager.filter(**where).order_by("pk").first().pk,)


def story(status: str) -> Args:
    return lambda: (TokenStory.objects.filter(status=status).first().ref,)


def last_month() -> tuple[str]:
    """The latest month with usage."""
    return (f"{RollupAxis.objects.order_by('-day').values_list('day', flat=True)[0]:%Y-%m}",)


def report() -> tuple[Any, ...]:
    found = AuditReport.objects.order_by("pk").first()
    return found.audit_id, found.number


PAGES: list[PageCase] = [
    PageCase("portal:home"),
    PageCase("portal:home", Role.CFO),
    PageCase("portal:home", Role.MEMBER),
    PageCase("portal:inform"),
    PageCase("portal:inform", query="?by=unit&measure=tokens&period=30d"),
    PageCase("portal:explore"),
    PageCase("portal:trends"),
    PageCase("quality:growth"),
    PageCase("portal:explore", query="?group=unit&then=model"),
    PageCase("portal:explore", query="?group=model&measure=price&compare=1"),
    PageCase(
        "portal:explore",
        query="?measure=run_cost&group=capability&compare=custom&vs_from=2026-01-01&vs_to=2026-02-01",
    ),
    PageCase("portal:development", query="?headcount=500"),
    PageCase("portal:production"),
    PageCase("portal:pipeline"),
    PageCase("portal:analytics"),
    PageCase("portal:analytics_people"),
    PageCase("ledger:runs"),
    PageCase("ledger:run", args=lambda: (UsageRun.objects.order_by("-calls").first().code,)),
    PageCase("ledger:run_bands"),
    PageCase("ledger:run_bands_edit", args=lambda: ("production",)),
    PageCase("ledger:records"),
    PageCase(
        "ledger:record", args=lambda: (UsageRecord.objects.order_by("-occurred_at").first().code,)
    ),
    PageCase("ledger:restatements"),
    PageCase("ledger:unpriced"),
    PageCase("ledger:unattributed"),
    PageCase("ledger:periods"),
    PageCase("ledger:period", Role.CFO, last_month),
    PageCase("ledger:restatement_groups", query="?by=model"),
    PageCase("ledger:adjustments"),
    PageCase("ledger:attribution"),
    PageCase("ledger:retention_edit", Role.CFO, query="?months=3"),
    PageCase("ledger:price_model", Role.CFO, query="?provider=openai&model=gpt-5-mini-2031"),
    PageCase("ledger:recost", Role.CFO),
    PageCase("budgets:burns", Role.CFO),
    PageCase("budgets:crossings", Role.CFO),
    PageCase("budgets:thresholds", Role.CFO),
    PageCase("budgets:stop", Role.CFO, first(Budget)),
    PageCase("quality:list"),
    PageCase("changelog:list"),
    PageCase("changelog:new", Role.TOKENOPS_LEAD),
    PageCase("connectors:reconciliation", Role.CFO),
    PageCase("fx:rates", Role.CFO),
    PageCase("fx:import", Role.CFO),
    PageCase("stories:list"),
    PageCase("stories:new", Role.UNIT_LEAD),
    PageCase("stories:new", Role.UNIT_LEAD, query="?template=agent"),
    PageCase("stories:templates", Role.UNIT_LEAD),
    PageCase("stories:template", Role.UNIT_LEAD, first(StoryTemplate)),
    PageCase("stories:import", Role.UNIT_LEAD),
    PageCase("stories:estimating", Role.CFO),
    PageCase("stories:sizes", Role.TOKENOPS_LEAD),
    PageCase("stories:value_policy", Role.CFO),
    PageCase("stories:design_review", Role.CTO),
    PageCase("portfolio:tiers", Role.EA),
    PageCase("stories:similar", Role.UNIT_LEAD, query="?pattern=agent&kind=production"),
    PageCase("stories:issue", Role.UNIT_LEAD, story("draft")),
    PageCase("stories:detail", args=story("live")),
    PageCase("stories:detail", args=story("live"), query="?tab=measured"),
    PageCase("stories:detail", args=story("live"), query="?tab=value"),
    PageCase("stories:detail", args=story("live"), query="?tab=design"),
    PageCase("stories:detail", args=story("live"), query="?tab=history"),
    PageCase("stories:accuracy"),
    PageCase("stories:gaps"),
    PageCase("stories:returns", Role.CFO),
    PageCase("stories:initiatives", Role.UNIT_LEAD),
    PageCase("stories:discussion", args=story("live")),
    PageCase("stories:edit", Role.UNIT_LEAD, args=story("draft")),
    PageCase("approvals:list", Role.CFO),
    PageCase("approvals:detail", Role.CFO, args=first(ApprovalRequest, status="pending")),
    PageCase("approvals:bulk", Role.CFO),
    PageCase("approvals:conditions", Role.CFO),
    PageCase("approvals:delegations", Role.CFO),
    PageCase("approvals:delegation_new", Role.CIO),
    PageCase("approvals:metrics", Role.CIO),
    PageCase("approvals:policies", Role.CIO),
    PageCase("approvals:policy", Role.CIO, args=first(ApprovalPolicy)),
    PageCase("approvals:policy_change", Role.CIO, args=first(ApprovalPolicy)),
    PageCase("approvals:policy_new", Role.CIO, query="?template=auto"),
    PageCase("approvals:calendar", Role.CIO),
    PageCase("asks:list", Role.CFO),
    PageCase("asks:new", Role.UNIT_LEAD, query="?kind=entitlement"),
    PageCase("asks:new", Role.UNIT_LEAD, query="?kind=entitlement&gives=context"),
    PageCase("entitlements:list", Role.EA),
    PageCase("entitlements:detail", Role.EA, args=first(Entitlement)),
    PageCase("entitlements:use", Role.EA),
    PageCase("entitlements:context", Role.EA),
    PageCase("entitlements:tiers", Role.EA),
    PageCase("entitlements:tier_unit", Role.EA, args=first(Unit)),
    PageCase("entitlements:tier_person", Role.EA, query="?user=ada"),
    PageCase("asks:new", Role.UNIT_LEAD, query="?kind=exception"),
    PageCase("sprints:list", Role.TOKENOPS_LEAD),
    PageCase("sprints:new", Role.TOKENOPS_LEAD),
    PageCase("sprints:import", Role.TOKENOPS_LEAD),
    PageCase("sprints:detail", Role.TOKENOPS_LEAD, args=first(Sprint)),
    PageCase("sprints:story", Role.TOKENOPS_LEAD, args=first(Sprint)),
    PageCase("planning:list", Role.CFO),
    PageCase("planning:new", Role.CFO),
    PageCase("planning:detail", Role.CFO, args=first(PlanningCycle, status="locked")),
    PageCase("planning:rounds", Role.CFO, args=first(PlanningCycle, status="open")),
    PageCase("planning:envelope", Role.CFO, args=first(Envelope, allocated_nanos__gt=0)),
    PageCase("planning:allocate", Role.CFO, args=first(Envelope, round__number=1)),
    PageCase("portal:league", Role.CFO),
    PageCase("portal:league", Role.CFO, query="?by=workflow&period=90d"),
    PageCase("reports:list", Role.CFO),
    PageCase("reports:new", Role.CFO, query="?kind=league&query=stage%3Dpilot"),
    PageCase("reports:detail", Role.CFO, args=first(ReportSchedule)),
    PageCase("reports:edit", Role.CFO, args=first(ReportSchedule)),
    PageCase("reports:delete", Role.CFO, args=first(ReportSchedule)),
    PageCase("outcomes:list", Role.CFO),
    PageCase("outcomes:list", Role.CFO, query="?standing=all"),
    PageCase("outcomes:detail", Role.CFO, args=first(Capability)),
    PageCase("outcomes:decide", Role.CIO, args=first(Capability)),
    PageCase("portfolio:list"),
    PageCase("portfolio:create"),
    PageCase("portfolio:detail", args=first(Capability)),
    PageCase("pricing:list"),
    PageCase("pricing:rates"),
    PageCase("pricing:rate_new"),
    PageCase("budgets:list", Role.CFO),
    PageCase("budgets:create", Role.CFO),
    PageCase("budgets:detail", Role.CFO, args=first(Budget, scope="unit")),
    PageCase("budgets:detail", Role.CFO, args=first(Budget, scope="story")),
    PageCase("connectors:list"),
    PageCase("connectors:new", query="?kind=anthropic"),
    PageCase("connectors:detail", args=first(Source)),
    PageCase("connectors:credential", args=first(Source)),
    PageCase("connectors:pause", args=first(Source)),
    PageCase("connectors:bill", args=first(Source)),
    PageCase("connectors:directory", args=first(Source)),
    PageCase("connectors:edit", args=first(Source)),
    PageCase("connectors:read_again", args=first(Source)),
    PageCase("connectors:units", args=first(Source)),
    PageCase("connectors:compared", args=first(Source)),
    PageCase("connectors:alarms", args=first(Source)),
    PageCase("connectors:runs_all"),
    PageCase("connectors:detail", args=first(Source, kind="files")),
    PageCase("connectors:run", args=first(PullRun, source__kind="files")),
    PageCase("files:new"),
    PageCase("files:edit", args=first(Source, kind="files")),
    PageCase("files:list", args=first(Source, kind="files")),
    PageCase("imports:list"),
    PageCase("imports:new"),
    PageCase("imports:detail", args=first(ImportJob)),
    PageCase("imports:mapping", args=first(ImportJob)),
    PageCase("imports:mappings"),
    PageCase("imports:mapping_edit", args=first(SavedMapping)),
    PageCase("push:overview", query="?days=30"),
    PageCase("connectors:run", args=first(PullRun)),
    PageCase("connectors:inventory"),
    PageCase("connectors:coverage"),
    PageCase("connectors:accounts"),
    PageCase("connectors:account_new"),
    PageCase("seats:list"),
    PageCase("seats:people"),
    PageCase("seats:new"),
    PageCase("attribution:list"),
    PageCase("attribution:new"),
    PageCase("attribution:edit", args=first(AttributionRule)),
    PageCase("attribution:test"),
    PageCase("audits:list"),
    PageCase("audits:new", Role.TOKENOPS_LEAD),
    PageCase("audits:detail", Role.TOKENOPS_LEAD, args=first(Audit, unit=None)),
    PageCase("audits:report", Role.CFO, args=report),
    PageCase("trail:list"),
    PageCase("trail:event", args=first(TrailEvent)),
    PageCase("notifications:list", Role.CFO),
    PageCase("notifications:preferences", Role.CFO),
    PageCase("organizations:settings"),
    PageCase("organizations:units"),
    PageCase("organizations:unit", args=first(Unit, parent__isnull=False)),
    PageCase("organizations:people"),
    PageCase("organizations:person", args=first(Membership)),
    PageCase("organizations:roles"),
    PageCase("organizations:invitations"),
    PageCase("organizations:invitation", args=first(Invitation)),
    PageCase("organizations:keys"),
    PageCase("organizations:key", args=first(ApiKey)),
    PageCase("organizations:key_new"),
    PageCase("webhooks:list"),
    PageCase("webhooks:new"),
    PageCase("webhooks:detail", args=first(WebhookEndpoint)),
]

#: Pages outside an organization: path, and whether one is logged in.
PLAIN: list[tuple[str, bool]] = [
    ("/account/login/", False),
    ("/account/password/reset/", False),
    ("/account/profile/", True),
    ("/account/2fa/", True),
    ("/account/2fa/totp/activate/", True),
    ("/account/password/change/", True),
    ("/account/logout/", True),
]

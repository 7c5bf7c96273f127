"""Usage without an owner: who probably owns it, giving it away, and how much has an owner."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.attribution.services import RuleDraft, create_rule
from apps.common import fmt
from apps.common.errors import Invalid
from apps.common.money import from_nanos
from apps.common.web.lists import Action, Column, CustomFilter, Empty, ListPage
from apps.ledger.selectors import suggestions
from apps.ledger.selectors.ownership import DAYS, GROUPS, WAYS, Covered, owner_coverage
from apps.ledger.selectors.recost import latest_reattribution
from apps.ledger.selectors.state import ledger_settings
from apps.ledger.selectors.suggestions import Orphan
from apps.ledger.web.first_use import nothing_connected
from apps.tenancy.urls import org_url


def _short_id(part: suggestions.Part) -> str:
    """The id of what has a name, cut where gateways use hashes."""
    if part.value == part.label:
        return ""
    return part.value if len(part.value) <= LONGEST_ID else f"{part.value[:LONGEST_ID]}…"


@requires(P.USAGE_VIEW)
class Unattributed(ListPage):
    """Keys and projects whose usage belongs to nobody, the dearest first."""

    template_name = "ledger/list.html"
    crumbs = (("Unattributed use", ""),)
    lede = (
        "The last 90 days, dearest first, with the likeliest owner. A rule gives it to a team, and "
        "past usage of open months moves too."
    )
    noun = ("key or user", "keys and users")
    empty = Empty("Everything has an owner", "All usage of the last 90 days belongs to a team.")
    filters = (
        CustomFilter(
            "guess",
            "Likely owner",
            choices=(("yes", "Known"), ("no", "Unknown")),
            narrow=lambda rows, value: [  # type: ignore[arg-type,return-value]
                row for row in rows if (row.suggestion is not None) == (value == "yes")
            ],
        ),
    )

    def get_empty(self) -> Empty:
        return nothing_connected(self.request) or self.empty

    @cached_property
    def found(self) -> suggestions.Unattributed:
        return suggestions.unattributed(self.request.actor)

    def get_queryset(self) -> list[Orphan]:
        return suggestions.orphans(self.found.rows, self.found.start, self.found.end)

    def get_title(self) -> str:
        """How much belongs to nobody."""
        total = self.found.total
        if not self.found.rows:
            return "Usage without an owner"
        if not total.cost_nanos:
            return f"{fmt.tokens(total.tokens.total)} tokens belong to nobody"
        return f"{fmt.money(total.cost_nanos, ledger_settings().currency)} belongs to nobody"

    def get_actions(self) -> Sequence[Action]:
        return (Action("How much has an owner", org_url(self.request, "ledger:attribution")),)

    def get_columns(self) -> Sequence[Column]:
        currency = ledger_settings().currency
        return [
            Column(
                "api_key",
                "API key or user",
                value=lambda found: found.part.label,
                sub=lambda found: _short_id(found.part),
                link=self._rule_url,
            ),
            Column("project", "Project", value=lambda found: found.part.project_label),
            Column(
                "tokens",
                "Tokens",
                value=lambda found: fmt.tokens(found.row.tokens.total),
                csv=lambda found: found.row.tokens.total,
                align="num",
            ),
            Column(
                "requests",
                "Requests",
                value=lambda found: found.row.requests or None,
                align="num",
                phone=False,
            ),
            Column(
                "cost",
                "Cost",
                value=lambda found: fmt.money(found.row.cost_nanos, currency),
                csv=lambda found: (
                    None if found.row.cost_nanos is None else from_nanos(found.row.cost_nanos)
                ),
                csv_label=f"Cost ({currency})",
                align="num",
            ),
            Column(
                "share",
                "Of unattributed",
                value=lambda found: fmt.share(found.row.cost_nanos, self.found.total.cost_nanos),
                align="num",
                phone=False,
            ),
            Column(
                "suggestion",
                "Likely owner",
                value=lambda found: found.suggestion.candidate.name if found.suggestion else "",
                sub=lambda found: found.suggestion.reason if found.suggestion else "",
                full=True,
            ),
            Column("accept", "Step", value=self._accept, in_csv=False, hide_label=True),
        ]

    def _rule_url(self, found: Orphan, request: HttpRequest) -> str:
        if not can(request.actor, P.ATTRIBUTION_MANAGE) or not found.part.value:
            return ""
        try:
            url = org_url(request, "attribution:new")
        except NoReverseMatch:
            return ""
        return f"{url}?{urlencode({'field': found.part.field, 'value': found.part.value})}"

    def _accept(self, found: Orphan) -> SafeString:
        guess = found.suggestion
        if (
            guess is None
            or not found.part.value
            or not can(self.request.actor, P.ATTRIBUTION_MANAGE)
        ):
            return SafeString(" ")
        return format_html(
            '<form method="post" action="{}"><input type="hidden" name="csrfmiddlewaretoken" '
            'value="{}"><input type="hidden" name="field" value="{}"><input type="hidden" '
            'name="value" value="{}"><input type="hidden" name="label" value="{}"><input '
            'type="hidden" name="kind" value="{}"><input type="hidden" name="owner" value="{}">'
            '<button class="btn sm">Give to {}<span class="vh">: {}</span></button></form>',
            org_url(self.request, "ledger:accept_owner"),
            get_token(self.request),
            found.part.field,
            found.part.value,
            found.part.label,
            guess.candidate.kind,
            guess.candidate.id,
            guess.candidate.name,
            found.part.label,
        )


@requires(P.ATTRIBUTION_MANAGE)
@require_POST
def accept(request: HttpRequest) -> HttpResponse:
    """Make the rule of a suggestion. Past usage of open months moves in the background."""
    get = request.POST.get
    field, value, kind = get("field", ""), get("value", ""), get("kind", "")
    if (
        field not in ("api_key", "user", "project")
        or not value
        or kind not in ("capability", "unit")
    ):
        raise Invalid("This suggestion is not complete.", fix="Load the list again.")
    try:
        owner = UUID(get("owner", ""))
    except ValueError:
        raise Invalid("This suggestion names no owner.", fix="Load the list again.") from None
    rule = create_rule(
        actor=request.actor,
        draft=RuleDraft(
            name=(get("label", "") or value)[:120],
            conditions=[{"field": field, "operator": "equals", "values": [value]}],
            unit_id=owner if kind == "unit" else None,
            capability_id=owner if kind == "capability" else None,
        ),
    )
    messages.success(
        request, f"The rule “{rule.name}” decides from now on. Past usage of open months moves now."
    )
    return redirect(org_url(request, "ledger:unattributed"))


LONGEST_ID = 28


@requires(P.USAGE_VIEW)
class Coverage(ListPage):
    """The share of the cost that has an owner, by source, team, provider or project."""

    title = "How much has an owner"
    template_name = "ledger/attribution.html"
    noun = ("group", "groups")
    filename = "attribution-coverage"
    default_sort = "-cost_nanos"
    empty = Empty("No usage yet", "Shares appear with the first usage.")
    filters = (CustomFilter("by", "By", choices=list(GROUPS.items()), any_label="Source"),)

    @property
    def by(self) -> str:
        wanted = self.request.GET.get("by", "")
        return wanted if wanted in GROUPS else "source"

    @cached_property
    def lines(self) -> list[Covered]:
        return owner_coverage(self.request.actor, self.by)

    def get_queryset(self) -> list[Covered]:
        return self.lines

    def get_lede(self) -> str:
        whole = sum(line.cost_nanos for line in self.lines)
        owned = sum(line.owned_nanos for line in self.lines)
        said = fmt.pct(owned / whole, 1) if whole else fmt.DASH
        return f"{said} of the cost of the last {DAYS} days has an owner."

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.headers.get("HX-Target") == "reattribution":
            return render(request, "ledger/_reattribution.html", self.extra_context())
        return super().get(request, *args, **kwargs)

    def extra_context(self) -> dict[str, Any]:
        job = latest_reattribution()
        return {
            "job": job,
            "ratio": job.looked / job.total if job and job.total else 1.0,
            "currency": ledger_settings().currency,
            "zone": ledger_settings().timezone,
        }

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Usage without an owner", org_url(self.request, "ledger:unattributed")),
            (self.title, ""),
        ]

    def get_columns(self) -> Sequence[Column]:
        currency = ledger_settings().currency

        def way(key: str, label: str) -> Column:
            return Column(
                key,
                label,
                value=lambda line: fmt.pct(line.share(key), 1),
                csv=lambda line: line.share(key),
                align="num",
                phone=False,
            )

        return [
            Column("label", GROUPS[self.by], sort="label", sub=lambda line: line.aside),
            Column("key", "Id", in_table=False),
            *([Column("account", "Account", in_table=False)] if self.by == "project" else []),
            Column(
                "cost",
                "Cost",
                value=lambda line: fmt.money(line.cost_nanos, currency),
                csv=lambda line: from_nanos(line.cost_nanos),
                csv_label=f"Cost ({currency})",
                align="num",
                sort="cost_nanos",
            ),
            Column(
                "owned",
                "Has an owner",
                value=lambda line: fmt.pct(line.owned, 1),
                csv=lambda line: line.owned,
                align="num",
                sort="owned",
            ),
            *(way(key, label) for key, label in WAYS.items()),
            way("none", "Nobody"),
        ]

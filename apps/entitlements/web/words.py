"""What the pages of entitlements share: links, states in words."""

from collections.abc import Iterable
from datetime import date, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest

from apps.common import clock, fmt
from apps.common.web.lists import Action
from apps.entitlements.enums import Gives, Holder
from apps.entitlements.models import Entitlement
from apps.entitlements.selectors.tiers import Applied
from apps.entitlements.words import to_words
from apps.ledger.selectors.state import ledger_settings
from apps.organizations.models import Unit
from apps.tenancy.urls import org_url

DAYS = 30
STANDING_TONES = {"restricted": "warn", "not_allowed": "bad"}


def ask_url(request: HttpRequest, **known: str) -> str:
    """The form that asks for an entitlement, with what is known filled in."""
    return f"{org_url(request, 'asks:new')}?{urlencode({'kind': 'entitlement', **known})}"


def ask_action(request: HttpRequest, label: str = "Ask for one", **known: str) -> list[Action]:
    if request.actor.membership_id is None:
        return []
    return [Action(label, ask_url(request, **known), "plus", primary=True)]


def explore_url(request: HttpRequest, start: date, end: date, **filters: str) -> str:
    """Explore over the days [start, end), narrowed."""
    last = end - timedelta(days=1)
    chosen = {"days_from": start.isoformat(), "days_to": last.isoformat(), **filters}
    return f"{org_url(request, 'portal:explore')}?{urlencode(chosen)}"


def days_back(days: int) -> tuple[date, date]:
    """The last days, today among them, as [start, end) of the ledger."""
    end = clock.today(ledger_settings().timezone) + timedelta(days=1)
    return end - timedelta(days=days), end


def to_what(row: Entitlement) -> str:
    return to_words(row.gives, row.reach, row.model_names, row.context_tokens)


def state_of(row: Entitlement, today: date) -> tuple[str, str]:
    """Tone and words of where it stands on a day."""
    if row.last < today or row.last < row.starts_on:
        words = f"Ended by {row.ended_by_name}" if row.ended_on else "Ended"
        return "", words
    if row.starts_on > today:
        return "", f"From {fmt.day(row.starts_on)}"
    left = (row.last - today).days
    if left <= 14:
        return "warn", "Ends today" if not left else f"Ends in {fmt.plural(left, 'day')}"
    return "ok", "Holds"


def why_words(applied: Applied, units: dict[UUID, str]) -> str:
    """Its own · Its team's (Claims) · Its approved story's (TS-0004) · The default."""
    if applied.ref:
        return f"{applied.why.label} ({applied.ref})"
    if applied.of is not None and applied.why == "unit":
        return f"{applied.why.label} ({units.get(applied.of, 'a unit above')})"
    return applied.why.label


def unit_names(ids: Iterable[UUID] | None = None) -> dict[UUID, str]:
    rows = Unit.objects.all() if ids is None else Unit.objects.filter(id__in=list(ids))
    return dict(rows.values_list("id", "name"))


def holder_url(request: HttpRequest, row: Entitlement) -> str:
    if row.holder == Holder.CAPABILITY:
        return org_url(request, "portfolio:detail", row.capability_id)
    if row.holder == Holder.UNIT:
        return org_url(request, "organizations:unit", row.unit_id)
    return ""


def again(row: Entitlement) -> dict[str, str]:
    """What a renewal asks for again."""
    known = {
        "gives": row.gives,
        "reach": row.reach,
        "models": "\n".join(row.model_names),
        "capability": str(row.capability_id or ""),
        "unit": str(row.unit_id or ""),
        "user": row.user,
        "title": f"Renew {row.ref}",
        "context_tokens": str(row.context_tokens or "") if row.gives == Gives.CONTEXT else "",
    }
    return {name: value for name, value in known.items() if value}

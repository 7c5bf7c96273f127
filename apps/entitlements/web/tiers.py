"""Which tier applies to each capability, team and person, why, and what comes with it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.access.people import may_see_people
from apps.access.permissions import P
from apps.access.services import can, visible_unit_ids
from apps.access.web import requires
from apps.common import fmt
from apps.common.web.forms import FormPage
from apps.common.web.lists import Action, Column, CustomFilter, Empty, ListPage
from apps.entitlements import services
from apps.entitlements.enums import Holder, Why
from apps.entitlements.models import TierAssignment
from apps.entitlements.selectors.tiers import Applied, Book, assignment, tier_book
from apps.entitlements.web import words
from apps.entitlements.web.listing import tabs
from apps.ledger.query import used
from apps.organizations.models import Unit
from apps.organizations.selectors import unit_by_id, units_tree
from apps.portfolio.enums import ModelClass, StandingTo, Tier
from apps.tenancy.urls import org_url

MOST_PEOPLE = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A holder with the tier in force."""

    holder: Holder
    name: str
    sub: str
    applied: Applied
    why: str
    key: str

    @property
    def models(self) -> str:
        rule = self.applied.rule
        return f"Up to {ModelClass(rule.models_to).label.lower()}" if rule.models_to else "Any"

    @property
    def standing(self) -> str:
        rule = self.applied.rule
        return StandingTo(rule.standing_to).label if rule.standing_to else "Any"

    @property
    def context(self) -> int | None:
        return self.applied.rule.context_to

    @property
    def tier(self) -> str:
        return self.applied.tier.value


def rows_of(request: HttpRequest) -> list[Row]:
    """Capabilities in use by name, active teams as in the tree, people by name."""
    book = tier_book()
    names = words.unit_names()
    found = [
        _row(
            Holder.CAPABILITY, c.name, names.get(c.unit_id, ""), book.of_capability(c), names, c.id
        )
        for c in sorted(book.capabilities.values(), key=lambda c: c.name_norm)
        if not c.is_retired
    ]
    found += [
        _row(Holder.UNIT, node.unit.name, "", book.of_unit(node.unit.id), names, node.unit.id)
        for node in units_tree()
    ]
    return found + _people(request, book, names)


def _people(request: HttpRequest, book: Book, names: dict[UUID, str]) -> list[Row]:
    """People with a tier; for those who see all use and people also whoever used tokens lately."""
    known = {user: user for user in book.by_user}
    actor = request.actor
    if visible_unit_ids(actor, P.USAGE_VIEW) is None and may_see_people(actor, None):
        start, end = words.days_back(words.DAYS)
        known = dict(used(["user"], start, end, MOST_PEOPLE)["user"]) | known
    return [
        _row(Holder.USER, user, "", book.of_user(user), names, user)
        for user in sorted(known, key=str.casefold)
    ]


def _row(
    holder: Holder, name: str, sub: str, applied: Applied, names: dict[UUID, str], key: object
) -> Row:
    return Row(holder, name, sub, applied, words.why_words(applied, names), str(key))


def _link(row: Row, request: HttpRequest) -> str:
    """To what is changed: a capability's own page, the tier of a team or person."""
    if row.holder is Holder.CAPABILITY:
        return org_url(request, "portfolio:detail", UUID(row.key))
    if not can(request.actor, P.TIER_MANAGE):
        return ""
    if row.holder is Holder.UNIT:
        return org_url(request, "entitlements:tier_unit", UUID(row.key))
    return person_url(request, row.key)


def person_url(request: HttpRequest, user: str = "") -> str:
    from django.utils.http import urlencode

    query = f"?{urlencode({'user': user})}" if user else ""
    return f"{org_url(request, 'entitlements:tier_person')}{query}"


@requires(P.CAPABILITY_VIEW)
class TiersInForce(ListPage):
    """The tier of every capability, team and known person."""

    noun = ("holder", "holders")
    filename = "tiers-in-force"
    crumbs = (("Entitlements", ""), ("Tiers in force", ""))
    filters = (
        CustomFilter(
            "holder",
            "Who",
            choices=Holder.choices(),
            narrow=lambda rows, value: [r for r in rows if r.holder == value],  # type: ignore[arg-type, return-value]
        ),
        CustomFilter(
            "tier",
            "Tier",
            choices=Tier.choices,
            narrow=lambda rows, value: [r for r in rows if r.tier == value],  # type: ignore[arg-type, return-value]
        ),
        CustomFilter(
            "why",
            "Because",
            choices=Why.choices(),
            narrow=lambda rows, value: [r for r in rows if r.applied.why == value],  # type: ignore[arg-type, return-value]
        ),
    )
    columns = (
        Column("name", "Who", sort="name", link=_link, sub=lambda r: r.sub or r.holder.label),
        Column("tier", "Tier", value=lambda r: r.applied.tier.label, sort="tier"),
        Column("why", "Because", sort="why"),
        Column("models", "Model class"),
        Column("standing", "Standing"),
        Column(
            "context",
            "Input tokens a call",
            value=lambda r: fmt.tokens(r.context) if r.context else "Any",
            csv=lambda r: r.context,
            align="num",
        ),
    )

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Entitlements", org_url(self.request, "entitlements:list")), ("Tiers", "")]

    def get_queryset(self) -> list[Row]:
        if not hasattr(self, "_found"):
            self._found = rows_of(self.request)
        return self._found

    def get_title(self) -> str:
        rows = self.get_queryset()
        default = sum(r.applied.why is Why.DEFAULT and r.holder is not Holder.USER for r in rows)
        if not default:
            return "Every capability and team has a tier"
        verb = "has" if default == 1 else "have"
        who = fmt.plural(default, "capability or team", "capabilities and teams")
        return f"{who} {verb} the default tier"

    def get_lede(self) -> str:
        return (
            "A capability has its own tier, else its approved story's, else its team's; a team "
            "without one has that of the nearest team above. A person's higher tier goes along."
        )

    def get_actions(self) -> list[Action]:
        found = [a for a in tabs(self.request) if not a.url.endswith("/tiers/")]
        found.append(Action("What tiers give", org_url(self.request, "portfolio:tiers"), "stack-2"))
        if can(self.request.actor, P.TIER_MANAGE):
            found.append(Action("Set a person's tier", person_url(self.request), "plus"))
        return found

    empty = Empty("No capability yet", "Add what your organization uses tokens for.")


class TierForm(forms.Form):
    """A tier, or none of its own."""

    user = forms.CharField(
        label="Person", max_length=200, help_text="As usage records name them: an e-mail or a key."
    )
    tier = forms.ChoiceField(label="Tier", required=False)
    reason = forms.CharField(
        label="Why", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, named: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tier"].choices = [("", "None of its own"), *Tier.choices]
        if named:
            del self.fields["user"]


class TierEdit(FormPage):
    """Shared by teams and people."""

    form_class = TierForm
    submit_label = "Save"
    lede = "It says which models and how much context come without asking."
    row: TierAssignment | None = None

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Entitlements", org_url(self.request, "entitlements:list")),
            ("Tiers", self.cancel_url()),
            ("Change", ""),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "entitlements:tiers")

    def get_initial(self) -> dict[str, Any]:
        if self.row is None:
            return {"version": 0}
        return {"tier": self.row.tier, "reason": self.row.reason, "version": self.row.version}


@requires(P.TIER_MANAGE)
class UnitTier(TierEdit):
    """The tier of a team and of what is below it and has none."""

    unit: Unit

    def dispatch(self, request: HttpRequest, unit_id: UUID) -> HttpResponseBase:
        self.unit = unit_by_id(unit_id)
        self.row = assignment(unit_id=self.unit.id)
        return super().dispatch(request)

    def get_title(self) -> str:
        return f"Tier of {self.unit.name}"

    def form_kwargs(self) -> dict[str, Any]:
        return {"named": True}

    def save(self, form: TierForm) -> str:
        data = form.cleaned_data
        services.set_tier(
            actor=self.request.actor,
            unit_id=self.unit.id,
            tier=data["tier"],
            version=data["version"] or 0,
            reason=data["reason"],
        )
        messages.success(self.request, f"{self.unit.name}: saved.")
        return self.cancel_url()


@requires(P.TIER_MANAGE)
class PersonTier(TierEdit):
    """`?user=` names the person; without it the form asks."""

    def dispatch(self, request: HttpRequest) -> HttpResponseBase:
        self.user = request.GET.get("user", "").strip()[:200]
        self.row = assignment(user=self.user) if self.user else None
        return super().dispatch(request)

    def get_title(self) -> str:
        return f"Tier of {self.user}" if self.user else "Tier of a person"

    def form_kwargs(self) -> dict[str, Any]:
        return {"named": bool(self.user)}

    def save(self, form: TierForm) -> str:
        data = form.cleaned_data
        user = self.user or data["user"]
        services.set_tier(
            actor=self.request.actor,
            user=user,
            tier=data["tier"],
            version=data["version"] or 0,
            reason=data["reason"],
        )
        messages.success(self.request, f"{user}: saved.")
        return self.cancel_url()

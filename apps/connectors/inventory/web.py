"""The inventory of API keys, and the form that decides about one."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.utils.safestring import SafeString

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import actor_of, requires
from apps.common import fmt
from apps.common.errors import NotFound
from apps.common.money import from_nanos
from apps.common.web.forms import FormPage
from apps.common.web.lists import Column, CustomFilter, Empty, ListPage
from apps.connectors.enums import KeyStanding, Listing
from apps.connectors.inventory import selectors, services
from apps.connectors.inventory.selectors import KeyLine
from apps.connectors.web.words import chip
from apps.ledger.selectors.state import ledger_settings
from apps.tenancy.urls import org_url

LISTING_TONES = {Listing.LISTED: "ok", Listing.GONE: "warn", Listing.UNLISTED: "warn"}
STANDING_TONES = {"sanctioned": "ok", "tolerated": "warn", "banned": "bad", "": ""}
OPEN = "open"


def _standing(line: KeyLine) -> SafeString:
    return chip(line.standing_label, STANDING_TONES[line.standing])


def _owner(line: KeyLine) -> str | None:
    return line.owner or line.team or None


def _amount(line: KeyLine) -> Decimal | None:
    return None if line.cost_nanos is None else from_nanos(line.cost_nanos)


@requires(P.SOURCE_VIEW)
class Inventory(ListPage):
    """Every API key that was used or that a provider lists."""

    crumbs = (("Key inventory", ""),)
    noun = ("key", "keys")
    filename = "key-inventory"
    lede = (
        "Keys that usage names in the last 90 days and keys that providers list: who owns them, "
        "when they were last used, and what was decided about them."
    )
    empty = Empty("No keys yet", "Keys appear with the first usage that names one.", icon="lock")
    filters = (
        CustomFilter(
            "listing",
            "Directory",
            choices=Listing.choices,
            narrow=lambda rows, value: [  # type: ignore[arg-type,return-value]
                line for line in rows if line.listing == value
            ],
        ),
        CustomFilter(
            "standing",
            "Standing",
            choices=[(OPEN, "Not reviewed"), *KeyStanding.choices],
            narrow=lambda rows, value: [  # type: ignore[arg-type,return-value]
                line for line in rows if (line.standing or OPEN) == value
            ],
        ),
        CustomFilter(
            "use",
            "Use",
            choices=[("used", "Used"), ("idle", "Not in 90 days")],
            narrow=lambda rows, value: [  # type: ignore[arg-type,return-value]
                line for line in rows if bool(line.tokens) == (value == "used")
            ],
        ),
    )

    @cached_property
    def lines(self) -> list[KeyLine]:
        return selectors.inventory(actor_of(self.request))

    def get_queryset(self) -> list[KeyLine]:
        return self.lines

    def get_title(self) -> str:
        """How many nobody knows, and how many nobody decided about."""
        if not self.lines:
            return "Key inventory"
        lost = sum(line.in_doubt for line in self.lines)
        new = sum(line.review is None for line in self.lines)
        whole = fmt.plural(len(self.lines), "key")
        return f"{lost} of {whole} used without a directory entry, {new} not reviewed"

    def get_columns(self) -> Sequence[Column]:
        currency = ledger_settings().currency
        return [
            Column("label", "Key", sub=lambda line: line.key if line.key != line.label else "",
                   link=self._review_url),
            Column("key", "Id", in_table=False),
            Column("provider", "Provider"),
            Column("listing", "Directory", sub=lambda line: line.source,
                   value=lambda line: chip(line.listing.label, LISTING_TONES[line.listing]),
                   csv=lambda line: line.listing.label),
            Column("owner", "Owner", value=_owner, csv=_owner,
                   sub=lambda line: line.team if line.owner and line.team != line.owner else ""),
            Column("team", "Team", in_table=False),
            Column("last_used", "Last used", value=lambda line: line.last_used,
                   sub=lambda line: f"since {fmt.day(line.first_used)}" if line.first_used else ""),
            Column("tokens", "Tokens", value=lambda line: fmt.tokens(line.tokens) if line.tokens
                   else None, csv=lambda line: line.tokens, align="num"),
            Column("cost", "Cost", value=lambda line: fmt.money(line.cost_nanos, currency)
                   if line.cost_nanos is not None else None,
                   csv=_amount,
                   csv_label=f"Cost ({currency})", align="num"),
            Column("standing", "Standing", value=_standing, csv=lambda line: line.standing_label,
                   sub=lambda line: line.review.payment if line.review else ""),
        ]  # fmt: skip

    def _review_url(self, line: KeyLine, request: Any) -> str:
        if not can(request.actor, P.SOURCE_MANAGE):
            return ""
        asked = urlencode({"provider": line.provider, "key": line.key})
        return f"{org_url(request, 'connectors:key_review')}?{asked}"


class ReviewForm(forms.Form):
    """The decision; `version` is the one the form was filled from, 0 for none yet."""

    standing = forms.ChoiceField(label="Standing", choices=KeyStanding.choices)
    owner = forms.CharField(label="Owner", max_length=120, required=False)
    payment = forms.CharField(
        label="Who pays",
        max_length=120,
        required=False,
        help_text="Such as the company’s invoice, a team’s card, somebody’s own card.",
    )
    note = forms.CharField(
        label="Note", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": "2"})
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


@requires(P.SOURCE_MANAGE)
class Review(FormPage):
    """Decide about one key, named by the query string."""

    lede = (
        "It changes nothing at the provider. Use of a banned key raises a data-quality alert; an "
        "unknown key raises one until it is reviewed."
    )
    submit_label = "Save decision"
    form_class = ReviewForm

    @cached_property
    def line(self) -> KeyLine:
        get = self.request.GET.get
        found = selectors.one(actor_of(self.request), get("provider", ""), get("key", ""))
        if found is None:
            raise NotFound("There is no such key.", code="key_not_found")
        return found

    def get_title(self) -> str:
        return f"Review {self.line.label}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Key inventory", self.cancel_url()), (self.line.label, "")]

    def cancel_url(self) -> str:
        return org_url(self.request, "connectors:inventory")

    def get_initial(self) -> dict[str, Any]:
        review = self.line.review
        if review is None:
            return {"version": 0, "owner": self.line.owner or self.line.team}
        names = ("standing", "owner", "payment", "note", "version")
        return {name: getattr(review, name) for name in names}

    def save(self, form: ReviewForm) -> str:
        services.review_key(
            actor=actor_of(self.request),
            provider=self.line.provider,
            key=self.line.key,
            **form.cleaned_data,
        )
        messages.success(self.request, "Saved.")
        return self.cancel_url()

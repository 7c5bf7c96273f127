"""Provider accounts, the form that declares one, and the coverage meter with its blind spots."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import actor_of, requires
from apps.common import fmt
from apps.common.errors import NotFound
from apps.common.money import from_nanos
from apps.common.web.forms import ConfirmPage, FormPage
from apps.common.web.lists import Action, Column, CustomFilter, Empty, ListPage
from apps.connectors.accounts import selectors, services
from apps.connectors.accounts.meter import BLIND_LABELS, DAYS, Blind, Meter, Spot, meter
from apps.connectors.accounts.rules import KNOWN_LABELS, Known
from apps.connectors.accounts.selectors import AccountLine
from apps.connectors.enums import KeyStanding
from apps.connectors.inventory.web import OPEN, STANDING_TONES
from apps.connectors.web.words import chip
from apps.ledger.selectors.state import ledger_settings
from apps.tenancy.urls import org_url

KNOWN_TONES = {Known.CONNECTED: "ok", Known.COMPARED: "warn", Known.BILLED: "bad"}
LIST = "connectors:accounts"


def _standing(line: AccountLine) -> SafeString:
    return chip(line.standing_label, STANDING_TONES[line.standing])


def _known(line: AccountLine) -> SafeString:
    return chip(line.known_label, KNOWN_TONES.get(line.known, "warn"))


def _by(line: AccountLine) -> str:
    """Which sources know it, the ones that count first."""
    return ", ".join(dict.fromkeys([*line.sources, *line.comparisons, *line.bills]))


def _amount(nanos: int | None) -> Decimal | None:
    return None if nanos is None else from_nanos(nanos)


def _narrow(read: Any) -> Any:
    return lambda rows, value: [line for line in rows if read(line) == value]


def _place(line: AccountLine) -> str:
    return urlencode({"provider": line.provider, "account": line.account})


@requires(P.SOURCE_VIEW)
class Accounts(ListPage):
    """Every account that is used, billed or declared."""

    crumbs = (("Provider accounts", ""),)
    noun = ("account", "accounts")
    filename = "provider-accounts"
    lede = (
        "Accounts that usage or a bill of the last 90 days names, and those people declared: who "
        "owns and pays them, and which source counts their tokens."
    )
    filters = (
        CustomFilter(
            "known",
            "Connection",
            choices=[(str(known), label) for known, label in KNOWN_LABELS.items()],
            narrow=_narrow(lambda line: line.known),
        ),
        CustomFilter(
            "standing",
            "Standing",
            choices=[(OPEN, "Not reviewed"), *KeyStanding.choices],
            narrow=_narrow(lambda line: line.standing or OPEN),
        ),
        CustomFilter(
            "provider",
            "Provider",
            choices=lambda request: [
                (name, name) for name in sorted({line.provider for line in selectors.lines()})
            ],
            narrow=_narrow(lambda line: line.provider),
        ),
    )

    @cached_property
    def lines(self) -> list[AccountLine]:
        return selectors.accounts(actor_of(self.request))

    def get_queryset(self) -> list[AccountLine]:
        return self.lines

    def get_title(self) -> str:
        asked = [line for line in self.lines if line.in_meter]
        if not asked:
            return "Provider accounts"
        known = sum(line.is_connected for line in asked)
        return f"{known} of {fmt.plural(len(asked), 'known account')} connected"

    def get_actions(self) -> Sequence[Action]:
        covered = Action("Coverage", org_url(self.request, "connectors:coverage"), "gauge")
        if not can(actor_of(self.request), P.SOURCE_MANAGE):
            return (covered,)
        url = org_url(self.request, "connectors:account_new")
        return (covered, Action("Declare an account", url, "plus", primary=True))

    def get_empty(self) -> Empty:
        body = (
            "Accounts appear with the first usage or bill that names one. Declare the others, so "
            "that it shows what is missing."
        )
        if not can(actor_of(self.request), P.SOURCE_MANAGE):
            return Empty("No accounts yet", body, icon="database")
        url = org_url(self.request, "connectors:account_new")
        return Empty("No accounts yet", body, "Declare an account", url, "database")

    def get_columns(self) -> Sequence[Column]:
        currency = ledger_settings().currency
        return [
            Column("label", "Account", sort="label", link=self._url,
                   sub=lambda line: line.account if line.account != line.label else ""),
            Column("account", "Id", in_table=False),
            Column("provider", "Provider", sort="provider"),
            Column("known", "Connection", value=_known, sub=_by,
                   csv=lambda line: line.known_label),
            Column("by", "Known by", value=_by, in_table=False),
            Column("owner", "Owner", sub=lambda line: line.payment),
            Column("payment", "Who pays", in_table=False),
            Column("last_seen", "Last seen", value=lambda line: line.last_seen, sort="last_seen",
                   sub=lambda line: f"since {fmt.day(line.first_seen)}" if line.first_seen
                   else ""),
            Column("tokens", "Tokens", align="num", sort="tokens",
                   value=lambda line: fmt.tokens(line.tokens) if line.tokens else None,
                   csv=lambda line: line.tokens),
            Column("cost", "Measured", align="num", sort="cost_nanos",
                   value=lambda line: None if line.cost_nanos is None
                   else fmt.money(line.cost_nanos, currency),
                   csv=lambda line: _amount(line.cost_nanos), csv_label=f"Measured ({currency})"),
            Column("billed", "Billed", align="num", sort="billed_nanos",
                   value=lambda line: None if line.billed_nanos is None
                   else fmt.money(line.billed_nanos, currency),
                   csv=lambda line: _amount(line.billed_nanos), csv_label=f"Billed ({currency})"),
            Column("standing", "Standing", value=_standing,
                   csv=lambda line: line.standing_label),
            Column("note", "Note", in_table=False),
        ]  # fmt: skip

    def _url(self, line: AccountLine, request: Any) -> str:
        if not line.is_stated or not can(request.actor, P.SOURCE_MANAGE):
            return ""
        return f"{org_url(request, 'connectors:account')}?{_place(line)}"


class AccountForm(forms.Form):
    """What people say of an account; `version` is the one the form was filled from, 0 for none."""

    provider = forms.CharField(
        label="Provider", max_length=255, help_text="Such as openai, anthropic or google."
    )
    account = forms.CharField(
        label="Account",
        max_length=255,
        help_text="Its id or name, as its usage and bills write it.",
    )
    name = forms.CharField(label="Name", max_length=120, required=False)
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
    version = forms.IntegerField(widget=forms.HiddenInput, initial=0)


@requires(P.SOURCE_MANAGE)
class AccountNew(FormPage):
    """Declare an account that nothing names yet."""

    title = "Declare an account"
    lede = (
        "It connects nothing. An account that no source counts lowers the coverage until it is "
        "connected, or banned and not used."
    )
    submit_label = "Declare account"
    form_class = AccountForm

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Provider accounts", self.cancel_url()), (self.get_title(), "")]

    def cancel_url(self) -> str:
        return org_url(self.request, LIST)

    def get_initial(self) -> dict[str, Any]:
        return {"version": 0}

    def save(self, form: AccountForm) -> str:
        services.save_account(actor=actor_of(self.request), **form.cleaned_data)
        messages.success(self.request, "Saved.")
        return self.cancel_url()


class _OfAccount:
    """A page about the account that the query string names."""

    request: HttpRequest

    @cached_property
    def line(self) -> AccountLine:
        get = self.request.GET.get
        found = selectors.one(actor_of(self.request), get("provider", ""), get("account", ""))
        if found is None or not found.is_stated:
            raise NotFound("There is no such account.", code="account_not_found")
        return found


@requires(P.SOURCE_MANAGE)
class AccountEdit(_OfAccount, AccountNew):
    """Decide about one account."""

    submit_label = "Save decision"

    def get_title(self) -> str:
        return f"{self.line.provider}: {self.line.label}"

    def get_initial(self) -> dict[str, Any]:
        line, row = self.line, self.line.declared
        said = {"provider": line.provider, "account": line.account, "version": line.version}
        if row is None:
            return said
        names = ("name", "standing", "owner", "payment", "note")
        return said | {name: getattr(row, name) for name in names}

    def extra_context(self, form: forms.BaseForm) -> dict[str, Any]:
        if self.line.declared is None:
            return {}
        url = f"{org_url(self.request, 'connectors:account_forget')}?{_place(self.line)}"
        return {"actions": (Action("Take back", url, "x"),)}

    def build_form(self, *args: Any) -> forms.BaseForm:
        """Which account it is stays: what is sent for it plays no part."""
        form = super().build_form(*args)
        form.initial = self.get_initial()
        for name in ("provider", "account"):
            form.fields[name].disabled = True
        return form


class ForgetForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)


@requires(P.SOURCE_MANAGE)
class AccountForget(_OfAccount, ConfirmPage):
    """Take a declaration back."""

    form_class = ForgetForm
    submit_label = "Take back"
    danger = True
    message = (
        "What was said about the account goes. If usage or a bill names it, it stays in the list "
        "as one that nobody decided about."
    )

    def get_title(self) -> str:
        return f"Take back {self.line.label}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Provider accounts", self.cancel_url()), (self.line.label, "")]

    def cancel_url(self) -> str:
        return org_url(self.request, LIST)

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.line.version}

    def save(self, form: ForgetForm) -> str:
        services.forget_account(
            actor=actor_of(self.request),
            provider=self.line.provider,
            account=self.line.account,
            version=form.cleaned_data["version"],
        )
        messages.success(self.request, "Taken back.")
        return self.cancel_url()


@requires(P.SOURCE_VIEW)
class Coverage(ListPage):
    """The coverage meter, and the blind spots below it."""

    template_name = "connectors/coverage.html"
    crumbs = (("Coverage", ""),)
    noun = ("blind spot", "blind spots")
    filename = "blind-spots"
    empty = Empty(
        "No blind spots",
        "Every known account is connected, all spend has token counts, and no day is missing.",
        icon="eye",
    )
    filters = (
        CustomFilter(
            "kind",
            "What",
            choices=[(str(kind), label) for kind, label in BLIND_LABELS.items()],
            narrow=_narrow(lambda spot: spot.kind),
        ),
    )

    @cached_property
    def found(self) -> Meter:
        return meter(actor_of(self.request))

    def get_queryset(self) -> list[Spot]:
        return self.found.spots

    def get_title(self) -> str:
        """The weakest of the three, said as an answer."""
        found = self.found
        if found.accounts.whole == 0 and found.spend.whole == 0:
            return "Nothing is measured yet"
        said = [
            (found.accounts.share, "of the known accounts are connected"),
            (found.spend.share, "of the spend has token counts"),
            (found.days.share, "of the days have data"),
        ]
        known = [(share, text) for share, text in said if share is not None]
        share, text = min(known, key=lambda pair: pair[0])
        if share == 1:
            return "Every known account, all spend and every day are covered"
        return f"{fmt.pct(share, 0 if share < 0.99 else 1)} {text}"

    def get_lede(self) -> str:
        days = fmt.day_range(self.found.start, self.found.end)
        return f"What the figures of {days} see, and what they do not: totals are too low by it."

    def get_actions(self) -> Sequence[Action]:
        return (
            Action("Provider accounts", org_url(self.request, LIST), "database"),
            Action("Key inventory", org_url(self.request, "connectors:inventory"), "lock"),
        )

    def get_columns(self) -> Sequence[Column]:
        currency = self.found.currency
        return [
            Column("title", "Blind spot", link=self._url, sort="title",
                   sub=lambda spot: spot.detail),
            Column("detail", "What it means", in_table=False),
            Column("kind", "Kind", value=lambda spot: spot.kind_label, sort="kind_label"),
            Column("cost", "Money in it", align="num", sort="cost_nanos",
                   value=lambda spot: None if spot.cost_nanos is None
                   else fmt.money(spot.cost_nanos, currency),
                   csv=lambda spot: _amount(spot.cost_nanos),
                   csv_label=f"Money in it ({currency})"),
        ]  # fmt: skip

    def _url(self, spot: Spot, request: Any) -> str:
        """Where it can be looked at or mended."""
        match spot.kind:
            case Blind.ACCOUNT:
                provider, _, _ = spot.subject.partition(":")
                return f"{org_url(request, LIST)}?{urlencode({'provider': provider})}"
            case Blind.NAMELESS:
                return f"{org_url(request, LIST)}?{urlencode({'provider': spot.subject})}"
            case Blind.SPEND:
                return org_url(request, "connectors:reconciliation")
            case Blind.PRICE:
                return org_url(request, "ledger:unpriced")
            case Blind.DAYS:
                return org_url(request, "connectors:detail", spot.subject)
            case Blind.REQUESTS:
                asked = f"?group=model&measure=requests&source={spot.subject}"
                return org_url(request, "portal:explore") + asked
        return org_url(request, "connectors:inventory") + "?listing=unlisted"

    def extra_context(self) -> dict[str, Any]:
        found = self.found
        money = {name: fmt.money(getattr(found.spend, name), found.currency) for name in
                 ("part", "whole")}  # fmt: skip
        return {
            "parts": [
                (
                    "Known accounts connected",
                    found.accounts.share,
                    f"{found.accounts.part} of {found.accounts.whole}",
                ),
                (
                    "Spend with token counts",
                    found.spend.share,
                    f"{money['part']} of {money['whole']}",
                ),
                (
                    "Days with data",
                    found.days.share,
                    f"{found.days.part} of {fmt.plural(found.days.whole, 'day')} of sources",
                ),
            ],
            "without_rate": found.without_rate,
            "meter_days": DAYS,
        }

"""How long raw records are kept: every month, and the setting with what it would remove."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common import fmt
from apps.common.templatetags.ui import chip
from apps.common.web.forms import FormPage
from apps.common.web.lists import Action, Column, CustomFilter, Empty, ListPage
from apps.ledger import services
from apps.ledger.rules.retention import MAX_MONTHS, MIN_MONTHS
from apps.ledger.selectors import retention as selectors
from apps.ledger.selectors.retention import MonthKept
from apps.ledger.web.records import month_url
from apps.tenancy.urls import org_url

STATES = {
    "kept": ("Kept", ""),
    "due": ("Goes at the next run", "warn"),
    "held": ("Held: the month is not closed", "warn"),
    "going": ("Being removed", "warn"),
    "gone": ("Removed", ""),
}


def said(months: int | None) -> str:
    return "all raw records" if months is None else f"raw records of {fmt.plural(months, 'month')}"


@requires(P.USAGE_VIEW)
class MonthList(ListPage):
    """Every month of raw records and what the retention does to it."""

    title = "Retention"
    noun = ("month", "months")
    filename = "retention"
    default_sort = "-month"
    empty = Empty("No usage yet", "Months appear with the first usage.")
    filters = (
        CustomFilter(
            "state",
            "Raw records",
            choices=[(key, label) for key, (label, _) in STATES.items()],
            narrow=lambda rows, value: [row for row in rows if row.state == value],  # type: ignore[arg-type,return-value]
        ),
    )

    def get_lede(self) -> str:
        return (
            f"The organization keeps {said(selectors.retention().months)}. Figures by day stay for "
            "good; a closed month is proved unchanged by its digest before and after."
        )

    def get_queryset(self) -> list[MonthKept]:
        return selectors.months(selectors.retention().months)

    def get_actions(self) -> Sequence[Action]:
        if not can(self.request.actor, P.PERIOD_MANAGE):
            return ()
        url = org_url(self.request, "ledger:retention_edit")
        return (Action("Change retention", url, "pencil", primary=True),)

    def get_columns(self) -> Sequence[Column]:
        return [
            Column(
                "month",
                "Month",
                value=lambda row: f"{row.month:%B %Y}",
                csv=lambda row: row.key,
                sort="month",
                link=lambda row, request: (
                    month_url(request, row.month) if row.state not in ("gone", "going") else ""
                ),
            ),
            Column("status", "Period", value=lambda row: row.label, sort="status"),
            Column("state", "Raw records", value=_state, csv=lambda row: row.state, sort="state"),
            Column("records", "Records counted", align="num", sort="records"),
            Column("pruned_records", "Records removed", align="num", sort="pruned_records"),
        ]


def _state(row: MonthKept) -> SafeString:
    label, tone = STATES[row.state]
    when = f" on {fmt.long_day(row.pruned_at.date())}" if row.pruned_at else ""
    return chip(label, tone) if tone else format_html("{}{}", label, when)


class RetentionForm(forms.Form):
    """The setting, and the version the person saw."""

    months = forms.IntegerField(
        label="Months of raw records to keep",
        required=False,
        min_value=MIN_MONTHS,
        max_value=MAX_MONTHS,
        help_text="Besides the present month. Empty keeps everything.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


@requires(P.PERIOD_MANAGE)
class Edit(FormPage):
    """The setting with its preview: `?months=12` shows what a retention would remove."""

    template_name = "ledger/retention.html"
    form_class = RetentionForm
    title = "Change retention"
    submit_label = "Save retention"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Retention", self.cancel_url()), (self.title, "")]

    def cancel_url(self) -> str:
        return org_url(self.request, "ledger:retention")

    def _asked(self) -> int | None:
        text = self.request.GET.get("months", "")
        if text.isdigit() and MIN_MONTHS <= int(text) <= MAX_MONTHS:
            return int(text)
        return None if "months" in self.request.GET else selectors.retention().months

    def get_initial(self) -> dict[str, Any]:
        return {"months": self._asked(), "version": selectors.retention().version}

    def extra_context(self, form: Any) -> dict[str, Any]:
        months = selectors.months(self._asked())
        going = [row for row in months if row.state in ("due", "going")]
        return {
            "going": going,
            "held": [row for row in months if row.state == "held"],
            "records": sum(row.records for row in going),
            "said": said(self._asked()),
        }

    def save(self, form: RetentionForm) -> str:
        found = services.set_retention(
            actor=self.request.actor,
            months=form.cleaned_data["months"],
            version=form.cleaned_data["version"],
        )
        messages.success(self.request, f"The organization keeps {said(found.months)}.")
        return self.cancel_url()

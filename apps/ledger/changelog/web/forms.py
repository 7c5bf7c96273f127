"""Forms of the change log."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.ledger.changelog.enums import ChangeKind
from apps.ledger.selectors.state import ledger_settings
from apps.portfolio.selectors import active_capabilities

_LOCAL = "%Y-%m-%dT%H:%M"


class ChangeForm(forms.Form):
    """A change in the words of the person who made it; the time is the organization's."""

    kind = forms.ChoiceField(label="What was changed", choices=ChangeKind.choices())
    title = forms.CharField(
        label="Name", max_length=120, help_text="As your team calls it: “2.3”, “v7”, “Top-k 8”."
    )
    at = forms.DateTimeField(
        label="When",
        required=False,
        input_formats=[_LOCAL],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL),
        help_text="Empty: now.",
    )
    link = forms.CharField(
        label="Link",
        required=False,
        max_length=500,
        help_text="The release, commit or ticket: https://…",
    )
    detail = forms.CharField(
        label="What it is about",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_at(self) -> datetime | None:
        at = self.cleaned_data["at"]
        if at is None:
            return None
        return at.replace(tzinfo=ZoneInfo(ledger_settings().timezone)).astimezone(UTC)

    def values(self) -> dict[str, Any]:
        """Arguments of the services."""
        names = ("kind", "title", "link", "detail")
        return {
            **{name: self.cleaned_data[name] for name in names},
            "occurred_at": self.cleaned_data["at"],
        }


class NewForm(ChangeForm):
    capability = forms.ChoiceField(label="Capability")
    field_order = ("capability",)

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = active_capabilities(visible_unit_ids(request.actor, P.CHANGE_RECORD))
        self.fields["capability"].choices = [
            ("", "Choose"),
            *((str(pk), name) for pk, name in found.values_list("id", "name")),
        ]

    def values(self) -> dict[str, Any]:
        return {**super().values(), "capability_id": UUID(self.cleaned_data["capability"])}


class CorrectForm(ChangeForm):
    version = forms.IntegerField(widget=forms.HiddenInput)


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label="Why", max_length=500, help_text="It stays in the log with this reason."
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


def local(at: datetime) -> str:
    """An instant as the form shows it."""
    return at.astimezone(ZoneInfo(ledger_settings().timezone)).strftime(_LOCAL)

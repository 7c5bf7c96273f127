"""Forms of sources. A stored credential is never shown again, not even shortened into a field."""

from datetime import timedelta
from typing import Any

from django import forms

from apps.common import clock
from apps.connectors.enums import COMPARISON_ALWAYS, PULLED_KINDS, SourceKind, SourceRole
from apps.connectors.rules import MAX_HISTORY_DAYS
from apps.connectors.services.sources import DEFAULT_HISTORY_DAYS

SCHEDULES = (
    (5, "Every 5 minutes"),
    (15, "Every 15 minutes"),
    (60, "Every hour"),
    (360, "Every 6 hours"),
    (1440, "Once a day"),
)


def _credential() -> forms.CharField:
    return forms.CharField(
        label="Admin API key",
        max_length=1000,
        strip=True,
        widget=forms.PasswordInput(
            render_value=False, attrs={"autocomplete": "off", "spellcheck": "false"}
        ),
        help_text="Stored encrypted. It is never shown again; a project or user key is refused.",
    )


def _schedule() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label="Read it", choices=SCHEDULES, coerce=int, initial=15,
        help_text="The provider finishes an hour some minutes after its end.",
    )  # fmt: skip


def _role(**options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label="Its usage",
        help_text=(
            "The channel of record counts in every total. Comparison only is kept beside it, for "
            "a gateway or tool that sees calls which the provider reports too."
        ),
        **options,
    )


class NewSourceForm(forms.Form):
    """What a new provider source needs."""

    kind = forms.ChoiceField(
        label="Provider",
        choices=[(kind.value, kind.label) for kind in SourceKind if kind in PULLED_KINDS],
    )
    name = forms.CharField(
        label="Name", max_length=120, help_text="How people will find it, such as OpenAI main."
    )
    credential = _credential()
    history_from = forms.DateField(
        label="Read history from", widget=forms.DateInput(attrs={"type": "date"})
    )
    schedule_minutes = _schedule()
    role = _role(
        required=False, choices=[("", "As usual for this kind of source"), *SourceRole.choices]
    )
    account = forms.CharField(
        label="Provider account",
        max_length=120,
        required=False,
        help_text="Optional. Written on every record; it cannot be changed once usage was read.",
    )
    base_url = forms.CharField(
        label="Address",
        max_length=255,
        required=False,
        help_text="Optional. Only for a proxy in front of the provider.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = clock.today()
        field = self.fields["history_from"]
        field.initial = today - timedelta(days=DEFAULT_HISTORY_DAYS)
        field.widget.attrs |= {
            "min": (today - timedelta(days=MAX_HISTORY_DAYS)).isoformat(),
            "max": today.isoformat(),
        }


class EditSourceForm(forms.Form):
    """Settings of a source; `version` is the one the form was filled from."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    name = forms.CharField(label="Name", max_length=120)
    schedule_minutes = _schedule()
    role = _role(choices=SourceRole.choices)
    account = forms.CharField(label="Provider account", max_length=120, required=False)
    base_url = forms.CharField(label="Address", max_length=255, required=False)

    def __init__(self, *args: Any, kind: str = SourceKind.OPENAI, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind not in PULLED_KINDS:
            for name in ("schedule_minutes", "role", "account", "base_url"):
                del self.fields[name]
            return
        if kind in COMPARISON_ALWAYS:
            del self.fields["role"]
        given = self.initial.get("schedule_minutes")
        field = self.fields["schedule_minutes"]
        if given and given not in dict(SCHEDULES):
            field.choices = [*SCHEDULES, (given, f"Every {given} minutes")]


class CredentialForm(forms.Form):
    """Another credential for a source."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    credential = _credential()


class PauseForm(forms.Form):
    """Why a source is paused."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Reason", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": "2"})
    )


class ReadAgainForm(forms.Form):
    """From which day to read once more."""

    from_day = forms.DateField(
        label="Read again from", widget=forms.DateInput(attrs={"type": "date"})
    )
    reason = forms.CharField(
        label="Reason", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": "2"})
    )

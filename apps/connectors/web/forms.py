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
        label="Credential",
        max_length=1000,
        strip=True,
        widget=forms.PasswordInput(
            render_value=False, attrs={"autocomplete": "off", "spellcheck": "false"}
        ),
        help_text=(
            "Stored encrypted and never shown again. Providers need an administration key, LiteLLM "
            "its master key, OpenRouter a management key, Langfuse public:secret."
        ),
    )


def _schedule(**options: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label="Read it",
        coerce=int,
        help_text="Providers finish an hour some minutes after its end, gateways a day.",
        **{"choices": SCHEDULES, **options},
    )


def _role(**options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label="Its usage",
        help_text=(
            "The channel of record counts in every total; a provider’s own organization is one. "
            "Comparison only is kept beside it: usual for gateways and tools, which see calls that "
            "the provider reports too."
        ),
        **options,
    )


class NewSourceForm(forms.Form):
    """What a new provider source needs."""

    kind = forms.ChoiceField(label="Kind", choices=[(k.value, k.label) for k in PULLED_KINDS])
    name = forms.CharField(
        label="Name", max_length=120, help_text="How people will find it, such as OpenAI main."
    )
    credential = _credential()
    history_from = forms.DateField(
        label="Read history from", widget=forms.DateInput(attrs={"type": "date"})
    )
    schedule_minutes = _schedule(
        required=False, empty_value=None, choices=[("", "As usual for this kind"), *SCHEDULES]
    )
    role = _role(required=False, choices=[("", "As usual for this kind"), *SourceRole.choices])
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
        help_text="Needed for LiteLLM and your own Langfuse; for providers only behind a proxy.",
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


class RoleForm(forms.Form):
    """What a handed-in source's usage is from a day on."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    role = _role(choices=SourceRole.choices, widget=forms.RadioSelect)
    since = forms.DateField(
        label="From",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The first day, in the organization’s time zone, of a period that is not closed.",
    )
    reason = forms.CharField(
        label="Reason",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": "2"}),
        help_text="Totals change: it is kept with the change.",
    )

    def __init__(self, *args: Any, from_now: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if from_now:
            del self.fields["since"]


class PauseForm(forms.Form):
    """Why a source is paused."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Reason", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": "2"})
    )


class AcknowledgeForm(forms.Form):
    """What was found out about an alarm."""

    note = forms.CharField(
        label="Note", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": "2"})
    )


class ReadAgainForm(forms.Form):
    """Which days to read once more."""

    from_day = forms.DateField(
        label="Read again from", widget=forms.DateInput(attrs={"type": "date"})
    )
    to_day = forms.DateField(
        label="Up to and including",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Optional. Without it, everything up to now.",
    )
    reason = forms.CharField(
        label="Reason", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": "2"})
    )

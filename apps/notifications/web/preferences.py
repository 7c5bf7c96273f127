"""What a person is mailed about, and when."""

from typing import Any

from django import forms

from apps.access.permissions import P
from apps.access.web import actor_of, requires
from apps.common.web.forms import FormPage
from apps.notifications import selectors, services
from apps.notifications.groups import HELP, EmailChoice, Group
from apps.tenancy.urls import org_url

_USUAL = ("", "As the event needs (usual)")


class PreferencesForm(forms.Form):
    """One choice for each group, and the digest's time."""

    hour = forms.TypedChoiceField(
        label="The digest leaves at",
        choices=[(n, f"{n:02}:00") for n in range(24)],
        coerce=int,
    )
    weekends = forms.BooleanField(label="On weekends too", required=False)

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for group in Group:
            self.fields[group.value] = forms.ChoiceField(
                label=group.label,
                choices=[_USUAL, *EmailChoice.choices],
                required=False,
                help_text=HELP[group],
            )
        self.fields["hour"].help_text = f"In the time zone {zone}."
        self.order_fields([*Group.values, "hour", "weekends"])


@requires(P.ORG_VIEW)
class Preferences(FormPage):
    title = "What you are mailed"
    lede = "The inbox here always has everything; this is about e-mail only."
    form_class = PreferencesForm
    submit_label = "Save choices"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Notifications", org_url(self.request, "notifications:list")),
            ("E-mail", ""),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "notifications:list")

    def form_kwargs(self) -> dict[str, Any]:
        return {"zone": self.request.organization.timezone}

    def get_initial(self) -> dict[str, Any]:
        found = selectors.choices(actor_of(self.request))
        return {**found.emails, "hour": found.hour, "weekends": found.weekends}

    def save(self, form: PreferencesForm) -> str:
        data = form.cleaned_data
        services.choose(
            actor=actor_of(self.request),
            emails={group: data[group] for group in Group.values},
            hour=data["hour"],
            weekends=data["weekends"],
        )
        return self.cancel_url()

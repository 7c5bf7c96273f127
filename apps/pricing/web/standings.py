"""Where a model stands: shown on its page, changed by whoever owns the standards."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common.web.forms import FormPage
from apps.pricing import selectors, services
from apps.pricing.enums import Standing
from apps.pricing.models import AIModel, ModelStanding
from apps.pricing.standings import TONES
from apps.tenancy.urls import org_url
from apps.trail.selectors import events_of_object

MOST_EVENTS = 10


def standing_context(request: HttpRequest, model: AIModel) -> dict[str, Any]:
    """The model's standing, whose word it is, and what was said before."""
    rows = list(selectors.standing_rows(model.provider.key, model.key))
    said = next((r for r in reversed(rows) if r.standing != Standing.UNDECIDED), None)
    standing = Standing(said.standing) if said else Standing.UNDECIDED
    history = [event for row in rows for event in events_of_object("model_standing", row.id)]
    history.sort(key=lambda event: event.at, reverse=True)
    return {
        "standing": standing.label,
        "standing_tone": TONES[standing],
        "standing_said": said,
        "standing_history": [
            (event, Standing((event.after or {})["standing"]).label)
            for event in history[:MOST_EVENTS]
        ],
        "may_stand": can(request.actor, P.MODEL_STANDING_MANAGE),
    }


class StandingForm(forms.Form):
    standing = forms.ChoiceField(label="Standing", choices=Standing.choices())
    note = forms.CharField(
        label="Why",
        required=False,
        max_length=services.MAX_NOTE,
        help_text="Needed for a model that is restricted or not allowed. Story authors read it.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


@requires(P.MODEL_STANDING_MANAGE)
class StandingEdit(FormPage):
    """The standing of one model, or with `?all=1` of every model of its provider."""

    form_class = StandingForm
    submit_label = "Save"
    model: AIModel
    row: ModelStanding | None

    def dispatch(self, request: HttpRequest, model_id: UUID) -> Any:
        self.model = selectors.model(model_id)
        self.everything = request.GET.get("all") == "1"
        self.key = "" if self.everything else self.model.key
        rows = selectors.standing_rows(self.model.provider.key, self.key)
        self.row = rows.filter(model=self.key).first()
        return super().dispatch(request, model_id=model_id)

    def get_title(self) -> str:
        name = f"every {self.model.provider.name} model" if self.everything else self.model.key
        return f"Where {name} stands"

    lede = "Routes may ask for it, and story authors see it before they submit."

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Models and prices", org_url(self.request, "pricing:list")),
            (self.model.key, self.cancel_url()),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "pricing:detail", self.model.id)

    def get_initial(self) -> dict[str, Any]:
        if self.row is None:
            return {"standing": Standing.ALLOWED.value, "version": 0}
        return {"standing": self.row.standing, "note": self.row.note, "version": self.row.version}

    def save(self, form: StandingForm) -> str:
        data = form.cleaned_data
        row = services.set_standing(
            actor=self.request.actor,
            provider=self.model.provider.key,
            model=self.key,
            standing=data["standing"],
            note=data["note"],
            version=data["version"],
        )
        messages.success(self.request, f"{row}: {Standing(row.standing).label.lower()}.")
        return self.cancel_url()

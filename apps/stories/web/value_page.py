"""Reporting what a story turned out to be worth."""

from typing import Any

from django import forms
from django.contrib import messages

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import clock
from apps.common.errors import Conflict
from apps.common.web.forms import FormPage
from apps.common.web.numbers import NumberField
from apps.organizations.selectors import organization
from apps.stories import services
from apps.stories.models import StoryRevision, TokenStory
from apps.stories.selectors.diff import show_number
from apps.stories.selectors.stories import approved_revision, story_by_ref
from apps.tenancy.urls import org_url


class ValueForm(forms.Form):
    """One measurement of the metric."""

    measured_change = NumberField(label="Measured change", required=True)
    measured_on = forms.DateField(
        label="Measured on", widget=forms.DateInput(attrs={"type": "date"})
    )
    note = forms.CharField(
        label="How it was measured",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": "3"}),
        help_text="What was compared, over which days.",
    )
    evidence_url = forms.CharField(label="Evidence", max_length=500, required=False)


@requires(P.STORY_VIEW)
class ReportValue(FormPage):
    """A measurement against the approved hypothesis; none is ever changed."""

    form_class = ValueForm
    title = "Report the value"
    submit_label = "Report value"

    def _found(self) -> tuple[TokenStory, StoryRevision]:
        story = story_by_ref(self.request.actor, self.kwargs["ref"])
        approved = approved_revision(story)
        if approved is None or approved.value_change is None:
            raise Conflict(
                f"{story.ref} has no approved value hypothesis with an expected change.",
                code="no_hypothesis",
                fix="Amend the story: state metric, unit and expected change.",
            )
        return story, approved

    def get_lede(self) -> str:
        _, approved = self._found()
        assert approved.value_change is not None  # noqa: S101 -- _found has refused otherwise
        change = f"{show_number(approved.value_change)} {approved.value_unit}".strip()
        return (
            f"{approved.value_metric}: {change} was expected. Enter what you measured in the same "
            "unit and direction."
        )

    def get_crumbs(self) -> list[tuple[str, str]]:
        ref = self.kwargs["ref"]
        return [
            ("Token Stories", org_url(self.request, "stories:list")),
            (ref, self.cancel_url()),
            (self.title, ""),
        ]

    def cancel_url(self) -> str:
        return f"{org_url(self.request, 'stories:detail', self.kwargs['ref'])}?tab=value"

    def get_initial(self) -> dict[str, Any]:
        return {"measured_on": clock.today(organization().timezone)}

    def save(self, form: ValueForm) -> str:
        story, _ = self._found()
        made = services.report_value(
            actor=self.request.actor, story_id=story.id, **form.cleaned_data
        )
        messages.success(self.request, f"Reported: {made.get_outcome_display().lower()}.")
        return self.cancel_url()

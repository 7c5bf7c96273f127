"""Recording a decision about a capability."""

from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages

from apps.access.permissions import P
from apps.access.services import require
from apps.access.web import requires
from apps.common.web.forms import FormPage
from apps.organizations.selectors import memberships
from apps.outcomes.enums import Verdict
from apps.outcomes.selectors.worth import Worth, worth_of
from apps.outcomes.services import record_decision
from apps.outcomes.web.detail_page import headline
from apps.tenancy.urls import org_url


class DecideForm(forms.Form):
    """What is to become of it, why, who sees to it and when it is looked at again."""

    verdict = forms.ChoiceField(
        label="Decision", choices=Verdict.choices(), widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label="Why", max_length=2000, widget=forms.Textarea(attrs={"rows": "4"})
    )
    owner = forms.ChoiceField(label="Owner", help_text="Sees to it, and is reminded of the review.")
    review_on = forms.DateField(
        label="Look again on",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Of a capability to retire: the day by which it is gone.",
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = memberships().filter(is_active=True)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ChoiceField)  # noqa: S101 -- declared above
        owner.choices = [("", "Choose…"), *((str(m.id), str(m)) for m in people)]


@requires(P.APPROVAL_DECIDE)
class Decide(FormPage):
    """Kept with the figures of the day; an earlier decision stays in the history."""

    form_class = DecideForm
    title = "Decide"
    submit_label = "Record the decision"

    @cached_property
    def worth(self) -> Worth:
        found = worth_of(self.request.actor, self.kwargs["capability_id"])
        require(self.request.actor, P.APPROVAL_DECIDE, unit_id=found.capability.unit_id)
        return found

    def get_title(self) -> str:
        return f"Decide about {self.worth.capability.name}"

    def get_lede(self) -> str:
        return f"{headline(self.worth)}."

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Worth", org_url(self.request, "outcomes:list")),
            (self.worth.capability.name, self.cancel_url()),
            (self.title, ""),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "outcomes:detail", self.kwargs["capability_id"])

    def get_initial(self) -> dict[str, Any]:
        newest = self.worth.decision
        return {
            "seen": newest.number if newest else 0,
            "owner": str(newest.owner_id if newest else self.worth.capability.owner_membership_id),
        }

    def save(self, form: DecideForm) -> str:
        data = form.cleaned_data
        made = record_decision(
            actor=self.request.actor,
            capability_id=self.worth.capability.id,
            verdict=data["verdict"],
            reason=data["reason"],
            owner_id=UUID(data["owner"]),
            review_on=data["review_on"],
            seen=data["seen"],
        )
        messages.success(self.request, f"Recorded: {Verdict(made.verdict).label.lower()}.")
        return self.cancel_url()

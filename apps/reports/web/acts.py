"""What can be done with a schedule."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.access.permissions import P
from apps.access.web import actor_of, requires
from apps.common.web.forms import ConfirmPage
from apps.reports import selectors, services
from apps.reports.models import ReportSchedule
from apps.reports.services.saving import require_change
from apps.tenancy.urls import org_url


def _back(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    return redirect(org_url(request, "reports:detail", schedule_id))


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


@requires(P.ORG_VIEW)
@require_POST
def send_one(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    """The last report, now, to who asks."""
    services.ask_for_one(actor=actor_of(request), schedule_id=schedule_id)
    messages.success(request, "It is on its way to you. How it ended shows here in a moment.")
    return _back(request, schedule_id)


@requires(P.REPORT_SCHEDULE)
@require_POST
def pause(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    services.pause_schedule(
        actor=actor_of(request), schedule_id=schedule_id, version=_version(request)
    )
    messages.success(request, "Nothing is sent until somebody resumes it.")
    return _back(request, schedule_id)


@requires(P.REPORT_SCHEDULE)
@require_POST
def resume(request: HttpRequest, schedule_id: UUID) -> HttpResponse:
    services.resume_schedule(
        actor=actor_of(request), schedule_id=schedule_id, version=_version(request)
    )
    messages.success(request, "It is sent again from the next time on.")
    return _back(request, schedule_id)


class VersionForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)


class _Confirm(ConfirmPage):
    """Asks before it acts on one schedule."""

    schedule: ReportSchedule

    def dispatch(self, request: HttpRequest, schedule_id: UUID) -> HttpResponseBase:
        self.schedule = selectors.schedule_by_id(request.actor, schedule_id)
        return super().dispatch(request)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Scheduled reports", org_url(self.request, "reports:list")),
            (self.schedule.name, self.cancel_url()),
            (self.submit_label, ""),
        ]

    def get_title(self) -> str:
        return f"{self.submit_label} {self.schedule.name}"

    def cancel_url(self) -> str:
        return org_url(self.request, "reports:detail", self.schedule.id)

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.schedule.version}


@requires(P.REPORT_SCHEDULE)
class Delete(_Confirm):
    """Forgets a schedule."""

    form_class: ClassVar[type[forms.BaseForm]] = VersionForm
    submit_label = "Delete"
    danger = True
    message = "Nothing more is sent, and the list of what was sent goes with it. The trail stays."

    def dispatch(self, request: HttpRequest, schedule_id: UUID) -> HttpResponseBase:
        require_change(request.actor, selectors.schedule_by_id(request.actor, schedule_id))
        return super().dispatch(request, schedule_id)

    def save(self, form: Any) -> str:
        services.delete_schedule(
            actor=self.request.actor,
            schedule_id=self.schedule.id,
            version=form.cleaned_data["version"],
        )
        messages.success(self.request, f"{self.schedule.name} is deleted.")
        return org_url(self.request, "reports:list")


@requires(P.ORG_VIEW)
class Leave(_Confirm):
    """Takes oneself off the recipients."""

    submit_label = "Leave"
    message = "You get this report no longer. Its owner sees that you left."

    def save(self, form: Any) -> str:
        services.leave_schedule(actor=self.request.actor, schedule_id=self.schedule.id)
        messages.success(self.request, f"You get {self.schedule.name} no longer.")
        return org_url(self.request, "reports:list")

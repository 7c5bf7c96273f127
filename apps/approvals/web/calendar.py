"""The working calendar: week, close of business, days off, and how long answers can be undone."""

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views import View

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.approvals import services
from apps.approvals.rules.working_days import weekdays_of
from apps.approvals.selectors.calendar import holidays, settings
from apps.approvals.selectors.deputies import local_today
from apps.approvals.web.base import ApprovalsPage
from apps.common.errors import Invalid
from apps.common.web.forms import add_errors
from apps.tenancy.urls import org_url

WEEKDAYS = (
    (0, "Monday"),
    (1, "Tuesday"),
    (2, "Wednesday"),
    (3, "Thursday"),
    (4, "Friday"),
    (5, "Saturday"),
    (6, "Sunday"),
)


class WeekForm(forms.Form):
    """The week and the window for undoing."""

    workdays = forms.TypedMultipleChoiceField(
        label="Working days", choices=WEEKDAYS, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    closes_at = forms.TimeField(
        label="Close of business",
        help_text="Answers are due at this time of their day.",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    undo_hours = forms.IntegerField(
        label="Answers can be undone for",
        min_value=0,
        max_value=168,
        help_text="Hours. 0: never. Only while nothing has used the answer.",
    )


class DaysForm(forms.Form):
    """Days off, one a line: `2026-12-25 Christmas Day`."""

    days = forms.CharField(
        label="Days off",
        help_text="One a line: 2026-12-25 Christmas Day.",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def clean_days(self) -> list[tuple[date, str]]:
        found = []
        for line in self.cleaned_data["days"].splitlines():
            if not line.strip():
                continue
            day, _, name = line.strip().partition(" ")
            try:
                found.append((date.fromisoformat(day), name.strip() or "Day off"))
            except ValueError:
                raise forms.ValidationError(
                    "“%(line)s” does not begin with a day such as 2026-12-25.",
                    params={"line": line.strip()[:60]},
                ) from None
        return found


@requires(P.APPROVAL_VIEW)
class CalendarPage(ApprovalsPage, View):
    """GET shows; POST saves the week or adds days off (`part`)."""

    tab = "approvals:calendar"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page()

    def post(self, request: HttpRequest) -> HttpResponseBase:
        part = request.POST.get("part")
        if part == "week":
            week, days = WeekForm(request.POST), DaysForm()
            form: forms.Form = week
        else:
            week, days = self._week(), DaysForm(request.POST)
            form = days
        if not form.is_valid():
            return self._page(week, days, status=422)
        try:
            with transaction.atomic():
                if part == "week":
                    services.change_calendar(actor=request.actor, **form.cleaned_data)
                    messages.success(request, "The working week is saved.")
                else:
                    count = services.add_holidays(
                        actor=request.actor, days=form.cleaned_data["days"]
                    )
                    messages.success(request, f"{count} days off saved.")
        except Invalid as error:
            add_errors(form, error)
            return self._page(week, days, status=422)
        return HttpResponseRedirect(org_url(request, "approvals:calendar"))

    def _week(self) -> WeekForm:
        known = settings()
        return WeekForm(
            initial={
                "workdays": sorted(weekdays_of(known.workdays)),
                "closes_at": known.closes_at,
                "undo_hours": known.undo_hours,
            }
        )

    def _page(
        self, week: WeekForm | None = None, days: DaysForm | None = None, status: int = 200
    ) -> HttpResponse:
        request = self.request
        today, known = local_today(), settings()
        off = list(holidays())
        coming = [h for h in off if h.day >= today]
        working = len(weekdays_of(known.workdays))
        title = (
            f"Next day off: {coming[0].name}, {coming[0].day:%-d %B}"
            if coming
            else f"{working} working days a week, no day off entered"
        )
        context: dict[str, Any] = {
            **self.tab_context(),
            "title": title,
            "lede": f"Due times count working days, in {request.organization.timezone}.",
            "crumbs": self.get_crumbs(),
            "week": week or self._week(),
            "days": days or DaysForm(),
            "coming": coming,
            "past": [h for h in off if h.day < today][::-1],
            "may_change": can(request.actor, P.APPROVAL_POLICY_MANAGE),
            "settings": known,
            "weekdays": ", ".join(n for d, n in WEEKDAYS if d in weekdays_of(known.workdays)),
        }
        return render(request, "approvals/calendar.html", context, status=status)


@requires(P.APPROVAL_POLICY_MANAGE)
class RemoveHoliday(View):
    """POST: a day off becomes a working day again."""

    def get(self, request: HttpRequest, holiday_id: UUID) -> HttpResponse:
        return HttpResponseRedirect(org_url(request, "approvals:calendar"))

    def post(self, request: HttpRequest, holiday_id: UUID) -> HttpResponse:
        services.remove_holiday(actor=request.actor, holiday_id=holiday_id)
        messages.success(request, "The day counts as a working day again.")
        return HttpResponseRedirect(org_url(request, "approvals:calendar"))

"""The form of a schedule."""

from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.access.permissions import P
from apps.access.web import requires
from apps.common.web.forms import FormPage
from apps.reports import kinds, rules, selectors, services
from apps.reports.enums import WEEKDAYS, Cadence
from apps.reports.models import ReportSchedule
from apps.reports.services.saving import require_change
from apps.savedviews.selectors import query_of, views
from apps.tenancy.urls import org_url

HOURS = [(hour, f"{hour:02d}:00") for hour in range(24)]
MOST_BOXES = 40
"""Of more people a list is easier to go through than boxes."""
MONTH_DAYS = [(day, str(day)) for day in range(1, rules.LAST_MONTH_DAY + 1)]


class ScheduleForm(forms.Form):
    """What is sent, when, how, and to whom. A kept view may stand in place of the filters."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    kind = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    query = forms.CharField(widget=forms.HiddenInput, required=False, max_length=4000)
    what = forms.ChoiceField(label="What is sent")
    name = forms.CharField(
        label="Name", max_length=80, help_text="The subject of the e-mail begins with it."
    )
    cadence = forms.ChoiceField(
        label="How often",
        choices=Cadence.choices,
        help_text="About the day before, the last whole week or the last whole month.",
    )
    weekday = forms.TypedChoiceField(
        label="Weekday, of every week", choices=WEEKDAYS, coerce=int, required=False
    )
    month_day = forms.TypedChoiceField(
        label="Day, of every month",
        choices=MONTH_DAYS,
        coerce=int,
        required=False,
        help_text="A later day gives slow sources time.",
    )
    hour = forms.TypedChoiceField(label="At", choices=HOURS, coerce=int)
    with_csv = forms.BooleanField(label="CSV file, every figure exact", required=False)
    with_pdf = forms.BooleanField(label="PDF file", required=False)
    recipients = forms.MultipleChoiceField(
        label="To",
        widget=forms.CheckboxSelectMultiple,
        help_text="Members only. Each gets what they may see on the day.",
    )

    def __init__(self, *args: Any, what: Any, people: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["what"].choices = what
        to: Any = self.fields["recipients"]
        to.choices = [(value, name) for value, name, _ in people]
        to.hints = {value: mail for value, _, mail in people}
        if len(people) > MOST_BOXES:
            to.widget = forms.SelectMultiple(attrs={"size": 14}, choices=to.choices)
        self.fields["hour"].help_text = f"In {zone}."


class _Page(FormPage):
    """What adding and changing have in common."""

    form_class: ClassVar[type[forms.BaseForm]] = ScheduleForm
    lede = "A summary by e-mail, in plain text and HTML, with files where you want them."

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Scheduled reports", org_url(self.request, "reports:list")),
            (self.get_title(), ""),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "reports:list")

    def form_kwargs(self) -> dict[str, Any]:
        return {
            "what": self.choices(),
            "people": self.people(),
            "zone": self.request.organization.timezone,
        }

    def people(self) -> list[tuple[str, str, str]]:
        """Membership, name and address of each candidate."""
        found = selectors.candidates(self.request.actor)
        return [(str(one.id), str(one), one.user.email) for one in found]

    def choices(self) -> list[Any]:
        """Each page as it is, and each kept view of it, by its kind and query."""
        found: list[Any] = []
        for kind in kinds.kinds():
            kept = views(self.request.actor, kind.name)
            found.append((_code(kind.name, ""), f"{kind.label}: everything I may see"))
            actor = self.request.actor
            found += [
                (_code(kind.name, query_of(actor, view)), f"{kind.label}: {view.name}")
                for view in kept
            ]
        return list(dict(found).items())

    def given(self) -> tuple[str, str]:
        """The page and filters that the form began with."""
        source = self.request.POST if self.request.method == "POST" else self.request.GET
        return source.get("kind", "")[:40], source.get("query", "")[:4000]

    def wanted(self, data: dict[str, Any], query: str) -> services.Wanted:
        return services.Wanted(
            name=data["name"],
            query=query,
            cadence=data["cadence"],
            hour=data["hour"],
            weekday=data["weekday"] or 0,
            month_day=data["month_day"] or 1,
            with_csv=data["with_csv"],
            with_pdf=data["with_pdf"],
            recipients=[UUID(value) for value in data["recipients"]],
        )


def _code(kind: str, query: str) -> str:
    return urlencode({"kind": kind, "query": query})


def _decoded(code: str) -> tuple[str, str]:
    found = parse_qs(code)
    return found.get("kind", [""])[0], found.get("query", [""])[0]


@requires(P.REPORT_SCHEDULE)
class New(_Page):
    """Schedule a page as it was shown, or one that is chosen here."""

    title = "Schedule a report"
    submit_label = "Schedule"

    def choices(self) -> list[Any]:
        found = super().choices()
        kind, query = self.given()
        known = kinds.kind_of(kind)
        if known is None or any(code == _code(kind, query) for code, _ in found):
            return found
        return [(_code(kind, query), f"{known.label}: with the filters I came from"), *found]

    def get_initial(self) -> dict[str, Any]:
        actor = self.request.actor
        kind, query = self.given()
        known = kinds.kind_of(kind)
        return {
            "kind": kind,
            "query": query,
            "what": _code(kind, query) if known else "",
            "name": known.label if known else "",
            "cadence": Cadence.WEEKLY,
            "hour": 7,
            "with_csv": True,
            "recipients": [str(actor.membership_id)],
        }

    def save(self, form: Any) -> str:
        kind, query = _decoded(form.cleaned_data["what"])
        made = services.create_schedule(
            actor=self.request.actor, kind=kind, wanted=self.wanted(form.cleaned_data, query)
        )
        messages.success(self.request, f"{made.name} is scheduled.")
        return org_url(self.request, "reports:detail", made.id)


@requires(P.REPORT_SCHEDULE)
class Edit(_Page):
    """Change a schedule; its page stays, its filters may change."""

    submit_label = "Save"
    schedule: ReportSchedule

    def dispatch(self, request: HttpRequest, schedule_id: UUID) -> HttpResponseBase:
        self.schedule = selectors.schedule_by_id(request.actor, schedule_id)
        require_change(request.actor, self.schedule)
        return super().dispatch(request)

    def get_title(self) -> str:
        return f"Change {self.schedule.name}"

    def cancel_url(self) -> str:
        return org_url(self.request, "reports:detail", self.schedule.id)

    def choices(self) -> list[Any]:
        own = _code(self.schedule.kind, self.schedule.query)
        prefix = _code(self.schedule.kind, "")
        label = kinds.label_of(self.schedule.kind)
        others = [pair for pair in super().choices() if pair[0].startswith(prefix)]
        return [(own, f"{label}: as it is"), *(pair for pair in others if pair[0] != own)]

    def people(self) -> list[tuple[str, str, str]]:
        shown = super().people()
        known = {value for value, _, _ in shown}
        present = selectors.recipients(self.schedule)
        more = [(str(one.id), str(one), "") for one in present if str(one.id) not in known]
        return [*shown, *more]

    def get_initial(self) -> dict[str, Any]:
        row = self.schedule
        return {
            "version": row.version,
            "what": _code(row.kind, row.query),
            "name": row.name,
            "cadence": row.cadence,
            "hour": row.hour,
            "weekday": row.weekday,
            "month_day": row.month_day,
            "with_csv": row.with_csv,
            "with_pdf": row.with_pdf,
            "recipients": [str(one.id) for one in selectors.recipients(row)],
        }

    def save(self, form: Any) -> str:
        _, query = _decoded(form.cleaned_data["what"])
        services.change_schedule(
            actor=self.request.actor,
            schedule_id=self.schedule.id,
            version=form.cleaned_data["version"] or 0,
            wanted=self.wanted(form.cleaned_data, query),
        )
        messages.success(self.request, "The schedule is changed.")
        return self.cancel_url()

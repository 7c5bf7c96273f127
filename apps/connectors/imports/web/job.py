"""One import: its mapping, its dry run, its progress and its result."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import fmt
from apps.common.errors import Conflict
from apps.common.tokens import KINDS
from apps.common.web import csvout
from apps.common.web.forms import ConfirmPage, FormPage
from apps.connectors.imports import selectors, services
from apps.connectors.imports.enums import CostUnit, JobStatus
from apps.connectors.imports.models import ImportJob
from apps.connectors.imports.rules.mapping import (
    DIMENSIONS,
    GRANULARITIES,
    IDENTITY,
    MEASURES,
    PROMPT,
    RUN,
    TAG,
    Mapping,
)
from apps.connectors.imports.rules.reading import normal
from apps.connectors.imports.services.mappings import DEFAULT_SOURCE
from apps.pricing.enums import KIND_LABELS
from apps.tenancy.urls import org_url

CONSTANTS = ("provider", "model", "account")


def _crumbs(request: HttpRequest, job: ImportJob) -> list[tuple[str, str]]:
    return [("Imports", org_url(request, "imports:list")), (job.filename, "")]


class MappingForm(forms.Form):
    """A target for each column, and what the file does not say."""

    provider = forms.CharField(
        label="Provider of all rows",
        required=False,
        max_length=255,
        help_text="Unless a column says it: openai, anthropic, azure …",
    )
    model = forms.CharField(
        label="Model of all rows", required=False, max_length=255, help_text="As the provider says."
    )
    account = forms.CharField(label="Provider account of all rows", required=False, max_length=255)
    granularity = forms.ChoiceField(label="One row is", choices=list(GRANULARITIES.items()))
    timezone = forms.CharField(
        label="Time zone of times without one", max_length=64, help_text="UTC or Europe/Berlin."
    )
    cost_unit = forms.ChoiceField(label="Costs are in", choices=CostUnit.choices())
    currency = forms.CharField(label="Currency of costs", min_length=3, max_length=3)
    source_name = forms.CharField(
        label="Source",
        max_length=120,
        help_text="Files of one export belong to one source, so that repeats are recognised.",
    )
    key_columns = forms.MultipleChoiceField(
        label="Columns that tell rows apart",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Without an id column: all but tokens, calls and cost. A row that comes again "
        "with other numbers replaces the old ones.",
    )

    def __init__(self, *args: Any, job: ImportJob, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.job = job
        keys: Any = self.fields["key_columns"]
        keys.choices = [(name, name) for name in job.header]
        for number, name in enumerate(job.header):
            self.fields[f"col_{number}"] = forms.ChoiceField(
                label=name, required=False, choices=_targets(name)
            )

    def columns(self) -> list[forms.BoundField]:
        return [self[f"col_{number}"] for number in range(len(self.job.header))]

    def mapping(self) -> Mapping:
        data = self.cleaned_data
        return Mapping(
            columns={name: data[f"col_{n}"] for n, name in enumerate(self.job.header)},
            constants={name: data[name] for name in CONSTANTS},
            granularity=data["granularity"],
            timezone=data["timezone"],
            currency=data["currency"].upper(),
            cost_unit=data["cost_unit"],
        )


def _targets(column: str) -> list[Any]:
    return [
        ("", "Leave out"),
        ("Time and id", list(IDENTITY.items())),
        ("Quantities", list(MEASURES.items())),
        ("About the call", list(DIMENSIONS.items())),
        ("About its run", [*RUN.items(), *PROMPT.items()]),
        ("Tag", [(f"{TAG}{normal(column)[:64]}", f"Tag “{normal(column)[:64]}”")]),
    ]


@requires(P.USAGE_IMPORT)
class MappingPage(FormPage):
    """What the columns mean. Saving starts the dry run."""

    template_name = "imports/mapping.html"
    submit_label = "Check the file"
    lede = "Say what the columns mean. Nothing is written until you have seen the check."

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self._job: ImportJob | None = None

    def job(self) -> ImportJob:
        if self._job is None:
            self._job = selectors.job_by_id(self.kwargs["job_id"])
        return self._job

    def get_title(self) -> str:
        return f"Columns of {self.job().filename}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return _crumbs(self.request, self.job())

    def cancel_url(self) -> str:
        return org_url(self.request, "imports:detail", self.job().id)

    def build_form(self, *args: Any) -> MappingForm:
        if args:
            return MappingForm(*args, job=self.job())
        job = self.job()
        known = Mapping.from_json(job.mapping)
        initial: dict[str, Any] = {
            **known.constants,
            "granularity": known.granularity,
            "timezone": known.timezone,
            "currency": known.currency,
            "cost_unit": known.cost_unit,
            "source_name": job.source_name or DEFAULT_SOURCE,
            "key_columns": job.key_columns,
        }
        initial |= {f"col_{n}": known.columns.get(c, "") for n, c in enumerate(job.header)}
        return MappingForm(job=job, initial=initial)

    def extra_context(self, form: Any) -> dict[str, Any]:
        return {"job": self.job()}

    def save(self, form: MappingForm) -> str:
        job = services.map_columns(
            actor=self.request.actor,
            job_id=self.job().id,
            mapping=form.mapping(),
            source_name=form.cleaned_data["source_name"],
            key_columns=form.cleaned_data["key_columns"],
        )
        return org_url(self.request, "imports:detail", job.id)


@requires(P.USAGE_IMPORT)
def job_page(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """Where the import stands. Polled while a worker is on it; the same page without script."""
    job = selectors.job_by_id(job_id)
    if job.status == JobStatus.UPLOADED and not job.file_deleted_at:
        return redirect(org_url(request, "imports:mapping", job.id))
    context = {
        "title": job.filename,
        "crumbs": _crumbs(request, job),
        "job": job,
        "status": JobStatus(job.status).label,
        "share": fmt.pct(job.progress),
        "tokens": [(KIND_LABELS[k], job.tokens[k]) for k in KINDS if job.tokens.get(k)],
        "total_tokens": sum(job.tokens.values()),
        "columns": _preview_columns(job.preview),
        "preview": [[row.get(c, "") for c in _preview_columns(job.preview)] for row in job.preview],
        "currency": job.mapping.get("currency", "USD"),
        "may_start": job.accepted > 0 and not job.file_deleted_at and not job.is_running,
        "repeatable": job.status == JobStatus.DONE,
    }
    part = request.headers.get("HX-Target") == "import-state"
    template = "imports/_state.html" if part else "imports/detail.html"
    return render(request, template, context)


def _preview_columns(rows: list[dict[str, Any]]) -> list[str]:
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row))
    return list(names)


@requires(P.USAGE_IMPORT)
@require_POST
def start(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Begin the import of a checked file."""
    services.start_import(actor=request.actor, job_id=job_id)
    return redirect(org_url(request, "imports:detail", job_id))


@requires(P.USAGE_IMPORT)
def refused(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """The refused rows as they came, with the reasons."""
    job = selectors.job_by_id(job_id)
    if job.is_running:
        raise Conflict("The file is being worked on.", code="import_running", fix="Wait for it.")
    name = job.filename.rsplit(".", 1)[0]
    head = [*job.header, *selectors.REASONS]
    return csvout.response(f"{name}-refused.csv", head, selectors.refused_rows(job))


@requires(P.USAGE_IMPORT)
class DeleteFile(ConfirmPage):
    """Forget the file; keep what was imported."""

    title = "Delete this file"
    submit_label = "Delete file"
    danger = True

    def cancel_url(self) -> str:
        return org_url(self.request, "imports:detail", self.kwargs["job_id"])

    def get_message(self) -> str:
        job = selectors.job_by_id(self.kwargs["job_id"])
        return (
            f"The rows of “{job.filename}” are deleted from the portal. Usage that was imported "
            "stays, and so do the figures of this import. Refused rows can no longer be downloaded."
        )

    def save(self, form: Any) -> str:
        services.delete_file(actor=self.request.actor, job_id=self.kwargs["job_id"])
        messages.success(self.request, "The file is deleted.")
        return org_url(self.request, "imports:list")

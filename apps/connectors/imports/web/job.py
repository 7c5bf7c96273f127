"""One import: its mapping, its dry run, its progress and its result."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import fmt
from apps.common.errors import Conflict
from apps.common.money import to_nanos
from apps.common.tokens import KINDS
from apps.common.web import csvout
from apps.common.web.forms import ConfirmPage, FormPage
from apps.connectors.imports import selectors, services
from apps.connectors.imports.enums import JobStatus
from apps.connectors.imports.models import ImportJob
from apps.connectors.imports.rules import presets
from apps.connectors.imports.rules.billing import AMOUNTS, REASONS
from apps.connectors.imports.rules.mapping import Mapping
from apps.connectors.imports.rules.mending import own_columns
from apps.connectors.imports.rules.targets import KINDS_OF_FILE, guess
from apps.connectors.imports.services.mappings import DEFAULT_SOURCE
from apps.connectors.imports.web.forms import MappingForm, initial_of
from apps.ledger.schema import UsageIn
from apps.pricing.enums import KIND_LABELS
from apps.tenancy.urls import org_url

AMOUNT_LABELS = {
    "cost": "Effective",
    "billed": "Billed",
    "list_cost": "List",
    "contracted_cost": "Contracted",
}


def _crumbs(request: HttpRequest, job: ImportJob) -> list[tuple[str, str]]:
    return [("Imports", org_url(request, "imports:list")), (job.filename, "")]


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

    def known(self) -> Mapping:
        """The file's mapping; as the other kind of file when the address asks for it."""
        known = Mapping.from_json(self.job().mapping)
        wanted = self.request.GET.get("kind", known.kind)
        if wanted == known.kind or wanted not in KINDS_OF_FILE:
            return known
        preset = presets.recognise(self.job().header)
        if preset is not None and preset.kind == wanted:
            return presets.mapping_of(preset, self.job().header)
        columns = guess(self.job().header) if wanted == "usage" else {}
        return replace(known, kind=wanted, preset="", columns=columns)

    def build_form(self, *args: Any) -> MappingForm:
        job, known = self.job(), self.known()
        header = own_columns(job.header)
        if args:
            return MappingForm(*args, header=header, kind=known.kind, preset=known.preset)
        return MappingForm(
            header=header,
            kind=known.kind,
            preset=known.preset,
            initial=initial_of(known, header, job.source_name or DEFAULT_SOURCE)
            | {"key_columns": job.key_columns},
        )

    def extra_context(self, form: Any) -> dict[str, Any]:
        known = self.known()
        saved = services.suggestion(self.job().header)
        return {
            "job": self.job(),
            "preset": presets.LABELS.get(known.preset, ""),
            "is_bill": known.is_bill,
            "saved": list(selectors.saved_mappings(self.request.actor).order_by("name_norm")),
            "suggested": saved,
        }

    def save(self, form: MappingForm) -> str:
        job = services.map_columns(
            actor=self.request.actor,
            job_id=self.job().id,
            mapping=form.mapping(),
            source_name=form.cleaned_data["source_name"],
            key_columns=form.cleaned_data.get("key_columns", ()),
        )
        return org_url(self.request, "imports:detail", job.id)


@requires(P.USAGE_IMPORT)
def job_page(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """Where the import stands. Polled while a worker is on it; the same page without script."""
    job = selectors.job_by_id(job_id)
    if job.status == JobStatus.UPLOADED and not job.file_deleted_at:
        return redirect(org_url(request, "imports:mapping", job.id))
    context = {
        "title": _headline(job),
        "crumbs": _crumbs(request, job),
        "job": job,
        "status": JobStatus(job.status).label,
        "share": fmt.pct(job.progress),
        "tokens": [(KIND_LABELS[k], job.tokens[k]) for k in KINDS if job.tokens.get(k)],
        "total_tokens": sum(job.tokens.values()),
        "columns": [name.replace("_", " ").capitalize() for name in _preview_columns(job.preview)],
        "preview": [
            [_shown(row.get(c, "")) for c in _preview_columns(job.preview)] for row in job.preview
        ],
        "currency": job.mapping.get("currency", "USD"),
        "other_costs": [
            (code, nanos)
            for code, nanos in sorted(job.costs.items())
            if code != job.mapping.get("currency", "USD")
        ],
        "preset": presets.LABELS.get(job.mapping.get("preset", ""), ""),
        "bill": _bill(job),
        "may_start": job.goes_in > 0 and not job.file_deleted_at and not job.is_running,
        "repeatable": job.status == JobStatus.DONE,
    }
    part = request.headers.get("HX-Target") == "import-state"
    template = "imports/_state.html" if part else "imports/detail.html"
    return render(request, template, context)


def _bill(job: ImportJob) -> dict[str, Any]:
    """What stays on the bill and why, and what each money column of the file adds up to."""
    if not job.bill:
        return {}
    names = [name for name in AMOUNTS if any(name in sums for sums in job.bill["money"].values())]
    return {
        "reasons": [(REASONS[key], rows) for key, rows in job.bill["reasons"].items()],
        "names": [AMOUNT_LABELS[name] for name in names],
        "sums": [
            (
                currency,
                [_nanos(sums.get(name)) for name in names],
                _nanos(job.bill["usage"].get(currency)),
                _nanos(job.bill["lines"].get(currency)),
            )
            for currency, sums in sorted(job.bill["money"].items())
        ],
    }


def _nanos(text: str | None) -> int | None:
    return None if text is None else to_nanos(text)


def _headline(job: ImportJob) -> str:
    """What there is to know about the file."""
    name = job.filename
    if job.is_running:
        doing = "is being checked" if job.status == JobStatus.CHECKING else "is being imported"
        return f"{name} {doing}"
    if job.status == JobStatus.FAILED:
        return f"{name} stopped"
    if job.status == JobStatus.DONE:
        return f"{name} is imported"
    ready = fmt.plural(job.goes_in, "row") if job.goes_in else "No row"
    refused = f", {fmt.count(job.refused)} refused" if job.refused else ""
    return f"{ready} of {name} can be imported{refused}"


def _preview_columns(rows: list[dict[str, Any]]) -> list[str]:
    """The columns that any row fills, in the order of a record."""
    filled = {name for row in rows for name in row}
    return [name for name in UsageIn.__struct_fields__ if name in filled]


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {inner}" for name, inner in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


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
    head = selectors.refused_header(job)
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

"""The list of imports, and the upload."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import fmt
from apps.common.web.forms import FormPage
from apps.common.web.lists import Action, ChoiceFilter, Column, Empty, ListPage
from apps.connectors.imports import selectors, services
from apps.connectors.imports.enums import JobStatus
from apps.connectors.imports.models import ImportJob
from apps.connectors.imports.services.upload import max_bytes
from apps.tenancy.urls import org_url


def _result(job: ImportJob) -> str:
    if job.status != JobStatus.DONE:
        return JobStatus(job.status).label
    parts = [f"{fmt.count(job.new)} new, {fmt.count(job.unchanged)} known"]
    if job.bill_rows:
        parts.append(f"{fmt.count(job.bill_rows)} on the bill")
    return ", ".join(parts)


@requires(P.USAGE_IMPORT)
class ImportList(ListPage):
    """Every uploaded file and what became of it."""

    title = "Imports"
    lede = "Usage and bills from files. Importing a file again writes nothing twice."
    noun = ("import", "imports")
    filename = "imports"
    columns = (
        Column(
            "filename",
            "File",
            sort="filename",
            link=lambda job, request: org_url(request, "imports:detail", job.id),
        ),
        Column("created_at", "Uploaded", sort="created_at", sub=lambda job: job.created_by_name),
        Column("source", "Source", value=lambda job: job.source_name),
        Column("status", "State", sort="status", value=_result),
        Column("rows", "Rows", sort="rows", align="num"),
        Column("accepted", "Accepted", sort="accepted", align="num"),
        Column("refused", "Refused", sort="refused", align="num"),
    )
    filters = (ChoiceFilter("status", "State", choices=JobStatus.choices()),)
    default_sort = "-created_at"

    def get_queryset(self) -> QuerySet[ImportJob]:
        return selectors.jobs(self.request.actor).defer("mapping", "preview", "samples", "header")

    def get_actions(self) -> list[Action]:
        url = org_url(self.request, "imports:new")
        saved = org_url(self.request, "imports:mappings")
        return [
            Action("Saved mappings", saved, "table"),
            Action("Import a file", url, "plus", primary=True),
        ]

    def get_empty(self) -> Empty:
        return Empty(
            "No file has been imported",
            "FOCUS, Azure, Google, GitHub, OpenAI, Anthropic and OpenRouter exports are "
            "recognised. Of any other CSV with a time and token counts, you say what it means.",
            "Import a file",
            org_url(self.request, "imports:new"),
            "table",
        )


class UploadForm(forms.Form):
    """One CSV file."""

    file = forms.FileField(
        label="File",
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.gz,.parquet,.json,.jsonl"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = (
            "CSV (also .gz), Parquet, or Amazon Bedrock invocation logs; "
            f"up to {fmt.count(max_bytes() >> 20)} MiB unpacked."
        )


@requires(P.USAGE_IMPORT)
class ImportNew(FormPage):
    """Upload a file; the next page says what its columns mean."""

    form_class = UploadForm
    title = "Import a file"
    lede = (
        "Columns that hold prompts or replies are emptied on arrival. Nothing is counted before "
        "you have seen what would be written."
    )
    submit_label = "Upload"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Imports", org_url(self.request, "imports:list")), (self.title, "")]

    def cancel_url(self) -> str:
        return org_url(self.request, "imports:list")

    def save(self, form: Any) -> str:
        uploaded = form.cleaned_data["file"]
        job = services.upload_file(
            actor=self.request.actor, filename=uploaded.name, pieces=uploaded.chunks(1 << 20)
        )
        return org_url(self.request, "imports:mapping", job.id)

"""Pages of sources that read files: connect, change, the files, read all again."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common import fmt
from apps.common.web.forms import ConfirmPage, FormPage
from apps.common.web.lists import ChoiceFilter, Column, Empty, ListPage, SearchFilter
from apps.connectors import selectors as sources
from apps.connectors.enums import SourceRole
from apps.connectors.files import selectors, services
from apps.connectors.files.enums import FileState
from apps.connectors.files.models import FileLocation, SourceFile
from apps.connectors.files.web.forms import EditPlaceForm, NewPlaceForm, initial_of
from apps.connectors.models import Source
from apps.connectors.web import words
from apps.tenancy.urls import org_url

TONES = {
    FileState.WAITING: "acc",
    FileState.CHANGED: "acc",
    FileState.READING: "acc",
    FileState.READ: "ok",
    FileState.FAILED: "bad",
    FileState.GONE: "",
}


@requires(P.SOURCE_MANAGE)
class PlaceNew(FormPage):
    """Connect a folder or a bucket."""

    template_name = "connectors/place.html"
    form_class = NewPlaceForm
    title = "Read files from a folder or bucket"
    lede = (
        "Cost exports and invocation logs are read as they arrive, each version of a file once. "
        "Prompts and replies in logs are skipped while a line is read."
    )
    submit_label = "Connect files"

    def form_kwargs(self) -> dict[str, Any]:
        return {"slug": self.request.organization.slug}

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Sources", org_url(self.request, "connectors:list"))]

    def cancel_url(self) -> str:
        return org_url(self.request, "connectors:list")

    def save(self, form: NewPlaceForm) -> str:
        data = form.cleaned_data
        source = services.connect_files(
            actor=self.request.actor,
            name=data["name"],
            where=form.where(),
            schedule_minutes=data["schedule_minutes"],
            history_from=data["history_from"],
            role=data["role"] or SourceRole.RECORD,
        )
        messages.success(self.request, f"{source.name} is connected and looks for files now.")
        return org_url(self.request, "connectors:detail", source.id)


class _OfPlace:
    """A page about one source of files."""

    location: FileLocation
    source: Source

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.location = selectors.location_of(request.actor, kwargs["source_id"])
        self.source = self.location.source
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    def trail(self, request: HttpRequest, here: str = "") -> list[tuple[str, str]]:
        found = [
            ("Sources", org_url(request, "connectors:list")),
            (self.source.name, org_url(request, "connectors:detail", self.source.id)),
        ]
        return [*found, (here, "")] if here else found


@requires(P.SOURCE_MANAGE)
class PlaceEdit(_OfPlace, FormPage):
    """Where, what and how often."""

    template_name = "connectors/place.html"
    form_class = EditPlaceForm
    submit_label = "Save changes"
    lede = "An empty secret keeps the one that is stored. Files that were read stay read."

    def get_title(self) -> str:
        return f"Edit {self.source.name}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return self.trail(self.request)

    def cancel_url(self) -> str:
        return org_url(self.request, "connectors:detail", self.source.id)

    def form_kwargs(self) -> dict[str, Any]:
        return {"slug": self.request.organization.slug}

    def get_initial(self) -> dict[str, Any]:
        return initial_of(self.location)

    def save(self, form: EditPlaceForm) -> str:
        data = form.cleaned_data
        services.change_files(
            actor=self.request.actor,
            source_id=self.source.id,
            version=data["version"],
            name=data["name"],
            where=form.where(),
            schedule_minutes=data["schedule_minutes"],
        )
        messages.success(self.request, "Saved. A worker looks for files now.")
        return self.cancel_url()


def _state(found: SourceFile) -> Any:
    return words.chip(FileState(found.state).label, TONES[FileState(found.state)])


@requires(P.SOURCE_VIEW)
class PlaceFiles(_OfPlace, ListPage):
    """The files of a place and what became of each."""

    noun = ("file", "files")
    filename = "files"
    lede = "Each version of a file is read once. A changed one replaces what it held before."
    columns = (
        Column("key", "File", sort="key", sub=lambda f: f.error, csv=lambda f: f.key),
        Column("state", "State", sort="state", value=_state,
               csv=lambda f: FileState(f.state).label),
        Column("size", "Size", sort="size", align="num", value=lambda f: fmt.count(f.size)),
        Column("modified_at", "Changed", sort="modified_at",
               csv=lambda f: f.modified_at.isoformat()),
        Column("read_at", "Read", sort="read_at",
               csv=lambda f: f.read_at.isoformat() if f.read_at else ""),
        Column("versions", "Versions read", sort="versions", align="num"),
        Column("job", "Import", value=lambda f: "Rows and refusals" if f.job_id else "",
               link=lambda f, request: (
                   org_url(request, "imports:detail", f.job_id)
                   if f.job_id and can(request.actor, P.USAGE_IMPORT) else ""),
               csv=lambda f: str(f.job_id or "")),
    )  # fmt: skip
    filters = (
        ChoiceFilter("state", "State", choices=FileState.choices()),
        SearchFilter("q", "Search", fields=("key",)),
    )
    default_sort = "-modified_at,key"
    empty = Empty("No file yet", "The first run lists the place.", icon="file-text")

    def get_title(self) -> str:
        return f"Files of {self.source.name}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return self.trail(self.request, "Files")

    def get_queryset(self) -> QuerySet[SourceFile]:
        return selectors.files_of(self.request.actor, self.source.id)


@requires(P.SOURCE_MANAGE)
class PlaceAgain(_OfPlace, ConfirmPage):
    """Have every file read once more."""

    submit_label = "Read all files again"

    def get_title(self) -> str:
        return f"Read all files of {self.source.name} again"

    def get_message(self) -> str:
        return (
            "The next run reads every file that is still there. Rows that are known with the same "
            "content cause no write."
        )

    def get_crumbs(self) -> list[tuple[str, str]]:
        return self.trail(self.request)

    def cancel_url(self) -> str:
        return org_url(self.request, "connectors:detail", self.source.id)

    def save(self, form: Any) -> str:
        services.read_files_again(actor=self.request.actor, source_id=self.source.id)
        messages.success(self.request, "A worker reads the files again now.")
        return self.cancel_url()


def of_run(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """What the page of a run shows beside its figures; nothing for runs of other sources."""
    found = selectors.run_of(run_id)
    if found is None:
        return {}
    imports = selectors.imports_of(run_id)
    return {
        "files": found,
        "imports": [taken.job for taken in imports[:50]],
        "may_import": can(request.actor, P.USAGE_IMPORT),
    }


def of_source(request: HttpRequest, source: Source) -> dict[str, Any]:
    """What the page of a source shows of its place; nothing for other kinds."""
    if not sources.is_of_files(source):
        return {}
    return {
        "location": selectors.location_of(request.actor, source.id),
        "file_totals": selectors.totals_of(source.id),
    }

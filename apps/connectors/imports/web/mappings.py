"""Saved mappings: the list, keeping one, changing it, deleting it, putting it on a file."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import clock, fmt
from apps.common.errors import Invalid
from apps.common.web.forms import ConfirmPage, FormPage
from apps.common.web.lists import Action, Column, Empty, ListPage, SearchFilter
from apps.connectors.imports import selectors, services
from apps.connectors.imports.models import SavedMapping
from apps.connectors.imports.rules.mapping import Mapping
from apps.connectors.imports.rules.targets import KINDS_OF_FILE
from apps.connectors.imports.web.forms import MappingForm, initial_of
from apps.tenancy.urls import org_url


def _kind(saved: SavedMapping) -> str:
    return KINDS_OF_FILE[saved.mapping.get("kind", "usage")]


def _ago(saved: SavedMapping) -> str:
    return fmt.ago(saved.used_at, clock.now()) if saved.used_at else "never"


@requires(P.USAGE_IMPORT)
class MappingList(ListPage):
    """Mappings that people kept."""

    title = "Saved mappings"
    lede = "What the columns of a kind of file mean. One that fits is suggested after an upload."
    noun = ("mapping", "mappings")
    filename = "import-mappings"
    columns = (
        Column(
            "name",
            "Mapping",
            sort="name_norm",
            link=lambda saved, request: org_url(request, "imports:mapping_edit", saved.id),
            sub=lambda saved: f"kept by {saved.created_by_name}",
        ),
        Column("kind", "Reads", value=_kind),
        Column("columns", "Columns", value=lambda saved: len(saved.mapping["columns"]),
               align="num"),
        Column("source_name", "Source", sort="source_name"),
        Column("uses", "Used", sort="uses", align="num"),
        Column("used_at", "Last used", sort="used_at",
               value=_ago,
               csv=lambda saved: saved.used_at.isoformat() if saved.used_at else ""),
    )  # fmt: skip
    filters = (SearchFilter("q", "Search", fields=("name_norm", "source_name")),)
    default_sort = "name_norm"

    def get_queryset(self) -> QuerySet[SavedMapping]:
        return selectors.saved_mappings(self.request.actor)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Imports", org_url(self.request, "imports:list")), (self.title, "")]

    def get_actions(self) -> list[Action]:
        return [Action("Import a file", org_url(self.request, "imports:new"), "plus", primary=True)]

    def get_empty(self) -> Empty:
        return Empty(
            "No mapping has been saved",
            "Map a file once, then choose “Save mapping” on its page.",
            "Import a file",
            org_url(self.request, "imports:new"),
            "table",
        )


class NameForm(forms.Form):
    """The name of a mapping."""

    name = forms.CharField(label="Name", max_length=120, help_text="Such as Gateway export.")


@requires(P.USAGE_IMPORT)
class MappingKeep(FormPage):
    """Give a file's mapping a name."""

    form_class = NameForm
    title = "Save this mapping"
    lede = "The next file with these columns is mapped by it."
    submit_label = "Save mapping"

    def cancel_url(self) -> str:
        return org_url(self.request, "imports:detail", self.kwargs["job_id"])

    def get_crumbs(self) -> list[tuple[str, str]]:
        job = selectors.job_by_id(self.kwargs["job_id"])
        return [("Imports", org_url(self.request, "imports:list")), (job.filename, "")]

    def save(self, form: NameForm) -> str:
        saved = services.save_mapping_of(
            actor=self.request.actor, job_id=self.kwargs["job_id"], name=form.cleaned_data["name"]
        )
        messages.success(self.request, f"{saved.name} is saved.")
        return org_url(self.request, "imports:mappings")


@requires(P.USAGE_IMPORT)
@require_POST
def use(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Put a saved mapping on an uploaded file."""
    selectors.job_by_id(job_id)
    try:
        saved_id = UUID(request.POST.get("saved", ""))
    except ValueError:
        raise Invalid("No mapping was chosen.", field="saved", fix="Choose one.") from None
    services.apply_mapping(actor=request.actor, job_id=job_id, saved_id=saved_id)
    return redirect(org_url(request, "imports:mapping", job_id))


class SavedForm(MappingForm):
    """A saved mapping; `version` is the one the form was filled from."""

    name = forms.CharField(label="Name", max_length=120)
    version = forms.IntegerField(widget=forms.HiddenInput)


@requires(P.USAGE_IMPORT)
class MappingEdit(FormPage):
    """Change a saved mapping."""

    template_name = "imports/mapping.html"
    submit_label = "Save changes"
    lede = "Files that were mapped with it keep what they were given."

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self._saved: SavedMapping | None = None

    def saved(self) -> SavedMapping:
        if self._saved is None:
            self._saved = selectors.saved_by_id(self.kwargs["saved_id"])
        return self._saved

    def get_title(self) -> str:
        return f"Edit {self.saved().name}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Imports", org_url(self.request, "imports:list")),
            ("Saved mappings", self.cancel_url()),
            (self.saved().name, ""),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "imports:mappings")

    def build_form(self, *args: Any) -> SavedForm:
        saved = self.saved()
        known = Mapping.from_json(saved.mapping)
        header = list(known.columns)
        if args:
            return SavedForm(*args, header=header, kind=known.kind, preset=known.preset)
        initial = initial_of(known, header, saved.source_name)
        initial |= {"name": saved.name, "version": saved.version, "key_columns": saved.key_columns}
        form = SavedForm(header=header, kind=known.kind, preset=known.preset, initial=initial)
        form.fields["source_name"].required = False
        return form

    def extra_context(self, form: Any) -> dict[str, Any]:
        saved = self.saved()
        return {
            "edited": saved,
            "is_bill": saved.mapping.get("kind") == "bill",
            "delete_url": org_url(self.request, "imports:mapping_delete", saved.id),
        }

    def save(self, form: SavedForm) -> str:
        data = form.cleaned_data
        services.change_mapping(
            actor=self.request.actor,
            saved_id=self.saved().id,
            version=data["version"],
            name=data["name"],
            mapping=form.mapping(),
            key_columns=data.get("key_columns", ()),
            source_name=data["source_name"],
        )
        messages.success(self.request, "Saved.")
        return self.cancel_url()


@requires(P.USAGE_IMPORT)
class MappingDelete(ConfirmPage):
    """Forget a saved mapping."""

    title = "Delete this mapping"
    submit_label = "Delete mapping"
    danger = True

    def cancel_url(self) -> str:
        return org_url(self.request, "imports:mappings")

    def get_message(self) -> str:
        saved = selectors.saved_by_id(self.kwargs["saved_id"])
        return f"“{saved.name}” is no longer suggested. Files that used it stay as they are."

    def save(self, form: Any) -> str:
        services.delete_mapping(actor=self.request.actor, saved_id=self.kwargs["saved_id"])
        messages.success(self.request, "The mapping is deleted.")
        return self.cancel_url()

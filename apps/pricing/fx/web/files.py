"""A table of rates from a file: upload, see what it would do, import or discard it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import fmt
from apps.common.errors import Conflict
from apps.common.web.forms import ConfirmPage, FormPage
from apps.pricing.fx import selectors, services
from apps.pricing.fx.enums import FileState
from apps.pricing.fx.models import RateFile
from apps.pricing.fx.reading import MAX_BYTES
from apps.pricing.fx.web.rates import crumbs, number
from apps.tenancy.urls import org_url

SHOWN = 30


class UploadForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        help_text="One row a day: Date,USD,JPY,… as in eurofxref-hist.csv. Empty cells and N/A "
        "are left out.",
    )
    base = forms.CharField(
        label="Rates are for one unit of",
        min_length=3,
        max_length=3,
        initial="EUR",
        help_text="The European Central Bank publishes per EUR.",
    )


@requires(P.PRICE_MANAGE)
class Upload(FormPage):
    """Choose a file. Nothing is imported before its preview."""

    form_class = UploadForm
    title = "Import exchange rates"
    lede = "You see what the file would add before anything is imported."
    submit_label = "Show preview"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request, self.title)

    def cancel_url(self) -> str:
        return org_url(self.request, "fx:rates")

    def save(self, form: UploadForm) -> str:
        uploaded = form.cleaned_data["file"]
        found = services.upload_rates(
            actor=self.request.actor,
            filename=uploaded.name,
            content=uploaded.read(MAX_BYTES + 1),
            base=form.cleaned_data["base"],
        )
        return org_url(self.request, "fx:file", found.id)


class _FilePage(ConfirmPage):
    def _file(self) -> RateFile:
        found = selectors.rate_file(self.kwargs["file_id"])
        if found.state != FileState.PREVIEW:
            raise Conflict(
                f"“{found.filename}” was {FileState(found.state).label.lower()}.",
                code="rate_file_done",
                fix="Upload it again.",
            )
        return found

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self._file()
        return super().get(request, *args, **kwargs)

    def get_title(self) -> str:
        return selectors.rate_file(self.kwargs["file_id"]).filename

    def get_crumbs(self) -> list[tuple[str, str]]:
        return crumbs(self.request, self.get_title())


@requires(P.PRICE_MANAGE)
class File(_FilePage):
    """What a file would add, and the button that imports it."""

    template_name = "fx/file.html"
    submit_label = "Import rates"

    def cancel_url(self) -> str:
        return org_url(self.request, "fx:discard", self.kwargs["file_id"])

    def extra_context(self, form: Any) -> dict[str, Any]:
        found = self._file()
        preview = selectors.file_preview(found)
        if preview is None:
            return {}
        table = preview.table
        newest = sorted(preview.new, key=lambda rate: (-rate.day.toordinal(), rate.quote))
        return {
            "preview": preview,
            "base": found.base,
            "submit": f"Import {fmt.plural(len(preview.new), 'rate')}",
            "new": [(rate.day, rate.quote, number(rate.rate)) for rate in newest[:SHOWN]],
            "others": [
                (rate.day, rate.quote, number(known.rate), number(rate.rate))
                for rate, known in preview.other[:SHOWN]
            ],
            "table": table,
        }

    def save(self, form: Any) -> str:
        found = services.apply_rates(actor=self.request.actor, file_id=self.kwargs["file_id"])
        messages.success(self.request, f"{fmt.plural(found.added, 'rate')} imported.")
        return org_url(self.request, "fx:rates")


@requires(P.PRICE_MANAGE)
class Discard(_FilePage):
    """Forget an uploaded file."""

    submit_label = "Discard file"
    danger = True
    message = "The file is forgotten. No rate of it was imported."

    def cancel_url(self) -> str:
        return org_url(self.request, "fx:file", self.kwargs["file_id"])

    def save(self, form: Any) -> str:
        services.discard_rates(actor=self.request.actor, file_id=self.kwargs["file_id"])
        messages.success(self.request, "The file is discarded.")
        return org_url(self.request, "fx:rates")

"""Import of many stories: a file, a preview with what is wrong in each row, then the import."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views import View

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import fmt
from apps.common.errors import Invalid
from apps.common.web import csvout
from apps.common.web.forms import add_errors
from apps.stories import services
from apps.stories.importing import COLUMNS, EXAMPLE, MAX_CHARACTERS, MAX_ROWS
from apps.stories.starts import STARTS
from apps.tenancy.urls import org_url

LIMIT = MAX_CHARACTERS * 4  # bytes of a file in UTF-8


class ImportForm(forms.Form):
    """A file, or the text of the preview that is confirmed."""

    file = forms.FileField(
        label="CSV file",
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=f"UTF-8, at most {MAX_ROWS} stories.",
    )
    table = forms.CharField(
        label="Or paste the table",
        required=False,
        max_length=MAX_CHARACTERS,
        strip=False,
        widget=forms.Textarea(attrs={"rows": "6", "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        upload = data.get("file")
        if upload is None:
            if not data.get("table", "").strip() and not self.errors:
                self.add_error("file", "Choose a file, or paste a table.")
            return data
        if upload.size > LIMIT:
            self.add_error("file", f"The file is too large. Send at most {MAX_ROWS} rows at once.")
            return data
        try:
            data["table"] = upload.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            self.add_error("file", "The file is not UTF-8. Save it as CSV in UTF-8.")
        return data


@requires(P.STORY_WRITE)
class ImportStories(View):
    """``do=import`` confirms the preview; anything else makes one. Nothing is written before."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, ImportForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ImportForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._page(request, form, status=422)
        text = form.cleaned_data["table"]
        try:
            if request.POST.get("do") == "import":
                done = services.import_stories(actor=request.actor, text=text)
                made = done.count("imported")
                if made:
                    messages.success(request, f"{fmt.plural(made, 'story', 'stories')} filed.")
                else:
                    messages.info(request, "Nothing to file: every row was imported before.")
                return redirect(org_url(request, "stories:list") + "?status=draft")
            result = services.preview_import(actor=request.actor, text=text)
        except Invalid as error:
            add_errors(form, error)
            return self._page(request, form, status=422)
        return self._page(request, form, result=result, table=text)

    def _page(
        self, request: HttpRequest, form: ImportForm, *, status: int = 200, **more: Any
    ) -> HttpResponse:
        result = more.get("result")
        context = {
            "title": title(result) if result else "Import Token Stories",
            "crumbs": [("Token Stories", org_url(request, "stories:list")), ("Import", "")],
            "form": form,
            "columns": COLUMNS,
            "starts": list(STARTS),
            "valid": result.count("valid") if result else 0,
            "refused": result.count("refused") if result else 0,
            **more,
        }
        return render(request, "stories/import.html", context, status=status)


def title(result: services.ImportResult) -> str:
    """The answer of the preview in a sentence."""
    valid, refused = result.count("valid"), result.count("refused")
    ready = f"{fmt.plural(valid, 'story', 'stories')} ready to file"
    return f"{ready}, {refused} refused" if refused else ready


@requires(P.STORY_WRITE)
def example(request: HttpRequest) -> HttpResponse:
    """A table to start from."""
    header, *rows = EXAMPLE
    return csvout.response("token-stories-example.csv", header, rows)  # type: ignore[return-value]

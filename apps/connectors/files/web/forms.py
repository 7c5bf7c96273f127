"""Forms of places. A stored secret is never shown again."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings

from apps.common import clock
from apps.connectors.enums import SourceRole
from apps.connectors.files.enums import Content, Place
from apps.connectors.files.models import FileLocation
from apps.connectors.files.services import Where
from apps.connectors.imports.models import SavedMapping
from apps.connectors.rules import MAX_HISTORY_DAYS
from apps.connectors.web.forms import SCHEDULES


class PlaceForm(forms.Form):
    """Where the files are and what they hold."""

    name = forms.CharField(
        label="Name", max_length=120, help_text="How people will find it, such as Azure costs."
    )
    place = forms.ChoiceField(label="Where", choices=Place.choices())
    content = forms.ChoiceField(label="What the files hold", choices=Content.choices())
    saved = forms.TypedChoiceField(
        label="Saved mapping",
        required=False,
        coerce=UUID,
        empty_value=None,
        help_text="Only for files of a kind that is not known.",
    )
    schedule_minutes = forms.TypedChoiceField(
        label="Look for new files", choices=SCHEDULES, coerce=int, initial=60
    )
    bill_only = forms.BooleanField(
        label="Keep usage of bills out of the ledger",
        required=False,
        help_text="Choose this if another source counts the same calls already.",
    )
    folder = forms.CharField(label="Folder", max_length=500, required=False)
    endpoint = forms.CharField(
        label="Address of the storage",
        max_length=255,
        required=False,
        help_text="Empty for Amazon S3 in the region below.",
    )
    bucket = forms.CharField(label="Bucket", max_length=63, required=False)
    path_prefix = forms.CharField(
        label="Prefix", max_length=500, required=False, help_text="Such as exports/daily/."
    )
    region = forms.CharField(
        label="Region", max_length=40, required=False, help_text="Such as eu-central-1."
    )
    access_key = forms.CharField(
        label="Access key id",
        max_length=128,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    secret = forms.CharField(
        label="Secret access key",
        max_length=1000,
        required=False,
        widget=forms.PasswordInput(
            render_value=False, attrs={"autocomplete": "off", "spellcheck": "false"}
        ),
        help_text="Stored encrypted and never shown again. Listing and reading are enough.",
    )

    def __init__(self, *args: Any, slug: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mappings = SavedMapping.objects.order_by("name_norm").values_list("id", "name")
        saved: Any = self.fields["saved"]
        saved.choices = [("", "None"), *((str(found), name) for found, name in mappings)]
        if not settings.IMPORT_FOLDERS:
            self.fields["place"].initial = Place.BUCKET
        folders = ", ".join(f"{base.rstrip('/')}/{slug}/" for base in settings.IMPORT_FOLDERS)
        self.fields["folder"].help_text = (
            f"Below {folders}" if folders else "No folder of this server may be read yet."
        )

    def where(self) -> Where:
        """The place as the form describes it."""
        data = self.cleaned_data
        return Where(
            place=data["place"],
            folder=data["folder"],
            endpoint=data["endpoint"],
            bucket=data["bucket"],
            prefix=data["path_prefix"],
            region=data["region"],
            access_key=data["access_key"],
            secret=data["secret"],
            content=data["content"],
            saved=data["saved"],
            bill_only=data["bill_only"],
        )


class NewPlaceForm(PlaceForm):
    """A new source of files."""

    history_from = forms.DateField(
        label="Leave alone what was last changed before",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    role = forms.ChoiceField(
        label="Usage in its files",
        choices=SourceRole.choices,
        initial=SourceRole.RECORD,
        required=False,
        help_text="Comparison only if another source counts the same calls. It can be changed.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = clock.today()
        self.fields["history_from"].initial = today - timedelta(days=120)
        self.fields["history_from"].widget.attrs |= {
            "min": (today - timedelta(days=MAX_HISTORY_DAYS)).isoformat(),
            "max": today.isoformat(),
        }


class EditPlaceForm(PlaceForm):
    """The settings of a source; `version` is the one the form was filled from."""

    version = forms.IntegerField(widget=forms.HiddenInput)


def initial_of(location: FileLocation) -> dict[str, Any]:
    """The form as a source fills it."""
    source = location.source
    return {
        "version": source.version,
        "name": source.name,
        "schedule_minutes": source.schedule_minutes,
        "endpoint": source.base_url,
        "path_prefix": location.prefix,
        "saved": str(location.saved_id or ""),
        **{
            name: getattr(location, name)
            for name in (
                "place", "content", "bill_only", "folder", "bucket", "region",
                "access_key",
            )
        },
    }  # fmt: skip

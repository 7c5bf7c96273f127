"""What all pages about one source share."""

from typing import Any

from django.http import HttpRequest

from apps.common.web.forms import FormPage
from apps.connectors import selectors
from apps.connectors.models import Source
from apps.tenancy.urls import org_url


class SourceForm(FormPage):
    """A form about one source: its way back, and 404 for another organization's."""

    source: Source

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.source = selectors.source_by_id(request.actor, kwargs["source_id"])
        return super().dispatch(request, *args, **kwargs)

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Sources", org_url(self.request, "connectors:list")),
            (self.source.name, self.cancel_url()),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "connectors:detail", self.source.id)

"""What the buttons of a source do. Network work is left to a worker."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.access.permissions import P
from apps.access.web import requires
from apps.common import clock
from apps.common.web.forms import ConfirmPage
from apps.connectors import services
from apps.connectors.enums import SourceRole
from apps.connectors.models import Source
from apps.connectors.services.roles import change_role
from apps.connectors.web.forms import PauseForm, ReadAgainForm, RoleForm
from apps.connectors.web.of_source import SourceForm
from apps.tenancy.urls import org_url


def _back(request: HttpRequest, source: Source) -> HttpResponse:
    return redirect(org_url(request, "connectors:detail", source.id))


@requires(P.SOURCE_MANAGE)
@require_POST
def pull(request: HttpRequest, source_id: UUID) -> HttpResponse:
    """Read the source now."""
    source = services.request_pull(actor=request.actor, source_id=source_id)
    messages.success(request, f"A worker reads {source.name} now. The run appears below.")
    return _back(request, source)


@requires(P.SOURCE_MANAGE)
@require_POST
def check(request: HttpRequest, source_id: UUID) -> HttpResponse:
    """Test the connection."""
    source = services.request_check(actor=request.actor, source_id=source_id)
    messages.success(request, "A worker tests the connection. The answer appears below as a run.")
    return _back(request, source)


@requires(P.SOURCE_MANAGE)
@require_POST
def resume(request: HttpRequest, source_id: UUID) -> HttpResponse:
    """Start pulling again."""
    source = services.resume_source(
        actor=request.actor, source_id=source_id, version=posted_version(request)
    )
    messages.success(request, f"{source.name} is active again.")
    return _back(request, source)


class _SourceConfirm(SourceForm, ConfirmPage):
    """Asks before something happens to one source."""


@requires(P.SOURCE_MANAGE)
class SourcePause(_SourceConfirm):
    """Stop pulling."""

    submit_label = "Pause source"
    form_class = PauseForm

    def get_title(self) -> str:
        return f"Pause {self.source.name}"

    def get_message(self) -> str:
        return (
            "Nothing new is read until somebody resumes it. What was read stays. Afterwards the "
            "missing time is read, as far back as the provider still reports it."
        )

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.source.version}

    def save(self, form: PauseForm) -> str:
        services.pause_source(
            actor=self.request.actor, source_id=self.source.id, **form.cleaned_data
        )
        messages.success(self.request, f"{self.source.name} is paused.")
        return self.cancel_url()


@requires(P.SOURCE_MANAGE)
class SourceRolePage(_SourceConfirm):
    """Let handed-in usage count, or only be compared."""

    submit_label = "Change what counts"
    form_class = RoleForm

    def get_title(self) -> str:
        other = "in totals" if self.source.is_compared else "for comparison only"
        return f"Count {self.source.name} {other}"

    def get_message(self) -> str:
        if not self.source.is_compared:
            return (
                "From the chosen day on its usage leaves every total and is kept beside it: what "
                "it counted is withdrawn from the ledger in the background, and you can see it as "
                "restatements. Do this when another source counts the same calls."
            )
        if self.source.is_pushed:
            return (
                "What programs push counts from this moment on. What they sent before stays "
                "compared: it cannot be asked for again."
            )
        return (
            "From the chosen day on its files count, and are compared no longer. A source that "
            "reads files by itself reads them again; files that people import, import again."
        )

    def form_kwargs(self) -> dict[str, Any]:
        from_now = self.source.is_compared and self.source.is_pushed
        return {"from_now": from_now, "initial": self.get_initial()}

    def get_initial(self) -> dict[str, Any]:
        other = SourceRole.RECORD if self.source.is_compared else SourceRole.COMPARISON
        today = clock.today(self.request.organization.timezone)
        return {"version": self.source.version, "role": other, "since": today}

    def save(self, form: RoleForm) -> str:
        data = {"since": None, **form.cleaned_data}
        source = change_role(actor=self.request.actor, source_id=self.source.id, **data)
        messages.success(self.request, f"{source.name}: {source.get_role_display().lower()}.")
        return self.cancel_url()


@requires(P.SOURCE_MANAGE)
class SourceReadAgain(_SourceConfirm):
    """Read a stretch of history once more."""

    submit_label = "Read again"
    form_class = ReadAgainForm

    def get_title(self) -> str:
        return f"Read days of {self.source.name} again"

    def get_message(self) -> str:
        return (
            "These UTC days are read once more, and days before the history so far are added. "
            "Unchanged records stay as they are; changed ones get a new version that you can see."
        )

    def get_initial(self) -> dict[str, Any]:
        return {"from_day": self.source.history_from}

    def save(self, form: ReadAgainForm) -> str:
        services.read_again(actor=self.request.actor, source_id=self.source.id, **form.cleaned_data)
        messages.success(self.request, "A worker reads it again now.")
        return self.cancel_url()


def posted_version(request: HttpRequest) -> int:
    """The version the page was rendered from; a missing one conflicts with every state."""
    text = request.POST.get("version", "")
    return int(text) if text.isdigit() else 0

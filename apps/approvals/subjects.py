"""Subjects: what an approval is about. The engine knows none of them; each registers itself.

    class StorySubject(SubjectHandler):
        subject_type = "story"
        label = "Token Story"
        def on_decided(self, *, actor, request, outcome): ...

    register("story", StorySubject())          # in the app's AppConfig.ready()

Hooks run inside the transaction of the decision: what they raise undoes the decision as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from apps.approvals.enums import Decision, RequestStatus

if TYPE_CHECKING:
    from apps.access.actors import Actor
    from apps.approvals.models import ApprovalRequest


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision or another act did to a request.

    `approved_nanos` is the cap in force after it (None: no amount was asked for); `final` is False
    while more answers are needed. `decision` is None for a withdrawal and a replaced revision.
    """

    status: RequestStatus
    final: bool
    decision: Decision | None = None
    note: str = ""
    approved_nanos: int | None = None


@dataclass(frozen=True, slots=True)
class SubjectDetail:
    """The body of the decision page: a template of the subject's app and its context.

    The template gets `request` (HTTP), `approval` (the ApprovalRequest) and this context. It
    renders cards: the ask, the effect on the budget, the difference to the last revision, checks.
    `aside_template` renders below the decision form (how similar subjects turned out).
    """

    template: str = ""
    aside_template: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)


class SubjectHandler:
    """What a subject's app supplies. Every method may be left out."""

    subject_type: str = ""
    label: str = ""

    def on_opened(self, *, actor: "Actor", request: "ApprovalRequest") -> None:
        """A request was opened for the subject."""

    def on_decided(self, *, actor: "Actor", request: "ApprovalRequest", outcome: Outcome) -> None:
        """Somebody decided. `outcome.final` says whether the request is closed now."""

    def on_withdrawn(self, *, actor: "Actor", request: "ApprovalRequest") -> None:
        """The requester took it back."""

    def on_voided(self, *, actor: "Actor", request: "ApprovalRequest") -> None:
        """A newer revision replaced it."""

    def detail(self, *, actor: "Actor", request: "ApprovalRequest") -> SubjectDetail:
        return SubjectDetail()

    def url(self, request: "ApprovalRequest") -> tuple[str, dict[str, UUID | str]] | None:
        """Name and arguments of the subject's own page, for `org_url`."""
        return None

    def consequence(self, request: "ApprovalRequest") -> str:
        """What approving sets in motion, in one sentence, for the hint under the button."""
        return ""


_handlers: dict[str, SubjectHandler] = {}


def register(subject_type: str, handler: SubjectHandler) -> None:
    """Make a subject known. Registering the same type twice with another class is an error."""
    known = _handlers.get(subject_type)
    if known is not None and type(known) is not type(handler):
        raise ValueError(f"{subject_type} is already registered by {type(known).__name__}")
    _handlers[subject_type] = handler


def handler_for(subject_type: str) -> SubjectHandler:
    """The handler of a type; ValueError for a type no app has registered."""
    try:
        return _handlers[subject_type]
    except KeyError:
        raise ValueError(f"no app has registered the approval subject {subject_type!r}") from None


def labels() -> dict[str, str]:
    """Registered types and their names, for filters."""
    return {name: handler.label or name for name, handler in sorted(_handlers.items())}

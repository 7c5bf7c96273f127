"""Subjects: what an approval is about. The engine knows none of them; each registers itself.

    class StorySubject(SubjectHandler):
        subject_type = "story"
        label = "Token Story"
        def on_decided(self, *, actor, request, outcome): ...

    register("story", StorySubject())          # in the app's AppConfig.ready()

Hooks run inside the transaction of the decision: what they raise undoes the decision as well.
"""

from collections.abc import Callable, Mapping
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
    `conditions` are the texts that came with this answer. `position` is that of the answered step
    on the route, `role` as what it was answered (empty for somebody who was added by hand),
    `decision_id` the stored answer; a rule answers no step.
    """

    status: RequestStatus
    final: bool
    decision: Decision | None = None
    note: str = ""
    approved_nanos: int | None = None
    conditions: tuple[str, ...] = ()
    position: int = 0
    role: str = ""
    on_behalf: tuple[str, ...] = ()
    decision_id: UUID | None = None


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
    """What a subject's app supplies. Every method may be left out.

    `by_rule`: whether the automatic lane may approve it. Where it may not, automatic policies are
    passed over.
    """

    subject_type: str = ""
    label: str = ""
    by_rule: bool = True
    no_cap: str = ""
    """Why an approval cannot lower the amount, as where it tells what was spent already. Empty: it
    can, where an amount is asked for.
    """

    def lock(self, subject_id: UUID) -> None:
        """Take the subject's row (`SELECT ... FOR UPDATE`) before its request moves.

        Acts on a subject and acts on its request then take the two rows in one order, subject
        first, and never wait for each other in a circle.
        """

    def on_opened(self, *, actor: "Actor", request: "ApprovalRequest") -> None:
        """A request was opened for the subject."""

    def on_decided(
        self, *, actor: "Actor", request: "ApprovalRequest", outcome: Outcome
    ) -> Mapping[str, Any] | None:
        """Somebody decided. `outcome.final` says whether the request is closed now.

        What it returns is kept as `request.memento` (JSON) for `on_undone`.
        """
        return None

    def undo_refused(self, *, request: "ApprovalRequest") -> str:
        """Why the answer that closed the request cannot be undone; empty when it can.

        A subject that says nothing here can only be undone before its request is closed.
        """
        return "What it set in motion cannot be taken back."

    def on_undone(self, *, actor: "Actor", request: "ApprovalRequest") -> None:
        """The answer that closed the request was undone; `request.memento` is what was kept."""

    def on_withdrawn(self, *, actor: "Actor", request: "ApprovalRequest") -> None:
        """The requester took it back."""

    def on_voided(self, *, actor: "Actor", request: "ApprovalRequest") -> None:
        """A newer revision replaced it."""

    def detail(self, *, actor: "Actor", request: "ApprovalRequest") -> SubjectDetail:
        """The body of the decision page. Amounts are those of `request`, which bears the cap that
        the answer on the screen would put in force.
        """
        return SubjectDetail()

    def effect(self, *, actor: "Actor", request: "ApprovalRequest") -> SubjectDetail:
        """The part of `detail` that says what approving commits, such as a budget above it.

        The template of `detail` includes `approvals/_effect.html` where it belongs, and that part
        is asked for again for another cap:
        `request.approved_nanos` is always the amount that the answer on the screen approves.
        """
        return SubjectDetail()

    def url(self, request: "ApprovalRequest") -> tuple[str, dict[str, UUID | str]] | None:
        """Name and arguments of the subject's own page, for `org_url`."""
        return None

    def consequence(self, request: "ApprovalRequest") -> str:
        """What approving sets in motion, in one sentence, for the hint under the button."""
        return ""

    def words(self, request: "ApprovalRequest") -> Mapping[str, tuple[str, str]]:
        """Own words for the answers of the page: decision to (choice, button)."""
        return {}


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


Panel = Callable[["Actor", "ApprovalRequest"], "SubjectDetail | None"]
_panels: dict[tuple[str, str], Panel] = {}


def register_panel(subject_type: str, name: str, panel: Panel) -> None:
    """Add a card to the decision page of a subject: its `aside_template` with its context.

    For figures another app knows, such as how similar stories turned out. The name keeps a second
    registration from adding it twice; the template finds its context as `panel`.
    """
    _panels[subject_type, name] = panel


def panels_for(actor: "Actor", request: "ApprovalRequest") -> "list[SubjectDetail]":
    """Cards of a request's decision page, in the order of registration."""
    found = (
        panel(actor, request)
        for (kind, _), panel in _panels.items()
        if kind == request.subject_type
    )
    return [card for card in found if card is not None]

"""Acts on one request besides deciding: hand over, add somebody, step back, ask, undo, sample."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.views import View

from apps.access.permissions import P
from apps.access.web import requires
from apps.approvals import selectors, services
from apps.common.errors import Conflict, Invalid
from apps.tenancy.urls import org_url


def _uuid(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("Choose somebody.", field=field, fix="Take one from the list.") from None


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 9 else 0


class Act(View):
    """POST does one thing and comes back to the request; refusals are said there."""

    def get(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        selectors.request_by_id(request.actor, request_id)
        return self._back(request_id)

    def post(self, request: HttpRequest, request_id: UUID) -> HttpResponseBase:
        selectors.request_by_id(request.actor, request_id)
        try:
            with transaction.atomic():
                messages.success(request, self.act(request, request_id))
        except (Invalid, Conflict) as error:
            text = " ".join(f"{e.message} {e.fix}".strip() for e in error.errors)
            messages.error(request, text or f"{error.message} {error.fix}".strip())
        return self._back(request_id)

    def act(self, request: HttpRequest, request_id: UUID) -> str:
        """Do it; the words of the receipt."""
        raise NotImplementedError

    def _back(self, request_id: UUID) -> HttpResponse:
        return HttpResponseRedirect(
            org_url(self.request, "approvals:detail", request_id=request_id)
        )


@requires(P.APPROVAL_VIEW)
class Delegate(Act):
    def act(self, request: HttpRequest, request_id: UUID) -> str:
        services.delegate_request(
            actor=request.actor,
            request_id=request_id,
            version=_version(request),
            to_id=_uuid(request.POST.get("person", ""), "person"),
            note=request.POST.get("note", ""),
        )
        return "Handed over. They are told."


@requires(P.APPROVAL_VIEW)
class AddApprover(Act):
    def act(self, request: HttpRequest, request_id: UUID) -> str:
        services.add_approver(
            actor=request.actor,
            request_id=request_id,
            version=_version(request),
            person_id=_uuid(request.POST.get("person", ""), "person"),
            note=request.POST.get("note", ""),
        )
        return "Added. The step does not end without them."


@requires(P.APPROVAL_VIEW)
class Recuse(Act):
    def act(self, request: HttpRequest, request_id: UUID) -> str:
        services.recuse(
            actor=request.actor,
            request_id=request_id,
            version=_version(request),
            note=request.POST.get("note", ""),
        )
        return "You stepped back. Others decide."


@requires(P.APPROVAL_VIEW)
class Ask(Act):
    def act(self, request: HttpRequest, request_id: UUID) -> str:
        services.ask_question(
            actor=request.actor, request_id=request_id, text=request.POST.get("text", "")
        )
        return "Asked. The answer appears here; nothing waits for it."


@requires(P.APPROVAL_VIEW)
class Undo(Act):
    def act(self, request: HttpRequest, request_id: UUID) -> str:
        done = services.undo_decision(
            actor=request.actor,
            request_id=request_id,
            version=_version(request),
            note=request.POST.get("note", ""),
        )
        return f"Your answer is undone. {done.title} waits for a decision again."


@requires(P.APPROVAL_DECIDE)
class Sample(Act):
    def act(self, request: HttpRequest, request_id: UUID) -> str:
        agree = request.POST.get("agree") == "1"
        services.review_sample(
            actor=request.actor,
            request_id=request_id,
            agree=agree,
            note=request.POST.get("note", ""),
        )
        return "Looked at, agreed." if agree else "Your objection is a condition now."


@requires(P.APPROVAL_VIEW)
class Answer(View):
    """The answer to a question."""

    def get(self, request: HttpRequest, question_id: UUID) -> HttpResponse:
        question = selectors.question_by_id(request.actor, question_id)
        return self._back(question.request_id)

    def post(self, request: HttpRequest, question_id: UUID) -> HttpResponse:
        question = selectors.question_by_id(request.actor, question_id)
        try:
            with transaction.atomic():
                services.answer_question(
                    actor=request.actor,
                    question_id=question_id,
                    text=request.POST.get("text", ""),
                )
                messages.success(request, "Answered. Whoever asked is told.")
        except (Invalid, Conflict) as error:
            messages.error(request, f"{error.message} {error.fix}".strip())
        return self._back(question.request_id)

    def _back(self, request_id: UUID) -> HttpResponse:
        return HttpResponseRedirect(
            org_url(self.request, "approvals:detail", request_id=request_id)
        )

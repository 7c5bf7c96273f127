"""Stories over the API. The services decide; a view reads, calls and shows."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common.errors import Conflict
from apps.portfolio.selectors import capability_by_id
from apps.stories import services
from apps.stories.api import estimates, examples
from apps.stories.api import serializers as s
from apps.stories.design import load_design
from apps.stories.models import TokenStory
from apps.stories.selectors.judging import judged
from apps.stories.selectors.stories import draft_of, stories, story_by_ref


class StoryListView(ActorMixin, generics.ListAPIView):
    """List stories, newest first; file one as a draft."""

    permission_required = {"GET": P.STORY_VIEW, "POST": P.STORY_WRITE}
    serializer_class = s.StorySerializer
    filterset_fields = ("status", "unit", "capability", "kind", "ref")

    def get_queryset(self) -> QuerySet[TokenStory]:
        if getattr(self, "swagger_fake_view", False):
            return TokenStory._base_manager.none()
        return stories(self.actor)

    @extend_schema(
        request=s.PlanSerializer,
        responses={201: s.StoryDetailSerializer},
        examples=[examples.FILE_STORY],
    )
    def post(self, request: Request) -> Response:
        body = s.PlanSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        story = services.create_draft(actor=self.actor, plan=body.plan())
        return Response(shown(self.actor, story), status=status.HTTP_201_CREATED)


class StoryView(ActorMixin, APIView):
    """One story by its reference, with its working copy and its frozen versions."""

    permission_required = {"GET": P.STORY_VIEW, "PATCH": P.STORY_WRITE}

    @extend_schema(responses=s.StoryDetailSerializer)
    def get(self, request: Request, ref: str) -> Response:
        return Response(shown(self.actor, story_by_ref(self.actor, ref)))

    @extend_schema(
        request=s.ChangeSerializer,
        responses=s.StoryDetailSerializer,
        examples=[examples.CHANGE_STORY],
    )
    def patch(self, request: Request, ref: str) -> Response:
        """Change the working copy of the version that was read. Left out fields stay."""
        story = story_by_ref(self.actor, ref)
        draft = draft_of(story)
        if draft is None:
            raise Conflict(f"{story.ref} has no draft: amend it first.", code="illegal_transition")
        stored = s.DraftSerializer(draft).data
        given: dict[str, Any] = {}
        if isinstance(request.data, dict):
            given.update(request.data)
        merged: dict[str, Any] = {
            **{str(name): stored[str(name)] for name in s.PlanSerializer().fields},
            **given,
            "value": {**stored["value"], **dict(given.get("value") or {})},
        }
        body = s.ChangeSerializer(data=merged)
        body.is_valid(raise_exception=True)
        plan = body.plan()
        if "design" not in given:
            plan = replace(plan, design=load_design(draft.design))
        saved = services.save_draft(
            actor=self.actor,
            story_id=story.id,
            version=body.validated_data["version"],
            plan=plan,
        )
        return Response(shown(self.actor, saved))


@extend_schema(
    request=s.VersionSerializer, responses=s.StoryDetailSerializer, examples=[examples.ACT]
)
class StoryActionView(ActorMixin, APIView):
    """Base of acts: read the story, check the body, do it, show the whole story."""

    takes_note = True
    permission_required = {"POST": P.STORY_WRITE}

    def post(self, request: Request, ref: str) -> Response:
        story = story_by_ref(self.actor, ref)
        body: Serializer[Any] = s.VersionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = dict(body.validated_data)
        if not self.takes_note:
            given.pop("note", None)
        moved = self.act(story.id, given)
        return Response(shown(self.actor, moved))

    def act(self, story_id: UUID, given: dict[str, Any]) -> TokenStory:
        raise NotImplementedError


class SubmitView(StoryActionView):
    """Freeze the working copy as the next version and open an approval request."""

    permission_required = {"POST": P.STORY_SUBMIT}

    def act(self, story_id: UUID, given: dict[str, Any]) -> TokenStory:
        return services.submit(actor=self.actor, story_id=story_id, **given)


class WithdrawView(StoryActionView):
    """Take a draft or a submission back."""

    permission_required = {"POST": P.STORY_SUBMIT}

    def act(self, story_id: UUID, given: dict[str, Any]) -> TokenStory:
        return services.withdraw(actor=self.actor, story_id=story_id, **given)


class AmendView(StoryActionView):
    """Open a working copy of the latest version."""

    takes_note = False

    def act(self, story_id: UUID, given: dict[str, Any]) -> TokenStory:
        return services.amend(actor=self.actor, story_id=story_id, **given)


class DiscardView(StoryActionView):
    """Drop the amendment."""

    takes_note = False

    def act(self, story_id: UUID, given: dict[str, Any]) -> TokenStory:
        return services.discard(actor=self.actor, story_id=story_id, **given)


class DeliveryView(StoryActionView):
    """The team has begun to build."""

    def act(self, story_id: UUID, given: dict[str, Any]) -> TokenStory:
        return services.start_delivery(actor=self.actor, story_id=story_id, **given)


class LiveView(StoryActionView):
    """People use it now."""

    def act(self, story_id: UUID, given: dict[str, Any]) -> TokenStory:
        return services.go_live(actor=self.actor, story_id=story_id, **given)


class TrueUpView(StoryActionView):
    """The estimate was compared with what was measured."""

    def act(self, story_id: UUID, given: dict[str, Any]) -> TokenStory:
        return services.true_up(actor=self.actor, story_id=story_id, **given)


class CloseView(StoryActionView):
    """End of life."""

    def act(self, story_id: UUID, given: dict[str, Any]) -> TokenStory:
        return services.close(actor=self.actor, story_id=story_id, **given)


class SupersedeView(StoryActionView):
    """File the story that is to replace this one, as a draft. This one ends once it is approved."""

    takes_note = False

    @extend_schema(responses={201: s.StoryDetailSerializer})
    def post(self, request: Request, ref: str) -> Response:
        """The draft of the new story."""
        answer = super().post(request, ref)
        answer.status_code = status.HTTP_201_CREATED
        return answer

    def act(self, story_id: UUID, given: dict[str, Any]) -> TokenStory:
        return services.supersede(actor=self.actor, story_id=story_id, **given)


class EstimateView(ActorMixin, APIView):
    """Price a set of assumptions at today's prices. Stores nothing: safe to call from CI."""

    permission_required = {"POST": P.STORY_VIEW}

    @extend_schema(
        request=estimates.EstimateRequestSerializer,
        responses=estimates.EstimateSerializer,
        examples=[examples.ESTIMATE],
    )
    def post(self, request: Request) -> Response:
        """The answer of the form, as JSON: range, tier, reference band, cheaper ways."""
        body = estimates.EstimateRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        capability = (
            capability_by_id(self.actor, data["capability"]) if data["capability"] else None
        )
        found = judged(
            data["assumptions"], capability=capability, kind=data["kind"], pattern=data["pattern"]
        )
        cap = data["monthly_cap"]
        return Response(
            {
                "estimate": estimates.estimate_body(found.result, cap),
                **estimates.judgement_body(found),
            }
        )


def shown(actor: Any, story: TokenStory) -> dict[str, Any]:
    """The story as it is now."""
    fresh = story_by_ref(actor, story.ref)
    data: dict[str, Any] = s.StoryDetailSerializer(fresh).data
    return data

"""Templates, settings of estimating, imports, similar stories and the check of a pipeline."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common.api.fields import money
from apps.pricing.rules import CURRENCY
from apps.stories import bands, services
from apps.stories.api import examples
from apps.stories.api import planning_serializers as s
from apps.stories.estimator import dump
from apps.stories.models import StoryTemplate
from apps.stories.selectors.coverage import coverage
from apps.stories.selectors.issue import issue_body
from apps.stories.selectors.settings import settings_in_force
from apps.stories.selectors.similar import profile_of, similar_to
from apps.stories.selectors.stories import draft_of, revision_by_id, story_by_ref
from apps.stories.selectors.templates import built_in, template_by_id, templates
from apps.stories.services.plan import plan_of
from apps.stories.starts import STARTS
from apps.tenancy.urls import absolute_url, org_url


class StartsView(ActorMixin, APIView):
    """The six built-in patterns, dated from now, with the organization's sizes and usual model."""

    permission_required = {"GET": P.STORY_VIEW}

    @extend_schema(responses=s.StartSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response([_start(key) for key in STARTS])


def _start(key: str) -> dict[str, Any]:
    start, built = STARTS[key], built_in(key)
    assert built is not None  # noqa: S101 -- the key comes from STARTS
    return {
        "key": key,
        "name": start.name,
        "description": start.description,
        "kind": built.kind,
        "pattern": built.pattern,
        "value_metric": built.value_metric,
        "value_unit": built.value_unit,
        "assumptions": dump(built.assumptions),
    }


class TemplateListView(ActorMixin, generics.ListAPIView):
    """The organization's templates, retired ones included; keep another."""

    permission_required = {"GET": P.STORY_VIEW, "POST": P.STORY_TEMPLATE_MANAGE}
    serializer_class = s.TemplateSerializer
    filterset_fields = ("pattern", "kind", "unit")

    def get_queryset(self) -> QuerySet[StoryTemplate]:
        if getattr(self, "swagger_fake_view", False):
            return StoryTemplate._base_manager.none()
        return templates()

    @extend_schema(
        request=s.KeepSerializer,
        responses={201: s.TemplateSerializer},
        examples=[examples.KEEP_STORY, examples.KEEP_PLAN],
    )
    def post(self, request: Request) -> Response:
        """Keep a story (`ref`) as a template, or a plan of one’s own (`unit`, `assumptions`)."""
        body = s.KeepSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        data = dict(body.validated_data)
        if data.get("ref"):
            template = services.save_as_template(
                actor=self.actor,
                ref=data["ref"],
                name=data["name"],
                description=data["description"],
            )
        else:
            data.pop("ref")
            template = services.create_template(actor=self.actor, unit_id=data.pop("unit"), **data)
        return Response(s.TemplateSerializer(template).data, status=status.HTTP_201_CREATED)


class TemplateView(ActorMixin, APIView):
    """One template."""

    permission_required = {"GET": P.STORY_VIEW, "PATCH": P.STORY_TEMPLATE_MANAGE}

    @extend_schema(responses=s.TemplateSerializer)
    def get(self, request: Request, template_id: UUID) -> Response:
        return Response(s.TemplateSerializer(template_by_id(template_id)).data)

    @extend_schema(
        request=s.TemplateChangeSerializer,
        responses=s.TemplateSerializer,
        examples=[examples.CHANGE_TEMPLATE],
    )
    def patch(self, request: Request, template_id: UUID) -> Response:
        """Change the version that was read; 409 when it has changed since."""
        body = s.TemplateChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        changed = services.change_template(
            actor=self.actor, template_id=template_id, **body.validated_data
        )
        return Response(s.TemplateSerializer(changed).data)


@extend_schema(
    request=s.StateSerializer, responses=s.TemplateSerializer, examples=[examples.TEMPLATE_VERSION]
)
class TemplateStateView(ActorMixin, APIView):
    """Offer a template no longer, or again."""

    permission_required = {"POST": P.STORY_TEMPLATE_MANAGE}
    act: Any = None

    def post(self, request: Request, template_id: UUID) -> Response:
        body = s.StateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        moved = type(self).act(
            actor=self.actor, template_id=template_id, version=body.validated_data["version"]
        )
        return Response(s.TemplateSerializer(moved).data)


class TemplateRetireView(TemplateStateView):
    """Offer a template no longer. Stories made from it stay as they are."""

    act = staticmethod(services.retire_template)


class TemplateRestoreView(TemplateStateView):
    """Offer a retired template again."""

    act = staticmethod(services.restore_template)


class EstimatingView(ActorMixin, APIView):
    """Size bands, reference bands and the amount from which value is mandatory, in force now."""

    permission_required = {"GET": P.STORY_VIEW}

    @extend_schema(responses=s.EstimatingSerializer)
    def get(self, request: Request) -> Response:
        return Response(_settings())


def _settings() -> dict[str, Any]:
    found = settings_in_force()
    return {
        "version": found.version,
        "sizes": bands.dump(found.sizes),
        "references": bands.dump(found.references),
        "value_from": money(found.value_from_nanos, CURRENCY),
        "reapproval_percent": found.reapproval_percent,
    }


class SizesView(ActorMixin, APIView):
    """Tokens to build something of each size."""

    permission_required = {"PUT": P.ESTIMATING_MANAGE}

    @extend_schema(
        request=s.SizesSerializer, responses=s.EstimatingSerializer, examples=[examples.SIZES]
    )
    def put(self, request: Request) -> Response:
        """Replace the bands read at `version`; 409 when the settings have changed since."""
        body = s.SizesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        services.change_sizes(
            actor=self.actor,
            version=data["version"],
            document=data["sizes"],
            reason=data["reason"],
        )
        return Response(_settings())


class ReferencesView(ActorMixin, APIView):
    """Usual tokens of one interaction, by pattern."""

    permission_required = {"PUT": P.ESTIMATING_MANAGE}

    @extend_schema(
        request=s.ReferencesSerializer,
        responses=s.EstimatingSerializer,
        examples=[examples.REFERENCES],
    )
    def put(self, request: Request) -> Response:
        """Replace the bands read at `version`; 409 when the settings have changed since."""
        body = s.ReferencesSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        services.change_references(
            actor=self.actor,
            version=data["version"],
            document=data["references"],
            reason=data["reason"],
        )
        return Response(_settings())


class ValuePolicyView(ActorMixin, APIView):
    """The likely lifetime cost from which a story states its value in full."""

    permission_required = {"PUT": P.VALUE_POLICY_MANAGE}

    @extend_schema(
        request=s.ValuePolicySerializer,
        responses=s.EstimatingSerializer,
        examples=[examples.VALUE_POLICY],
    )
    def put(self, request: Request) -> Response:
        """Set it; null goes back to metric and reason for every story. Keys may not: people do."""
        body = s.ValuePolicySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        services.change_value_policy(
            actor=self.actor,
            version=data["version"],
            from_nanos=data["value_from"],
            reason=data["reason"],
        )
        return Response(_settings())


class ReapprovalView(ActorMixin, APIView):
    """By how much an amendment may move an amount without a new decision."""

    permission_required = {"PUT": P.VALUE_POLICY_MANAGE}

    @extend_schema(
        request=s.ReapprovalSerializer,
        responses=s.EstimatingSerializer,
        examples=[examples.REAPPROVAL],
    )
    def put(self, request: Request) -> Response:
        """Set it; null goes back to the default. Keys may not: people do."""
        body = s.ReapprovalSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.change_reapproval(actor=self.actor, **body.validated_data)
        return Response(_settings())


class ImportView(ActorMixin, APIView):
    """Many stories from one table."""

    permission_required = {"POST": P.STORY_WRITE}

    @extend_schema(
        request=s.ImportSerializer,
        responses=s.ImportResultSerializer,
        examples=[examples.IMPORT_PREVIEW, examples.IMPORT_CONFIRM],
    )
    def post(self, request: Request) -> Response:
        """Check a CSV table; with `confirm` file its valid rows as drafts.

        A row that was imported before makes nothing: a call may be repeated, and a mended file
        sent whole.
        """
        body = s.ImportSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        table = body.validated_data["table"]
        act = services.import_stories if body.validated_data["confirm"] else services.preview_import
        return Response(s.import_body(act(actor=self.actor, text=table)))


class SimilarView(ActorMixin, APIView):
    """Stories like one, best first, and how they ended."""

    permission_required = {"GET": P.STORY_VIEW}

    @extend_schema(responses=s.SimilarSerializer(many=True))
    def get(self, request: Request, ref: str) -> Response:
        story = story_by_ref(self.actor, ref)
        plan: Any = draft_of(story)
        if plan is None and story.current_revision_id:
            plan = revision_by_id(story.current_revision_id)
        if plan is None:
            return Response([])
        mine = profile_of(plan.kind, plan.pattern, plan.unit_id, plan_of(plan).assumptions)
        found = similar_to(self.actor, mine, exclude=story)
        return Response([s.similar_body(each) for each in found])


class IssueView(ActorMixin, APIView):
    """A story as the body of an issue, in Markdown."""

    permission_required = {"GET": P.STORY_VIEW}

    @extend_schema(responses=s.IssueSerializer)
    def get(self, request: Request, ref: str) -> Response:
        story = story_by_ref(self.actor, ref)
        return Response({"ref": story.ref, "markdown": issue_body(story, _address(request, ref))})


class CheckView(ActorMixin, APIView):
    """Whether an approved story covers a change: what a pipeline asks before it merges."""

    permission_required = {"GET": P.STORY_VIEW}

    @extend_schema(
        parameters=[
            OpenApiParameter("capability", str, description="Code of the capability that changes."),
            OpenApiParameter("branch", str, description="Branch; TS-0142 in it names the story."),
        ],
        responses=s.CheckSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answers 200 either way; `approved` says it. `tokenops/cli.py` turns it into a status."""
        found = coverage(
            self.actor,
            capability=request.query_params.get("capability", "").strip()[:200],
            branch=request.query_params.get("branch", "").strip()[:400],
        )
        story = found.story
        return Response(
            {
                "approved": found.approved,
                "detail": found.detail,
                "fix": found.fix,
                "warning": found.warning,
                "story": story.ref if story else None,
                "status": story.status if story else None,
                "url": _address(request, story.ref) if story else None,
            }
        )


def _address(request: Request, ref: str) -> str:
    """The page of a story."""
    organization = request._request.organization
    return absolute_url(org_url(organization.slug, "stories:detail", ref))

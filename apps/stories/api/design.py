"""The design review of the organization in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.portfolio.enums import Tier
from apps.stories import design, services
from apps.stories.api import examples
from apps.stories.selectors.design import checklist_in_force

CHECKLIST_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Questions with weights, the tiers that must answer, and the two gates.",
    "required": ["questions"],
    "properties": {
        "questions": {
            "type": "array",
            "minItems": 1,
            "maxItems": design.MAX_QUESTIONS,
            "items": {
                "type": "object",
                "required": ["key", "area", "text"],
                "properties": {
                    "key": {"type": "string", "pattern": "^[a-z0-9-]{1,40}$"},
                    "area": {"type": "string", "enum": [area.value for area in design.Area]},
                    "text": {"type": "string", "maxLength": design.MAX_TEXT},
                    "weight": {"type": "integer", "minimum": 1, "maximum": design.MAX_WEIGHT},
                },
            },
        },
        "tiers": {"type": "array", "items": {"type": "string", "enum": Tier.values}},
        "gate": {
            "type": "boolean",
            "description": "Stories of the tiers are submitted only with a complete review.",
        },
        "go_live_gate": {
            "type": "boolean",
            "description": "Nothing goes to production without a budget that guards it.",
        },
    },
}


@extend_schema_field(CHECKLIST_SCHEMA)
class ChecklistField(serializers.JSONField):
    """The document of `design.Checklist`; the service checks it."""


class ChecklistSerializer(serializers.Serializer[Any]):
    """The design review in force. `version` 0 is the default; send back the version you read."""

    version = serializers.IntegerField(min_value=0)
    document = ChecklistField()
    reason = serializers.CharField(
        max_length=2000, allow_blank=True, default="", write_only=True, help_text="For the trail."
    )


class DesignReviewView(ActorMixin, APIView):
    """What a design is asked, which tiers must answer, and what production waits for."""

    permission_required = {"GET": P.STORY_VIEW, "PUT": P.DESIGN_REVIEW_MANAGE}

    @extend_schema(responses=ChecklistSerializer)
    def get(self, request: Request) -> Response:
        return Response(_shown())

    @extend_schema(
        request=ChecklistSerializer,
        responses=ChecklistSerializer,
        examples=[examples.DESIGN_REVIEW],
    )
    def put(self, request: Request) -> Response:
        """Replace what was read at `version`; 409 when it has changed. Keys may not: people do."""
        body = ChecklistSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.change_design_checklist(actor=self.actor, **body.validated_data)
        return Response(_shown())


def _shown() -> dict[str, Any]:
    found, version = checklist_in_force()
    return {"version": version, "document": design.dump(found)}

"""How the API describes itself (OpenAPI 3.1).

Generated inside the scope of nobody, because serializers and filters look at managers. The
reviewed snapshot is `docs/api/openapi.yaml`: `manage.py write_openapi` writes it.
"""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_mock_request
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.utils import Direction
from rest_framework.serializers import ChoiceField

from apps.access.actors import system_actor
from apps.tenancy.scope import scope_of_nobody
from apps.trail.registry import label_of
from apps.webhooks import catalogue

SNAPSHOT = "docs/api/openapi.yaml"
ANSWERS = Path(__file__).with_name("answers.json")
"""Answers to the examples, as they were given: `tests/contract` sends them and keeps these."""
_METHODS = frozenset({"get", "post", "put", "patch", "delete"})
_UNSAFE = _METHODS - {"get"}
_PROBLEM = {
    "description": "Refused: a problem document (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
PROBLEM_SCHEMA = {
    "type": "object",
    "description": "Why a call was refused, and what to do about it.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:tokenops:problem:invalid"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable: programs branch on it."},
        "fix": {"type": "string", "description": "What to do, where that can be said."},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message", "fix"],
                "properties": {
                    "field": {"type": "string", "description": "Path of the refused field."},
                    "message": {"type": "string"},
                    "fix": {"type": "string"},
                },
            },
        },
    },
}
WEBHOOK_SCHEMA = {
    "type": "object",
    "description": "What happened: an event of the trail.",
    "required": ["type", "timestamp", "data"],
    "properties": {
        "type": {"type": "string", "examples": ["story.approved"]},
        "timestamp": {"type": "string", "format": "date-time"},
        "data": {
            "type": "object",
            "required": ["id", "organization", "object", "actor", "before", "after", "reason"],
            "properties": {
                "id": {"type": "string", "format": "uuid", "description": "Of the trail event."},
                "organization": {"type": "string", "description": "Its slug."},
                "object": {
                    "type": "object",
                    "properties": {
                        "type": {"type": "string"},
                        "id": {"type": ["string", "null"]},
                        "label": {"type": "string"},
                        "url": {"type": "string"},
                    },
                },
                "actor": {
                    "type": "object",
                    "properties": {
                        "kind": {"type": "string"},
                        "id": {"type": ["string", "null"]},
                        "name": {"type": "string"},
                    },
                },
                "before": {"description": "What was, of what changed; null where nothing was."},
                "after": {"description": "What is."},
                "reason": {"type": "string"},
            },
        },
    },
}
_IDEMPOTENCY = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "maxLength": 255},
    "description": "Repeat a call safely: the same key gets the first answer for two days.",
}


class Generator(SchemaGenerator):
    """drf-spectacular's generator in the scope of nobody; needs no database."""

    def get_schema(self, *args: Any, **kwargs: Any) -> Any:
        with scope_of_nobody():
            return super().get_schema(*args, **kwargs)


class Schema(AutoSchema):
    """Names components after their app too: `AuditsVersion` and `StoriesVersion` can never meet."""

    def get_serializer_name(self, serializer: Any, direction: Direction) -> str:
        name = super().get_serializer_name(serializer, direction)
        root, *parts = type(serializer).__module__.split(".")
        app = parts[parts.index("api") - 1] if "api" in parts[1:] else parts[0]
        return f"{app.title()}{name}" if root == "apps" else name

    def _map_serializer_field(
        self, field: Any, direction: Direction, bypass_extensions: bool = False
    ) -> Any:
        """A choice that is only read may be empty where its column may."""
        if isinstance(field, ChoiceField) and field.read_only and _may_be_blank(field):
            field.allow_blank = True
        return super()._map_serializer_field(field, direction, bypass_extensions)


def _may_be_blank(field: ChoiceField) -> bool:
    model = getattr(getattr(field.parent, "Meta", None), "model", None)
    if model is None or not field.source:
        return False
    try:
        return bool(getattr(model._meta.get_field(field.source), "blank", False))
    except FieldDoesNotExist:
        return False


def nobody_asks(*args: Any, **kwargs: Any) -> Any:
    """The request that views see while they are described: by the system, of no organization."""
    request = build_mock_request(*args, **kwargs)
    request.auth = system_actor("openapi", UUID(int=0))
    return request


def description() -> str:
    """The whole description as YAML, as it is served and kept."""
    schema = Generator().get_schema(request=None, public=True)
    return OpenApiYamlRenderer().render(schema, renderer_context={}).decode()


class KeyAuthentication(OpenApiAuthenticationExtension):
    """`Authorization: Bearer tok_…`; a browser session with the header works as well."""

    target_class = "apps.access.api.ActorAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key of the organization, with the scopes the call needs.",
        }


def describe_refusals(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Every operation may answer a problem; every unsafe one takes an Idempotency-Key."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    for path in result["paths"].values():
        for method in _METHODS & path.keys():
            operation = path[method]
            operation["responses"]["4XX"] = _PROBLEM
            if method in _UNSAFE:
                operation.setdefault("parameters", []).append(_IDEMPOTENCY)
    return result


def describe_answers(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Beside each operation what it answered to its examples."""
    for address, examples in json.loads(ANSWERS.read_text(encoding="utf-8")).items():
        method, _, path = address.partition(" ")
        operation = result["paths"].get(path, {}).get(method)
        for name, kept in examples.items() if operation else ():
            content = operation["responses"].get(kept["status"], {}).get("content", {})
            for media in content.values():
                media.setdefault("examples", {})[name] = {"value": kept["value"]}
    return result


def describe_webhooks(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """The events of transitions, each with one as it was sent (OpenAPI 3.1 `webhooks`)."""
    result["components"]["schemas"]["WebhookEvent"] = WEBHOOK_SCHEMA
    reference = {"$ref": "#/components/schemas/WebhookEvent"}
    result["webhooks"] = {
        event: {
            "post": {
                "operationId": f"webhook_{event.replace('.', '_')}",
                "tags": ["webhooks"],
                "summary": label_of(event),
                "description": "Signed as docs/api/webhooks.md says; answer with any 2xx.",
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": reference,
                            "examples": {"Event": {"value": payload}},
                        }
                    },
                },
                "responses": {"2XX": {"description": "Taken. Anything else is tried again."}},
                "security": [],
            }
        }
        for event, payload in catalogue.payloads().items()
    }
    return result


def write_nulls(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """What schemas of pagination and our own call `nullable`, in the words of OpenAPI 3.1."""
    _write_nulls(result)
    return result


def _write_nulls(part: Any) -> None:
    if isinstance(part, dict):
        if isinstance(part.get("nullable"), bool):
            may = part.pop("nullable")
            if may and isinstance(part.get("type"), str):
                part["type"] = [part["type"], "null"]
        if part.get("oneOf") == [{}, {"type": "null"}]:  # anything is also null
            del part["oneOf"]
        for inner in part.values():
            _write_nulls(inner)
    elif isinstance(part, list):
        for inner in part:
            _write_nulls(inner)

"""How the API describes itself (OpenAPI 3.1).

Generated inside the scope of nobody, because serializers and filters look at managers. The
reviewed snapshot is `docs/api/openapi.yaml`: `manage.py write_openapi` writes it.
"""

from typing import Any, Literal
from uuid import UUID

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_mock_request
from drf_spectacular.renderers import OpenApiYamlRenderer

from apps.access.actors import system_actor
from apps.tenancy.scope import scope_of_nobody

SNAPSHOT = "docs/api/openapi.yaml"
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

    def get_serializer_name(
        self, serializer: Any, direction: Literal["request", "response"]
    ) -> str:
        name = super().get_serializer_name(serializer, direction)
        root, *parts = type(serializer).__module__.split(".")
        app = parts[parts.index("api") - 1] if "api" in parts[1:] else parts[0]
        return f"{app.title()}{name}" if root == "apps" else name


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

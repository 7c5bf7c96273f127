"""How the API describes itself (OpenAPI 3.1).

Generated inside the scope of nobody, because serializers and filters look at managers.
"""

from typing import Any
from uuid import UUID

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator

from apps.tenancy.scope import tenant_scope

NOBODY = UUID(int=0)
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
    """drf-spectacular's generator in a scope without rows."""

    def get_schema(self, *args: Any, **kwargs: Any) -> Any:
        with tenant_scope(NOBODY):
            return super().get_schema(*args, **kwargs)


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

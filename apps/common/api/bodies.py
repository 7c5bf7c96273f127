"""Bodies of requests, checked."""

from typing import Any

from rest_framework.request import Request
from rest_framework.serializers import Serializer


def checked(serializer: type[Serializer], request: Request) -> dict[str, Any]:
    """The body's clean values. Raises ValidationError: a 422 problem names each refused field."""
    body = serializer(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)

"""Answers that hold a secret once."""

import json
from collections.abc import Mapping
from typing import Any

from rest_framework import status as http
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder


def with_secret(
    body: Mapping[str, Any], secret: str | None, *, status: int = http.HTTP_201_CREATED
) -> Response:
    """The one answer that carries the secret. What is kept for a repeated call leaves it out."""
    response = Response({**body, "secret": secret}, status=status)
    response["Cache-Control"] = "no-store"
    kept = json.dumps({**body, "secret": None}, cls=JSONEncoder).encode()
    response.kept_body = kept  # type: ignore[attr-defined]
    return response

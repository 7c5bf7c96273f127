"""The API's description is complete, reviewed and what is served."""

from pathlib import Path

from django.conf import settings
from django.test import Client
from drf_spectacular.validation import validate_schema

from apps.api.schema import SNAPSHOT, description
from tests.contract.described import document, parsed

FIX = "The API changed: review it, then run: python manage.py write_openapi"


def test_the_snapshot_is_what_is_served(client: Client):
    text = (Path(settings.BASE_DIR) / SNAPSHOT).read_text(encoding="utf-8")
    assert description() == text, FIX
    assert parsed(client.get("/api/v1/openapi.yaml").content) == document(), FIX


def test_the_description_is_valid_openapi():
    schema = document()
    assert schema["openapi"].startswith("3.1")
    validate_schema(schema)


def test_every_operation_says_what_it_does():
    schema = document()
    silent = [
        f"{method} {path}"
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if not operation.get("description")
    ]
    assert silent == []

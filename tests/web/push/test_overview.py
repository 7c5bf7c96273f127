"""The page of pushed usage, and the same over the API."""

import csv
import io

import pytest
from django.test import Client

from apps.access.permissions import P
from apps.access.roles import Role
from tests.factories.organizations import make_api_key
from tests.factories.otlp import PROTOBUF, claude_event, genai, logs, span, traces

pytestmark = pytest.mark.django_db


@pytest.fixture
def pushed(world):
    def send(message, signal):
        url = f"/api/v1/otlp/v1/{signal}"
        data = message.SerializeToString()
        answer = Client().post(url, data, content_type=PROTOBUF, headers=world.a.key_headers)
        assert answer.status_code == 200

    send(traces(span(genai(100, 20)), span(genai(-1)), span({"http.route": "/"})), "traces")
    send(logs(claude_event()), "logs")


def page(world, role=Role.OWNER, query=""):
    side = world.a
    return side.client(role).get(side.url("push:overview") + query)


def test_an_empty_page_says_what_to_do(world):
    html = page(world).content.decode()
    assert "No usage has been pushed yet" in html
    assert "Nothing was pushed in this period" in html
    assert "Connect a client" in html


def test_the_page_says_what_counts_and_why_the_rest_does_not(world, pushed):
    html = page(world).content.decode()
    assert "2 calls counted, 1 refused" in html
    assert "A wrong token count" in html
    assert "Send whole numbers from 0 under gen_ai.usage.input_tokens" in html
    assert "just now" in html


def test_filters_and_the_file(world, pushed):
    html = page(world, query="?kind=refused").content.decode()
    assert "1 line<" in html
    assert "2 calls counted, 1 refused" in html
    rows = list(
        csv.reader(io.StringIO(b"".join(page(world, query="?format=csv")).decode("utf-8-sig")))
    )
    assert rows[0] == [
        "Client",
        "Signal",
        "Outcome",
        "Why",
        "Items",
        "Tokens",
        "Last received (UTC)",
    ]
    found = {(r[0], r[1], r[2], r[4], r[5]) for r in rows[1:]}
    assert found == {
        ("OpenTelemetry GenAI", "Spans", "Counted", "1", "120"),
        ("Claude Code", "Events", "Counted", "1", "3610"),
        ("OpenTelemetry GenAI", "Spans", "Refused", "1", "0"),
        ("Other telemetry", "Spans", "Not usage", "1", "0"),
    }


def test_settings_of_each_client_name_this_site(world, settings):
    settings.BASE_URL = "https://tokens.acme.example/"
    html = page(world).content.decode()
    for wanted in (
        "OTEL_EXPORTER_OTLP_ENDPOINT=https://tokens.acme.example/api/v1/otlp\n",
        "endpoint: https://tokens.acme.example/api/v1/otlp\n",
        "GENERIC_LOGGER_ENDPOINT=https://tokens.acme.example/api/v1/litellm\n",
        "curl https://tokens.acme.example/api/v1/events ",
    ):
        assert wanted in html
    assert html.count('data-copy="') == 8


def test_who_may_not_see_sources_sees_nothing(world):
    assert page(world, Role.MEMBER).status_code == 403
    assert page(world, Role.VIEWER).status_code == 200
    assert "New API key" not in page(world, Role.VIEWER).content.decode()


def test_the_api_says_the_same(world, client, pushed):
    url = "/api/v1/push/received/"
    rows = client.get(url, headers=world.a.key_headers).json()
    assert {(r["dialect"], r["outcome"], r["kind"], r["items"], r["tokens"]) for r in rows} == {
        ("genai", "counted", "counted", 1, 120),
        ("claude_code", "counted", "counted", 1, 3610),
        ("genai", "bad_count", "refused", 1, 0),
        ("other", "not_usage", "ignored", 1, 0),
    }
    assert client.get(f"{url}?days=0", headers=world.a.key_headers).status_code == 422
    assert client.get(url, headers=world.b.key_headers).json() == []
    with world.a.scope():
        _, secret = make_api_key("Writer", scopes=[P.USAGE_WRITE])
    refused = client.get(url, headers={"Authorization": f"Bearer {secret}"})
    assert refused.status_code == 403

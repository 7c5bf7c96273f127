"""Documented answers raise no alarm; a field more or less is named by its path."""

import json
from pathlib import Path

import pytest

from apps.connectors.providers import anthropic, claude_code, openai
from apps.connectors.providers.drift import MISSING, UNKNOWN, find, touches_figures

PAYLOADS = Path(__file__).parents[2] / "fixtures/providers"
UNITS = ("images", "audio_speeches", "audio_transcriptions", "vector_stores",
         "code_interpreter_sessions", "file_search_calls", "web_search_calls")  # fmt: skip
DOCUMENTED = [
    ("openai/usage_completions", openai.CompletionPage),
    ("openai/usage_embeddings", openai.TokenPage),
    ("openai/usage_moderations", openai.TokenPage),
    *((f"openai/usage_{name}", openai.UnitPage) for name in UNITS),
    ("openai/costs", openai.CostPage),
    ("openai/projects", openai.ProjectList),
    ("openai/project_api_keys", openai.KeyList),
    ("openai/admin_api_keys", openai.KeyList),
    ("openai/users", openai.PersonList),
    ("openai/project_service_accounts", openai.PersonList),
    ("anthropic/usage_report_messages", anthropic.UsagePage),
    ("anthropic/cost_report", anthropic.CostPage),
    ("anthropic/usage_report_claude_code", claude_code.Page),
]


def payload(name):
    return json.loads((PAYLOADS / f"{name}.json").read_text())


@pytest.mark.parametrize(("name", "shape"), DOCUMENTED)
def test_documented_answers_hold_nothing_unexpected(name, shape):
    assert find(payload(name), shape) == set()


def test_more_and_less_are_named_by_path():
    body = payload("openai/usage_completions")
    row = body["data"][0]["results"][0]
    row["video_tokens"] = 5
    del row["input_cached_tokens"]
    body["trace"] = {}
    assert find(body, openai.CompletionPage) == {
        ("trace", UNKNOWN),
        ("data[].results[].video_tokens", UNKNOWN),
        ("data[].results[].input_cached_tokens", MISSING),
    }


def test_nested_parts_are_looked_into():
    body = payload("anthropic/usage_report_messages")
    body["data"][0]["results"][0]["cache_creation"]["ephemeral_24h_input_tokens"] = 9
    path = "data[].results[].cache_creation.ephemeral_24h_input_tokens"
    assert find(body, anthropic.UsagePage) == {(path, UNKNOWN)}


def test_names_that_callers_choose_are_never_unknown():
    body = payload("openai/projects")
    body["data"][0]["whatever"] = 1
    assert find(body, openai.ProjectList) == set()


@pytest.mark.parametrize("answer", [None, [], "text", {"data": None}, {"data": [1]}])
def test_answers_of_another_kind_are_no_trouble_here(answer):
    find(answer, openai.CompletionPage)


@pytest.mark.parametrize(
    ("field", "figures"),
    [("a[].video_tokens", True), ("cost.list_amount", True), ("data[].colour", False)],
)
def test_fields_that_speak_of_tokens_or_money(field, figures):
    assert touches_figures(field) is figures

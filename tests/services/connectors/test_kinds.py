"""Every pulled kind end to end: what it asks, what is written, what is kept out of the ledger."""

import base64
import json
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import time_machine

from apps.access.actors import system_actor
from apps.common.errors import Invalid
from apps.connectors import selectors, services
from apps.connectors.enums import PULLED_KINDS, EntryKind, RunStatus, SourceStatus
from apps.connectors.models import (
    ComparisonUsage,
    DirectoryEntry,
    ProviderCost,
    PullRun,
    SchemaAlarm,
    Source,
    UnitUsage,
)
from apps.connectors.providers.registry import KINDS
from apps.connectors.services import pull_source
from apps.ledger.models import DimensionSet, UsageRecord
from tests.factories.connectors import Provider, make_source

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)
SECRET = "pk-lf-public-1:sk-lf-secret-2"
FIRST = date(2026, 11, 20)
DAY = timedelta(days=1)


class Answers(httpx.BaseTransport):
    """Answers by path; a callable gets the parameters of the query."""

    def __init__(self, paths=None):
        self.paths = paths or {}
        self.asked = []

    def handle_request(self, request):
        parts = urlsplit(str(request.url))
        params = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.asked.append((parts.path, params, dict(request.headers)))
        answer = self.paths.get(parts.path)
        answer = answer(params) if callable(answer) else answer
        if answer is None:
            return httpx.Response(404, json={"error": {"message": "no such path"}})
        return httpx.Response(200, json=answer)

    def of(self, path):
        return [params for asked, params, _ in self.asked if asked == path]


@pytest.fixture
def org(world):
    return world.a


def source_in(org, kind, **fields):
    given = {
        "credential": SECRET,
        "base_url": "https://api.example.com",
        "history_from": FIRST,
        "account": "acct",
    }
    with time_machine.travel(NOW, tick=False), org.scope():
        return make_source(kind, **{**given, **fields})


def pull(org, source, answers, at=NOW, **options):
    with time_machine.travel(at, tick=False):
        outcome = pull_source(
            organization_id=org.organization.id,
            source_id=source.id,
            transport=answers,
            sleep=lambda _seconds: None,
            **options,
        )
    with org.scope():
        return PullRun.objects.get(id=outcome.run_id), Source.objects.get(id=source.id)


def counts(org):
    with org.scope():
        return UsageRecord.objects.count(), ComparisonUsage.objects.count()


@pytest.mark.parametrize("kind", PULLED_KINDS)
def test_each_kind_is_guarded_encrypted_and_redacted(org, kind):
    for address in ("http://api.example.com", "https://10.0.0.1", "https://169.254.169.254/v1"):
        with org.scope(), pytest.raises(Invalid) as caught:
            make_source(kind, base_url=address, credential=SECRET, history_from=FIRST)
        assert [error.field for error in caught.value.errors] == ["base_url"]
    source = source_in(org, kind)
    encoded = base64.b64encode(SECRET.encode()).decode()

    def refuse(request):
        sent = " ".join(request.headers.values())
        return httpx.Response(401, text=f"bad key {sent} {SECRET} {encoded} sk-lf-secret-2")

    run, after = pull(org, source, httpx.MockTransport(refuse))
    assert (run.status, run.error_code) == (RunStatus.FAILED, "credential_refused")
    assert after.status == SourceStatus.BLOCKED
    for text in (run.error, after.last_error, after.credential):
        assert not any(part in text for part in (SECRET, encoded, "sk-lf-secret-2"))


@pytest.mark.parametrize("kind", PULLED_KINDS)
def test_no_kind_follows_a_redirect(org, kind):
    source = source_in(org, kind)
    hop = httpx.Response(302, headers={"location": "http://169.254.169.254/latest"})
    run, _ = pull(org, source, httpx.MockTransport(lambda request: hop))
    assert (run.status, run.error_code, run.http_calls) == (RunStatus.FAILED, "redirect", 1)


def test_each_kind_sends_its_own_credential(org):
    sent = {}
    for kind in PULLED_KINDS:
        answers = Answers()
        pull(org, source_in(org, kind, account=""), answers)
        sent[kind.value] = answers.asked[0][2]
    basic = "Basic " + base64.b64encode(SECRET.encode()).decode()
    assert sent["langfuse"]["authorization"] == basic
    for kind in ("openai", "litellm", "openrouter"):
        assert sent[kind]["authorization"] == f"Bearer {SECRET}"
    for kind in ("anthropic", "claude_analytics", "claude_code"):
        assert sent[kind]["x-api-key"] == SECRET
        assert sent[kind]["anthropic-version"] == "2023-06-01"
    assert sent["claude_analytics"]["anthropic-beta"] == "analytics-usage-cost-2026-08-24"
    assert set(KINDS) == set(PULLED_KINDS)


# Claude Code


def code_day(params, **fields):
    row = {
        "date": f"{params['starting_at']}T00:00:00Z",
        "organization_id": "org",
        "actor": {"type": "user_actor", "email_address": "ana@example.com"},
        "customer_type": "api",
        "subscription_type": None,
        "terminal_type": "vscode",
        "is_remote": False,
        "core_metrics": {},
        "tool_actions": {},
        "model_breakdown": [
            {
                "model": "claude-opus-5",
                "tokens": {"input": 10, "output": 5, "cache_read": 3, "cache_creation": 2},
                "estimated_cost": {"amount": 186, "currency": "USD"},
            }
        ],
        **fields,
    }
    return {"data": [row], "has_more": False, "next_page": None}


def test_claude_code_is_compared_by_person_and_never_counted(org):
    source = source_in(org, "claude_code")
    path = "/v1/organizations/usage_report/claude_code"
    answers = Answers({path: code_day})
    run, after = pull(org, source, answers)
    assert (run.status, run.rows_new, run.error) == (RunStatus.SUCCEEDED, 3, "")
    days = [params["starting_at"] for params in answers.of(path)]
    assert days == ["2026-11-20", "2026-11-21", "2026-11-22"]
    assert after.cursor == datetime(2026, 11, 23, tzinfo=UTC)
    assert counts(org) == (0, 3)
    with org.scope():
        [line] = selectors.comparison_days(FIRST, FIRST + DAY, by=("user", "model"))
        assert (line.user, line.counts.total) == ("ana@example.com", 20)
        assert (line.cost_nanos, line.without_cost) == (1_860_000_000, 0)


# Claude analytics and its watermark


def analytics(mark):
    def usage(params):
        hours = [datetime(2026, 11, 22, hour, tzinfo=UTC) for hour in (5, 6, 7)]
        rows = [
            {
                "starting_at": hour.isoformat(),
                "ending_at": (hour + timedelta(hours=1)).isoformat(),
                "group": {"model": "claude-opus-5"},
                "usage": {
                    "uncached_input_tokens": 10, "cache_read_input_tokens": 0,
                    "cache_creation": {
                        "ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0,
                    },
                    "output_tokens": 1, "total_tokens": 11, "requests": 2,
                    "server_tool_use": {"web_search_requests": 0},
                },
            }
            for hour in hours
        ]  # fmt: skip
        return {"data": rows, "has_more": False, "next_page": None, "data_refreshed_at": mark}

    def cost(params):
        row = {
            "starting_at": "2026-11-21T00:00:00Z",
            "ending_at": "2026-11-22T00:00:00Z",
            "group": {"workspace_id": "wrkspc_01", "model": "claude-opus-5"},
            "cost": {"amount": "10250.4375", "list_amount": "11389.375", "currency": "USD"},
        }
        late = row | {"starting_at": "2026-11-22T00:00:00Z", "ending_at": "2026-11-23T00:00:00Z"}
        return {"data": [row, late], "has_more": False, "next_page": None,
                "data_refreshed_at": mark}  # fmt: skip

    answers = Answers()
    answers.paths = {
        "/v1/organizations/analytics/usage": usage,
        "/v1/organizations/analytics/cost": cost,
        **{
            f"/v1/organizations/{name}": {"data": [], "has_more": False, "last_id": None}
            for name in ("workspaces", "users", "api_keys")
        },
    }
    return answers


def test_analytics_end_at_the_watermark_and_go_on_from_there(org):
    source = source_in(org, "claude_analytics", role="record")
    run, after = pull(org, source, analytics("2026-11-22T07:10:00Z"))
    assert (run.status, run.rows_new, run.error) == (RunStatus.SUCCEEDED, 2, "")
    assert after.cursor == datetime(2026, 11, 22, 7, tzinfo=UTC)
    with org.scope():
        cost = ProviderCost.objects.get()
        assert (cost.day, cost.amount_nanos) == (date(2026, 11, 21), 102_504_375_000)
    run, after = pull(org, source, analytics("2026-11-23T12:00:00Z"), NOW + timedelta(hours=1))
    assert (run.rows_new, run.rows_unchanged) == (1, 2)
    assert after.cursor == datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_analytics_without_a_watermark_are_complete_through_nothing(org):
    source = source_in(org, "claude_analytics", role="record")
    run, after = pull(org, source, analytics(None))
    assert (run.status, run.rows_new, after.cursor) == (RunStatus.SUCCEEDED, 0, None)
    assert counts(org) == (0, 0)


# LiteLLM


def metrics(prompt, completion, spend, **fields):
    return {
        "spend": spend, "prompt_tokens": prompt, "completion_tokens": completion,
        "total_tokens": prompt + completion, "cache_read_input_tokens": 0,
        "cache_creation_input_tokens": 0, "successful_requests": 1, "failed_requests": 0,
        "api_requests": 1, **fields,
    }  # fmt: skip


def activity_day(day, model, key, numbers):
    part = {"metrics": numbers, "metadata": {"key_alias": "bot", "team_id": "t1"}}
    whole = {"metrics": numbers, "metadata": {}, "api_key_breakdown": {key: part}}
    return {"date": day, "metrics": numbers, "breakdown": {"models": {model: whole}}}


def gateway(pages):
    def activity(params):
        number = int(params["page"])
        totals = {"page": number, "total_pages": len(pages), "has_more": number < len(pages)}
        return {"results": pages[number - 1], "metadata": totals}

    answers = Answers()
    answers.paths = {
        "/user/daily/activity": activity,
        "/team/list": [{"team_id": "t1", "team_alias": "Support", "budget_duration": "30d"}],
    }
    return answers


def test_a_date_that_spans_two_pages_is_merged(org):
    source = source_in(org, "litellm")
    one = activity_day("2026-11-20", "gpt-5", "hash", metrics(100, 20, 0.25))
    two = activity_day("2026-11-20", "gpt-5", "hash", metrics(50, 10, 0.125))
    run, _ = pull(org, source, gateway([[one], [two]]))
    assert (run.status, run.rows_new, run.mismatches) == (RunStatus.SUCCEEDED, 1, 0)
    with org.scope():
        [line] = selectors.comparison_days(FIRST, FIRST + DAY)
        assert (line.counts.input, line.counts.output, line.requests) == (150, 30, 2)
        assert (line.cost_nanos, line.api_key, line.provider) == (375_000_000, "bot", "openai")
        assert ProviderCost.objects.get().amount_nanos == 375_000_000
        assert DirectoryEntry.objects.get().name == "Support"
    assert counts(org) == (0, 1)


def call(number, at):
    return {
        "request_id": f"call-{number}", "startTime": at.isoformat(), "model": "gpt-5",
        "custom_llm_provider": "openai", "spend": 0.001, "prompt_tokens": 10,
        "completion_tokens": 2, "total_tokens": 12, "api_key": "hash", "metadata": {},
        "request_tags": ["app:triage", "User-Agent: curl"], "team_id": "t1", "status": "success",
        "messages": [{"role": "user", "content": "CANARY-prompt"}],
    }  # fmt: skip


def test_calls_are_counted_once_although_the_log_is_capped(org):
    source = source_in(org, "litellm", role="record", history_from=date(2026, 11, 23))
    rows = [call(n, datetime(2026, 11, 23, n % 12, 30, tzinfo=UTC)) for n in range(40)]

    def log(params):
        start, end = (
            datetime.fromisoformat(params[name]).replace(tzinfo=UTC)
            for name in ("start_date", "end_date")
        )
        found = [r for r in rows if start <= datetime.fromisoformat(r["startTime"]) <= end]
        capped = len(found) > 10
        return {"data": found[:10], "total": min(len(found), 10), "page": 1, "page_size": 1000,
                "total_pages": 1, "total_is_capped": capped}  # fmt: skip

    answers = gateway([[]])
    answers.paths["/spend/logs/v2"] = log
    run, _ = pull(org, source, answers)
    assert (run.status, run.rows_new, run.error) == (RunStatus.SUCCEEDED, 40, "")
    run, after = pull(org, source, answers, NOW + timedelta(minutes=1))
    assert (run.rows_new, run.rows_changed, run.rows_unchanged) == (0, 0, 18)
    with org.scope():
        stored = json.dumps(list(UsageRecord.objects.values()), default=str)
        assert "CANARY" not in stored
        assert sum(
            row or 0 for row in UsageRecord.objects.values_list("cost_nanos", flat=True)
        ) == (40_000_000)
        with pytest.raises(Invalid) as caught:
            services.change_source(
                actor=system_actor("tests"), source_id=after.id, version=1, role="comparison"
            )
        assert "never withdrawn" in caught.value.errors[0].message


# OpenRouter


def router_row(day, **fields):
    return {
        "date": day, "model": "openai/gpt-5", "model_permaslug": "openai/gpt-5-2025-08-07",
        "endpoint_id": "e1", "provider_name": "OpenAI", "usage": 0.42, "byok_usage_inference": 0,
        "requests": 12, "prompt_tokens": 9000, "completion_tokens": 800, "reasoning_tokens": 120,
        **fields,
    }  # fmt: skip


def test_openrouter_counts_what_it_bills_and_compares_own_keys(org):
    source = source_in(org, "openrouter", role="record")
    answers = Answers()
    answers.paths = {
        "/v1/activity": {
            "data": [
                router_row("2026-11-20"),
                router_row("2026-11-21", endpoint_id="e2", usage=0.01, byok_usage_inference=0.2),
                router_row("2026-10-01"),
            ]
        }
    }
    run, after = pull(org, source, answers)
    assert (run.status, run.rows_new, run.error) == (RunStatus.SUCCEEDED, 1, "")
    assert counts(org) == (1, 1)
    with org.scope():
        assert UsageRecord.objects.get().cost_nanos == 420_000_000
        own = ComparisonUsage.objects.get()
        assert (own.provider, own.cost_nanos) == ("openai", 200_000_000)
        bill = ProviderCost.objects.order_by("day").values_list("amount_nanos", flat=True)
        assert list(bill) == [420_000_000, 10_000_000]
    assert after.cursor == datetime(2026, 11, 23, tzinfo=UTC)


# Langfuse


def test_langfuse_sums_by_day(org):
    source = source_in(org, "langfuse")

    def sums(params):
        query = json.loads(params["query"])
        assert query["view"] == "observations"
        row = {
            "time_dimension": query["fromTimestamp"], "providedModelName": "gpt-5",
            "environment": "production", "sum_inputTokens": "350", "sum_outputTokens": "70",
            "sum_totalTokens": "420", "sum_totalCost": 0.00007, "count_count": "7",
        }  # fmt: skip
        return {"data": [row]}

    answers = Answers()
    answers.paths = {"/api/public/v2/metrics": sums}
    run, _ = pull(org, source, answers)
    assert (run.status, run.rows_new, run.error) == (RunStatus.SUCCEEDED, 3, "")
    with org.scope():
        [line] = selectors.comparison_days(FIRST, FIRST + DAY)
        assert (line.counts.total, line.requests, line.cost_nanos) == (420, 7, 70_000)
    assert counts(org) == (0, 3)


def test_langfuse_generations_and_embeddings_follow_the_cursor(org):
    source = source_in(org, "langfuse", role="record", history_from=date(2026, 11, 23))

    def observation(number):
        return {
            "id": f"obs-{number}", "startTime": f"2026-11-23T0{number}:10:00Z",
            "model": "gpt-5", "usageDetails": {"input": 6, "input_cached_tokens": 4, "output": 2,
                                               "total": 12},
            "totalCost": 0.5, "environment": "production", "input": "CANARY",
        }  # fmt: skip

    def page(params):
        if params["type"] == "EMBEDDING":
            row = observation(3) | {"usageDetails": {"input": 9, "total": 9}, "totalCost": 0}
            return {"data": [row], "meta": {}}
        assert params["type"] == "GENERATION"
        if "cursor" in params:
            return {"data": [observation(2)], "meta": {}}
        return {"data": [observation(1)], "meta": {"cursor": "next"}}

    answers = Answers()
    answers.paths = {"/api/public/v2/observations": page}
    run, _ = pull(org, source, answers)
    assert (run.status, run.rows_new, run.error) == (RunStatus.SUCCEEDED, 3, "")
    with org.scope():
        record = UsageRecord.objects.filter(output=2).first()
        assert (record.input_uncached, record.cache_read, record.output) == (6, 4, 2)
        assert record.cost_nanos == 500_000_000
        embedded = UsageRecord.objects.get(output=0)
        assert (embedded.input_uncached, embedded.requests) == (9, 1)


def test_langfuse_needs_both_keys(org):
    with org.scope(), pytest.raises(Invalid) as caught:
        make_source("langfuse", credential="sk-lf-alone-1234", base_url="https://lf.example.com")
    assert caught.value.errors[0].field == "credential"


def test_a_gateway_needs_its_address(org):
    with org.scope(), pytest.raises(Invalid) as caught:
        make_source("litellm", credential="sk-master-1234", base_url="")
    assert caught.value.errors[0].field == "base_url"


# OpenAI: everything that is not tokens


def bucket(day, row):
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    return {"object": "bucket", "start_time": start, "end_time": start + 86400, "results": [row]}


def openai_answers(images):
    def of(name, **row):
        body = {"object": f"organization.usage.{name}.result", "project_id": "proj_a", **row}
        page = {"object": "page", "data": [bucket(FIRST, body)], "has_more": False,
                "next_page": None}  # fmt: skip
        start = page["data"][0]["start_time"]
        return lambda params: page if int(params["start_time"]) <= start else empty

    usage = "/v1/organization/usage"
    empty = {"object": "page", "data": [], "has_more": False, "next_page": None}
    names = {"object": "list", "data": [], "has_more": False, "last_id": None, "first_id": None}
    answers = Answers()
    answers.paths = {
        **{f"{usage}/{name}": empty for name in ("completions", "embeddings", "moderations")},
        f"{usage}/images": of("images", images=images, num_model_requests=2, model="gpt-image-1",
                              size="1024x1024"),
        f"{usage}/audio_speeches": of("audio_speeches", characters=45, num_model_requests=1),
        f"{usage}/audio_transcriptions": of("audio_transcriptions", seconds=20),
        f"{usage}/vector_stores": of("vector_stores", usage_bytes=1024),
        f"{usage}/code_interpreter_sessions": of("code_interpreter_sessions", num_sessions=1),
        f"{usage}/file_search_calls": of("file_searches", num_requests=2),
        f"{usage}/web_search_calls": of("web_searches", num_requests=3, num_model_requests=2),
        "/v1/organization/costs": empty,
        "/v1/organization/projects": {**names, "data": [{"id": "proj_a", "name": "Claims"}]},
        "/v1/organization/projects/proj_a/api_keys": names,
        "/v1/organization/projects/proj_a/service_accounts": {
            **names, "data": [{"id": "svc_1", "name": "Robot", "role": "member"}],
        },
        "/v1/organization/users": {
            **names,
            "data": [{"id": "u1", "name": "Ana", "email": "ana@example.com", "role": "owner"}],
        },
        "/v1/organization/admin_api_keys": {
            **names, "data": [{"id": "key_1", "name": "TokenOps", "redacted_value": "sk-admin...1",
                               "owner": {"type": "service_account", "name": "Robot"}}],
        },
    }  # fmt: skip
    return answers


def test_what_is_not_tokens_is_counted_and_not_priced(org):
    source = source_in(org, "openai")
    run, _ = pull(org, source, openai_answers(2))
    assert (run.status, run.error, run.rows_refused) == (RunStatus.SUCCEEDED, "", 0)
    assert counts(org) == (0, 0)
    with org.scope():
        found = UnitUsage.objects.order_by("what").values_list("what", "quantity", "unit")
        assert list(found) == [
            ("audio_speeches", 45, "characters"),
            ("audio_transcriptions", 20, "seconds"),
            ("code_interpreter_sessions", 1, "sessions"),
            ("file_search_calls", 2, "calls"),
            ("images", 2, "images"),
            ("vector_stores", 1024, "bytes"),
            ("web_search_calls", 3, "calls"),
        ]
        kinds = DirectoryEntry.objects.order_by("kind").values_list("kind", "name")
        assert list(kinds) == [
            (EntryKind.ADMIN_KEY, "TokenOps"),
            (EntryKind.PROJECT, "Claims"),
            (EntryKind.SERVICE_ACCOUNT, "Robot"),
            (EntryKind.USER, "Ana"),
        ]
    pull(org, source, openai_answers(2))
    with org.scope():
        assert set(UnitUsage.objects.values_list("revisions", flat=True)) == {0}
    pull(org, source, openai_answers(5), NOW + timedelta(days=1))
    with org.scope():
        image = UnitUsage.objects.get(what="images")
        assert (image.quantity, image.revisions, image.detail) == (5, 1, "1024x1024")


def test_a_newer_endpoint_that_is_not_there_is_nothing_to_read(org):
    source, answers = source_in(org, "openai"), openai_answers(1)
    run, _ = pull(org, source, answers)
    assert answers.of("/v1/organization/usage/decisions")
    assert run.status == RunStatus.SUCCEEDED
    del answers.paths["/v1/organization/usage/images"]
    run, _ = pull(org, source, answers, NOW + timedelta(hours=1))
    assert (run.status, run.error_code) == (RunStatus.FAILED, "not_found")


def test_a_stretch_is_read_again_by_the_way(org):
    source = source_in(org, "openai", history_from=date(2026, 11, 22))
    answers = openai_answers(1)
    _, after = pull(org, source, answers)
    with time_machine.travel(NOW, tick=False), org.scope():
        assert UnitUsage.objects.count() == 0
        services.read_again(
            actor=system_actor("tests"), source_id=source.id, from_day=FIRST, to_day=FIRST
        )
    run, again = pull(org, source, answers)
    assert (run.window_start.date(), run.window_end.date()) == (FIRST, FIRST + DAY)
    assert (again.again_from, again.cursor, again.settled_through) == (
        None, after.cursor, after.settled_through,
    )  # fmt: skip
    with org.scope():
        assert UnitUsage.objects.count() == 7
        assert again.history_from == FIRST
    for first, last in ((FIRST, FIRST - DAY), (FIRST, date(2026, 11, 24))):
        with time_machine.travel(NOW, tick=False), org.scope(), pytest.raises(Invalid) as caught:
            services.read_again(
                actor=system_actor("tests"), source_id=source.id, from_day=first, to_day=last
            )
        assert caught.value.errors[0].field == "to_day"


# The simulated company


def test_the_simulated_gateway_and_claude_code_are_compared(org):
    def read(kind):
        with time_machine.travel(NOW, tick=False), org.scope():
            source = make_source(kind, history_from=date(2026, 11, 16))
        return pull(org, source, Provider(now=NOW))[0]

    for kind in ("openai", "anthropic", "litellm", "claude_code", "claude_analytics"):
        run = read(kind)
        assert (run.status, run.error, run.mismatches) == (RunStatus.SUCCEEDED, "", 0)
        assert run.rows_new > 0
    with org.scope():
        keys = ComparisonUsage.objects.filter(source__kind="litellm").values_list("api_key")
        ledger = {
            entry.external_id
            for entry in DirectoryEntry.objects.filter(name__in=keys, kind=EntryKind.API_KEY)
        }
        day = {"occurred_at__gte": "2026-11-20T00:00Z", "occurred_at__lt": "2026-11-21T00:00Z"}
        sets = DimensionSet.objects.filter(api_key_id__in=ledger).values("id")
        provider = UsageRecord.objects.filter(dimset_id__in=sets, **day)
        counted = sum(provider.values_list("output", flat=True))
        seen = ComparisonUsage.objects.filter(source__kind="litellm", day="2026-11-20")
        through = sum(seen.values_list("output", flat=True))
        assert 0.95 * counted < through < counted
        analytics = ComparisonUsage.objects.filter(source__kind="claude_analytics")
        same = UsageRecord.objects.filter(**day).filter(
            dimset_id__in=DimensionSet.objects.filter(provider="anthropic").values("id")
        )
        of_day = analytics.filter(day="2026-11-20").values_list("output", flat=True)
        assert sum(of_day) == sum(same.values_list("output", flat=True))
        until = Source.objects.get(kind="claude_analytics").cursor
        assert until == datetime(2026, 11, 23, 8, tzinfo=UTC)
        fields = SchemaAlarm.objects.values_list("source__kind", "field")
        assert list(fields) == [("litellm", "results[].cache_hit_ratio")]

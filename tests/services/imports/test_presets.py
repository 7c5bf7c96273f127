"""Exports of consoles and clouds: recognised, mapped, editable, and read as their makers mean."""

import gzip
import json
from decimal import Decimal

import pytest

from apps.connectors.imports.models import ImportChunk
from apps.connectors.imports.storage import _unpacked
from tests.factories.imports import make_upload, write
from tests.factories.pricing import load_prices
from tests.services.imports.test_bills import billed, check, ledger

pytestmark = pytest.mark.django_db

OPENAI = b"""\
start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,\
model,batch,input_tokens,output_tokens,input_cached_tokens,input_audio_tokens
1762128000,1762214400,2025-11-03T00:00:00+00:00,2025-11-04T00:00:00+00:00,proj_abc,3.0,user-1,\
key_123,gpt-5-2025-08-07,False,1000,500,400,0
1762214400,1762300800,2025-11-04T00:00:00+00:00,2025-11-05T00:00:00+00:00,proj_abc,1.0,,key_123,\
gpt-5-2025-08-07,False,200.0,50.0,0.0,0
"""
ANTHROPIC = b"""\
usage_date_utc,model_version,api_key,workspace,usage_type,context_window,\
usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,\
usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed
2026-11-03,claude-opus-5,support-bot,Support,message,0-200k,1500,500,1000,200,500,10,global,standard
"""
OPENROUTER = b"""\
generation_id,created_at,cost_total,cost_web_search,cost_cache,cost_file_processing,\
byok_usage_inference,tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,\
model_permaslug,provider_name,variant,cancelled,streamed,user,api_key_name,app_name
gen-1,2026-11-03 10:00:00.123,0.0123,0,0,0,0,900,80,30,100,openai/gpt-5-2025-08-07,OpenAI,standard,\
false,true,,ops,triage
"""
AZURE = b"""\
SubscriptionName,SubscriptionId,Date,ChargeType,MeterCategory,MeterSubCategory,MeterName,MeterId,\
ProductName,Quantity,UnitOfMeasure,CostInBillingCurrency,BillingCurrencyCode,ResourceId,\
ResourceLocation,Tags
prod,s-1,11/03/2026,Usage,Foundry Models,Azure OpenAI GPT5,5.4 opt Gl 1M Tokens,m-1,Azure OpenAI,\
0.0125,1M,0.1875,EUR,/r/1,westeurope,'"team": "support","env": "prod"'
prod,s-1,11/03/2026,Usage,Foundry Models,Azure OpenAI,gpt 4.1 nano cached Inp glbl Tokens,m-2,\
Azure OpenAI,3,1K,0.001,EUR,/r/1,westeurope,
prod,s-1,11/03/2026,Usage,Storage,Blob,LRS Data Stored,m-3,Blob,100,1 GB/Month,2,EUR,/r/2,west,
prod,s-1,11/03/2026,Refund,Foundry Models,Azure OpenAI,gpt 4.1 nano Inp glbl Tokens,m-4,\
Azure OpenAI,-3,1K,-0.5,EUR,/r/1,westeurope,
"""
AZURE = AZURE.replace(
    b"""'"team": "support","env": "prod"'""",
    b'"' + b'""team"": ""support"",""env"": ""prod""' + b'"',
)
GOOGLE = b"""\
billing_account_id,service.description,sku.id,sku.description,usage_start_time,usage_end_time,\
project.id,project.name,location.region,cost,currency,usage.amount,usage.unit,cost_type
A-1,Vertex AI,S-1,Gemini 2.5 Flash GA Text Input - Predictions,2026-11-03 10:00:00 UTC,\
2026-11-03 11:00:00 UTC,p-1,Search,europe-west1,0.30,USD,1000000,count,regular
A-1,Vertex AI,S-2,Gemini 3 Flash Text Input Caching Storage,2026-11-03 10:00:00 UTC,\
2026-11-03 11:00:00 UTC,p-1,Search,europe-west1,0.10,USD,100,count,regular
A-1,Invoice,S-3,Tax,2026-11-01 00:00:00 UTC,2026-11-30 00:00:00 UTC,,,,0.08,USD,,,tax
"""
COPILOT = b"""\
date,username,product,sku,model,quantity,unit_type,applied_cost_per_quantity,gross_amount,\
discount_amount,net_amount,total_monthly_quota,organization,repository,cost_center_name
2026-11-03,ana,copilot,copilot_premium_request,Claude Sonnet 5,120,requests,0.04,4.80,4.00,0.80,\
300,acme,,support
"""


@pytest.fixture(autouse=True)
def prices(world):
    load_prices()


@pytest.mark.parametrize(
    ("data", "preset", "tokens"),
    [
        (OPENAI, "openai_console", {"input_uncached": 800, "cache_read": 400, "output": 550}),
        (
            ANTHROPIC,
            "anthropic_console",
            {"input_uncached": 1500, "cache_read": 200, "cache_write_5m": 500,
             "cache_write_1h": 1000, "output": 500},
        ),
        (OPENROUTER, "openrouter",
         {"input_uncached": 800, "cache_read": 100, "output": 50, "reasoning": 30}),
        (AZURE, "azure_cost", {"output": 12_500, "cache_read": 3_000}),
        (GOOGLE, "google_billing", {"input_uncached": 1_000_000}),
        (COPILOT, "copilot", {}),
    ],
)  # fmt: skip
def test_an_export_is_recognised_and_its_tokens_reach_the_ledger(world, data, preset, tokens):
    with world.a.scope():
        job = check(make_upload(data))
        assert (job.mapping["preset"], job.refused, job.samples) == (preset, 0, [])
        assert job.tokens == tokens
        done = write(job)
        assert ledger(2025).tokens.total + ledger().tokens.total == sum(tokens.values())
        again = write(check(make_upload(data)))
        assert (again.new, again.changed, again.bill_written) == (0, 0, 0)
        assert again.unchanged == done.new


def test_what_azure_bills_in_euro_stays_in_euro_and_refunds_stay_on_the_bill(world):
    with world.a.scope():
        job = check(make_upload(AZURE))
        assert job.mapping["currency"] == "EUR"
        assert [row["model"] for row in job.preview] == ["gpt-5.4", "gpt-4.1-nano"]
        assert job.preview[0]["tags"] == {"team": "support", "env": "prod"}
        assert job.preview[0]["currency"] == "EUR"
        assert job.bill["reasons"] == {"category": 1, "unit": 1}
        assert job.costs == {"EUR": 188_500_000}
        write(job)
        assert billed() == 1_500_000_000 + 188_500_000


def test_copilot_requests_are_lines_of_the_bill_with_their_model(world):
    with world.a.scope():
        job = check(make_upload(COPILOT))
        assert (job.accepted, job.bill["lines"]) == (0, {"USD": "0.80"})
        money = job.bill["money"]["USD"]
        assert (Decimal(money["list_cost"]), Decimal(money["cost"])) == (
            Decimal("4.8"),
            Decimal("0.8"),
        )


def test_copilot_reports_with_tokens_are_usage(world):
    head, row = COPILOT.splitlines()
    data = head + b",input,output,cache_read,cache_write\n" + row + b",1420,590,175000,4200\n"
    with world.a.scope():
        job = check(make_upload(data))
        assert job.tokens == {
            "input_uncached": 1_420, "output": 590, "cache_read": 175_000, "cache_write_5m": 4_200,
        }  # fmt: skip
        assert job.cost_nanos == 800_000_000


def test_hours_are_seen_in_the_first_bucket(world):
    hourly = OPENAI.replace(b"1762128000,1762214400,", b"1762128000,1762131600,")
    with world.a.scope():
        assert make_upload(OPENAI).mapping["granularity"] == "day"
        assert make_upload(hourly).mapping["granularity"] == "hour"


def invocation(number: int, **fields):
    call = {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": "2026-11-03T10:15:02Z",
        "accountId": "123456789012",
        "region": "us-east-1",
        "requestId": f"1f0c-{number}",
        "operation": "InvokeModel",
        "modelId": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "inferenceRegion": "us-west-2",
        "identity": {"arn": "arn:aws:sts::123456789012:assumed-role/support-bot/session"},
        "requestMetadata": {"team": "support", "app": "triage", "prompt": "canary-tag"},
        "input": {
            "inputContentType": "application/json",
            "inputBodyJson": {"messages": [{"role": "user", "content": "canary-in"}]},
            "inputTokenCount": 812,
            "cacheReadInputTokenCount": 95_500,
            "cacheWriteInputTokenCount": 40,
        },
        "output": {"outputBodyJson": {"content": "canary-out"}, "outputTokenCount": 236},
    }
    return json.dumps({**call, **fields}).encode()


FAILED = {"errorCode": "ThrottlingException", "input": {}, "output": {}}


def test_bedrock_logs_give_counts_and_never_a_body(world):
    lines = [invocation(1), invocation(2), invocation(3, **FAILED), b'{"not": "a call"}', b"{no"]
    with world.a.scope():
        job = check(make_upload(gzip.compress(b"\n".join(lines)), "log.json.gz"))
        assert job.mapping["preset"] == "bedrock_logs"
        assert (job.rows, job.accepted, job.refused) == (4, 2, 2)
        assert job.tokens == {
            "input_uncached": 1_624, "cache_read": 191_000, "cache_write_5m": 80, "output": 472,
        }  # fmt: skip
        (row, _) = job.preview
        assert row["event_id"] == "1f0c-1"
        assert (row["account"], row["region"]) == ("123456789012", "us-west-2")
        assert row["tags"] == {"team": "support", "app": "triage"}
        stored = b"".join(
            _unpacked(bytes(data)) for data in ImportChunk.objects.values_list("data", flat=True)
        )
        assert b"canary-in" not in stored
        assert b"canary-out" not in stored
        write(job)
        assert ledger().tokens.total == 193_176
        assert write(check(make_upload(b"\n".join(lines)))).new == 0

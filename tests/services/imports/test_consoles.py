"""Bills of AWS, Google Cloud and the consoles of OpenAI and Anthropic: to the last digit."""

from datetime import date
from decimal import Decimal

import pytest

from apps.connectors.imports.rules.charges import credited
from apps.connectors.imports.rules.meters import spelled
from apps.connectors.models import ProviderCost
from tests.factories.imports import make_upload
from tests.factories.pricing import load_prices
from tests.services.imports.test_bills import bring, check, ledger

pytestmark = pytest.mark.django_db
AWS = b"""\
bill_payer_account_id,bill_billing_period_start_date,identity_line_item_id,\
line_item_usage_account_id,line_item_line_item_type,line_item_usage_start_date,\
line_item_usage_end_date,line_item_product_code,line_item_usage_type,line_item_operation,\
line_item_usage_amount,line_item_currency_code,line_item_unblended_cost,\
line_item_net_unblended_cost,line_item_line_item_description,line_item_resource_id,pricing_unit,\
product_region_code,resource_tags
111,2026-11-01T00:00:00Z,a,222,Usage,2026-11-03T10:00:00Z,2026-11-03T11:00:00Z,AmazonBedrock,\
USE1-Claude4.6Opus-input-tokens-cross-region-global,InvokeModelInference,1000,USD,5.0000000000,\
4.5000000000,Claude 4.6 Opus input tokens,arn:aws:bedrock:us-east-1:222:p/1,1K tokens,us-east-1,\
"{""team"": ""claims""}"
111,2026-11-01T00:00:00Z,b,222,Tax,2026-11-01T00:00:00Z,2026-12-01T00:00:00Z,AmazonBedrock,,,1,USD,\
1.0000000000,1.0000000000,Tax for product code AmazonBedrock,,,,
111,2026-11-01T00:00:00Z,c,222,EdpDiscount,2026-11-03T00:00:00Z,2026-11-04T00:00:00Z,AmazonBedrock,\
,,1,USD,-0.5000000000,-0.5000000000,Enterprise discount,,,,
111,2026-11-01T00:00:00Z,d,222,Usage,2026-11-03T10:00:00Z,2026-11-03T11:00:00Z,AmazonEC2,\
BoxUsage:t3.micro,RunInstances,1,USD,0.0104000000,0.0104000000,$0.0104 per hour,i-1,Hrs,us-east-1,
"""
OPENAI = b"""\
start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,\
quantity_unit,line_item,user_id,api_key_id,project_id,organization_id,project_name,\
organization_name,user_email,api_source
1790467200,1790553600,2026-09-27T00:00:00+00:00,2026-09-28T00:00:00+00:00,,,,,,,,,,,,,
1790553600,1790640000,2026-09-28T00:00:00,2026-09-29T00:00:00,\
0.003835980000000000000000000000,usd,,,"gpt-4o-2024-08-06, input",,,proj_a,org-1,Search,Merrowdale,,
1790553600,1790640000,2026-09-28T00:00:00,2026-09-29T00:00:00,0.5,usd,1000,tokens,\
"gpt-5-nano, input_tokens",,key_1,proj_a,org-1,Search,Merrowdale,,
1790553600,1790640000,2026-09-28T00:00:00,2026-09-29T00:00:00,0.02,usd,2,,web search tool calls,,,\
proj_a,org-1,Search,Merrowdale,,
"""
ANTHROPIC = """\
usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,\
list_price_usd,cost_type,inference_geo,speed,api_key_id,api_key_status
2026-08-04,Claude Haiku 4.5,Default,demo,message,≤ 200k,input_no_cache,0.05,0.05,token,global,,k1,a
2026-08-04,Claude Haiku 4.5,Default,demo,message,≤ 200k,output,0.02,0.02,token,global,,k1,a
2026-08-04,Claude Haiku 4.5,Default,other,message,≤ 200k,output,0.03,0.03,token,global,,k2,a
2026-08-04,,Default,demo,message,,,0.10,0.10,web_search,global,,k1,a
""".encode()


@pytest.fixture(autouse=True)
def prices(world):
    load_prices()


def lines():
    rows = ProviderCost.objects.order_by("category", "amount_nanos")
    return [(r.category, r.provider, r.model, r.tokens, r.amount_nanos) for r in rows]


def test_a_cost_and_usage_report_of_aws_is_counted_and_whole(world):
    with world.a.scope():
        job = bring(AWS, "cur.csv")
        assert (job.mapping["preset"], job.accepted, job.bill_rows) == ("aws_cur", 1, 3)
        assert ledger().cost_nanos == 4_500_000_000
        assert job.tokens == {"input_uncached": 1_000_000}
        assert lines() == [
            ("credit", "aws", "", 0, -500_000_000),
            ("tax", "aws", "", 0, 1_000_000_000),
            ("tokens", "aws", "claude-opus-4-6", 1_000_000, 5_000_000_000),
            ("units", "aws", "", 0, 10_400_000),
        ]
        tax = ProviderCost.objects.get(category="tax")
        assert (tax.day, tax.until) == (date(2026, 11, 1), date(2026, 11, 30))
        assert (tax.account, tax.project_id, tax.service) == ("111", "222", "AmazonBedrock")
        legacy = AWS.replace(b"line_item_", b"lineItem/").replace(b"bill_", b"bill/")
        assert make_upload(legacy, "legacy.csv").mapping["preset"] == "aws_cur"


def test_a_cost_export_of_openai_stays_on_the_bill(world):
    with world.a.scope():
        job = bring(OPENAI, "cost.csv")
        assert (job.mapping["preset"], job.mapping["bill_only"]) == ("openai_costs", True)
        assert (job.refused, job.accepted, job.bill_rows) == (0, 0, 4)
        assert job.bill["reasons"] == {"unit": 2, "compared": 1, "uncounted": 1}
        assert [line for line in lines() if line[0] == "tokens"] == [
            ("tokens", "openai", "gpt-4o-2024-08-06", 0, 3_835_980),
            ("tokens", "openai", "gpt-5-nano", 1000, 500_000_000),
        ]
        assert Decimal(job.bill["money"]["USD"]["cost"]) == Decimal("0.52383598")
        assert ledger().cost_nanos is None or ledger().cost_nanos == 0


def test_a_cost_export_of_anthropic_names_models_as_its_api_does(world):
    with world.a.scope():
        job = bring(ANTHROPIC, "claude_api_cost.csv")
        assert (job.refused, job.accepted, job.bill_rows) == (0, 0, 4)
        assert lines() == [
            ("tokens", "anthropic", "claude-haiku-4-5", 0, 50_000_000),
            ("tokens", "anthropic", "claude-haiku-4-5", 0, 50_000_000),
            ("units", "anthropic", "", 0, 100_000_000),
        ]
        assert bring(ANTHROPIC, "again.csv").bill_written == 0


def test_credits_of_google_are_taken_off_what_is_billed(world):
    data = (
        b"billing_account_id,service.description,sku.id,sku.description,usage_start_time,"
        b"usage_end_time,cost,currency,usage.amount,usage.unit,cost_type,credits\n"
        b"A-1,Vertex AI,S-1,Gemini 2.5 Flash GA Text Input - Predictions,2026-11-03 10:00:00 UTC,"
        b'2026-11-03 11:00:00 UTC,0.30,USD,1000000,count,regular,"[{""name"": ""CUD"", '
        b'""amount"": -0.025}, {""amount"": -0.005}]"\n'
    )
    with world.a.scope():
        job = check(make_upload(data))
        assert job.bill["money"]["USD"] == {"cost": "0.30", "billed": "0.270"}
        wrong = check(make_upload(data.replace(b'""amount"": -0.005', b'""amount"": ""x""')))
        assert (wrong.refused, wrong.samples[0]["field"]) == (1, "credits")


def test_credits_and_names_are_read_strictly():
    assert credited('[{"amount": "-1.25"}, {"amount": -0.05}]') == Decimal("-1.30")
    assert credited("[]") == 0
    for text in ("-1", "{}x", '[{"amount": "NaN"}]', "[1]", '[{"cost": 1}]'):
        with pytest.raises(ValueError, match="no credits"):
            credited(text)
    assert [spelled(n) for n in ("Claude Sonnet 4.5", "gpt-5", "Own model")] == [
        "claude-sonnet-4-5", "gpt-5", "Own model",
    ]  # fmt: skip

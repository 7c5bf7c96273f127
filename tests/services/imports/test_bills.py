"""Bills: what becomes usage, what is on the bill alone, and that the bill is always whole."""

import gzip
import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet
import pytest

from apps.access.actors import system_actor
from apps.connectors import selectors as connectors
from apps.connectors.imports import passes, services
from apps.connectors.imports.models import ImportedRow
from apps.connectors.imports.rules.mapping import Mapping
from apps.connectors.models import ProviderCost
from apps.ledger.query import Query, run
from tests.factories.imports import make_upload, write
from tests.factories.pricing import load_prices

pytestmark = pytest.mark.django_db
FILES = Path(__file__).parents[2] / "fixtures/focus"
TOKENS = (FILES / "focus_1_4_tokens.csv").read_bytes()


@pytest.fixture(autouse=True)
def prices(world):
    load_prices()


def check(job):
    """The dry run of a file with the mapping it was given on arrival."""
    job = services.map_columns(
        actor=system_actor("tests"),
        job_id=job.id,
        mapping=Mapping.from_json(job.mapping),
        source_name=job.source_name,
    )
    while services.check_slice(job.id, job.generation):
        pass
    job.refresh_from_db()
    return job


def bring(data: bytes, name: str = "focus.csv"):
    return write(check(make_upload(data, name)))


def ledger(year: int = 2026):
    return run(Query(start=date(year, 1, 1), end=date(year + 1, 1, 1))).total


def billed() -> int:
    return sum(ProviderCost.objects.values_list("amount_nanos", flat=True))


def effective() -> int:
    return sum(ProviderCost.objects.values_list("effective_nanos", flat=True))


def tokens() -> int:
    return sum(ProviderCost.objects.values_list("tokens", flat=True))


def parquet(data: bytes) -> bytes:
    strings = pyarrow.csv.ConvertOptions(
        column_types={
            name: pyarrow.string() for name in data.split(b"\n", 1)[0].decode().split(",")
        }
    )
    table = pyarrow.csv.read_csv(io.BytesIO(data), convert_options=strings)
    out = io.BytesIO()
    pyarrow.parquet.write_table(table, out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "rows", "money", "reasons"),
    [
        (
            "focus_1_0_sample_rows_0001_0500.csv",
            500,
            {"billed": "5.98839374320", "cost": "2.00000000000", "list_cost": "6.13107276540"},
            {"category": 1, "unit": 499},
        ),
        ("focus_1_2_virtual_currency_a1.csv", 1, {"billed": "200000.00", "cost": "0.00"},
         {"category": 1}),
        ("focus_1_2_virtual_currency_a2.csv", 3, {"billed": "0.00", "cost": "1230.00"},
         {"unit": 3}),
        ("focus_1_3_azure_generated_25.csv", 25, {}, {"category": 2, "unit": 23}),
    ],
)  # fmt: skip
def test_published_files_give_their_documented_money_and_no_tokens(
    world, name, rows, money, reasons
):
    with world.a.scope():
        job = check(make_upload((FILES / name).read_bytes(), name))
        assert (job.rows, job.accepted, job.bill_rows, job.refused) == (rows, 0, rows, 0)
        assert job.mapping["preset"] == "focus"
        found = job.bill["money"]["USD"]
        assert {key: Decimal(found[key]) for key in money} == {
            key: Decimal(value) for key, value in money.items()
        }
        assert job.bill["reasons"] == reasons
        done = write(job)
        assert (done.new, done.bill_written) == (0, rows)
        assert billed() == pytest.approx(Decimal(found["billed"]) * 10**9, abs=rows)


def test_token_rows_become_usage_and_the_rest_stays_on_the_bill(world):
    with world.a.scope():
        job = check(make_upload(TOKENS))
        assert (job.rows, job.accepted, job.bill_rows, job.refused) == (14, 7, 7, 0)
        assert job.tokens == {
            "input_uncached": 12_200 + 1_000_000 + 1_000,
            "cache_read": 10_000,
            "cache_write_5m": 500_000,
            "output": 5_000 + 20_000,
        }
        assert job.bill["reasons"] == {
            "category": 3, "correction": 1, "unit": 1, "meter": 1, "model": 1,
        }  # fmt: skip
        assert job.bill["usage"] == {"USD": "3.8630"}
        assert Decimal(job.bill["lines"]["USD"]) == Decimal("512.06")
        assert job.cost_nanos == 3_863_000_000
        done = write(job)
        assert (done.new, done.bill_written, done.source_name) == (7, 7, "FOCUS export")
        assert sum(job.tokens.values()) == ledger().tokens.total
        assert ledger().cost_nanos == 3_863_000_000
        assert billed() == 512_060_000_000 + 3_873_000_000
        models = {row["model"] for row in job.preview}
        assert models == {"gpt-4o-1120", "claude-opus-4-6", "llama-4-70b"}
        assert {row["provider"] for row in job.preview} == {"azure", "aws", "example cloud"}
        assert all(row["cost_basis"] == "provider_reported" for row in job.preview)
        assert all(row["tags"] == {"team": "support"} for row in job.preview)


def test_the_same_rows_again_in_any_shape_and_order_write_nothing(world, monkeypatch):
    monkeypatch.setattr(passes, "SLICE_ROWS", 5)
    head, *rows = TOKENS.splitlines(keepends=True)
    lower = TOKENS.replace(head, head.lower(), 1)
    with world.a.scope():
        bring(TOKENS)
        before = (ledger(), billed(), ImportedRow.objects.count())
        for data, name in (
            (TOKENS, "again.csv"),
            (head + b"".join(reversed(rows)), "turned.csv"),
            (gzip.compress(TOKENS), "packed.csv.gz"),
            (parquet(TOKENS), "focus.parquet"),
            (lower, "lower.csv"),
        ):
            job = bring(data, name)
            written = (job.new, job.changed, job.unchanged, job.bill_written)
            assert written == (0, 0, 7, 0), name
        assert (ledger(), billed(), ImportedRow.objects.count()) == before
        assert not ProviderCost.objects.exclude(revisions=0).exists()


def test_another_price_restates_usage_and_lines_by_the_difference(world):
    changed = TOKENS.replace(b"3.00,3.00,3.00,3.00", b"3.00,2.50,3.00,3.00").replace(
        b"12.00,12.00", b"13.50,13.50"
    )
    with world.a.scope():
        bring(TOKENS)
        job = bring(changed)
        assert (job.new, job.changed, job.bill_written) == (0, 1, 1)
        assert ledger().cost_nanos == 3_363_000_000
        assert billed() == 513_560_000_000 + 3_873_000_000
        assert billed() - effective() == 500_510_000_000
        tax = ProviderCost.objects.get(line_item__startswith="Tax")
        assert (tax.first_nanos, tax.amount_nanos, tax.revisions) == (
            12_000_000_000, 13_500_000_000, 1,
        )  # fmt: skip


def test_parts_of_one_bill_add_up_and_a_repeated_row_counts_each_time(world):
    head, *rows = TOKENS.splitlines(keepends=True)
    with world.a.scope():
        bring(head + b"".join(rows[:6]))
        bring(head + b"".join(rows[6:]))
        assert (ledger().cost_nanos, billed()) == (3_863_000_000, 515_933_000_000)
        bring(head + rows[0] + rows[0])
        assert ledger().cost_nanos == 3_863_000_000 + 30_500_000


def test_a_row_enters_and_leaves_the_ledger_while_the_bill_stays_whole(world):
    """A mapping that says less, then more, then less: usage comes and goes."""
    with world.a.scope():
        job = check(make_upload(TOKENS))
        whole = job.mapping
        less = {**whole, "columns": {**whole["columns"], "SkuMeter": ""}}
        usage, whole_bill = 3_863_000_000, 515_933_000_000
        for mapping, counted in ((less, 0), (whole, usage), (less, 0), (whole, usage)):
            job.mapping = mapping
            job.save()
            write(check(job))
            assert (ledger().cost_nanos or 0) == counted
            assert (billed(), tokens()) == (whole_bill, 1_548_200 if counted else 0)


def test_a_purchase_in_virtual_currency_is_no_usage_of_tokens(world):
    data = (FILES / "focus_1_2_virtual_currency_a2.csv").read_bytes()
    spent = data.replace(b",245,Execution,", b",245,Token,").replace(
        b"Alpha Widget", b"Input Token"
    )
    with world.a.scope():
        job = check(make_upload(spent))
        assert (job.accepted, job.bill["reasons"]) == (0, {"unit": 2, "virtual": 1})


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        (b"3.00,3.00,3.00,3.00", b'"3,00",3.00,3.00,3.00', "BilledCost", "not a number"),
        (b"3.00,3.00,3.00,3.00", b"3.00,NaN,3.00,3.00", "EffectiveCost", "not a number"),
        (b"3.00,3.00,3.00,3.00", b"3.00,3.00,1e400,3.00", "ListCost", "not a number"),
        (b"3.00,3.00,3.00,3.00", b",,3.00,3.00", "EffectiveCost", "has no cost"),
        (b",12.2,1000 Tokens", b",12.20001,1000 Tokens", "ConsumedQuantity", "whole number"),
        (b"2026-11-03T11:00:00Z,Usage,,,12.2", b"13/13/2026,Usage,,,12.2", "ChargePeriodEnd",
         "not a date"),
        (b"USD,acct-1,sub-1,support,2026-11-01T00:00:00Z,2026-11-03T10:00:00Z,"
         b"2026-11-03T11:00:00Z,Usage,,,12.2", b"Dollars,acct-1,sub-1,support,"
         b"2026-11-01T00:00:00Z,2026-11-03T10:00:00Z,2026-11-03T11:00:00Z,Usage,,,12.2",
         "BillingCurrency", "not a code"),
    ],
)  # fmt: skip
def test_doubtful_money_is_refused_and_nothing_of_it_written(world, old, new, field, words):
    assert old in TOKENS
    with world.a.scope():
        job = check(make_upload(TOKENS.replace(old, new, 1)))
        assert job.refused == 1
        (sample,) = job.samples
        assert sample["field"] == field
        assert words in sample["message"]
        assert sample["fix"]


def test_the_bill_shows_as_the_source_s_bill(world):
    with world.a.scope():
        job = bring(TOKENS)
        rows = connectors.costs(system_actor("tests"), job.source_id)
        items = {row.line_item: row.amount_nanos for row in rows}
        assert items["Purchase: Azure OpenAI, Provisioned throughput, one month"] == 500 * 10**9
        assert items["Credit: Azure OpenAI, Service credit"] == -(10**9)

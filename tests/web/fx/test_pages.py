"""Exchange rates in the portal and over the API."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.access.roles import Role
from apps.pricing.fx.models import ExchangeRate, RateFile
from apps.pricing.fx.selectors import reporting_currency
from tests.factories.ledger import price, take, usage

pytestmark = pytest.mark.django_db
TABLE = "Date,USD,GBP,\n2026-11-04,1.25,0.8,\n2026-11-03,1.28,x,\n"


@pytest.fixture
def cfo(world):
    return world.a.client(Role.CFO)


def test_a_file_becomes_rates_by_way_of_its_preview(world, cfo):
    file = SimpleUploadedFile("hist.csv", TABLE.encode(), "text/csv")
    answer = cfo.post(world.a.url("fx:import"), {"file": file, "base": "EUR"})
    with world.a.scope():
        page = world.a.url("fx:file", RateFile.objects.get().id)
        assert ExchangeRate.objects.count() == 0
    assert answer["Location"] == page
    shown = cfo.get(page).content.decode()
    assert "Import 3 rates" in shown
    assert "is not a number" in shown
    assert cfo.post(page).status_code == 302
    assert cfo.get(page).status_code == 409
    assert cfo.get(world.a.url("fx:rates"), {"quote": "GBP"}).content.decode().count("0.8") >= 1
    with world.a.scope():
        assert ExchangeRate.objects.count() == 3


def test_a_file_that_is_no_table_is_refused_on_the_form(world, cfo):
    file = SimpleUploadedFile("x.csv", b"hello", "text/csv")
    assert cfo.post(world.a.url("fx:import"), {"file": file, "base": "EUR"}).status_code == 422
    with world.a.scope():
        assert RateFile.objects.count() == 0


def test_rates_are_entered_withdrawn_and_exported(world, cfo):
    form = {"base": "EUR", "quote": "USD", "rate": "1.25", "day": "2026-11-04", "note": "Contract"}
    assert cfo.post(world.a.url("fx:rate_new"), form).status_code == 302
    assert cfo.post(world.a.url("fx:rate_new"), form).status_code == 422
    assert world.a.client(Role.VIEWER).get(world.a.url("fx:rate_new")).status_code == 403
    text = b"".join(cfo.get(world.a.url("fx:rates"), {"format": "csv"}).streaming_content).decode()
    assert "2026-11-04,EUR,USD,1.25,Entered" in text
    with world.a.scope():
        page = world.a.url("fx:rate_withdraw", ExchangeRate.objects.get().id)
    assert cfo.post(page, {"reason": ""}).status_code == 422
    assert cfo.post(page, {"reason": "Wrong"}).status_code == 302


def test_figures_show_the_reporting_currency_beside_their_own(world, cfo, client):
    with world.a.scope():
        price("m1")
        take([usage()])
    headers = world.a.key_headers
    base = "/api/v1/"
    dry = client.post(
        f"{base}exchange-rates/import/",
        {"csv": TABLE, "dry_run": True},
        "application/json",
        headers=headers,
    )
    assert dry.json()["new"] == 3
    assert dry.json()["problems"][0]["column"] == "GBP"
    done = client.post(
        f"{base}exchange-rates/import/", {"csv": TABLE}, "application/json", headers=headers
    )
    assert (done.status_code, done.json()["new"]) == (200, 3)
    put = client.put(
        f"{base}reporting-currency/", {"currency": "EUR"}, "application/json", headers=headers
    )
    assert put.json() == {"currency": "EUR"}
    asked = {"start": "2026-11-01", "end": "2026-12-01"}
    body = client.get(f"{base}usage/query/", asked, headers=headers).json()
    assert body["total"]["cost"]["nanos"] == 2_800_000
    assert body["total"]["converted"] == {
        "nanos": 2_187_500,
        "currency": "EUR",
        "amount": "0.002187500",
    }
    assert body["conversion"]["rates_from"] == "2026-11-03"
    pound = client.get(f"{base}usage/query/", {**asked, "currency": "GBP"}, headers=headers).json()
    assert pound["total"]["converted"] is None
    assert pound["conversion"]["missing_days"] == ["2026-11-03"]
    bad = client.get(f"{base}usage/query/", {**asked, "currency": "pound"}, headers=headers)
    assert bad.status_code in (400, 422)
    page = cfo.get(
        world.a.url("portal:explore"), {"days_from": "2026-11-01", "days_to": "2026-11-20"}
    )
    assert "in EUR, at the last rate on or before each day" in page.content.decode()


def test_rates_over_the_api(world, client):
    headers = world.a.key_headers
    path = "/api/v1/exchange-rates/"
    rate = {"base": "EUR", "quote": "USD", "day": "2026-11-04", "rate": "1.25"}
    made = client.post(path, rate, "application/json", headers=headers)
    assert (made.status_code, made.json()["rate"]) == (201, "1.25")
    assert client.post(path, rate, "application/json", headers=headers).status_code == 422
    assert len(client.get(path, {"until": "2026-11-03"}, headers=headers).json()["results"]) == 0
    one = f"{path}{made.json()['id']}/"
    assert client.get(one, headers=headers).json()["day"] == "2026-11-04"
    assert client.delete(one, headers=headers).status_code in (400, 422)
    assert client.delete(f"{one}?reason=Wrong", headers=headers).status_code == 204
    with world.a.scope():
        assert not ExchangeRate.objects.filter(day=date(2026, 11, 4)).exists()
        assert reporting_currency() == ""

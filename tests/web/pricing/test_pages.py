"""Models, prices and negotiated rates in the portal."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest

from apps.access.roles import Role
from apps.common import clock
from apps.pricing.models import AIModel, NegotiatedRate
from tests.factories.pricing import load_prices, make_rate

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(world):
    load_prices()
    return world.a.client(Role.OWNER)


def test_the_list_filters_sorts_and_exports(world, browser):
    url = world.a.url("pricing:list")
    page = browser.get(url, {"q": "gpt-5", "sort": "-output"}).content.decode()
    assert "gpt-5" in page
    assert "claude" not in page
    answer = browser.get(url, {"q": "gpt-5", "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    (row,) = [row for row in rows if row["Model"] == "gpt-5"]
    assert row["Input, USD per million tokens"] == "1.25"
    for filters in ({"priced": "0"}, {"tier": "batch"}, {"deprecated": "1"}, {"sort": "name"}):
        assert browser.get(url, filters).status_code == 200


def test_an_empty_price_book_teaches_the_way_out(world):
    page = world.a.client().get(world.a.url("pricing:list")).content.decode()
    assert "seed_price_book" in page


def test_a_model_shows_prices_history_and_prices_a_use(world, browser):
    model = AIModel.objects.get(provider__key="openai", key="gpt-5.5")
    url = world.a.url("pricing:detail", model.id)
    page = browser.get(url).content.decode()
    assert "Calls with more than 272,000 input tokens" in page
    assert "Batch" in page
    asked = {"input_uncached": 1_000_000, "output": 0, "requests": 1, "tier": "standard"}
    assert "$10.00" in browser.get(url, asked).content.decode()
    part = browser.get(url, asked, headers={"HX-Request": "true", "HX-Target": "estimate"})
    assert "<html" not in part.content.decode()
    assert browser.get(url, {"requests": "0"}).status_code == 422
    unknown = world.a.url("pricing:detail", "00000000-0000-7000-8000-000000000000")
    assert browser.get(unknown).status_code == 404


def test_price_changes_are_a_page(world, browser):
    url = world.a.url("pricing:changes")
    with world.a.scope():
        make_rate(starts_on=clock.today() - timedelta(days=3), ends_on=clock.today())
    page = browser.get(url).content.decode()
    assert "Rate begins" in page
    assert "Rate ends" in page
    listed = browser.get(url, {"origin": "list"}).content.decode()
    assert "Rate begins" not in listed
    assert browser.get(url, {"direction": "up", "provider": "openai"}).status_code == 200
    answer = browser.get(url, {"format": "csv", "origin": "negotiated"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.count("openai") == 2


def rate_form(**fields):
    return {
        "name": "Contract",
        "provider": "openai",
        "kind": "discount",
        "discount_percent": "10",
        "starts_on": "2099-01-01",
        **fields,
    }


def test_a_rate_is_added_changed_and_withdrawn(world, browser):
    answer = browser.post(world.a.url("pricing:rate_new"), rate_form(), follow=True)
    assert "“Contract” is in the price book." in answer.content.decode()
    with world.a.scope():
        rate = NegotiatedRate.objects.get()
    edit = world.a.url("pricing:rate_edit", rate.id)
    assert "10" in browser.get(edit).content.decode()
    browser.post(edit, rate_form(discount_percent="15", version=1))
    with world.a.scope():
        assert NegotiatedRate.objects.get().discount_bp == 1_500
    stale = browser.post(edit, rate_form(discount_percent="20", version=1))
    assert stale.status_code == 409
    browser.post(world.a.url("pricing:rate_withdraw", rate.id), {"version": 2})
    with world.a.scope():
        assert not NegotiatedRate.objects.exists()


def test_a_wrong_rate_comes_back_with_what_was_typed(world, browser):
    url = world.a.url("pricing:rate_new")
    answer = browser.post(url, rate_form(discount_percent="0", note="Mine"))
    assert answer.status_code == 422
    assert "0.01 to 100 percent" in answer.content.decode()
    assert "Mine" in answer.content.decode()


def test_a_rate_that_has_begun_is_only_ended(world, browser):
    with world.a.scope():
        rate = make_rate(discount_percent=Decimal("12.5"), starts_on=date(2026, 1, 1))
    edit = world.a.url("pricing:rate_edit", rate.id)
    page = browser.get(edit).content.decode()
    assert "This rate has begun" in page
    assert "12.5% off the list price" in page
    assert browser.post(edit, rate_form(version=1)).status_code == 409
    end = world.a.url("pricing:rate_end", rate.id)
    assert browser.post(end, {"ends_on": "2020-01-01", "version": 1}).status_code == 422
    browser.post(end, {"ends_on": "2099-01-01", "version": 1})
    with world.a.scope():
        assert NegotiatedRate.objects.get().ends_on == date(2099, 1, 1)
    listing = browser.get(world.a.url("pricing:rates"), {"when": "now"}).content.decode()
    assert "Contract" in listing


def test_viewers_read_and_strangers_see_nothing(world, browser):
    with world.a.scope():
        rate = make_rate()
    viewer = world.a.client(Role.VIEWER)
    assert viewer.get(world.a.url("pricing:rates")).status_code == 200
    assert viewer.get(world.a.url("pricing:rate_new")).status_code == 403
    mallory = world.b.client()
    for name in ("rate_edit", "rate_end", "rate_withdraw"):
        assert mallory.get(world.b.url(f"pricing:{name}", rate.id)).status_code == 404


def test_where_a_model_stands_is_shown_filtered_and_changed(world, browser):
    model = AIModel.objects.get(provider__key="openai", key="gpt-5")
    url = world.a.url("pricing:standing", model.id)
    page = browser.get(world.a.url("pricing:detail", model.id)).content.decode()
    assert "Nobody has said whether this model is a standard here" in page
    refused = browser.post(url, {"standing": "restricted", "note": "", "version": 0})
    assert (refused.status_code, "Say why it is held back" in refused.content.decode()) == (
        422,
        True,
    )
    told = {"standing": "restricted", "note": "Only for code.", "version": 0}
    assert browser.post(url, told).status_code == 302
    assert browser.post(url, told).status_code == 409
    every = {"standing": "allowed", "note": "", "version": 0}
    assert browser.post(f"{url}?all=1", every).status_code == 302
    page = browser.get(world.a.url("pricing:detail", model.id)).content.decode()
    assert "Only for code." in page
    assert "said restricted" in page
    listed = browser.get(
        world.a.url("pricing:list"), {"standing": "restricted", "provider": model.provider_id}
    ).content.decode()
    assert "gpt-5" in listed
    assert "gpt-5.5" not in listed
    other = world.b.client(Role.OWNER).get(world.b.url("pricing:detail", model.id))
    assert "Only for code." not in other.content.decode()


def test_who_does_not_own_the_standards_changes_none(world, browser):
    model = AIModel.objects.get(provider__key="openai", key="gpt-5")
    url = world.a.url("pricing:standing", model.id)
    for role in (Role.CFO, Role.UNIT_LEAD, Role.AUDITOR):
        stranger = world.a.client(role)
        assert stranger.post(url, {"standing": "standard"}).status_code == 403
        shown = stranger.get(world.a.url("pricing:detail", model.id)).content.decode()
        assert url not in shown

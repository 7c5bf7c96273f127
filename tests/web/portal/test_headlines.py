"""Headings answer: the exact words of pages that list, empty and filled."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
import time_machine

from apps.access.roles import Role
from apps.attribution.models import RuleUse
from apps.common.money import NANOS
from apps.connectors.models import ProviderCost
from apps.pricing.changes import PriceEvent
from apps.pricing.fx.services import import_rates
from apps.pricing.web import models as price_pages
from apps.trail.services import seal
from tests.factories.attribution import make_rule
from tests.factories.connectors import make_source
from tests.factories.ledger import price, take, usage
from tests.factories.portfolio import make_capability

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
REGION = {"HX-Request": "true", "HX-Target": "list"}


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def head(world):
    """The heading of a page, in words."""

    def read(name: str, query: str = "") -> str:
        answer = world.a.client(Role.OWNER).get(world.a.url(name) + query)
        assert answer.status_code == 200, answer.content[:800]
        found = re.search(r"<h1>(.*?)</h1>", answer.content.decode(), re.S)
        return unescape(re.sub(r"<[^>]+>", "", found.group(1))).replace("\xa0", " ")

    return read


def test_capabilities_say_who_is_missing(world, head):
    assert head("portfolio:list") == "No capability is in use yet"
    with world.a.scope():
        make_capability("Search")
    assert head("portfolio:list") == "1 capability, without an owner"
    owner = world.a.person(Role.CTO).membership.id
    with world.a.scope():
        make_capability("Claims", owner_membership_id=owner)
    assert head("portfolio:list", "?q=Claims") == "2 capabilities, 1 without an owner"


def test_usage_records_say_how_far_they_reach(world, head):
    assert head("ledger:records") == "No usage is recorded yet"
    with world.a.scope():
        price("m1")
        take([usage(occurred_at=NOW - timedelta(hours=h)) for h in (2, 50)])
    assert head("ledger:records") == "Usage is recorded up to 20 Nov, 10:00 UTC"
    assert (
        head("ledger:records", "?day_to=2026-11-18") == "Usage is recorded up to 20 Nov, 10:00 UTC"
    )


def test_rules_say_which_are_of_no_use(world, head):
    assert head("attribution:list") == "No rule decides to whom usage belongs"
    with world.a.scope():
        rules = [make_rule(name=f"Rule {n}", unit_id=world.a.units["apps"].id) for n in (1, 2)]
    assert head("attribution:list") == "2 rules, not counted yet"
    with world.a.scope():
        values = {"tokens": 1, "cost_nanos": 1, "starts_on": NOW, "ends_on": NOW, "as_of": NOW}
        RuleUse.objects.create(rule_id=rules[0].id, records=3, **values)
    assert head("attribution:list", "?q=nothing") == "1 of 2 rules decided nothing in 30 days"
    with world.a.scope():
        RuleUse.objects.create(rule_id=rules[1].id, records=1, **values)
    assert head("attribution:list") == "Each rule decided something in 30 days"


def test_exchange_rates_say_how_far_they_are_known(world, head):
    assert head("fx:rates") == "No exchange rate is known"
    with world.a.scope():
        import_rates(
            actor=world.a.actor(Role.OWNER),
            content=b"Date,USD,\n2026-11-04,1.25,\n2026-11-03,1.28,\n",
            base="EUR",
        )
    assert head("fx:rates") == "Exchange rates are known up to 4 Nov"
    assert head("fx:rates", "?day_to=2026-11-03") == "Exchange rates are known up to 4 Nov"


def _event(days: int, before: int | None, after: int) -> PriceEvent:
    on = NOW.date() + timedelta(days=days)
    start = None if before is None else Decimal(before)
    return PriceEvent(on, "list", "acme", "m1", "standard", "input", start, Decimal(after))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "No price changed in a year"),
        ([(1, 2, 3)], "No price changed in a year, 1 to come"),
        ([(-1, None, 3)], "1 price change in a year"),
        (
            [(0, 2, 3), (-2, 2, 1), (-3, 5, 1), (5, 1, 2)],
            "3 price changes in a year: 1 dearer, 2 cheaper, 1 to come",
        ),
    ],
)
def test_price_changes_say_which_way(head, monkeypatch, given, words):
    events = [_event(*each) for each in given]
    monkeypatch.setattr(price_pages, "price_events", lambda: events)
    assert head("pricing:changes", "?direction=up") == words


def test_the_trail_says_what_waits_for_its_seal(world, head, monkeypatch):
    assert head("trail:list") == "1 event waits to be sealed"
    for waiting, words in ((2, "2 events wait to be sealed"), (0, "Every event is sealed")):
        monkeypatch.setattr(
            "apps.trail.web.views.reports.waiting_events", lambda waiting=waiting: waiting
        )
        assert head("trail:list", "?kind=user") == words


def test_what_waits_is_counted_as_the_page_of_the_seal_does(world):
    from apps.trail import reports

    with world.a.scope():
        seal()
        assert reports.waiting_events() == reports.seal_state().unsealed


def test_reconciliation_says_what_needs_an_answer_and_moves_with_the_days(world, head):
    assert head("connectors:reconciliation") == "Nothing to compare in these days"
    paid = {"provider": "openai", "model": "gpt-5"}
    with world.a.scope():
        source = make_source("openai")
        at = datetime(2026, 11, 3, 10, tzinfo=UTC)
        take([usage(occurred_at=at, cost=Decimal(10), **paid)], source.id)
    month = "?days_from=2026-11-01"
    assert head("connectors:reconciliation", f"{month}&by=api_key") == "Bills name no keys"
    with world.a.scope():
        ProviderCost.objects.create(
            source=source, day=date(2026, 11, 3), line_item="gpt-5", model="gpt-5",
            amount_nanos=20 * NANOS, first_nanos=20 * NANOS, currency="USD",
        )  # fmt: skip
    assert head("connectors:reconciliation", month) == "1 line needs an answer"
    part = world.a.client(Role.OWNER).get(
        world.a.url("connectors:reconciliation") + month, headers=REGION
    )
    words = part.content.decode()
    for moved in (
        '<span id="headline" hx-swap-oob="true">1 line needs an answer</span>',
        '<p id="lede" hx-swap-oob="true">Billed minus measured is',
        '<div id="compared" hx-swap-oob="true">',
    ):
        assert moved in words


def test_explore_answers_and_moves_with_every_choice(world, head):
    assert head("portal:explore") == "No use matches"
    with world.a.scope():
        price("m1")
        take([usage(occurred_at=NOW - timedelta(hours=2))])
    answer = head("portal:explore", "?group=model&compare=none")
    assert answer.startswith("Cost: $0.00")
    part = world.a.client(Role.OWNER).get(
        world.a.url("portal:explore") + "?group=model&compare=none",
        headers={"HX-Request": "true", "HX-Target": "explore"},
    )
    assert f'<span id="headline" hx-swap-oob="true">{answer}</span>' in part.content.decode()


def test_the_way_back_keeps_the_name_of_the_place(world):
    page = world.a.client(Role.OWNER).get(world.a.url("trail:list")).content.decode()
    assert '<span aria-current="page">Trail</span>' in page

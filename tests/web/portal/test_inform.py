"""The overview and Explore say what the ledger holds, to the nano."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from apps.access.roles import Role
from apps.ledger.query import Query, run
from tests.factories.ledger import take, usage
from tests.factories.portfolio import make_capability

pytestmark = pytest.mark.django_db
TODAY = datetime(2026, 11, 12, 15, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(TODAY, tick=False):
        yield


@pytest.fixture
def used(world):
    """Ten days of November at 20 a day and of October at 10, one day unpriced."""
    units = world.a.units
    with world.a.scope():
        slug = make_capability("Assistant", kind="production", unit_id=units["platform"].id).slug
        batch = []
        for day in range(1, 11):
            for month, cost in ((10, "10"), (11, "20.000000001")):
                at = datetime(2026, month, day, 9, tzinfo=UTC)
                known = {"unit": units["platform"].code, "capability": slug}
                batch.append(
                    usage(
                        occurred_at=at,
                        provider="openai",
                        model="gpt-5",
                        input_uncached=1000,
                        output=500,
                        cost=Decimal(cost),
                        cost_basis="provider_reported",
                        **known,
                    )
                )
        batch.append(
            usage(
                occurred_at=TODAY - timedelta(days=2),
                provider="openai",
                model="unheard-of",
                input_uncached=700,
                output=0,
            )
        )
        assert take(batch).errors == []
    return slug


def page(world, name="portal:inform", query="", role=Role.OWNER, **headers):
    answer = world.a.client(role).get(world.a.url(name) + query, headers=headers)
    assert answer.status_code == 200
    body = b"".join(answer) if answer.streaming else answer.content
    return answer, body.decode("utf-8-sig")


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_the_headline_answers_and_compares_the_same_days(world, used):
    _, html = page(world)
    assert "November so far cost $200, 100.0% above the same days of October" in html
    assert "1–11 Oct" in html
    assert "Why cost rose $100" in html


def test_home_leads_with_tokens_beside_money_and_shows_their_kinds(world, used):
    _, html = page(world, "portal:home")
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    assert "Tokens, month to date 15.7 K" in text
    assert "10.7 K in, 5.0 K out" in text
    assert "Tokens by kind" in text
    assert text.index("Tokens, month to date") < text.index("Cost per million tokens")


def test_use_without_a_price_is_shown_beside_the_cost(world, used):
    _, html = page(world)
    assert "not in the cost" in html
    assert ">700<" in html


def test_figures_agree_with_the_ledger_to_the_nano(world, used):
    with world.a.scope():
        total = run(
            Query(start=datetime(2026, 11, 1).date(), end=datetime(2026, 11, 13).date())
        ).total
    for name, query in (
        ("portal:inform", "?format=csv"),
        ("portal:inform", "?format=csv&by=model"),
        ("portal:explore", "?format=csv&group=unit&days_from=2026-11-01"),
        ("portal:explore", "?format=csv&group=unit&then=model&days_from=2026-11-01"),
    ):
        _, text = page(world, name, query)
        found = rows(text)
        cost = sum(Decimal(row["Cost (USD)"] or 0) for row in found)
        assert cost.scaleb(9) == total.cost_nanos == 200_000_000_010
        assert sum(int(row["input_uncached (tokens)"]) for row in found) == 10_700
        assert sum(int(row["Unpriced (tokens)"]) for row in found) == 700


def test_filters_change_every_figure(world, used):
    _, html = page(world, query=f"?unit={world.a.units['claims'].id}")
    assert "No use in this period matches" in html
    _, html = page(world, query=f"?unit={world.a.units['engineering'].id}")
    assert "November so far cost $200" in html
    assert "Every token has a price" in html
    _, html = page(world, query="?model=unheard-of&unit=not-an-id&kind=")
    assert "November so far cost –" in html


def test_a_person_of_one_team_sees_that_team_only(world, used):
    _, html = page(world, role=Role.MEMBER)
    assert "November so far cost $200" in html
    client = world.a.client(Role.MEMBER, "claims")
    html = client.get(world.a.url("portal:inform")).content.decode()
    assert "$200" not in html


def test_htmx_gets_the_region_and_the_headline_out_of_band(world, used):
    answer, html = page(world, query="?by=unit", **{"HX-Request": "true", "HX-Target": "inform"})
    assert html.lstrip().startswith('<div id="inform"')
    assert 'id="headline" hx-swap-oob="true"' in html
    assert "HX-Target" in answer["Vary"]


def test_nothing_measured_leads_to_a_source(world):
    _, html = page(world)
    assert "No consumption yet" in html
    assert world.a.url("connectors:list") in html


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("?group=unit", "Cost: $200, 100% of it Platform"),
        ("?group=unit&then=model&measure=tokens", "Tokens by team and model"),
        ("?group=model&measure=price", "Cost per million tokens: "),
        ("?group=unit&compare=1&days_from=2026-11-01", "Cost, change"),
        ("?group=nonsense&grain=never&days_from=x&days_to=9999-12-31", "By team"),
        ("?days_from=2030-01-01&days_to=2020-01-01", "No use matches"),
        ("?days_from=0001-01-01&days_to=0001-01-01", "No use matches"),
    ],
)
def test_explore_answers_whatever_is_asked(world, used, query, text):
    _, html = page(world, "portal:explore", query)
    assert text in html


def test_home_says_where_the_money_stands(world, used):
    _, html = page(world, "portal:home")
    assert "November so far cost $200" in html
    assert "Waiting for you" in html
    assert "What moved most" in html


def test_home_of_a_new_organization_shows_the_first_steps(world):
    _, html = page(world, "portal:home")
    assert "Getting started" in html
    assert "Connect one source" in html
    assert "Getting started" not in page(world, "portal:home", role=Role.VIEWER)[1]


@pytest.mark.parametrize(
    ("name", "query", "most"),
    [
        ("portal:home", "", 34),
        ("portal:inform", "?period=90d", 30),
        ("portal:explore", "?group=model&grain=day", 31),
        ("portal:explore", "?group=unit&then=model", 33),
        ("portal:trends", "", 31),
        ("ledger:records", "", 30),
        ("ledger:unattributed", "", 30),
    ],
)
def test_each_thing_is_asked_once(world, used, django_assert_max_num_queries, name, query, most):
    client, url = world.a.client(Role.OWNER), world.a.url(name) + query
    client.get(url)
    with django_assert_max_num_queries(most):
        assert client.get(url).status_code == 200

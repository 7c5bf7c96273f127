"""The pages of consumption domains: exact figures, each person's part, names only where allowed."""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.access.roles import Role
from apps.common.ids import uuid7
from tests.factories.ledger import price, take, usage
from tests.factories.portfolio import make_capability
from tests.factories.runs import call

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 12, 15, 0, tzinfo=UTC)
DAY = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
PEOPLE = [f"dev{number}@a.example" for number in range(1, 11)]


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def side(world):
    with world.a.scope():
        price("m1")
    return world.a


def capability(side, name, kind, unit="platform"):
    return make_capability(name, kind=kind, unit_id=side.units[unit].id)


def of(side, made, **fields):
    """Use of a capability: its unit's."""
    return usage(**{"occurred_at": DAY, "capability": made.slug, **fields})


def html(side, name, query="", role=Role.OWNER, unit=None):
    answer = side.client(role, unit).get(side.url(f"portal:{name}") + query)
    assert answer.status_code == 200, answer.content.decode()[:1500]
    return answer.content.decode()


def rows(side, name, query="", role=Role.OWNER, unit=None):
    answer = side.client(role, unit).get(side.url(f"portal:{name}") + f"?format=csv{query}")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def developers(side, made=None):
    """Ten developers: the n-th takes n x 10,000 tokens on each of two days; one call names nobody,
    today's does not count."""
    made = made or capability(side, "Code helper", "development")
    batch = [
        of(side, made, occurred_at=DAY - timedelta(days=back), user=user, input_uncached=10_000 * n,
           output=0)
        for n, user in enumerate(PEOPLE, start=1)
        for back in (0, 1)
    ]  # fmt: skip
    batch.append(of(side, made, input_uncached=100_000, output=0))
    batch.append(of(side, made, occurred_at=NOW, user=PEOPLE[0], input_uncached=5, output=0))
    assert take(batch).errors == []
    return made


def test_developers_are_a_spread_and_nobody_is_ranked(side):
    with side.scope():
        developers(side)
    page = html(side, "development")
    assert "Half of 10 developers take over 50.0\u00a0K tokens a day" in page
    assert "median; 95% under 100\u00a0K" in page
    assert "8% of the tokens name nobody" in page
    assert "6 of 10 are inside 50 K to 200 K" in page
    assert not any(user in page for user in PEOPLE)
    (line,) = rows(side, "development")
    # 2 x (1 + ... + 10) x 10,000 and what names nobody, 2 USD a million
    assert (line["Tokens"], line["Cost (USD)"]) == ("1200000", "2.400000000")
    assert line["Tokens a year"] == "14600000"


def test_the_estimator_multiplies_and_leaves_out_nonsense(side):
    with side.scope():
        developers(side)
    page = html(side, "development", "?headcount=500&adoption=70&low=50000&high=200000&days=240")
    # 500 x 70 % x 50,000 x 240, at 2 USD a million
    assert "4.2\u00a0B to 16.8\u00a0B a year" in page
    assert "$8,400 to $33.6k at $2.00 per million tokens" in page
    page = html(side, "development", "?headcount=-1&adoption=1000&low=x&high=&days=0")
    assert "70% of 10 people, 240 days" in page


def test_seats_give_adoption_and_tools(side):
    with side.scope():
        developers(side)
    lines = [f"{user},Copilot Business,2026-10-01,platform" for user in [*PEOPLE[:4], "idle@x"]]
    file = SimpleUploadedFile("s.csv", "\n".join(["person,plan,since,team", *lines]).encode())
    assert side.client(Role.OWNER).post(side.url("seats:import"), {"file": file}).status_code == 302
    page = html(side, "development")
    assert "4 of 5 seats in use; 6 people without one" in page
    assert "GitHub Copilot" in page
    # Members see no sources, so no seats; with a capability chosen seats would say nothing.
    assert "No seats are known here" in html(side, "development", role=Role.MEMBER)


def test_production_counts_runs_or_calls_and_what_no_source_counts_is_missing(side):
    with side.scope():
        agent = capability(side, "Agent", "production")
        chat = capability(side, "Chat", "production")
        silent = capability(side, "Silent", "production")
        base = {"start": DAY, "capability": agent.slug}
        take([call("r1", **base), call("r1", at=5, **base), call("r2", at=9, **base)])
        take([of(side, chat, input_uncached=900), of(side, chat, input_uncached=1_900)])
        bucket = {"granularity": "day", "occurred_at": DAY.replace(hour=0)}
        take([of(side, silent, **bucket), of(side, chat, input_uncached=70_000, **bucket)], uuid7())
    found = {row["Capability"]: row for row in rows(side, "production")}
    assert (found["Agent"]["Counted as"], found["Agent"]["Interactions in the days"]) == (
        "runs",
        "2",
    )
    assert found["Agent"]["Tokens per interaction"] == "1650"
    assert found["Agent"]["Calls per task"] == "1.5"
    assert found["Agent"]["Cost per interaction (USD)"] == "0.004200000"
    # 30 days; an average month is a twelfth of 365
    assert Decimal(found["Agent"]["Interactions a month"]).quantize(Decimal("0.0001")) == Decimal(
        "2.0278"
    )
    # Only the calls of the source that counts them are divided: 1,000 and 2,000 tokens.
    assert (found["Chat"]["Counted as"], found["Chat"]["Tokens per interaction"]) == (
        "calls",
        "1500",
    )
    assert found["Chat"]["Tokens"] == "73100"
    assert found["Silent"]["Tokens per interaction"] == ""
    assert found["Silent"]["Interactions a month"] == ""
    assert "An interaction takes" in html(side, "production")


def test_pipelines_say_retries_and_batch(side):
    with side.scope():
        made = capability(side, "Extraction", "pipeline")
        base = {"start": DAY, "capability": made.slug}
        take(
            [
                call("d1", service_tier="batch", **base),
                call("d1", at=3, service_tier="batch", retry=True, **base),
                call("d2", at=6, service_tier="standard", input_uncached=2_100, **base),
            ]
        )
    (line,) = rows(side, "pipeline")
    assert line["In batch (share of tokens)"] == "0.5"
    assert Decimal(line["Retries (share of calls)"]) == Decimal(1) / 3
    assert line["Tokens per record"] == "2200"
    assert "A record takes 2.2\u00a0K tokens" in html(side, "pipeline")
    assert "50% runs in batch" in html(side, "pipeline")
    with side.scope():
        take([call("d3", at=9, input_uncached=6_500, **base)])
    (line,) = rows(side, "pipeline")
    assert line["In batch (share of tokens)"] == "0.5", "only of what states its tier"
    page = html(side, "pipeline")
    assert "50% runs in batch where sources state it" in page
    assert "of 40% that states it" in page


def test_a_tier_that_no_source_states_is_not_standard(side, client):
    with side.scope():
        made = make_capability("Docs", slug="docs", unit_id=side.units["core"].id, kind="pipeline")
        take([of(side, made, occurred_at=NOW - timedelta(days=1))])
    page = html(side, "pipeline")
    assert "Not stated by these sources" in page
    assert "0%" not in page[page.index("In batch") :][:200]
    told = client.get("/api/v1/domains/pipeline/", headers=side.key_headers).json()
    assert (told["batch_share"], told["tier_stated_share"]) == (None, "0")


def askers(side, made=None):
    made = made or capability(side, "Ask", "analytics")
    batch = [of(side, made, user=user, input_uncached=900) for user in PEOPLE[:6]]
    batch += [of(side, made, user=PEOPLE[0], input_uncached=9_900) for _ in range(9)]
    assert take(batch).errors == []
    return made


def test_business_users_by_name_only_for_those_who_may_see_people(side):
    with side.scope():
        askers(side)
    page = html(side, "analytics")
    assert "6 people asked; a query takes 6.4\u00a0K tokens" in page
    assert PEOPLE[0] in page
    people = rows(side, "analytics_people")
    assert people[0]["Person"] == PEOPLE[0]
    assert (people[0]["Tokens"], people[0]["Calls"], people[0]["Tokens per call"]) == (
        "91000", "10", "9100",
    )  # fmt: skip
    (line,) = rows(side, "analytics")
    assert (line["People"], line["Queries in the days"]) == ("6", "15")
    member = rows(side, "analytics_people", role=Role.MEMBER)
    assert [row["Tokens"] for row in member] == [row["Tokens"] for row in people]
    page = html(side, "analytics", role=Role.MEMBER) + html(
        side, "analytics_people", role=Role.VIEWER
    )
    assert "Person " in page
    assert not any(user in page or user in str(member) for user in PEOPLE)


def test_few_people_are_hidden_from_those_who_may_not_see_people(side):
    with side.scope():
        made = capability(side, "Ask", "analytics")
        helper = capability(side, "Dev", "development")
        take([of(side, made, user=user) for user in PEOPLE[:4]])
        take([of(side, helper, user=PEOPLE[0])])
    assert rows(side, "analytics_people", role=Role.MEMBER) == []
    assert "Too few people" in html(side, "analytics_people", role=Role.MEMBER)
    assert "Too few people" in html(side, "development", role=Role.MEMBER)
    assert len(rows(side, "analytics_people", role=Role.UNIT_LEAD)) == 4


def test_a_person_of_one_unit_sees_that_unit_only(side):
    with side.scope():
        theirs = capability(side, "Theirs", "analytics", "claims")
        askers(side)
        other = [f"claims{n}@a.example" for n in range(6)]
        take([of(side, theirs, user=user) for user in other])
    assert len(rows(side, "analytics_people")) == 12
    lead = rows(side, "analytics_people", role=Role.UNIT_LEAD)
    assert sorted(row["Person"] for row in lead) == sorted(PEOPLE[:6])
    (line,) = rows(side, "analytics", role=Role.MEMBER)
    assert (line["Capability"], line["People"], line["Tokens"]) == ("Ask", "6", "96000")
    (line,) = rows(side, "analytics", role=Role.MEMBER, unit="claims")
    assert (line["Capability"], line["People"], line["Tokens"]) == ("Theirs", "6", "6600")
    # What belongs to another team cannot be asked for by its address.
    for query in (f"&unit={side.units['claims'].id}", f"&capability={theirs.id}"):
        assert rows(side, "analytics_people", query, role=Role.UNIT_LEAD) == []
        assert rows(side, "analytics", query, role=Role.MEMBER) == []


def test_filters_sorting_and_htmx(side):
    with side.scope():
        small = capability(side, "Small", "production")
        large = capability(side, "Large", "production")
        capability(side, "Unused", "production")
        take([of(side, small), of(side, large, input_uncached=5_000)])
    names = [row["Capability"] for row in rows(side, "production", "&sort=-tokens")]
    assert names == ["Large", "Small", "Unused"]
    names = [row["Capability"] for row in rows(side, "production", "&sort=tokens")]
    assert names == ["Small", "Large", "Unused"]
    assert [r["Capability"] for r in rows(side, "production", f"&capability={small.id}")] == [
        "Small"
    ]
    assert "No use in these days" in html(side, "production", "?period=last_month")
    answer = side.client().get(
        side.url("portal:production") + f"?capability={small.id}",
        headers={"HX-Request": "true", "HX-Target": "list"},
    )
    page = answer.content.decode()
    assert page.lstrip().startswith("<section")
    assert 'id="domain-figures"' in page
    assert "HX-Target" in answer["Vary"]


@pytest.mark.parametrize(
    "name", ["development", "production", "pipeline", "analytics", "analytics_people"]
)
def test_empty_pages_say_what_to_do(side, name):
    page = html(side, name)
    assert "No capability of this kind yet" in page or "names a person" in page

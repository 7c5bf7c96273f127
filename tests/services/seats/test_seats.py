"""Seats end to end: two providers pulled, plans priced, people imported; the meter untouched."""

import json
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
import time_machine

from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.common.ids import uuid7
from apps.connectors.enums import RunStatus
from apps.connectors.models import ComparisonUsage, ProviderCost, UnitUsage
from apps.connectors.providers.base import SeatLine
from apps.connectors.seats import selectors, services
from apps.connectors.seats.models import Seat, SeatPlan
from apps.connectors.seats.services import Changed
from apps.connectors.selectors import comparison_days
from apps.connectors.services import pull_source
from apps.ledger.models import UsageRecord
from apps.trail.models import TrailEvent
from tests.factories.connectors import make_source

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)
MONTH = (date(2026, 11, 1), date(2026, 11, 24))


class Answers(httpx.BaseTransport):
    """Answers by path; everything asked is kept."""

    def __init__(self, paths):
        self.paths, self.asked = paths, []

    def handle_request(self, request):
        request.read()
        path = urlsplit(str(request.url)).path
        self.asked.append((request.method, path, dict(request.headers), request.content))
        answer = self.paths.get(path)
        answer = answer(request) if callable(answer) else answer
        if answer is None:
            return httpx.Response(404, json={"message": "Not Found"})
        if isinstance(answer, bytes):
            return httpx.Response(200, content=answer)
        return httpx.Response(200, json=answer)


@pytest.fixture
def org(world):
    world.a.person(Role.ADMIN)
    return world.a


def events(*stamps):
    def answer(request):
        asked = json.loads(request.content)
        rows = [
            {
                "timestamp": str(stamp),
                "userEmail": "dev@acme.example",
                "model": "claude-4.5-sonnet",
                "kind": "Usage-based",
                "isChargeable": True,
                "tokenUsage": {"inputTokens": 1_000, "outputTokens": 100, "cacheReadTokens": 900,
                               "cacheWriteTokens": 0, "totalCents": 2},
                "chargedCents": 2.5,
            }
            for stamp in stamps
            if asked["startDate"] <= stamp <= asked["endDate"]
        ]  # fmt: skip
        return {"pagination": {"hasNextPage": False, "currentPage": 1}, "usageEvents": rows}

    return answer


def pull(org, source, answers, at=NOW):
    with time_machine.travel(at, tick=False):
        outcome = pull_source(
            organization_id=org.id, source_id=source.id, transport=answers, sleep=lambda _: None
        )
    assert (outcome.status, outcome.error) == (RunStatus.SUCCEEDED, "")


def cursor_source(org):
    with time_machine.travel(NOW, tick=False), org.scope():
        return make_source(
            "cursor", credential="key_of_the_team", history_from=date(2026, 11, 20), base_url=""
        )


def test_cursor_gives_usage_people_and_seats(org):
    source = cursor_source(org)
    stamp = int(datetime(2026, 11, 21, 9, tzinfo=UTC).timestamp() * 1000)
    answers = Answers({
        "/teams/members": {"teamMembers": [{"email": "dev@acme.example", "name": "Dev"},
                                           {"email": "idle@acme.example", "name": "Idle"}]},
        "/teams/filtered-usage-events": events(stamp, stamp),
    })  # fmt: skip
    pull(org, source, answers)
    with org.scope():
        records = list(UsageRecord.objects.values_list("cost_nanos", flat=True))
        assert records == [25_000_000, 25_000_000]
        assert sorted(Seat.objects.values_list("person", flat=True)) == [
            "dev@acme.example",
            "idle@acme.example",
        ]
        plan = SeatPlan.objects.get()
        assert (plan.name, plan.price_nanos) == ("Cursor seat", None)
    sent = {headers["authorization"] for _, _, headers, _ in answers.asked}
    assert sent == {"Basic a2V5X29mX3RoZV90ZWFtOg=="}


def test_the_price_beside_the_meter(org):
    """One seat of $30 for 23 of 30 days is $23; 4,000 tokens make $5,750 a million."""
    source = cursor_source(org)
    stamp = int(datetime(2026, 11, 21, 9, tzinfo=UTC).timestamp() * 1000)
    answers = Answers({
        "/teams/members": {"teamMembers": [{"email": "dev@acme.example"}]},
        "/teams/filtered-usage-events": events(stamp, stamp),
    })  # fmt: skip
    pull(org, source, answers)
    actor = org.actor(Role.ADMIN)
    with time_machine.travel(NOW, tick=False), org.scope():
        Seat.objects.update(since=date(2026, 1, 1))
        plan = SeatPlan.objects.get()
        (line,) = selectors.overview(actor, *MONTH)
        assert (line.cost_nanos, line.effective_nanos) == (None, None)
        assert line.why_no_price == "Its price is not stated."
        services.save_plan(actor=actor, name=plan.name, price_nanos=30 * 10**9, plan_id=plan.id,
                           version=1)  # fmt: skip
        (line,) = selectors.overview(actor, *MONTH)
        assert (line.held, line.idle, line.cost_nanos) == (1, 0, 23 * 10**9)
        assert line.tokens == 4_000
        assert line.effective_nanos == 5_750 * 10**9
        assert line.metered_nanos == 50_000_000
        assert (line.included_units, line.overage_units) == (0, 2)
        assert Seat.objects.get().last_active == date(2026, 11, 21)
        assert sum(UsageRecord.objects.values_list("cost_nanos", flat=True)) == 50_000_000


def test_copilot_gives_units_bill_and_seats_but_no_tokens(org):
    with time_machine.travel(NOW, tick=False), org.scope():
        source = make_source(
            "copilot", credential="acme:ghp_a_token", history_from=date(2026, 11, 21), base_url=""
        )
    item = {"product": "Copilot", "sku": "Copilot Premium Request", "model": "Claude Sonnet 5",
            "unitType": "requests", "pricePerUnit": 0.04, "grossQuantity": 120, "grossAmount": 4.8,
            "discountQuantity": 100, "discountAmount": 4.0, "netQuantity": 20,
            "netAmount": 0.8}  # fmt: skip

    def bill(request):
        return {"usageItems": [item] if request.url.params["day"] == "21" else []}

    answers = Answers({
        "/organizations/acme/settings/billing/premium_request/usage": bill,
        "/orgs/acme/copilot/billing/seats": {"total_seats": 1, "seats": [
            {"assignee": {"login": "octocat"}, "created_at": "2026-10-01T00:00:00Z",
             "last_activity_at": "2026-11-20T10:00:00Z", "plan_type": "business"}]},
        "/orgs/acme/copilot/metrics/reports/users-1-day":
            lambda r: {"download_links": ["http://127.0.0.1/signed?sig=s3cret"]}
            if r.url.params["day"] == "2026-11-21" else {"download_links": []},
        "/signed": b'{"day":"2026-11-21","user_login":"octocat",'
                   b'"user_initiated_interaction_count":4}\n',
    })  # fmt: skip
    pull(org, source, answers)
    with org.scope():
        assert UsageRecord.objects.count() == 0
        units = {(u.what, u.detail): u.quantity for u in UnitUsage.objects.all()}
        assert units == {
            ("premium_requests", "Copilot Premium Request, included"): 100_000,
            ("premium_requests", "Copilot Premium Request, overage"): 20_000,
            ("interactions", "octocat"): 4,
        }
        assert ProviderCost.objects.get().amount_nanos == 800_000_000
        seat = Seat.objects.get()
        assert (seat.person, seat.since, seat.last_active) == (
            "octocat",
            date(2026, 10, 1),
            date(2026, 11, 20),
        )
    with time_machine.travel(NOW, tick=False), org.scope():
        (line,) = selectors.overview(org.actor(Role.ADMIN), *MONTH)
        assert (line.included_units, line.overage_units, line.metered_nanos) == (100, 20, 8 * 10**8)
    signed = next(headers for _, path, headers, _ in answers.asked if path == "/signed")
    assert "authorization" not in signed
    asked = next(headers for _, path, headers, _ in answers.asked if path.endswith("/seats"))
    assert asked["authorization"] == "Bearer ghp_a_token"


def test_a_sync_adds_and_ends_and_repeats_nothing(org):
    source = cursor_source(org)

    def sync(*people):
        with org.scope():
            lines = [SeatLine(person, "Cursor seat") for person in people]
            return services.sync_seats(source=source, lines=lines)

    with time_machine.travel(NOW, tick=False):
        assert sync("a", "b") == Changed(added=2)
        assert sync("a", "b") == Changed()
    with time_machine.travel(NOW + timedelta(days=2), tick=False):
        assert sync("b", "c") == Changed(added=1, ended=1)
        assert sync("b", "c") == Changed()
        with org.scope():
            seats = set(Seat.objects.values_list("person", "ended"))
            assert seats == {("a", date(2026, 11, 25)), ("b", None), ("c", None)}
            assert TrailEvent.objects.filter(action="seat_plan.seats_changed").count() == 2


LIST = "person,plan,since,ended\nana,Chat,2026-11-01,\nben,Chat,2026-10-01,2026-11-01\n"


def test_an_import_repeats_safely_and_one_bad_row_takes_none(org):
    actor = org.actor(Role.ADMIN)
    with time_machine.travel(NOW, tick=False):
        with org.scope():
            assert services.import_seats(actor=actor, text=LIST) == Changed(added=2)
            assert services.import_seats(actor=actor, text=LIST) == Changed()
        with org.scope(), pytest.raises(Invalid):
            services.import_seats(actor=actor, text=LIST + ",Chat,,\n")
        with org.scope(), pytest.raises(Forbidden):
            services.import_seats(actor=org.actor(Role.VIEWER), text=LIST)
        with org.scope():
            assert Seat.objects.count() == 2


def test_a_plan_is_changed_by_one_of_two(org):
    actor = org.actor(Role.ADMIN)
    with org.scope():
        plan = services.save_plan(actor=actor, name="Chat", price_nanos=0)
        values = {"actor": actor, "name": "Chat", "plan_id": plan.id, "version": 1}
        services.save_plan(**values, price_nanos=1)
    with org.scope(), pytest.raises(Conflict):
        services.save_plan(**values, price_nanos=2)
    for bad in ({"name": " "}, {"name": "chat", "plan_id": None}, {"price_nanos": -1}):
        with org.scope(), pytest.raises(Invalid):
            services.save_plan(**{**values, "price_nanos": 1, "version": 2, **bad})
    with org.scope():
        assert SeatPlan.objects.get().price_nanos == 1


def test_a_new_price_counts_from_its_month_and_leaves_evidence(org):
    actor = org.actor(Role.ADMIN)
    october = (date(2026, 10, 1), date(2026, 11, 1))
    with time_machine.travel(NOW, tick=False), org.scope():
        plan = services.save_plan(actor=actor, name="Chat", price_nanos=31 * 10**9)
        services.import_seats(actor=actor, text="person,plan,since\nana,Chat,2026-01-01\n")
        values = {"actor": actor, "name": "Chat", "plan_id": plan.id}
        services.save_plan(**values, version=1, price_nanos=60 * 10**9)
        assert selectors.overview(actor, *october)[0].cost_nanos == 31 * 10**9
        assert selectors.overview(actor, *MONTH)[0].cost_nanos == 46 * 10**9
        services.save_plan(
            **values, version=2, price_nanos=62 * 10**9, price_from=date(2026, 10, 15)
        )
        assert selectors.overview(actor, *october)[0].cost_nanos == 62 * 10**9
        with pytest.raises(Invalid):
            services.save_plan(**values, version=3, price_nanos=1, price_from=date(2026, 12, 1))
        changes = TrailEvent.objects.filter(action="seat_plan.changed").order_by("id")
        assert [event.after["price_from"] for event in changes] == ["2026-11-01", "2026-10-01"]


def test_plans_of_one_source_share_it_by_their_people(org):
    """Two plans beside one tool: each has the tokens of its own people, none twice."""
    actor = org.actor(Role.ADMIN)
    with time_machine.travel(NOW, tick=False), org.scope():
        source = make_source("claude_code", base_url="", credential="sk-ant-admin01-test")
        rows = [("ana", "subscription", 700), ("ben", "subscription", 300), ("eva", "api", 9_000)]
        for user, tier, count in rows:
            ComparisonUsage.objects.create(
                source=source, day=date(2026, 11, 20), key=uuid7(), provider="anthropic",
                model="claude-opus-5", user=user, service_tier=tier, output=count,
            )  # fmt: skip
        team = services.save_plan(
            actor=actor, name="Claude Team", price_nanos=30 * 10**9, source_id=source.id
        )
        (line,) = selectors.overview(actor, *MONTH)
        assert (line.tokens, line.metered_nanos, line.shared) == (1_000, None, False)
        services.save_plan(actor=actor, name="Claude Max", price_nanos=None, source_id=source.id)
        text = "person,plan,since\nana,Claude Team,2026-11-01\nben,Claude Max,2026-11-01\n"
        services.import_seats(actor=actor, text=text)
        lines = {line.plan.name: line for line in selectors.overview(actor, *MONTH)}
        assert (lines["Claude Team"].tokens, lines["Claude Max"].tokens) == (700, 300)
        assert lines["Claude Team"].effective_nanos == 32_857_142_857_143
        assert lines["Claude Team"].shared
        compared = comparison_days(*MONTH, by=("source_id",), metered=True)
        assert [row.counts.total for row in compared] == [9_000]
        with pytest.raises(Invalid):
            services.save_plan(
                actor=actor, name="Claude Team", price_nanos=0, plan_id=team.id, version=1,
                source_id=uuid7(),
            )  # fmt: skip

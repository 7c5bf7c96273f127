"""The demonstration as it is seeded: complete, believable, and the same figures on every page.

Seeded once, by its own command from the simulator, with a shorter history than `make demo` reads.
"""

import datetime as dt
import re
from collections.abc import Iterator
from threading import Thread
from types import SimpleNamespace

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.access.roles import Role
from apps.accounts.models import User
from apps.approvals.models import ApprovalDecision, ApprovalStep
from apps.approvals.selectors import count_waiting_for
from apps.audits.models import Audit, Finding
from apps.budgets.models import Budget
from apps.budgets.selectors.status import budget_statuses
from apps.common import fmt
from apps.common.periods import month_of
from apps.connectors.imports.models import ImportJob
from apps.ledger.query import Query, run
from apps.ledger.selectors.periods import periods
from apps.ledger.selectors.verify import verify_rollups
from apps.portal import nav
from apps.portal.rules.windows import window
from apps.portal.selectors.explore import explore
from apps.portal.selectors.inform import overview
from apps.portal.selectors.slices import Slice
from apps.pricing.catalogue import Catalogue, package_catalogue
from apps.stories.models import BandExit, TokenStory, ValueReport
from apps.tenancy.scope import tenant_scope
from apps.tenancy.urls import org_url
from apps.trail.models import TrailEvent
from tests import database
from tests.factories.pricing import load_prices
from tokenops.demo import sources
from tokenops.demo.organization import Demo, ensure_organization
from tokenops.demo.people import LOGINS
from tokenops.simulator.company import COMPANY
from tokenops.simulator.server import Simulator, serve

pytestmark = [pytest.mark.stack, pytest.mark.django_db]
NOW = dt.datetime(2026, 11, 26, 15, 30, tzinfo=dt.UTC)
PROVIDERS = frozenset({"openai", "anthropic", "google"})
DAYS = 58
"""Of history: two months and the one before that has use, as `make demo` has four."""
AXES = ("unit", "capability", "kind", "provider", "model", "source", "service_tier", "account")


READERS = {
    "approvals:list",
    "portal:home",
    "outcomes:list",
    "ledger:unattributed",
    "reports:list",
}
DECIDE_NOTHING = (Role.OWNER, Role.ADMIN, Role.TOKENOPS_ANALYST, Role.UNIT_LEAD, Role.MEMBER,
                  Role.AUDITOR, Role.VIEWER)  # fmt: skip
MAY_BE_EMPTY = dict.fromkeys(DECIDE_NOTHING, READERS)
MAY_BE_EMPTY[Role.UNIT_LEAD] = READERS | {"portal:development", "audits:list"}
MAY_BE_EMPTY[Role.MEMBER] = READERS | {"asks:list"}
"""Nothing waits for people who decide nothing; no loss is a finding; unowned use is no team's."""


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Demo]:
    with (
        django_db_blocker.unblock(),
        pytest.MonkeyPatch.context() as patch,
        time_machine.travel(NOW, tick=True),
    ):
        database.empty()
        server = serve(Simulator(anchor=NOW.date()), 0)
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        patch.setenv("TOKENOPS_SIMULATOR_URL", address)
        patch.setattr("django.conf.settings.STATE_DIR", tmp_path_factory.mktemp("demo"))
        patch.setattr(
            "django.conf.settings.CONNECTOR_ALLOWED_HOSTS", [f"127.0.0.1:{server.server_port}"]
        )
        shorter = [(*each[:4], min(each[4], DAYS)) for each in sources.SOURCES]
        patch.setattr(sources, "SOURCES", shorter)
        load_prices(_catalogue())
        call_command("seed_demo", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        yield ensure_organization()
        server.shutdown()
        server.server_close()
        connection.close()
        database.empty()


def _catalogue() -> Catalogue:
    """Prices of the providers it uses: the whole book takes seconds."""
    found = package_catalogue()
    return Catalogue(
        version=found.version,
        providers=tuple(row for row in found.providers if row.key in PROVIDERS),
        models=tuple(row for row in found.models if row.provider in PROVIDERS),
        prices=tuple(row for row in found.prices if row.provider in PROVIDERS),
    )


@pytest.fixture
def inside(demo) -> Iterator[Demo]:
    with tenant_scope(demo.organization.id):
        yield demo


def client_of(login) -> Client:
    client = Client()
    client.force_login(User.objects.get(email=login.email))
    return client


def test_every_page_says_the_same_to_the_nano(inside):
    assert verify_rollups().ok
    cio, today = inside.role(Role.CIO), timezone.now().date()
    rows = [row for row in periods() if row.cost_nanos]
    assert len(rows) >= 3
    for row in rows:
        end = month_of(row.month).end
        whole = run(Query(start=row.month, end=end)).total
        assert (row.cost_nanos, row.tokens) == (whole.cost_nanos, whole.tokens.total)
        for axis in AXES:
            parts = run(Query(start=row.month, end=end, group_by=(axis,))).rows
            assert sum(part.cost_nanos or 0 for part in parts) == row.cost_nanos, axis
            assert sum(part.tokens.total for part in parts) == row.tokens, axis
    chosen = window("mtd", today)
    home = overview(Slice(None), "mtd")
    found = explore(cio, Slice(None), chosen, group=("unit", "model"), grain="day", compare=False)
    assert home.total.cost_nanos == found.totals.total.cost_nanos == rows[0].cost_nanos
    assert sum(line.cost_nanos or 0 for line in home.units) == home.total.cost_nanos
    days = [row for line in home.bars.values() for row in line.values()]
    assert sum(row.cost_nanos or 0 for row in days) == home.total.cost_nanos


def test_what_a_story_used_is_what_its_budget_counts(inside):
    checked = 0
    budgets = list(Budget.objects.filter(story_id__isnull=False, status="active"))
    for status in budget_statuses(budgets):
        if status.measure != "money" or not status.main.used:
            continue
        checked += 1
        assert 0 < status.main.used < 20 * (status.main.limit or status.main.used)
    assert checked > 5


def test_the_pages_print_one_total(demo):
    client = client_of(LOGINS[1])
    with tenant_scope(demo.organization.id):
        total = overview(Slice(None), "mtd").total.cost_nanos
        shown = fmt.money(total, demo.organization.currency)
    for name in ("portal:home", "portal:inform", "portal:explore"):
        query = "?days_from=2026-11-01&days_to=2026-11-26" if name == "portal:explore" else ""
        html = client.get(org_url(COMPANY.slug, name) + query).content.decode()
        assert shown in html, name


LOOKED_AT = {Role.CIO, Role.TOKENOPS_LEAD, Role.UNIT_LEAD, Role.MEMBER}


@pytest.mark.parametrize(
    "login",
    [login for login in LOGINS if login.role in LOOKED_AT],
    ids=lambda login: login.role.value,
)
def test_every_page_of_the_menu_has_something_to_show(demo, login):
    client = client_of(login)
    with tenant_scope(demo.organization.id):
        request = SimpleNamespace(actor=demo.actor(login), organization=demo.organization)
        names = [item.url_name for item in nav.offered(request, (*nav.ITEMS, *nav.FOOT))]
    assert "portal:home" in names
    bare = {}
    for name in names:
        answer = client.get(org_url(COMPANY.slug, name))
        assert answer.status_code == 200, name
        main = answer.content.decode().partition("<main")[2]
        if found := re.search(r'class="empty.{0,300}', main, re.S):
            bare[name] = re.sub(r"<[^>]*>|\\s+", " ", found[0])
    assert set(bare) <= MAY_BE_EMPTY.get(login.role, set()), bare


def test_everybody_who_decides_has_something_to_decide(inside):
    waiting = {
        role.value: count_waiting_for(inside.role(role))
        for role in (Role.EA, Role.CTO, Role.CDO, Role.TOKENOPS_LEAD, Role.CFO, Role.CIO)
    }
    assert all(waiting.values()), waiting


def test_what_a_buyer_looks_for_is_there(inside):
    stages = set(TokenStory.objects.values_list("status", flat=True))
    assert stages >= {
        "draft", "submitted", "in_review", "changes_requested", "rejected", "approved",
        "in_delivery", "live", "trued_up", "superseded",
    }  # fmt: skip
    assert BandExit.objects.filter(outcome="open").exists()
    steps = set(ApprovalStep.objects.filter(closed_at__isnull=False).values_list("name", flat=True))
    assert {"Architecture", "Architecture and data", "TokenOps", "Finance"} <= steps
    assert ApprovalDecision.objects.exclude(on_behalf_names="").exists()
    assert ApprovalStep.objects.filter(escalated_at__isnull=False).exists()
    assert {row.status for row in periods()} >= {"open", "closed"}
    assert Audit.objects.count() == 2
    assert Finding.objects.exists()
    assert ImportJob.objects.exists()
    outcomes = set(ValueReport.objects.values_list("outcome", flat=True))
    assert outcomes == {"proven", "partly", "disproven"}


def test_nothing_has_happened_tomorrow(inside):
    now = timezone.now()
    assert not TrailEvent.objects.filter(at__gt=now).exists()
    assert not ApprovalDecision.objects.filter(decided_at__gt=now).exists()
    late = run(Query(start=now.date() + dt.timedelta(days=1), end=now.date().replace(year=2027)))
    assert late.total.tokens.total == 0

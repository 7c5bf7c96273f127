"""Budget pages: list, detail, forms; what they say is what the ledger holds."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
import time_machine

from apps.access.roles import Role
from apps.budgets.models import Budget, BudgetEntry
from apps.budgets.selectors import entries_of
from apps.pricing.fx.services import choose_reporting_currency, import_rates
from tests.factories.budgets import make_budget
from tests.factories.portfolio import make_capability
from tests.factories.usage import spend

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture
def side(world):
    a = world.a
    a.units  # noqa: B018 -- made before time stands still
    for role in (Role.CFO, Role.VIEWER, Role.UNIT_LEAD):
        a.person(role)
    with time_machine.travel(NOW, tick=False):
        yield a


@pytest.fixture
def spent(side):
    """A budget of 2,500 that 100 a day uses up on 25 November."""
    with side.scope():
        budget = make_budget("AI spend", amount_nanos=2_500 * 10**9)
        for n in range(1, 21):
            spend(date(2026, 11, n), 100 * 10**9)
    return budget


def html(side, role, name, *args, query=""):
    response = side.client(role).get(side.url(name, *args) + query)
    assert response.status_code == 200, response.content.decode()[:2000]
    return response.content.decode()


def rows(response):
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_list_puts_the_first_to_run_out_on_top(side, spent):
    with side.scope():
        make_budget("Plenty", amount_nanos=10**15)
        make_budget("Gone", amount_nanos=10**9)
        make_budget("Free", amount_nanos=None)
    page = html(side, Role.CFO, "budgets:list")
    assert "4 budgets: 1 used up and 1 on course to run out" in page
    order = [page.index(f">{name}</a>") for name in ("Gone", "AI spend", "Plenty", "Free")]
    assert order == sorted(order)
    assert "25 Nov" in page
    assert "Used up 1 Nov" in page
    assert page.count("<h1") == 1


def test_the_list_filters_sorts_and_exports_exact_values(side, spent):
    with side.scope():
        make_budget("Team", scope="unit", unit_id=side.units["core"].id, amount_nanos=5)
    assert ">Team</a>" not in html(side, Role.CFO, "budgets:list", query="?scope=organization")
    assert ">Team</a>" in html(side, Role.CFO, "budgets:list", query="?q=TEAM")
    assert ">AI spend</a>" in html(side, Role.CFO, "budgets:list", query="?health=runs_out")
    unit = side.units["core"].id
    assert ">AI spend</a>" not in html(side, Role.CFO, "budgets:list", query=f"?unit={unit}")
    response = side.client(Role.CFO).get(side.url("budgets:list") + "?format=csv&sort=name")
    first, second = rows(response)
    assert (first["Budget"], first["Limit (money)"], first["Used (money)"]) == (
        "AI spend",
        "2500.000000000",
        "2000.000000000",
    )
    assert first["Runs out"] == "2026-11-25"
    assert second["Limit (money)"] == "0.000000005"


def test_the_detail_answers_first(side, spent):
    page = html(side, Role.CFO, "budgets:detail", spent.id)
    for text in (
        "AI spend runs out of budget on about 25 Nov",
        "November 2026",
        "$2,500",
        "$2,000",
        "80% used, 67% of the period",
        "$500 over",
        "$50 would last the period",
        "Runs out 25 Nov",
        "Reached 20 Nov",
        "Expected 25 Nov",
        "opened the budget at $2,500.00 from 1 November 2026",
    ):
        assert text in page, text
    assert "style=" not in page


def test_another_period_is_a_link(side, spent):
    page = html(side, Role.CFO, "budgets:detail", spent.id, query="?period=2026-12-10")
    assert "AI spend starts on 1 Dec" in page
    assert "?period=2026-11-01" in page


def test_too_early_is_said_instead_of_a_figure(side):
    with side.scope():
        budget = make_budget("Fresh")
        spend(date(2026, 11, 19), 5)
    page = html(side, Role.CFO, "budgets:detail", budget.id)
    assert "Too early to forecast: 2 of 10 complete days of data." in page


def test_an_unlimited_budget_shows_its_days(side):
    with side.scope():
        budget = make_budget("Free", amount_nanos=None)
        spend(date(2026, 11, 19), 5 * 10**9)
    page = html(side, Role.CFO, "budgets:detail", budget.id)
    assert "Free has used $5.00 and has no limit" in page
    assert "Daily use" in page


def test_a_token_budget_speaks_of_tokens(side):
    with side.scope():
        budget = make_budget("Tokens", amount_nanos=None, amount_tokens=1_000_000)
        spend(date(2026, 11, 19), 5, tokens=250_000)
    page = html(side, Role.CFO, "budgets:detail", budget.id)
    assert "Tokens has 750\u00a0K left" in page


def test_the_days_export_to_the_nano(side, spent):
    response = side.client(Role.CFO).get(side.url("budgets:detail", spent.id) + "?format=csv")
    found = rows(response)
    assert len(found) == 21
    assert found[0] == {
        "Day": "2026-11-01",
        "Used (USD)": "100.000000000",
        "Left (USD)": "2400.000000000",
        "Tokens": "100",
    }


def test_children_and_commitments(side, spent):
    with side.scope():
        make_budget("Team", scope="unit", unit_id=side.units["core"].id, amount_nanos=700 * 10**9)
    page = html(side, Role.CFO, "budgets:detail", spent.id)
    assert "Budgets below this one" in page
    assert "$700" in page


def form(**values):
    return {
        "name": "Core team",
        "scope": "unit",
        "amount": "1234.5",
        "tokens": "",
        "period_kind": "month",
        "starts_on": "2026-11-01",
        "last_day": "",
        "timezone": "Europe/Berlin",
        "owner": "",
        "note": "First.",
        "unit": "",
        "capability": "",
        **values,
    }


def test_a_cfo_opens_a_budget(side):
    unit = side.units["core"].id
    page = html(side, Role.CFO, "budgets:create", query=f"?scope=unit&unit={unit}")
    assert "Open the budget" in page
    response = side.client(Role.CFO).post(side.url("budgets:create"), form(unit=str(unit)))
    with side.scope():
        budget = Budget.objects.get()
        (entry,) = entries_of(budget)
    assert response["Location"] == side.url("budgets:detail", budget.id)
    assert (budget.unit_id, budget.timezone, entry.amount_nanos, entry.amount_tokens) == (
        unit,
        "Europe/Berlin",
        1_234_500_000_000,
        None,
    )


def test_a_capabilitys_budget_with_fixed_dates(side):
    with side.scope():
        capability = make_capability(unit_id=side.units["core"].id)
    side.client(Role.CFO).post(
        side.url("budgets:create"),
        form(
            scope="capability",
            capability=str(capability.id),
            period_kind="custom",
            last_day="2027-02-28",
        ),
    )
    with side.scope():
        assert Budget.objects.get().ends_on == date(2027, 3, 1)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"amount": "-1"}, "A budget cannot be negative."),
        ({"scope": "unit"}, "A team&#x27;s budget needs the team."),
        ({"period_kind": "custom"}, "Fixed dates need an end."),
        ({"last_day": "2026-10-01"}, "The end is not after the start."),
        ({"amount": "NaN"}, "Enter a number."),
    ],
)
def test_wrong_input_comes_back_on_the_form(side, values, words):
    values = {"scope": "organization", **values}
    response = side.client(Role.CFO).post(side.url("budgets:create"), form(**values))
    assert response.status_code == 422
    assert words in response.content.decode()
    with side.scope():
        assert Budget.objects.count() == 0


def test_revise_grant_move_edit_close(side, spent):
    with side.scope():
        other = make_budget("Other", amount_nanos=0)
    browser = side.client(Role.CFO)

    def post(page, version, **values):
        return browser.post(
            side.url(f"budgets:{page}", spent.id),
            {"version": version, "note": "Why not.", **values},
        )

    for name in ("revise", "grant", "move", "edit", "close"):
        assert browser.get(side.url(f"budgets:{name}", spent.id)).status_code == 200
    assert post("revise", 1, amount="3000", tokens="", effective_on="2026-11-21").status_code == 302
    assert post("grant", 2, amount="10.5", on="2026-11-21").status_code == 302
    assert post("move", 3, to=str(other.id), amount="1", on="2026-11-21").status_code == 302
    details = {"name": "Renamed", "owner": "", "actual": "75, 95%", "forecast": ""}
    assert post("edit", 4, **details).status_code == 302
    page = html(side, Role.CFO, "budgets:detail", spent.id)
    assert "Renamed" in page
    assert "$3,009.50" in page
    assert "moved $1.00 out for the period from 1 November 2026" in page
    stale = post("revise", 1, amount="1", tokens="", effective_on="2026-11-21")
    assert stale.status_code == 409
    assert post("revise", 5, amount="1", tokens="", effective_on="2020-01-01").status_code == 422
    assert post("close", 5).status_code == 302
    assert post("grant", 6, amount="1", on="2026-11-21").status_code == 409
    with side.scope():
        assert BudgetEntry.objects.filter(budget_id=spent.id).count() == 4


def test_who_may_not_manage_sees_no_buttons_and_gets_403(side, spent):
    page = html(side, Role.VIEWER, "budgets:detail", spent.id)
    assert "Revise" not in page
    for name in ("revise", "grant", "move", "edit", "close"):
        assert (
            side.client(Role.VIEWER).get(side.url(f"budgets:{name}", spent.id)).status_code == 403
        )
    assert side.client(Role.VIEWER).post(side.url("budgets:create"), form()).status_code == 403


def test_a_lead_sees_the_budgets_of_the_own_unit_only(side, spent):
    with side.scope():
        make_budget("Ours", scope="unit", unit_id=side.units["core"].id)
    page = html(side, Role.UNIT_LEAD, "budgets:list")
    assert ">Ours</a>" in page
    assert ">AI spend</a>" not in page
    url = side.url("budgets:detail", spent.id)
    assert side.client(Role.UNIT_LEAD).get(url).status_code == 404


def test_the_other_organization_finds_nothing(world, side, spent):
    b = world.b
    assert b.client(Role.OWNER).get(b.url("budgets:detail", spent.id)).status_code == 404
    assert b.client(Role.OWNER).get(b.url("budgets:revise", spent.id)).status_code == 404


def test_the_empty_list_teaches(side):
    page = html(side, Role.CFO, "budgets:list")
    assert "No budget yet" in page
    assert "New budget" in page


def test_a_closed_budget_is_found_under_closed(side, spent):
    side.client(Role.CFO).post(side.url("budgets:close", spent.id), {"version": 1, "note": "Done."})
    assert ">AI spend</a>" not in html(side, Role.CFO, "budgets:list")
    assert ">AI spend</a>" in html(side, Role.CFO, "budgets:list", query="?show=closed")


def test_agreed_amounts_stand_in_the_reporting_currency_beside(side, spent):
    page = html(side, Role.CFO, "budgets:detail", spent.id)
    assert "Agreed in USD" not in page
    with side.scope():
        cfo = side.actor(Role.CFO)
        import_rates(actor=cfo, content=b"Date,USD\n2026-11-19,1.25\n2026-11-02,1.1\n")
        choose_reporting_currency(actor=cfo, currency="EUR")
    page = html(side, Role.CFO, "budgets:detail", spent.id)
    assert "at the rate of 19 November 2026: budget €2,000.00, spent €1,600.00." in page
    assert "Agreed in USD" in page

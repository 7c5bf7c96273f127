"""The simulated gateway: documented shape, rows split over pages, never more than the provider."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

import pytest

from tokenops.simulator.faults import Schedule
from tokenops.simulator.http import Request
from tokenops.simulator.server import LITELLM_KEY, Simulator

NOW = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)
FIRST, LAST = date(2026, 11, 5), date(2026, 11, 11)


@pytest.fixture(scope="module")
def simulator():
    return Simulator(anchor=date(2026, 11, 23), clock=lambda: NOW, faults=Schedule(0, 0))


def ask(simulator, path="/user/daily/activity", key=LITELLM_KEY, **params):
    given = {"start_date": FIRST, "end_date": LAST, **params}
    headers = {"authorization": f"Bearer {key}"}
    return simulator.answer(Request.of(f"{path}?{urlencode(given)}", headers))


def prompts(simulator, **params):
    """Prompt tokens by day, over all pages."""
    found, number = Counter(), 1
    while True:
        body = ask(simulator, page=number, **params).body
        for day in body["results"]:
            found[day["date"]] += day["metrics"]["prompt_tokens"]
        if not body["metadata"]["has_more"]:
            return found
        number += 1


def test_a_day_is_the_sum_of_its_models_and_keys(simulator):
    for day in ask(simulator, page_size=1000).body["results"]:
        models = day["breakdown"]["models"].values()
        for name in ("prompt_tokens", "total_tokens", "successful_requests"):
            assert sum(part["metrics"][name] for part in models) == day["metrics"][name]
            for part in models:
                keys = part["api_key_breakdown"].values()
                assert sum(k["metrics"][name] for k in keys) == part["metrics"][name]


def test_pages_split_days_and_lose_nothing(simulator):
    whole = prompts(simulator, page_size=1000)
    assert len(whole) == 7
    assert prompts(simulator, page_size=5) == whole


def test_the_gateway_is_a_lower_bound_and_an_incident_shows(simulator):
    api = simulator.litellm
    calls = {}
    for day in (FIRST + timedelta(days=n) for n in range(7)):
        seen = {work.name: m["successful_requests"] for work, m in api._day_rows(day, NOW)}
        totals = simulator.model.visible(day, NOW).sum(axis=0)[:, 8]
        for index, work in api.works:
            if totals[index] > 1000 and work.key.name == "agent-assist-prod":
                calls.setdefault(day, []).append(seen[work.name] / totals[index])
            assert seen.get(work.name, 0) <= totals[index]
    shares = {day: min(found) for day, found in calls.items()}
    assert all(share < 0.71 for day, share in shares.items() if 7 <= day.day <= 9)
    assert all(share > 0.96 for day, share in shares.items() if not 7 <= day.day <= 9)


@pytest.mark.parametrize(
    ("params", "status"),
    [({"key": "sk-other"}, 401), ({"start_date": "soon"}, 400), ({"page_size": 5000}, 400),
     ({"path": "/team/nothing"}, 404)],
)  # fmt: skip
def test_refusals(simulator, params, status):
    assert ask(simulator, **params).status == status


def test_teams_are_the_capabilities_behind_it(simulator):
    teams = ask(simulator, "/team/list").body
    assert {team["team_alias"] for team in teams} >= {"Agent assist", "Policy assistant"}

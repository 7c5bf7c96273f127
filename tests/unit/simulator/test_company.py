"""The company's usage: deterministic, plausible, late and restated as documented."""

import threading
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import httpx
import numpy as np
import pytest

from tokenops.simulator.__main__ import remembered_anchor
from tokenops.simulator.company import COMPANY
from tokenops.simulator.engine import REQUESTS, UsageModel
from tokenops.simulator.rates import find_model, rates, rates_of
from tokenops.simulator.server import OPENAI_KEY, Simulator, serve

ANCHOR = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)
LATER = NOW + timedelta(days=90)


@pytest.fixture(scope="module")
def model():
    return UsageModel(seed=7, anchor=ANCHOR)


def spend(model, day, now=LATER, keep=lambda work: True):
    sums = model.visible(day, now).sum(axis=0)
    return sum(
        int(tokens) * float(rate) / 1e6
        for index, work in enumerate(model.workloads)
        if keep(work)
        for tokens, rate in zip(sums[index], rates_of(work, day), strict=False)
    )


def days(first, count):
    return [ANCHOR + timedelta(days=first + n) for n in range(count)]


def test_the_company_has_the_promised_size():
    assert len(COMPANY.teams) == 14
    assert 38 <= len(COMPANY.capabilities) <= 45
    kinds = Counter(capability.kind for capability in COMPANY.capabilities)
    assert set(kinds) == {"development", "production", "pipeline", "analytics"}
    assert 24 <= len({work.model for work in COMPANY.workloads}) <= 30
    assert {work.provider for work in COMPANY.workloads} == {"openai", "anthropic"}


def test_references_inside_the_company_hold():
    teams = {team.code for team in COMPANY.teams}
    emails = {person.email for person in COMPANY.people}
    slugs = {capability.slug for capability in COMPANY.capabilities}
    assert len(emails) == len(COMPANY.people)
    assert all(team.lead in emails for team in COMPANY.teams)
    assert {capability.team for capability in COMPANY.capabilities} == teams
    assert all(key.owner in emails for key in COMPANY.keys)
    assert {key.capability for key in COMPANY.keys if key.capability} == slugs
    assert {event.capability for event in COMPANY.events} <= slugs
    ids = [(key.provider, key.id) for key in COMPANY.keys]
    assert len(ids) == len(set(ids))


def test_every_model_has_a_list_price_but_the_preview():
    unknown = {w.model for w in COMPANY.workloads if find_model(w.provider, w.model) is None}
    assert unknown == COMPANY.unpriced_models


def test_same_seed_same_figures_other_seed_other_figures(model):
    day = date(2026, 10, 14)
    again = UsageModel(seed=7, anchor=ANCHOR)
    other = UsageModel(seed=8, anchor=ANCHOR)
    again.visible(day - timedelta(days=40), NOW)
    assert np.array_equal(model.visible(day, NOW), again.visible(day, NOW))
    assert not np.array_equal(model.visible(day, NOW), other.visible(day, NOW))


def test_the_bill_is_plausible_and_rises(model):
    first = sum(spend(model, day) for day in days(-120, 30))
    last = sum(spend(model, day) for day in days(-30, 30))
    assert 140_000 < first < last < 260_000
    unclaimed = sum(
        spend(model, day, keep=lambda w: w.key.capability is None) for day in days(-30, 30)
    )
    assert 0.03 < unclaimed / last < 0.055


def test_weekends_and_nights_are_quiet(model):
    monday, sunday = date(2026, 11, 16), date(2026, 11, 15)
    office = [i for i, work in enumerate(model.workloads) if work.shape == "office"]
    assert model.visible(sunday, LATER)[:, office, REQUESTS].sum() * 8 < (
        model.visible(monday, LATER)[:, office, REQUESTS].sum()
    )
    calls = model.visible(monday, LATER)[:, office, REQUESTS].sum(axis=1)
    assert calls[15] > 10 * calls[8]


def test_the_runaway_agent_runs_away_for_four_days(model):
    def agent(day):
        return spend(model, day, keep=lambda w: w.key.capability == "migration-agent")

    usual = sum(agent(day) for day in days(-44, 7)) / 7
    assert all(agent(day) > 10 * usual for day in days(-34, 4))
    assert agent(days(-30, 1)[0]) < 3 * usual


def test_broken_caching_moves_tokens_not_their_sum(model):
    assist = [i for i, w in enumerate(model.workloads) if w.key.capability == "agent-assist"]

    def cached_share(day):
        sums = model.visible(day, LATER)[:, assist].sum(axis=(0, 1))
        return sums[1] / (sums[0] + sums[1])

    assert cached_share(days(-22, 1)[0]) < 0.5 * cached_share(days(-28, 1)[0])


def test_launches_switches_and_ends(model):
    def calls(day, slug, name=None):
        chosen = [i for i, w in enumerate(model.workloads)
                  if w.key.capability == slug and name in (None, w.model)]  # fmt: skip
        return int(model.visible(day, LATER)[:, chosen, REQUESTS].sum())

    assert calls(days(-51, 1)[0], "claims-intake", "gpt-5.2") > 0
    assert calls(days(-50, 1)[0], "claims-intake", "gpt-5.2") == 0
    assert calls(days(-50, 1)[0], "claims-intake", "gpt-5.6-terra") > 0
    assert calls(days(-21, 1)[0], "quote-helper", "claude-haiku-5-5") == 0
    assert calls(days(-5, 1)[0], "quote-helper", "claude-haiku-5-5") > 0
    assert calls(days(-29, 1)[0], "doc-conversion") == 0


def test_the_price_cut_of_the_list_is_in_the_bill():
    before = rates("openai", "gpt-5.6-sol", "standard", date(2026, 8, 20))
    after = rates("openai", "gpt-5.6-sol", "standard", date(2026, 8, 21))
    assert (before[0], after[0], before[4], after[4]) == (5, 4, 30, 20)


def test_the_current_hour_grows_and_the_future_is_empty(model):
    def calls(minute):
        return model.visible(ANCHOR, NOW.replace(minute=minute))[:, :, REQUESTS].sum(axis=1)

    early, late = calls(15), calls(45)
    assert 0 < early[12] < late[12]
    assert early[13:].sum() == 0


def test_restatement_happens_once_and_within_three_days(model):
    day = ANCHOR - timedelta(days=1)
    end = datetime(2026, 11, 23, tzinfo=UTC)
    seen = [model.visible(day, end + timedelta(hours=hours)) for hours in range(1, 96)]
    changes = np.zeros(seen[0].shape[:2], dtype=int)
    for before, after in pairwise(seen):
        changes += (before != after).any(axis=2)
    assert changes.max() == 1
    busy = (seen[-1] > 0).any(axis=2)
    share = (changes > 0)[busy].mean()
    assert 0.01 < share < 0.09
    assert np.array_equal(seen[72], seen[-1])
    assert np.array_equal(seen[-1], model.visible(day, LATER))
    assert (seen[0].sum(axis=(0, 1)) <= seen[-1].sum(axis=(0, 1))).all()


def test_120_days_take_seconds():
    began = time.perf_counter()
    model = UsageModel(seed=7, anchor=ANCHOR)
    cells = sum(int((model.visible(day, NOW)[:, :, REQUESTS] > 0).sum()) for day in days(-120, 121))
    assert time.perf_counter() - began < 10
    assert 80_000 < cells < 250_000


def test_the_anchor_is_remembered(tmp_path):
    path = tmp_path / "state" / "simulator.json"
    assert remembered_anchor(path, None, ANCHOR) == ANCHOR
    assert remembered_anchor(path, None, ANCHOR + timedelta(days=9)) == ANCHOR
    assert remembered_anchor(path, date(2026, 1, 1), ANCHOR) == date(2026, 1, 1)


def test_it_serves_over_http():
    server = serve(Simulator(anchor=ANCHOR, clock=lambda: NOW), 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        base = f"http://127.0.0.1:{server.server_port}"
        assert httpx.get(f"{base}/healthz").json()["anchor"] == "2026-11-23"
        headers = {"Authorization": f"Bearer {OPENAI_KEY}"}
        answer = httpx.get(f"{base}/v1/organization/projects", headers=headers)
        assert answer.json()["object"] == "list"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

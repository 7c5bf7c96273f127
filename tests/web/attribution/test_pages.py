"""Attribution rules in the portal."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.access.roles import Role
from apps.attribution import ports
from apps.attribution.models import AttributionRule, RuleUse
from apps.attribution.moves import Spend
from apps.attribution.rules import Dimensions
from apps.common import clock
from apps.ledger.services.rule_use import count_rule_use
from tests.factories.attribution import make_rule, when
from tests.factories.ledger import price, take, usage

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(world):
    return world.a.client(Role.TOKENOPS_LEAD)


def rule_form(world, *conditions, **fields):
    rows = [*conditions, ("provider", "", "equals", "")]
    data = {
        "name": "Support bot",
        "confidence": "rule",
        "unit_id": str(world.a.units["apps"].id),
        "c-TOTAL_FORMS": str(len(rows)),
        "c-INITIAL_FORMS": "0",
        **fields,
    }
    for number, (name, tag, operator, values) in enumerate(rows):
        data |= {
            f"c-{number}-field": name,
            f"c-{number}-tag": tag,
            f"c-{number}-operator": operator,
            f"c-{number}-values": values,
        }
    return data


def test_a_rule_is_written_read_and_retired(world, browser):
    url = world.a.url("attribution:new")
    filled = browser.get(url, {"field": "api_key", "value": "bot-7"}).content.decode()
    assert 'value="bot-7"' in filled
    data = rule_form(
        world, ("api_key", "", "in", "bot, Bot-2"), ("tag", "env", "equals", "prod"), position="1"
    )
    answer = browser.post(url, data, follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "API key is one of bot, bot-2; Tag “env” is prod" in page
    with world.a.scope():
        rule = AttributionRule.objects.get()
        assert rule.unit_id == world.a.units["apps"].id
    edit = world.a.url("attribution:edit", rule.id)
    assert "bot, bot-2" in browser.get(edit).content.decode()
    again = rule_form(world, ("model", "", "prefix", "gpt-5"), name="Renamed", version="1")
    assert browser.post(edit, again).status_code == 302
    assert browser.post(edit, again).status_code == 409
    retire = world.a.url("attribution:retire", rule.id)
    assert browser.post(retire, {"version": "2", "reason": "gone"}).status_code == 302
    assert "Retired" in browser.get(edit).content.decode()


def test_wrong_rules_come_back_with_what_was_typed(world, browser):
    data = rule_form(world, ("tag", "", "equals", "x"), name="Mine")
    answer = browser.post(world.a.url("attribution:new"), data)
    assert answer.status_code == 422
    assert "needs the tag" in answer.content.decode()
    assert 'value="Mine"' in answer.content.decode()
    empty = rule_form(world, name="", unit_id="")
    assert browser.post(world.a.url("attribution:new"), empty).status_code == 422


def test_more_conditions_without_script(world, browser):
    data = rule_form(world, ("model", "", "equals", "keep-me"), more="1")
    page = browser.post(world.a.url("attribution:new"), data).content.decode()
    assert page.count("-operator") >= 3
    assert "keep-me" in page
    with world.a.scope():
        assert not AttributionRule.objects.exists()


def test_a_preview_shows_what_would_move_and_saves_nothing(world, browser, monkeypatch):
    usage = [Spend(Dimensions(model="gpt-5"), clock.today(), 1_500, 1, 2_000_000_000)]
    monkeypatch.setattr(ports, "_usage_reader", lambda start, end: iter(usage))
    data = rule_form(world, ("model", "", "equals", "gpt-5"), preview="1")
    page = browser.post(world.a.url("attribution:new"), data).content.decode()
    assert "What would move" in page
    assert "Nobody" in page
    assert "Apps" in page
    assert "$2.00" in page
    with world.a.scope():
        assert not AttributionRule.objects.exists()


def test_the_test_box_names_the_deciding_rule(world, browser):
    with world.a.scope():
        make_rule(when("project", "p1"), name="By project", unit_id=world.a.units["claims"].id)
        make_rule(name="The rest", unit_id=world.a.units["apps"].id)
    url = world.a.url("attribution:test")
    page = browser.get(url, {"project": "P1", "tags": "a=b"}).content.decode()
    assert "It belongs to Claims" in page
    assert page.index("By project") < page.index("The rest")
    assert "An earlier rule had decided" in page
    assert browser.get(url, {"tags": "nonsense"}).status_code == 422
    assert "Nothing asked yet" in browser.get(url).content.decode()


def test_the_list_filters_and_exports(world, browser):
    with world.a.scope():
        make_rule(when("model", "a"), name="One")
    url = world.a.url("attribution:list")
    assert "One" in browser.get(url, {"status": "active", "phase": "production"}).content.decode()
    assert "One" not in browser.get(url, {"status": "retired"}).content.decode()
    assert b"One" in b"".join(browser.get(url, {"format": "csv"}).streaming_content)


def test_viewers_read_and_strangers_see_nothing(world):
    with world.a.scope():
        rule = make_rule(name="Secret rule")
    auditor = world.a.client(Role.AUDITOR)
    page = auditor.get(world.a.url("attribution:edit", rule.id)).content.decode()
    assert "Secret rule" in page
    assert "<button" not in page.split("<main")[1].split("</main")[0]
    assert auditor.get(world.a.url("attribution:new")).status_code == 403
    mallory = world.b.client()
    for name in ("edit", "retire"):
        assert mallory.get(world.b.url(f"attribution:{name}", rule.id)).status_code == 404


def test_the_list_is_searched_by_what_rules_say(world, browser):
    url = world.a.url("attribution:list")
    with world.a.scope():
        make_rule(when("api_key", "bot", "Bot-2"), name="Support")
        make_rule(when("model", "gpt-5"), name="Research", unit_id=world.a.units["apps"].id)
    for words, shown in (("SUPPORT", "Support"), ("bot-2", "Support"), ("gpt apps", "Research")):
        page = browser.get(url, {"q": words}).content.decode()
        hidden = {"Support": "Research", "Research": "Support"}[shown]
        assert f">{shown}</a>" in page, words
        assert f">{hidden}</a>" not in page, words
    assert "Nothing matches" in browser.get(url, {"q": "gpt nobody"}).content.decode()


def test_a_rule_moves_up_and_down_from_where_it_was_seen(world, browser):
    with world.a.scope():
        rules = [make_rule(name=name) for name in ("One", "Two", "Three")]
    url = world.a.url("attribution:list")
    page = browser.get(url).content.decode()
    assert 'aria-label="Move One up"' not in page
    assert 'aria-label="Move Two up"' in page
    assert 'aria-label="Move Three down"' not in page
    move = world.a.url("attribution:move", rules[2].id)
    answer = browser.post(move, {"at": 3, "to": 2, "back": "q=t"})
    assert (answer.status_code, answer["Location"]) == (302, f"{url}?q=t")
    assert browser.post(move, {"at": 3, "to": 2}).status_code == 409
    assert browser.post(move, {"at": 2, "to": "x"}).status_code == 422
    assert world.a.client(Role.VIEWER).post(move, {"at": 2, "to": 1}).status_code == 403
    assert "Move Two" not in world.a.client(Role.VIEWER).get(url).content.decode()
    with world.a.scope():
        order = AttributionRule.objects.order_by("position").values_list("name", flat=True)
        assert list(order) == ["One", "Three", "Two"]


def test_the_list_says_what_each_rule_decided(world, browser):
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    days_ago = [0, 0, 0, 29, 30, 40]
    with world.a.scope():
        price("m1")
        owner = {"unit_id": world.a.units["apps"].id}
        used = make_rule(when("api_key", "bot"), name="Support", **owner)
        make_rule(when("api_key", "nobody"), name="Idle", **owner)
        take([usage(api_key="bot", occurred_at=now - timedelta(days=n)) for n in days_ago])
        take([usage(api_key="x", occurred_at=now)])
        with time_machine.travel(now, tick=False):
            assert count_rule_use() == count_rule_use() == 1
        use = RuleUse.objects.get()
        assert (use.rule_id, use.records, use.tokens) == (used.id, 4, 4_400)
        assert use.cost_nanos == 4 * 2_800_000
    url = world.a.url("attribution:list")
    page = browser.get(url).content.decode()
    assert "Decided, 30 days" in page
    assert "counted every hour" in page
    content = b"".join(browser.get(url, {"format": "csv"}).streaming_content).decode("utf-8-sig")
    found = {row["Rule"]: row["Records, 30 days"] for row in csv.DictReader(io.StringIO(content))}
    assert found == {"Support": "4", "Idle": "0"}
    with world.a.scope(), time_machine.travel(now + timedelta(days=60), tick=False):
        assert count_rule_use() == 0
        assert not RuleUse.objects.exists()

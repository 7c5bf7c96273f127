"""Everything a version says is compared: nothing that changed goes unsaid."""

import datetime as dt
from decimal import Decimal

import msgspec
import pytest

from apps.access.roles import Role
from apps.stories.estimator import exactly
from apps.stories.models import PLAN_FIELDS
from apps.stories.selectors.diff import compare
from apps.stories.selectors.stories import revision_by_number
from tests.factories.stories import make_assumptions

pytestmark = pytest.mark.django_db

SAME = {"assumptions", "currency", "capability_id", "unit_id", "design"}
"""Compared by their own rows, or never different between two versions of this test."""


def changed_rows(desk, **changes):
    story = desk.resubmitted(desk.submitted(), **changes)
    rows = compare(revision_by_number(story, 1), revision_by_number(story, 2))
    return {row.label: (row.before, row.after) for row in rows if row.changed}


def test_every_field_of_a_plan_shows(desk, world):
    owner = world.a.person(Role.CFO).membership.id
    changes = {
        "title": "Claims, again", "summary": "More.", "kind": "pipeline", "pattern": "agent",
        "work_item_url": "https://example.com/1", "cap_nanos": 1, "value_metric": "Minutes",
        "value_unit": "hours", "value_baseline": Decimal(1), "value_change": Decimal(2),
        "value_per": "month", "value_adoption": Decimal(5), "value_money_nanos": 10**9,
        "value_confidence": "high", "value_measure_on": dt.date(2027, 6, 1),
        "value_evidence_url": "https://example.com/2", "value_owner_id": owner, "value_why": "So.",
    }  # fmt: skip
    assert changes.keys() | SAME == set(PLAN_FIELDS)
    found = changed_rows(desk, **changes)
    assert found.keys() == {
        "Name", "What it does", "Category", "Pattern", "Work item", "Requested cap a month",
        "Value metric", "Baseline", "Expected change", "Counted", "Adoption of the value",
        "Worth per unit", "Confidence", "Measured on", "Reported by", "Evidence", "Why",
        "Value claimed a month",
    }  # fmt: skip
    assert found["Measured on"] == ("1 April 2027", "1 June 2027")


def test_choices_of_the_estimator_show(desk):
    a = make_assumptions(volume="users", users=exactly(2_000), per_user=exactly(7), cache_ttl="1h")
    size = msgspec.structs.replace(
        a.development, basis="size", size="M", size_tokens=exactly(200_000_000)
    )
    found = changed_rows(
        desk, assumptions=msgspec.structs.replace(a, development=size, unit_noun="call")
    )
    assert found["One interaction is a"] == ("claim", "call")
    assert found["Volume counted from"] == ("interactions", "people who use it")
    assert found["Cache lifetime"] == ("5 minutes", "1 hour")
    assert found["Development estimated"] == ("by effort", "by size M")

"""Policies as data: what matches, which steps follow, and what a wrong document is told."""

import pytest

from apps.access.roles import ASSIGNABLE
from apps.approvals.rules import choosing, policy
from apps.approvals.rules.policy import Condition, PolicyDocument, StepSpec
from apps.common.errors import Invalid

ROLES = [role.value for role in ASSIGNABLE]


@pytest.mark.parametrize(
    ("condition", "facts", "expected"),
    [
        (("amount_month_nanos", "ge", 10), {"amount_month_nanos": 10}, True),
        (("amount_month_nanos", "gt", 10), {"amount_month_nanos": 10}, False),
        (("amount_month_nanos", "lt", 10), {"amount_month_nanos": 9}, True),
        (("amount_month_nanos", "le", 10), {"amount_month_nanos": 10}, True),
        (("amount_month_nanos", "ge", 0), {}, False),
        (("kind", "eq", "pipeline"), {"kind": "pipeline"}, True),
        (("kind", "ne", "pipeline"), {"kind": "production"}, True),
        (("kind", "ne", "pipeline"), {}, True),
        (("kind", "in", ["pipeline", "analytics"]), {"kind": "analytics"}, True),
        (("unit", "eq", "u1"), {"unit": ("u3", "u1")}, True),
        (("unit", "ne", "u1"), {"unit": ("u3", "u1")}, False),
        (("model_standard", "eq", False), {"model_standard": False}, True),
    ],
)
def test_conditions(condition, facts, expected):
    assert choosing.holds(Condition(*condition), facts) is expected


def test_steps_whose_conditions_hold_form_the_route():
    document = PolicyDocument(
        steps=[
            StepSpec("TokenOps", ["tokenops_lead"]),
            StepSpec("CDO", ["cdo"], when=[Condition("data_class", "eq", "personal")]),
            StepSpec("CFO", ["cfo"], when=[Condition("amount_month_nanos", "gt", 5_000)]),
        ]
    )
    names = [s.name for s in choosing.route(document, {"amount_month_nanos": 6_000})]
    assert names == ["TokenOps", "CFO"]


def test_a_route_is_never_empty():
    document = PolicyDocument(
        steps=[StepSpec("CDO", ["cdo"], when=[Condition("kind", "eq", "pipeline")])]
    )
    assert [s.name for s in choosing.route(document, {"kind": "analytics"})] == ["CDO"]


def test_the_default_policy_round_trips():
    import msgspec

    raw = msgspec.to_builtins(policy.DEFAULT_POLICY)
    assert policy.parse_policy(raw, roles=ROLES) == policy.DEFAULT_POLICY


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        ({}, ["steps"]),
        ([], ["document"]),
        ({"steps": []}, ["steps"]),
        ({"steps": [{"name": "", "roles": []}]}, ["steps[0].name", "steps[0].roles"]),
        ({"steps": [{"name": "A", "roles": ["king"]}]}, ["steps[0].roles"]),
        ({"steps": [{"name": "A", "roles": ["cfo"], "mode": "most"}]}, ["steps[0].mode"]),
        (
            {"steps": [{"name": "A", "roles": ["cfo"], "mode": "quorum", "quorum": 0}]},
            ["steps[0].quorum"],
        ),
        (
            {"steps": [{"name": "A", "roles": ["cfo"], "due_working_days": 61}]},
            ["steps[0].due_working_days"],
        ),
        (
            {
                "steps": [{"name": "A", "roles": ["cfo"]}],
                "when": [{"fact": "mood", "op": "eq", "value": "x"}],
            },
            ["when[0].fact"],
        ),
        (
            {
                "steps": [
                    {
                        "name": "A",
                        "roles": ["cfo"],
                        "when": [
                            {"fact": "kind", "op": "gt", "value": "x"},
                            {"fact": "amount_month_nanos", "op": "gt", "value": "x"},
                            {"fact": "model_standard", "op": "eq", "value": 1},
                        ],
                    }
                ]
            },
            ["steps[0].when[0].op", "steps[0].when[1].value", "steps[0].when[2].value"],
        ),
        ({"steps": [{"name": "A", "roles": ["cfo"], "colour": "red"}]}, ["steps[0]"]),
        ({"steps": [{"name": "A", "roles": "cfo"}]}, ["steps[0].roles"]),
    ],
)
def test_a_wrong_document_names_each_field(raw, fields):
    with pytest.raises(Invalid) as caught:
        policy.parse_policy(raw, roles=ROLES)
    assert [error.field for error in caught.value.errors] == fields

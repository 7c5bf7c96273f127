"""GRANTS: role x permission -> scope. The one place where rights are decided.

Scopes, narrowest last:

- ORG: everywhere in the organization, wherever the role is bound.
- UNIT: in the unit the role is bound to and all units below it; everywhere when the role is bound
  to the organization. Objects without a unit are reached only by a binding to the organization.
- OWN: objects the actor owns, inside the same units.

The permission page and docs/permissions.md are generated from this module.
"""

from collections.abc import Iterable
from enum import StrEnum

from apps.access.permissions import KEY_PERMISSIONS, PLATFORM_PERMISSIONS, P
from apps.access.roles import Role


class Scope(StrEnum):
    ORG = "org"
    UNIT = "unit"
    OWN = "own"


Grants = dict[P, Scope]

#: What belongs to everyone who works with the figures: reference data of the whole organization.
_REFERENCE = (P.ORG_VIEW, P.CAPABILITY_VIEW, P.PRICE_VIEW)

#: Reading figures, plans and evidence, in the units of the binding.
_READ = (P.USAGE_VIEW, P.STORY_VIEW, P.APPROVAL_VIEW, P.BUDGET_VIEW, P.AUDIT_VIEW)

#: Reading how figures come about: rules, sources.
_READ_MACHINERY = (P.ATTRIBUTION_VIEW, P.SOURCE_VIEW)


def _grants(*, org: Iterable[P] = (), unit: Iterable[P] = (), own: Iterable[P] = ()) -> Grants:
    """One role's grants; a permission named twice keeps the wider scope."""
    grants: Grants = dict.fromkeys(own, Scope.OWN)
    grants.update(dict.fromkeys(unit, Scope.UNIT))
    grants.update(dict.fromkeys(org, Scope.ORG))
    return grants


#: An executive reads everything, also who works here and what was done, decides and follows up.
_EXECUTIVE = (
    *_READ,
    P.PEOPLE_VIEW,
    P.TRAIL_VIEW,
    P.APPROVAL_ANSWER,
    P.APPROVAL_DECIDE,
    P.PLANNING_REQUEST,
    P.COMMENT_WRITE,
)

GRANTS: dict[Role, Grants] = {
    Role.OWNER: _grants(org=[p for p in P if p not in PLATFORM_PERMISSIONS]),
    Role.ADMIN: _grants(
        org=[*_REFERENCE, *_READ_MACHINERY, P.REPORT_SCHEDULE, P.WEBHOOK_VIEW, P.WEBHOOK_MANAGE],
        unit=[
            *_READ,
            P.ORG_MANAGE,
            P.UNIT_MANAGE,
            P.PEOPLE_VIEW,
            P.PEOPLE_MANAGE,
            P.ROLE_MANAGE,
            P.APIKEY_VIEW,
            P.APIKEY_MANAGE,
            P.TRAIL_VIEW,
            P.COMMENT_WRITE,
            P.SOURCE_MANAGE,
            P.USAGE_IMPORT,
            P.USAGE_WRITE,
        ],
    ),
    Role.CIO: _grants(
        org=[*_REFERENCE, *_READ_MACHINERY, P.REPORT_SCHEDULE],
        unit=[
            *_EXECUTIVE,
            P.ORG_MANAGE,
            P.UNIT_MANAGE,
            P.PEOPLE_MANAGE,
            P.ROLE_MANAGE,
            P.APIKEY_VIEW,
            P.APPROVAL_POLICY_MANAGE,
            P.BUDGET_MANAGE,
            P.PLANNING_MANAGE,
            P.AUDIT_SIGN,
            P.MODEL_STANDING_MANAGE,
        ],
    ),
    Role.CTO: _grants(
        org=[*_REFERENCE, *_READ_MACHINERY, P.REPORT_SCHEDULE],
        unit=[
            *_EXECUTIVE,
            P.APIKEY_VIEW,
            P.SOURCE_MANAGE,
            P.CAPABILITY_MANAGE,
            P.CHANGE_RECORD,
            P.SPRINT_MANAGE,
            P.AUDIT_RESPOND,
            P.AUDIT_SIGN,
            P.TIER_MANAGE,
            P.DESIGN_REVIEW_MANAGE,
            P.MODEL_STANDING_MANAGE,
        ],
    ),
    Role.CFO: _grants(
        org=[*_REFERENCE, *_READ_MACHINERY, P.REPORT_SCHEDULE],
        unit=[
            *_EXECUTIVE,
            P.UNIT_MANAGE,
            P.PRICE_MANAGE,
            P.PERIOD_MANAGE,
            P.BUDGET_MANAGE,
            P.PLANNING_MANAGE,
            P.AUDIT_SIGN,
            P.VALUE_POLICY_MANAGE,
        ],
    ),
    Role.CDO: _grants(
        org=[*_REFERENCE, *_READ_MACHINERY, P.REPORT_SCHEDULE],
        unit=[
            *_EXECUTIVE,
            P.CAPABILITY_MANAGE,
            P.CHANGE_RECORD,
            P.AUDIT_RESPOND,
            P.AUDIT_SIGN,
        ],
    ),
    Role.EA: _grants(
        org=[*_REFERENCE, *_READ_MACHINERY, P.REPORT_SCHEDULE],
        unit=[
            *_EXECUTIVE,
            P.CAPABILITY_MANAGE,
            P.CHANGE_RECORD,
            P.AUDIT_RESPOND,
            P.TIER_MANAGE,
            P.DESIGN_REVIEW_MANAGE,
            P.MODEL_STANDING_MANAGE,
            P.ESTIMATING_MANAGE,
            P.STORY_TEMPLATE_MANAGE,
        ],
    ),
    Role.TOKENOPS_LEAD: _grants(
        org=[*_REFERENCE, *_READ_MACHINERY, P.REPORT_SCHEDULE, P.WEBHOOK_VIEW, P.WEBHOOK_MANAGE],
        unit=[
            *_EXECUTIVE,
            P.APIKEY_VIEW,
            P.APIKEY_MANAGE,
            P.CAPABILITY_MANAGE,
            P.CHANGE_RECORD,
            P.PRICE_MANAGE,
            P.ATTRIBUTION_MANAGE,
            P.USAGE_WRITE,
            P.USAGE_IMPORT,
            P.PERIOD_MANAGE,
            P.SOURCE_MANAGE,
            P.STORY_WRITE,
            P.STORY_SUBMIT,
            P.SPRINT_MANAGE,
            P.APPROVAL_POLICY_MANAGE,
            P.BUDGET_MANAGE,
            P.AUDIT_RUN,
            P.AUDIT_FINDING_WRITE,
            P.AUDIT_RESPOND,
            P.AUDIT_SIGN,
            P.TIER_MANAGE,
            P.DESIGN_REVIEW_MANAGE,
            P.MODEL_STANDING_MANAGE,
            P.ESTIMATING_MANAGE,
            P.STORY_TEMPLATE_MANAGE,
        ],
    ),
    Role.TOKENOPS_ANALYST: _grants(
        org=[*_REFERENCE, *_READ_MACHINERY, P.REPORT_SCHEDULE],
        unit=[
            *_READ,
            P.PEOPLE_VIEW,
            P.TRAIL_VIEW,
            P.CAPABILITY_MANAGE,
            P.CHANGE_RECORD,
            P.PRICE_MANAGE,
            P.ATTRIBUTION_MANAGE,
            P.USAGE_IMPORT,
            P.SOURCE_MANAGE,
            P.STORY_WRITE,
            P.COMMENT_WRITE,
            P.AUDIT_RUN,
            P.AUDIT_FINDING_WRITE,
            P.AUDIT_RESPOND,
            P.ESTIMATING_MANAGE,
            P.STORY_TEMPLATE_MANAGE,
        ],
    ),
    Role.UNIT_LEAD: _grants(
        org=[*_REFERENCE, *_READ_MACHINERY, P.REPORT_SCHEDULE],
        unit=[
            *_READ,
            P.UNIT_MANAGE,
            P.PEOPLE_VIEW,
            P.PEOPLE_MANAGE,
            P.ROLE_MANAGE,
            P.APIKEY_VIEW,
            P.CAPABILITY_MANAGE,
            P.CHANGE_RECORD,
            P.STORY_WRITE,
            P.STORY_SUBMIT,
            P.APPROVAL_ANSWER,
            P.PLANNING_REQUEST,
            P.SPRINT_MANAGE,
            P.COMMENT_WRITE,
            P.AUDIT_RESPOND,
            P.STORY_TEMPLATE_MANAGE,
        ],
    ),
    Role.MEMBER: _grants(
        org=_REFERENCE,
        unit=[P.USAGE_VIEW, P.STORY_VIEW, P.BUDGET_VIEW, P.COMMENT_WRITE, P.CHANGE_RECORD],
        own=[P.STORY_WRITE, P.STORY_SUBMIT, P.APPROVAL_VIEW, P.AUDIT_RESPOND],
    ),
    Role.AUDITOR: _grants(
        org=[*_REFERENCE, *_READ_MACHINERY],
        unit=[
            *_READ,
            P.PEOPLE_VIEW,
            P.APIKEY_VIEW,
            P.TRAIL_VIEW,
            P.AUDIT_FINDING_WRITE,
        ],
    ),
    Role.VIEWER: _grants(org=[*_REFERENCE, *_READ_MACHINERY], unit=_READ),
    Role.SERVICE: _grants(unit=KEY_PERMISSIONS, org=_REFERENCE),
    Role.SUPPORT: _grants(
        org=[*_REFERENCE, *_READ_MACHINERY],
        unit=[*_READ, P.PEOPLE_VIEW, P.APIKEY_VIEW, P.TRAIL_VIEW],
    ),
}


def scope_of(role: Role, permission: P) -> Scope | None:
    """The scope a role grants, or None."""
    return GRANTS[role].get(permission)

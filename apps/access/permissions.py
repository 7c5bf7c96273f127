"""Every permission of the product, as data.

A permission names one thing a person or a key may do. Its objects belong to a unit (a story does)
or to the organization as a whole (the price book does): a role bound to one unit never reaches
the second kind.
"""

from dataclasses import dataclass
from enum import StrEnum


class P(StrEnum):
    """Permissions; the value is stored on API keys and written in the trail: never rename one."""

    ORG_VIEW = "org.view"
    ORG_MANAGE = "org.manage"
    UNIT_MANAGE = "unit.manage"
    PEOPLE_VIEW = "people.view"
    PEOPLE_MANAGE = "people.manage"
    ROLE_MANAGE = "role.manage"
    APIKEY_VIEW = "apikey.view"
    APIKEY_MANAGE = "apikey.manage"
    WEBHOOK_VIEW = "webhook.view"
    WEBHOOK_MANAGE = "webhook.manage"
    TRAIL_VIEW = "trail.view"
    CAPABILITY_VIEW = "capability.view"
    CAPABILITY_MANAGE = "capability.manage"
    CHANGE_RECORD = "change.record"
    MODEL_STANDING_MANAGE = "model_standing.manage"
    TIER_MANAGE = "tier.manage"
    PRICE_VIEW = "price.view"
    PRICE_MANAGE = "price.manage"
    ATTRIBUTION_VIEW = "attribution.view"
    ATTRIBUTION_MANAGE = "attribution.manage"
    USAGE_VIEW = "usage.view"
    USAGE_WRITE = "usage.write"
    USAGE_IMPORT = "usage.import"
    PERIOD_MANAGE = "period.manage"
    REPORT_SCHEDULE = "report.schedule"
    SOURCE_VIEW = "source.view"
    SOURCE_MANAGE = "source.manage"
    STORY_VIEW = "story.view"
    STORY_WRITE = "story.write"
    STORY_SUBMIT = "story.submit"
    COMMENT_WRITE = "comment.write"
    STORY_TEMPLATE_MANAGE = "story_template.manage"
    ESTIMATING_MANAGE = "estimating.manage"
    VALUE_POLICY_MANAGE = "value_policy.manage"
    DESIGN_REVIEW_MANAGE = "design_review.manage"
    APPROVAL_VIEW = "approval.view"
    APPROVAL_ANSWER = "approval.answer"
    APPROVAL_DECIDE = "approval.decide"
    APPROVAL_POLICY_MANAGE = "approval_policy.manage"
    BUDGET_VIEW = "budget.view"
    BUDGET_MANAGE = "budget.manage"
    PLANNING_REQUEST = "planning.request"
    PLANNING_MANAGE = "planning.manage"
    SPRINT_MANAGE = "sprint.manage"
    AUDIT_VIEW = "audit.view"
    AUDIT_RUN = "audit.run"
    AUDIT_FINDING_WRITE = "audit_finding.write"
    AUDIT_RESPOND = "audit.respond"
    AUDIT_SIGN = "audit.sign"
    SUPPORT_ENTER = "support.enter"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a permission allows, in the words of the permission page."""

    group: str
    label: str


MEANINGS: dict[P, Meaning] = {
    P.ORG_VIEW: Meaning("Organization", "See the organization and its units"),
    P.ORG_MANAGE: Meaning("Organization", "Change name, currency, time zone and fiscal year"),
    P.UNIT_MANAGE: Meaning("Organization", "Add, rename, move and retire units"),
    P.PEOPLE_VIEW: Meaning("People", "See people, their roles and open invitations"),
    P.PEOPLE_MANAGE: Meaning("People", "Invite people, suspend and restore them"),
    P.ROLE_MANAGE: Meaning("People", "Give and take roles"),
    P.APIKEY_VIEW: Meaning("API keys", "See API keys and when each was last used"),
    P.APIKEY_MANAGE: Meaning("API keys", "Create, rotate and revoke API keys"),
    P.WEBHOOK_VIEW: Meaning("Webhooks", "See webhooks and what was sent"),
    P.WEBHOOK_MANAGE: Meaning("Webhooks", "Add, change, pause and retire webhooks"),
    P.TRAIL_VIEW: Meaning("Trail", "Read and verify the trail"),
    P.CAPABILITY_VIEW: Meaning("Capabilities", "See capabilities"),
    P.CAPABILITY_MANAGE: Meaning("Capabilities", "Add and change capabilities"),
    P.CHANGE_RECORD: Meaning("Capabilities", "Record what was changed about capabilities"),
    P.MODEL_STANDING_MANAGE: Meaning("Capabilities", "Say which models are standard or allowed"),
    P.TIER_MANAGE: Meaning("Capabilities", "Change the consumption tiers"),
    P.PRICE_VIEW: Meaning("Prices", "See list prices and negotiated rates"),
    P.PRICE_MANAGE: Meaning("Prices", "Change negotiated rates"),
    P.ATTRIBUTION_VIEW: Meaning("Attribution", "See attribution rules"),
    P.ATTRIBUTION_MANAGE: Meaning("Attribution", "Change attribution rules"),
    P.USAGE_VIEW: Meaning("Usage", "See usage and cost"),
    P.USAGE_WRITE: Meaning("Usage", "Push usage records"),
    P.USAGE_IMPORT: Meaning("Usage", "Import usage from files"),
    P.PERIOD_MANAGE: Meaning("Usage", "Settle, close and reopen periods"),
    P.REPORT_SCHEDULE: Meaning("Usage", "Schedule reports by e-mail"),
    P.SOURCE_VIEW: Meaning("Sources", "See sources and their runs"),
    P.SOURCE_MANAGE: Meaning("Sources", "Connect, pause and run sources"),
    P.STORY_VIEW: Meaning("Token Stories", "Read Token Stories"),
    P.STORY_WRITE: Meaning("Token Stories", "Draft and amend Token Stories"),
    P.STORY_SUBMIT: Meaning("Token Stories", "Submit Token Stories for approval"),
    P.COMMENT_WRITE: Meaning("Token Stories", "Comment, attach files and link work items"),
    P.STORY_TEMPLATE_MANAGE: Meaning("Token Stories", "Save, change and retire story templates"),
    P.ESTIMATING_MANAGE: Meaning("Token Stories", "Change size bands and reference bands"),
    P.VALUE_POLICY_MANAGE: Meaning(
        "Token Stories", "Set the amount from which a value hypothesis is mandatory"
    ),
    P.DESIGN_REVIEW_MANAGE: Meaning(
        "Token Stories", "Change the design review, and whether stories and go-live wait for it"
    ),
    P.APPROVAL_VIEW: Meaning("Approvals", "See approval requests"),
    P.APPROVAL_ANSWER: Meaning("Approvals", "Answer steps that ask the lead of the unit"),
    P.APPROVAL_DECIDE: Meaning("Approvals", "Approve, reject, ask for changes"),
    P.APPROVAL_POLICY_MANAGE: Meaning("Approvals", "Change approval routes"),
    P.BUDGET_VIEW: Meaning("Budgets", "See budgets"),
    P.BUDGET_MANAGE: Meaning("Budgets", "Open and change budgets"),
    P.PLANNING_REQUEST: Meaning("Planning", "Ask for a team's envelope in a planning cycle"),
    P.PLANNING_MANAGE: Meaning("Planning", "Open planning cycles, allocate envelopes, lock"),
    P.SPRINT_MANAGE: Meaning("Planning", "Keep a team's sprints and their stories"),
    P.AUDIT_VIEW: Meaning("Audits", "Read consumption audits and their reports"),
    P.AUDIT_RUN: Meaning("Audits", "Plan and run audits, freeze baselines"),
    P.AUDIT_FINDING_WRITE: Meaning("Audits", "Raise and change findings"),
    P.AUDIT_RESPOND: Meaning("Audits", "Respond to findings"),
    P.AUDIT_SIGN: Meaning("Audits", "Sign audit reports"),
    P.SUPPORT_ENTER: Meaning("Support", "Enter an organization as support, with a reason"),
}

#: Permissions on objects that belong to a unit; all others concern the organization as a whole.
PER_UNIT = frozenset(
    {
        P.UNIT_MANAGE,
        P.PEOPLE_VIEW,
        P.PEOPLE_MANAGE,
        P.ROLE_MANAGE,
        P.APIKEY_VIEW,
        P.APIKEY_MANAGE,
        P.CAPABILITY_VIEW,
        P.CAPABILITY_MANAGE,
        P.CHANGE_RECORD,
        P.USAGE_VIEW,
        P.STORY_VIEW,
        P.STORY_WRITE,
        P.STORY_SUBMIT,
        P.COMMENT_WRITE,
        P.STORY_TEMPLATE_MANAGE,
        P.APPROVAL_VIEW,
        P.APPROVAL_ANSWER,
        P.APPROVAL_DECIDE,
        P.BUDGET_VIEW,
        P.BUDGET_MANAGE,
        P.PLANNING_REQUEST,
        P.SPRINT_MANAGE,
        P.AUDIT_VIEW,
        P.AUDIT_RUN,
        P.AUDIT_FINDING_WRITE,
        P.AUDIT_RESPOND,
        P.AUDIT_SIGN,
    }
)

#: Held by staff of the installation, never through a role of an organization.
PLATFORM_PERMISSIONS = frozenset({P.SUPPORT_ENTER})

#: What an API key may be given. Decisions, signatures, roles and keys stay with people.
KEY_PERMISSIONS = frozenset(
    {
        P.ORG_VIEW,
        P.UNIT_MANAGE,
        P.PEOPLE_VIEW,
        P.PEOPLE_MANAGE,
        P.WEBHOOK_VIEW,
        P.WEBHOOK_MANAGE,
        P.TRAIL_VIEW,
        P.CAPABILITY_VIEW,
        P.CAPABILITY_MANAGE,
        P.CHANGE_RECORD,
        P.TIER_MANAGE,
        P.MODEL_STANDING_MANAGE,
        P.PRICE_VIEW,
        P.PRICE_MANAGE,
        P.ATTRIBUTION_VIEW,
        P.ATTRIBUTION_MANAGE,
        P.USAGE_VIEW,
        P.USAGE_WRITE,
        P.USAGE_IMPORT,
        P.SOURCE_VIEW,
        P.SOURCE_MANAGE,
        P.STORY_VIEW,
        P.STORY_WRITE,
        P.STORY_SUBMIT,
        P.COMMENT_WRITE,
        P.STORY_TEMPLATE_MANAGE,
        P.ESTIMATING_MANAGE,
        P.APPROVAL_VIEW,
        P.BUDGET_VIEW,
        P.BUDGET_MANAGE,
        P.PLANNING_REQUEST,
        P.SPRINT_MANAGE,
        P.AUDIT_VIEW,
        P.AUDIT_RUN,
        P.AUDIT_FINDING_WRITE,
    }
)


def grouped() -> dict[str, list[P]]:
    """Permissions by group, in the order of declaration."""
    groups: dict[str, list[P]] = {}
    for permission, meaning in MEANINGS.items():
        groups.setdefault(meaning.group, []).append(permission)
    return groups

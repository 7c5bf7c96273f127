"""Roles: what a person is here for. The matrix says what each may do."""

from enum import StrEnum


class Role(StrEnum):
    """Roles; the value is stored in role bindings: never rename one."""

    OWNER = "owner"
    ADMIN = "admin"
    CIO = "cio"
    CTO = "cto"
    CFO = "cfo"
    CDO = "cdo"
    EA = "ea"
    TOKENOPS_LEAD = "tokenops_lead"
    TOKENOPS_ANALYST = "tokenops_analyst"
    UNIT_LEAD = "unit_lead"
    MEMBER = "member"
    AUDITOR = "auditor"
    VIEWER = "viewer"
    SERVICE = "service"
    SUPPORT = "support"

    @property
    def label(self) -> str:
        return LABELS[self]


LABELS: dict[Role, str] = {
    Role.OWNER: "Owner",
    Role.ADMIN: "Administrator",
    Role.CIO: "CIO",
    Role.CTO: "CTO",
    Role.CFO: "CFO",
    Role.CDO: "CDO",
    Role.EA: "Enterprise architect",
    Role.TOKENOPS_LEAD: "TokenOps lead",
    Role.TOKENOPS_ANALYST: "TokenOps analyst",
    Role.UNIT_LEAD: "Unit lead",
    Role.MEMBER: "Member",
    Role.AUDITOR: "Auditor",
    Role.VIEWER: "Viewer",
    Role.SERVICE: "Service account",
    Role.SUPPORT: "Support",
}

PURPOSES: dict[Role, str] = {
    Role.OWNER: "Answers for the organization. May do everything; there is always at least one.",
    Role.ADMIN: "Runs the portal: people, units, keys and sources. Takes no decision on money.",
    Role.CIO: "Owns the practice: decides, signs, sets routes and roles.",
    Role.CTO: "Owns the systems: decides on designs, connects sources, signs.",
    Role.CFO: "Owns the money: budgets, prices, periods and cost centres; decides, signs.",
    Role.CDO: "Owns the data: decides where data classes are touched, signs.",
    Role.EA: "Owns the standards: capabilities and models; decides on designs.",
    Role.TOKENOPS_LEAD: "Leads TokenOps: decides, runs audits, sets routes, rules and budgets.",
    Role.TOKENOPS_ANALYST: "Keeps figures right: sources, prices, rules, audits.",
    Role.UNIT_LEAD: "Leads a unit: its people and stories, what asks for its lead, findings.",
    Role.MEMBER: "Works in a unit: files its own stories and follows them.",
    Role.AUDITOR: "Reads everything and writes findings. Changes nothing else.",
    Role.VIEWER: "Reads figures, stories, budgets and reports.",
    Role.SERVICE: "A program with an API key, limited to the key's own permissions.",
    Role.SUPPORT: "Installation staff, inside for a stated reason and a limited time. Reads only.",
}

#: Roles a person can be given. The other two come with an API key or a support visit.
ASSIGNABLE = tuple(role for role in Role if role not in {Role.SERVICE, Role.SUPPORT})

#: Roles that make sense for the organization as a whole only.
ORGANIZATION_ONLY = frozenset({Role.OWNER, Role.ADMIN, Role.SUPPORT})

#: Roles whose holders may give roles, and which ones. Only an owner changes their own.
GRANTABLE: dict[Role, frozenset[Role]] = {
    Role.OWNER: frozenset(ASSIGNABLE),
    Role.ADMIN: frozenset(ASSIGNABLE) - {Role.OWNER},
    Role.CIO: frozenset(ASSIGNABLE) - {Role.OWNER},
    Role.UNIT_LEAD: frozenset({Role.UNIT_LEAD, Role.MEMBER, Role.VIEWER}),
}

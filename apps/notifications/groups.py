"""What people are told about, in groups that they choose e-mail for."""

from django.db import models


class Group(models.TextChoices):
    """A group of kinds: the part of a kind before its dot, or what KINDS says."""

    APPROVAL = "approval", "Approvals"
    STORY = "story", "Token Stories"
    BUDGET = "budget", "Budgets"
    AUDIT = "audit", "Audits"
    SOURCE = "source", "Sources and data"
    OTHER = "other", "Everything else"


class EmailChoice(models.TextChoices):
    """When a person gets an e-mail about a group. The inbox always has it."""

    NOW = "now", "At once"
    DIGEST = "digest", "In the daily digest"
    NEVER = "never", "Not by e-mail"


HELP = {
    Group.APPROVAL: "Requests that wait for you, answers to yours, questions and reminders.",
    Group.STORY: "Mentions, comments, stories that leave their approved band, decisions you own.",
    Group.BUDGET: "Budgets you own or lead: changes, thresholds reached, use that burns too fast.",
    Group.AUDIT: "Findings you answer for, and reports that wait for your signature.",
    Group.SOURCE: "Sources that fail or fall quiet, and doubtful figures.",
    Group.OTHER: "Webhooks, imports, reports that failed, support visits.",
}

_KINDS = {"connector": Group.SOURCE, "quality": Group.SOURCE, "ledger": Group.SOURCE}


def group_of(kind: str) -> Group:
    """The group of a kind: `approval.waiting` belongs to approvals."""
    prefix = kind.split(".", maxsplit=1)[0]
    if prefix in Group.values:
        return Group(prefix)
    return _KINDS.get(prefix, Group.OTHER)

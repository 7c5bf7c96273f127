"""Design reviews: who answered what about a capability, and the gate the CTO has mandated."""

from apps.access.roles import Role
from apps.stories import services
from apps.stories.design import DEFAULT, Answer, Design, Reply, dump
from apps.stories.selectors.design import checklist_in_force
from tokenops.demo.organization import Demo

NOTES = {
    "claims-intake": "Two calls a document: read, then structure. Night batches, prompt cached.",
    "agent-assist": "Five passages retrieved, one answer. Transcripts are cut to 2 minutes.",
    "policy-chat": "Retrieval over the terms of the customer's own policy. A small model first.",
    "code-assistant": "Editor plug-in against the provider's own caching; nothing of ours between.",
    "contract-extraction": "A contract is split by clause; every clause is read once.",
    "submission-triage": "An agent with four tools. Broker data comes by query.",
    "fraud-signals": "Signals come from the scoring service; a model only words them.",
    "invoice-coding": "One call an invoice, the account plan cached.",
    "text-to-sql": "Schema of the asked tables only; queries run read-only in the warehouse.",
    "migration-agent": "An agent a repository, in a sandbox, at most 80 steps.",
    "quote-helper": "Three turns at most, then the form.",
    "churn-insights": "Weekly over all cancellations; the reasons are counted by the warehouse.",
}
"""Stories of other capabilities were filed before anybody asked."""
NO = {
    "policy-chat": {"history-cut": "Customers refer back to what they said.",
                    "cache-prompt": "The hit rate is not measured yet."},
    "submission-triage": {"model-smallest": "Only the large one was tried."},
    "fraud-signals": {"cache-prompt": "The prompt changes with every signal."},
    "migration-agent": {"context-needed": "Whole files are read to keep imports right.",
                        "model-smallest": "Smaller ones broke builds.",
                        "cache-prompt": "Not looked at yet."},
    "quote-helper": {"limits-set": "Retries have none yet."},
}  # fmt: skip
NOT_APPLICABLE = {
    "claims-intake": {"history-cut": "There is no conversation."},
    "contract-extraction": {"history-cut": "There is no conversation."},
    "agent-assist": {"batch-later": "Answers are needed while the customer talks."},
    "policy-chat": {"batch-later": "Customers wait for the answer."},
    "code-assistant": {"batch-later": "Engineers wait for the answer."},
    "quote-helper": {"batch-later": "Customers wait for the answer."},
}
OPEN = {"churn-insights": ("cache-prompt", "limits-set")}
"""Drafts have questions left."""


def review_of(slug: str) -> Design:
    """The answers of a capability's team; no review where it gave none."""
    if slug not in NOTES:
        return Design()
    return Design(NOTES[slug], tuple(_answer(slug, each.key) for each in DEFAULT.questions))


def _answer(slug: str, key: str) -> Answer:
    if key in OPEN.get(slug, ()):
        return Answer(key)
    if key in NO.get(slug, {}):
        return Answer(key, Reply.NO.value, NO[slug][key])
    if key in NOT_APPLICABLE.get(slug, {}):
        return Answer(key, Reply.NOT_APPLICABLE.value, NOT_APPLICABLE[slug][key])
    return Answer(key, Reply.YES.value)


def ensure_design_review(demo: Demo) -> None:
    """The CTO mandates the review for heavy and critical stories."""
    if checklist_in_force()[1]:
        return
    services.change_design_checklist(
        actor=demo.role(Role.CTO),
        version=0,
        document={**dump(DEFAULT), "gate": True},
        reason="Design decides most of what a capability will ever cost.",
    )

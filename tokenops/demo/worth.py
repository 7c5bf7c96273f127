"""What was decided about capabilities: one to redesign, one to keep whose review is due."""

import datetime as dt
from dataclasses import dataclass

from apps.access.roles import Role
from apps.common import clock
from apps.outcomes.models import WorthDecision
from apps.outcomes.services import record_decision
from tokenops.demo.organization import Demo
from tokenops.simulator.company import COMPANY


@dataclass(frozen=True, slots=True)
class Decided:
    """Who decided what, how many days ago, and after how many days it is looked at again."""

    slug: str
    by: Role
    verdict: str
    reason: str
    days_ago: int
    review_after: int


DECIDED = (
    Decided("code-assistant", Role.CFO, "keep",
            "Hours are worth three times the bill. Look again when the seats are renewed.", 40, 38),
    Decided("policy-chat", Role.CIO, "redesign",
            "A chat costs more than the call it spares. Trim the policy text that every chat "
            "carries, then measure again; if that does not help, end it.", 3, 60),
)  # fmt: skip


def ensure_worth(demo: Demo, now: dt.datetime) -> None:
    """What is not decided yet. Inside the organization's scope, after the stories are filed."""
    known = set(WorthDecision.objects.values_list("capability_id", flat=True))
    for each in DECIDED:
        capability_id = demo.capabilities[each.slug]
        if capability_id in known:
            continue
        moment = now - dt.timedelta(days=each.days_ago)
        owner = demo.lead_of(COMPANY.capability(each.slug).team)
        with clock.at(moment):
            record_decision(
                actor=demo.role(each.by),
                capability_id=capability_id,
                verdict=each.verdict,
                reason=each.reason,
                owner_id=owner.membership_id,
                review_on=clock.today() + dt.timedelta(days=each.review_after),
                seen=0,
            )

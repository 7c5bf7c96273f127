"""From nothing to the first owned token and the first approved story: what is done, what next."""

from dataclasses import dataclass

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can_anywhere, visible_unit_ids
from apps.approvals.selectors import deciders
from apps.attribution.selectors import active_rules
from apps.ledger.query import Coverage
from apps.organizations.selectors import units
from apps.portal.selectors.inform import Overview
from apps.portfolio.selectors import capabilities
from apps.stories.selectors.stories import stories


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One step of getting started: where, who may, and whether it is done."""

    title: str
    text: str
    url_name: str
    act: str
    permission: P
    who: str
    done: bool


def setup_steps(
    actor: Actor, *, view: Overview | None, coverage: Coverage, has_budget: bool
) -> list[SetupStep]:
    """The steps in order; none once all are done, for who may do none of what is left, and for
    people of one unit, who see a part only.

    An organization with owned use and a budget has been through them: a story's approval opens
    one. That is known from the figures of the page, without a question more.
    """
    used = bool(view and view.has_use)
    owned = bool(view and view.attributed_share)
    if (used and owned and has_budget) or visible_unit_ids(actor, P.USAGE_VIEW) is not None:
        return []
    filed = stories(actor)
    found = [
        SetupStep(
            "Invite who decides",
            "Nobody approves their own story: at least two people need a role that decides.",
            "organizations:people",
            "Invite people",
            P.PEOPLE_MANAGE,
            "An administrator",
            done=len(deciders()) > 1,
        ),
        SetupStep(
            "Describe teams and cost centres",
            "Use, stories and budgets belong to teams.",
            "organizations:units",
            "Add teams",
            P.UNIT_MANAGE,
            "An administrator",
            done=units()[1:2].exists(),
        ),
        SetupStep(
            "Connect one source",
            "A provider's usage report, your gateway, telemetry, or a file.",
            "connectors:list",
            "Connect a source",
            P.SOURCE_MANAGE,
            "An administrator or TokenOps",
            done=bool(coverage.sources),
        ),
        SetupStep(
            "See the first tokens",
            "A source is read within minutes; its page says what it is doing, and its test button "
            "what is wrong.",
            "connectors:list",
            "Look at the source",
            P.SOURCE_MANAGE,
            "An administrator or TokenOps",
            done=used or coverage.complete_through is not None,
        ),
        SetupStep(
            "Name what tokens are used for",
            "Capabilities are the assistants, pipelines and tools that use them.",
            "portfolio:list",
            "Add a capability",
            P.CAPABILITY_MANAGE,
            "TokenOps or the enterprise architect",
            done=capabilities(actor).exists(),
        ),
        SetupStep(
            "Say whose use it is",
            "A rule gives a key or a project to a team and a capability.",
            "ledger:unattributed" if used else "attribution:list",
            "Assign use" if used else "Add a rule",
            P.ATTRIBUTION_MANAGE,
            "TokenOps",
            done=owned if used else active_rules().exists(),
        ),
        SetupStep(
            "File the first Token Story",
            "An estimate, a cap and what it is worth, for one capability.",
            "stories:list",
            "New Token Story",
            P.STORY_WRITE,
            "Whoever leads or works in a team",
            done=filed.exists(),
        ),
        SetupStep(
            "Decide about it",
            "Its approval opens its budget; from then on use is held against both.",
            "approvals:list",
            "Open the queue",
            P.APPROVAL_DECIDE,
            "Those its route names",
            done=filed.filter(approved_at__isnull=False).exists(),
        ),
    ]
    return found if any(not step.done and may(actor, step) for step in found) else []


def may(actor: Actor, step: SetupStep) -> bool:
    return can_anywhere(actor, step.permission)

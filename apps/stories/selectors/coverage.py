"""Whether a change is covered by an approved story: what a pipeline asks before it builds."""

import re
from dataclasses import dataclass

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can
from apps.budgets.enums import BudgetStatus
from apps.budgets.models import Budget
from apps.budgets.selectors import budget_status
from apps.common import fmt
from apps.common.errors import Invalid
from apps.portfolio.models import Capability
from apps.portfolio.selectors import capability_of_code
from apps.stories import rules
from apps.stories.enums import StoryStatus
from apps.stories.models import TokenStory
from apps.stories.selectors.stories import live_successor, stories

_REF = re.compile(r"(?<![A-Za-z0-9])TS-?(\d{1,9})(?![0-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The answer. ``story`` is the one that covers the change, or the nearest that does not.

    ``warning`` says that an approved story has used more in this period than its budget allows.
    """

    approved: bool
    detail: str
    fix: str = ""
    story: TokenStory | None = None
    warning: str = ""


def is_approved(story: TokenStory) -> bool:
    """Approved and not over; an amendment in review does not take the approval away."""
    return story.approved_revision_id is not None and story.state not in rules.FINISHED


def refs_in(branch: str) -> list[str]:
    """References of stories in a branch's name: feature/TS-0142-triage, ts142."""
    return list(dict.fromkeys(rules.ref_of(int(number)) for number in _REF.findall(branch)))


def coverage(actor: Actor, *, capability: str = "", branch: str = "") -> Coverage:
    """Whether an approved story covers a change of a capability (its code) on a branch.

    A story named by the branch is the one asked for; else any approved story of the capability.
    Seeing stories is enough: a pipeline's key need not see capabilities.
    Raises Invalid when neither is given.
    """
    if not capability and not branch:
        raise Invalid(
            "Neither a capability nor a branch is given.",
            field="capability",
            fix="Send a capability’s code, a branch, or both.",
        )
    changed = None
    if capability:
        changed = capability_of_code(capability)
        if changed is None:
            return _lacking(
                f"there is no capability {capability}.",
                "Use the code of a capability, or add it under Capabilities.",
            )
    named = refs_in(branch)
    if named:
        return _named(actor, named, changed)
    if changed is None:
        return _lacking(
            f"the branch {branch} names no story.",
            "Put its reference into the branch’s name, such as feature/TS-0142-triage, "
            "or name the capability.",
        )
    return _of_capability(actor, changed)


def _named(actor: Actor, refs: list[str], changed: Capability | None) -> Coverage:
    found = {story.ref: story for story in stories(actor).filter(ref__in=refs)}
    known = [found[ref] for ref in refs if ref in found]
    if not known:
        return _lacking(f"there is no {' or '.join(refs)}.", "Name a story of your organization.")
    for story in known:
        if is_approved(story) and (changed is None or story.capability_id == changed.id):
            return _covered(actor, story)
    story = known[0]
    if is_approved(story) and changed is not None:
        other = story.capability.name if story.capability else "another capability"
        return _lacking(
            f"{story.ref} is about {other}, not {changed.name}.",
            f"Name an approved story of {changed.name}.",
            story,
        )
    return _not_yet(story)


def _of_capability(actor: Actor, changed: Capability) -> Coverage:
    rows = list(stories(actor).filter(capability=changed).order_by("-updated_at"))
    for story in rows:
        if is_approved(story):
            return _covered(actor, story)
    if rows:
        return _not_yet(rows[0])
    return _lacking(
        f"{changed.name} has no Token Story.",
        "File one and have it approved before this change is merged.",
    )


def _covered(actor: Actor, story: TokenStory) -> Coverage:
    return Coverage(approved=True, detail=_said(story), story=story, warning=_over(actor, story))


def _over(actor: Actor, story: TokenStory) -> str:
    """What its use is over, in the current period of its own budget; empty within it. Amounts are
    for those who see budgets.
    """
    if story.budget_id is None:
        return ""
    budget = Budget.objects.filter(id=story.budget_id, status=BudgetStatus.ACTIVE).first()
    if budget is None:
        return ""
    state = budget_status(budget)
    if state.money.limit is not None and state.money.used > state.money.limit:
        used, limit = (
            fmt.money(nanos, budget.currency) for nanos in (state.money.used, state.money.limit)
        )
    elif state.tokens.limit is not None and state.tokens.used > state.tokens.limit:
        used, limit = f"{state.tokens.used:,}", f"{state.tokens.limit:,} tokens"
    else:
        return ""
    since = fmt.long_day(state.period.start)
    if not can(actor, P.BUDGET_VIEW, unit_id=story.unit_id):
        return f"{story.ref} has used more since {since} than its budget allows."
    return f"{story.ref} has used {used} of {limit} since {since}."


def _lacking(detail: str, fix: str, story: TokenStory | None = None) -> Coverage:
    return Coverage(approved=False, detail=detail, fix=fix, story=story)


def _not_yet(story: TokenStory) -> Coverage:
    successor = live_successor(story) if story.state is StoryStatus.SUPERSEDED else None
    if successor is not None:
        return _lacking(
            f"{story.ref} “{story.title}” is superseded by {successor.ref}.",
            f"Name {successor.ref} instead.",
            story,
        )
    fixes = {
        "draft": "Submit it.",
        "submitted": "Ask its approvers.",
        "in_review": "Ask its approvers.",
        "changes_requested": "Answer what was asked and submit it again.",
    }
    return _lacking(
        _said(story),
        fixes.get(story.state.value, "File a new story, or amend this one."),
        story,
    )


def _said(story: TokenStory) -> str:
    words = {StoryStatus.DRAFT: "a draft", StoryStatus.CHANGES_REQUESTED: "sent back for changes"}
    return f"{story.ref} “{story.title}” is {words.get(story.state, story.state.label.lower())}."

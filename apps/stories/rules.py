"""The life of a story as data, and what must be said before one is submitted. Pure.

A story under way can be amended: its next revision goes through the same review, and
``resume`` is the status to go back to, whatever the answer.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from apps.common.errors import FieldError
from apps.stories.enums import Act, StoryStatus, ValuePer

S = StoryStatus

RESUME = "resume"
"""Marks a target that is the status before the amendment, where there is one."""

_UNDER_WAY = (S.APPROVED, S.IN_DELIVERY, S.LIVE, S.TRUED_UP)
_WAITING = (S.SUBMITTED, S.IN_REVIEW)

UNDER_WAY = frozenset(_UNDER_WAY)
WAITING = frozenset(_WAITING)
FINISHED = frozenset({S.CLOSED, S.REJECTED, S.WITHDRAWN, S.SUPERSEDED})

TRANSITIONS: Mapping[tuple[StoryStatus, Act], StoryStatus] = {
    **{(s, Act.SAVE): s for s in (S.DRAFT, S.CHANGES_REQUESTED, *_WAITING, *_UNDER_WAY)},
    **{
        (s, Act.SUBMIT): S.SUBMITTED for s in (S.DRAFT, S.CHANGES_REQUESTED, *_WAITING, *_UNDER_WAY)
    },
    (S.SUBMITTED, Act.START_REVIEW): S.IN_REVIEW,
    (S.IN_REVIEW, Act.START_REVIEW): S.IN_REVIEW,
    **{(s, Act.APPROVE): S.APPROVED for s in _WAITING},
    **{(s, Act.REJECT): S.REJECTED for s in _WAITING},
    **{(s, Act.REQUEST_CHANGES): S.CHANGES_REQUESTED for s in _WAITING},
    **{(s, Act.WITHDRAW): S.WITHDRAWN for s in (S.DRAFT, S.CHANGES_REQUESTED, *_WAITING)},
    **{(s, Act.AMEND): s for s in (*_WAITING, *_UNDER_WAY)},
    **{(s, Act.AMEND): S.DRAFT for s in (S.REJECTED, S.WITHDRAWN)},
    **{(s, Act.DISCARD): s for s in (*_WAITING, *_UNDER_WAY)},
    (S.APPROVED, Act.START_DELIVERY): S.IN_DELIVERY,
    (S.IN_DELIVERY, Act.GO_LIVE): S.LIVE,
    (S.LIVE, Act.TRUE_UP): S.TRUED_UP,
    **{(s, Act.CLOSE): S.CLOSED for s in (*_UNDER_WAY, S.REJECTED, S.WITHDRAWN)},
    **{(s, Act.SUPERSEDE): S.SUPERSEDED for s in _UNDER_WAY},
}
"""Every legal move. A pair that is not here is a Conflict. SAVE, SUBMIT, DISCARD need a draft.

SUPERSEDE arrives when the story that replaces it is approved. A story whose amendment is in
review is superseded as well: the amendment goes with it.
"""

_AMENDING = (*_WAITING, S.CHANGES_REQUESTED)

NEEDS_DRAFT = frozenset({Act.SAVE, Act.SUBMIT, Act.DISCARD})
OPENS_DRAFT = frozenset({Act.AMEND, Act.REQUEST_CHANGES})
_RESUMING = frozenset({Act.APPROVE, Act.REJECT, Act.WITHDRAW})

CHECK_TEXT = {
    Act.SAVE: "be edited",
    Act.SUBMIT: "be submitted",
    Act.START_REVIEW: "go into review",
    Act.APPROVE: "be approved",
    Act.REJECT: "be declined",
    Act.REQUEST_CHANGES: "be sent back",
    Act.WITHDRAW: "be withdrawn",
    Act.AMEND: "be amended",
    Act.DISCARD: "drop an amendment",
    Act.START_DELIVERY: "start delivery",
    Act.GO_LIVE: "go live",
    Act.TRUE_UP: "be trued up",
    Act.CLOSE: "be closed",
    Act.SUPERSEDE: "be replaced",
}


def next_status(
    status: StoryStatus, act: Act, *, resume: StoryStatus | None = None, has_draft: bool = True
) -> StoryStatus | None:
    """The status after an act, or None when the act is not legal there.

    ``resume`` is set while an amendment of a story under way is in review.
    """
    if act in NEEDS_DRAFT and not has_draft:
        return None
    if act is Act.AMEND and has_draft and status not in FINISHED:
        return None
    if act is Act.SUPERSEDE and resume is not None and status in _AMENDING:
        return S.SUPERSEDED
    target = TRANSITIONS.get((status, act))
    if target is None:
        return None
    if resume is not None and act in _RESUMING:
        return resume
    return target


def next_resume(status: StoryStatus, act: Act, resume: StoryStatus | None) -> StoryStatus | None:
    """What to go back to after the review: set by amending, cleared by a final answer."""
    if act is Act.SUBMIT and status in UNDER_WAY:
        return status
    if act in _RESUMING or act in (Act.CLOSE, Act.SUPERSEDE):
        return None
    return resume


def acts_possible(
    status: StoryStatus, *, resume: StoryStatus | None = None, has_draft: bool = False
) -> frozenset[Act]:
    """Legal acts in a state, before anybody's permissions."""
    return frozenset(
        act
        for act in Act
        if next_status(status, act, resume=resume, has_draft=has_draft) is not None
    )


REF_PREFIX = "TS-"


def ref_of(number: int) -> str:
    """TS-0142: at least four digits, unique per organization."""
    return f"{REF_PREFIX}{number:04d}"


def normalise(text: str) -> str:
    """How titles are stored for search: lower case, single spaces."""
    return " ".join(text.lower().split())


def value_nanos_per_month(
    *,
    expected_change: Decimal,
    money_per_unit_nanos: int,
    per: ValuePer,
    adoption_percent: Decimal,
    interactions: Decimal,
) -> int:
    """What the hypothesis is worth in a month, in nanos, rounded once (half to even).

    The change counts by its size: minutes saved are given as −4.5 or as 4.5. Per interaction it is
    multiplied by the month's interactions and by the share of them that will use it.
    """
    units = abs(expected_change)
    if per is ValuePer.INTERACTION:
        units = units * interactions * adoption_percent / 100
    return int((units * money_per_unit_nanos).to_integral_value(rounding=ROUND_HALF_EVEN))


def relative_change(before: int | None, after: int | None) -> Decimal | None:
    """After against before; None without a base."""
    if not before or after is None:
        return None
    return Decimal(after - before) / Decimal(before)


def value_is_mandatory(lifetime_nanos: int | None, from_nanos: int | None) -> bool:
    """Whether a story needs a complete value hypothesis: its likely lifetime cost reaches the
    amount the organization set. Without such an amount (None) the rule of every story applies.
    """
    return from_nanos is not None and lifetime_nanos is not None and lifetime_nanos >= from_nanos


def missing_for_submit(*, title: str, unit_given: bool, cap_nanos: int | None) -> list[FieldError]:
    """What a revision needs besides its assumptions and its value hypothesis."""
    errors = []
    if not title.strip():
        errors.append(FieldError("title", "The story has no name.", "Name what you are building."))
    if not unit_given:
        errors.append(FieldError("unit", "No team is chosen.", "Choose the team that owns it."))
    if cap_nanos is None:
        errors.append(
            FieldError("cap", "No monthly cap is asked for.", "Enter the most a month may cost.")
        )
    return errors


def round_up_cap(nanos: int) -> Decimal:
    """A cap to ask for from a high case: whole units, up to two significant digits."""
    units = -(-nanos // 10**9)
    step = 10 ** max(0, len(str(units)) - 2)
    return Decimal(-(-units // step) * step)

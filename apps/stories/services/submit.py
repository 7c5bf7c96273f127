"""Submitting: the working copy becomes an immutable revision and asks for a decision."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.approvals import services as approvals
from apps.approvals.enums import Lane
from apps.asks.enums import Rule
from apps.budgets.selectors.funding import sole_funders
from apps.common import clock, fmt
from apps.common.errors import Conflict, FieldError, Invalid
from apps.portfolio.enums import Tier
from apps.portfolio.tiers import Assigned
from apps.pricing.enums import Standing
from apps.stories import bands, rules, worth
from apps.stories.design import Checklist, Design, dump_design, load_design, settle
from apps.stories.design import missing as missing_design
from apps.stories.enums import Act
from apps.stories.estimator import Assumptions, Estimate, load
from apps.stories.models import PLAN_FIELDS, PhaseEstimate, StoryDraft, StoryRevision, TokenStory
from apps.stories.selectors.design import checklist_in_force, excused_from
from apps.stories.selectors.estimating import check_assumptions, estimate_now, models_of
from apps.stories.selectors.facts import policy_facts
from apps.stories.selectors.material import verdict
from apps.stories.selectors.prices import price_table
from apps.stories.selectors.settings import Settings, settings_in_force
from apps.stories.selectors.stories import draft_of, story_by_id
from apps.stories.selectors.tiers import band_of, tier_of
from apps.stories.selectors.value import value_of
from apps.stories.services.moves import STALE, apply_act, check_version, lock_story, target_status
from apps.stories.services.snapshot import estimate_document, phase_rows, revision_figures

SUBJECT = "story"


@transaction.atomic
def submit(*, actor: Actor, story_id: UUID, version: int, note: str = "") -> TokenStory:
    """Freeze the working copy as the next revision and open an approval request for it.

    A request that is still open for an older revision is voided by the engine. An amendment that
    stays within what was decided (`material.py`) is approved at once, as a request that says so;
    so is what a policy's automatic lane takes. Raises Forbidden,
    Conflict (stale version, no draft, wrong state), Invalid (every missing or wrong input, and a
    model without a price). Nothing is written then.
    """
    lock_story(story_id)
    story = story_by_id(story_id)
    require(actor, P.STORY_SUBMIT, unit_id=story.unit_id, owner_id=story.author_id)
    check_version(story, version)
    target = target_status(story, Act.SUBMIT)
    draft = draft_of(story)
    assert draft is not None  # noqa: S101 -- target_status has refused otherwise
    assumptions = load(draft.assumptions)
    settings = settings_in_force()
    require_complete(draft, assumptions, settings)
    prices = price_table(models_of(assumptions))
    result = estimate_now(
        assumptions,
        prices=prices,
        prefix="assumptions.",
        live=story.went_live_at is not None,
    )
    require_value(draft, result, settings)
    tier = tier_of(assumptions, result, prices, draft.capability)
    review = require_design(draft, tier.tier, checklist_in_force()[0])
    draft.design = dump_design(review)
    standing = verdict(
        story, draft, assumptions, result, tier=tier.tier, percent=settings.reapproval_percent
    )
    within = standing is not None and not standing.is_material
    number = story.revision_number + 1
    revision = _freeze(
        story,
        number=number,
        note=note.strip()[:2000],
        priced_on=clock.today(),
        submitted_by_kind=actor.kind,
        submitted_by_id=actor.membership_id or actor.id,
        submitted_by_name=actor.name[:200],
        value_month_nanos=value_of(draft, result.volume),
        tier=tier.tier,
        estimate=estimate_document(result, prices),
        **revision_figures(result),
        **{name: getattr(draft, name) for name in PLAN_FIELDS},
    )
    PhaseEstimate.objects.bulk_create(phase_rows(revision, result))
    known = policy_facts(draft, result, tier.tier)
    request = approvals.open_request(
        actor=actor,
        subject_type=SUBJECT,
        subject_id=story.id,
        subject_ref=story.ref,
        revision_id=revision.id,
        revision_number=number,
        title=draft.title,
        summary=draft.summary,
        unit_id=draft.unit_id,
        requester_id=actor.membership_id,
        author_ids=_authors(story),
        funder_ids=sole_funders(unit_id=draft.unit_id, capability_id=draft.capability_id),
        amount_nanos=standing.cap_nanos if standing and within else draft.cap_nanos,
        currency=draft.currency,
        within=standing.words if standing and within else "",
        context=known,
        flags=[*standing_flags(known), *review_flags(revision, result, tier, settings)],
    )
    StoryDraft.objects.filter(id=draft.id).delete()
    moved = apply_act(
        actor=actor,
        story=story,
        act=Act.SUBMIT,
        target=target,
        reason=note.strip(),
        note={"revision": number, "cap_nanos": draft.cap_nanos},
        current_revision_id=revision.id,
        revision_number=number,
        request_id=request.id,
        submitted_at=clock.now(),
        **_latest_figures(story, draft, assumptions, result, tier),
    )
    if request.lane == Lane.PEOPLE:
        return moved
    approvals.settle_request(request_id=request.id)
    return story_by_id(story_id)


ALWAYS_ASKED = ("value_metric", "value_why")
"""What every story says about its value while the organization has set no amount."""


def require_complete(draft: StoryDraft, assumptions: Assumptions, settings: Settings) -> None:
    """Raise Invalid that names everything a revision still lacks, its amount aside."""
    errors: list[FieldError] = rules.missing_for_submit(
        title=draft.title, unit_given=True, cap_nanos=draft.cap_nanos
    )
    if settings.value_from_nanos is None:
        errors += worth.missing(draft, names=ALWAYS_ASKED)
    errors += check_assumptions(assumptions, prefix="assumptions.")
    if errors:
        raise Invalid("The story is not complete yet.", code="story_incomplete", errors=errors)


def require_value(draft: StoryDraft, result: Estimate, settings: Settings) -> None:
    """Raise Invalid when the amount asks for a complete value hypothesis and it is not."""
    likely = result.lifetime.cost.range.p50
    if not rules.value_is_mandatory(likely, settings.value_from_nanos):
        return
    errors = list(worth.missing(draft))
    if errors:
        amount = fmt.money(settings.value_from_nanos or 0, result.currency)
        raise Invalid(
            f"From {amount} over its lifetime a story needs a complete value hypothesis; "
            f"this one is likely to cost {fmt.money(likely, result.currency)}.",
            code="value_incomplete",
            errors=errors,
        )


def require_design(draft: StoryDraft, tier: str, checklist: Checklist) -> Design:
    """The answers against the checklist in force.

    Raises Invalid with everything they lack where the tier must answer and nobody excused the team.
    """
    review = settle(checklist, load_design(draft.design))
    if not checklist.asks(tier):
        return review
    asked = review if review.answers else Design(answers=checklist.unanswered)
    errors = list(missing_design(asked))
    if errors and excused_from(Rule.DESIGN, draft.unit_id) is None:
        raise Invalid(
            f"A story of the {Tier(tier).label.lower()} tier is submitted with its design review; "
            "where that cannot be, ask for an exception.",
            code="design_incomplete",
            errors=errors,
        )
    return review


def standing_flags(known: Mapping[str, Any]) -> list[dict[str, str]]:
    """The marks of a model that is held back, and of a design beyond its entitlements."""
    status, flags = known.get("model_status"), []
    if status == Standing.NOT_ALLOWED:
        flags.append({"tone": "bad", "text": "Model not allowed"})
    if status == Standing.RESTRICTED:
        flags.append({"tone": "warn", "text": "Restricted model"})
    if known.get("over_entitlement"):
        flags.append({"tone": "warn", "text": "Beyond its entitlements"})
    return flags


def review_flags(
    revision: StoryRevision, result: Estimate, tier: Assigned, settings: Settings
) -> list[dict[str, str]]:
    """Marks for the approvers' queue: what deserves a second look."""
    flags = []
    if tier.tier in (Tier.HEAVY, Tier.CRITICAL):
        flags.append({"tone": "", "text": f"{tier.tier.label} tier"})
    band = band_of(result, settings.references, pattern=revision.pattern, kind=revision.kind)
    if band is not None and band.tone == "far":
        where = "below" if band.tokens < band.band.low else "above"
        name = bands.Pattern(band.pattern).label.lower()
        flags.append({"tone": "warn", "text": f"Far {where} a usual {name}"})
    cap = revision.cap_nanos
    if cap is not None and result.month.cost.range.p50 > cap:
        flags.append({"tone": "bad", "text": "Likely cost passes the cap"})
    elif cap is not None and result.month.cost.range.p90 > cap:
        flags.append({"tone": "warn", "text": "High case passes the cap"})
    if revision.number > 1:
        flags.append({"tone": "acc", "text": f"Changed since version {revision.number - 1}"})
    if revision.capability is not None and revision.capability.data_class in (
        "personal",
        "special",
    ):
        flags.append({"tone": "", "text": revision.capability.get_data_class_display()})
    if revision.value_month_nanos is None:
        flags.append({"tone": "warn", "text": "Value not in money"})
    return flags


def _freeze(story: TokenStory, **values: Any) -> StoryRevision:
    try:
        with transaction.atomic():
            return StoryRevision.objects.create(story_id=story.id, **values)
    except IntegrityError as error:
        if "story_revision_number" not in str(error):
            raise
        raise Conflict(STALE, code="stale_version", fix="Open the story again.") from error


def _authors(story: TokenStory) -> list[UUID]:
    """Memberships that wrote it: none of them decides. Programs are nobody."""
    return [story.author_id] if story.author_kind == "user" and story.author_id else []


def _latest_figures(
    story: TokenStory,
    draft: StoryDraft,
    assumptions: Assumptions,
    result: Estimate,
    tier: Assigned,
) -> dict[str, Any]:
    """What lists show of the newest version. An approved story keeps its capability until another
    approval: its budget and its measured use belong to it, whatever becomes of the amendment."""
    return {
        "pattern": draft.pattern,
        "tier": tier.tier,
        "title": draft.title,
        "title_norm": rules.normalise(draft.title),
        "kind": draft.kind,
        "unit_id": draft.unit_id,
        "capability_id": story.capability_id if story.approved_at else draft.capability_id,
        "cap_nanos": draft.cap_nanos,
        "live_on": assumptions.live_on,
        "month_tokens": result.month.tokens.range.p50,
        "month_cost_nanos": result.month.cost.range.p50,
    }

"""Templates of the organization: kept from a story, changed, retired, brought back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid
from apps.organizations.selectors import unit_by_id
from apps.portfolio.enums import CapabilityKind
from apps.stories import events, rules
from apps.stories.enums import Pattern, ValuePer
from apps.stories.estimator import Assumptions, dump, load
from apps.stories.models import StoryTemplate
from apps.stories.selectors.estimating import check_assumptions
from apps.stories.selectors.stories import draft_of, revision_by_id, story_by_ref
from apps.stories.selectors.templates import template_by_id
from apps.trail.services import record

FIELDS = (
    "name", "description", "kind", "pattern", "assumptions", "value_metric", "value_unit",
    "value_per",
)  # fmt: skip
LENGTHS = {"name": 120, "description": 400, "value_metric": 120, "value_unit": 60}
_DATES = ("starts_on", "live_on")


@transaction.atomic
def save_as_template(*, actor: Actor, ref: str, name: str, description: str = "") -> StoryTemplate:
    """Keep a story's latest plan as a template of its unit: estimate and metric, no money, no
    people. Raises NotFound, Forbidden, Invalid, Conflict when the name is taken.
    """
    story = story_by_ref(actor, ref)
    require(actor, P.STORY_TEMPLATE_MANAGE, unit_id=story.unit_id)
    plan: Any = draft_of(story)
    if plan is None and story.current_revision_id:
        plan = revision_by_id(story.current_revision_id)
    if plan is None:
        raise Invalid("The story holds no plan to keep.", field="ref", fix="Choose another story.")
    return create_template(
        actor=actor,
        unit_id=story.unit_id,
        name=name,
        description=description,
        kind=plan.kind,
        pattern=plan.pattern,
        assumptions=load(plan.assumptions),
        value_metric=plan.value_metric,
        value_unit=plan.value_unit,
        value_per=plan.value_per,
        source_ref=story.ref,
    )


@transaction.atomic
def create_template(
    *,
    actor: Actor,
    unit_id: UUID,
    name: str,
    assumptions: Assumptions,
    kind: str,
    pattern: str = "",
    description: str = "",
    value_metric: str = "",
    value_unit: str = "",
    value_per: str = ValuePer.INTERACTION.value,
    source_ref: str = "",
) -> StoryTemplate:
    """A template from an estimator's document. Raises Forbidden, NotFound, Invalid, Conflict."""
    require(actor, P.STORY_TEMPLATE_MANAGE, unit_id=unit_id)
    unit_by_id(unit_id)
    values = _checked(
        name=name, description=description, kind=kind, pattern=pattern, assumptions=assumptions,
        value_metric=value_metric, value_unit=value_unit, value_per=value_per,
    )  # fmt: skip
    template = StoryTemplate(
        unit_id=unit_id, source_ref=source_ref, created_by_name=actor.name[:200], **values
    )
    with _unique_name(values["name"]):
        template.save(force_insert=True)
    record(actor=actor, action=events.TEMPLATE_SAVED, obj=template, after=_told(values))
    return template


@transaction.atomic
def change_template(
    *, actor: Actor, template_id: UUID, version: int, **changes: Any
) -> StoryTemplate:
    """Change some of FIELDS of the version that was read. Stories made from it stay as they are.

    Raises NotFound, Forbidden, Invalid, Conflict.
    """
    template = template_by_id(template_id)
    require(actor, P.STORY_TEMPLATE_MANAGE, unit_id=template.unit_id)
    known: dict[str, Any] = {name: getattr(template, name, None) for name in FIELDS}
    known["assumptions"] = template_assumptions(template)
    unknown = set(changes) - set(FIELDS)
    if unknown:
        raise Invalid(
            "Some fields cannot be changed.",
            errors=[FieldError(name, "This field cannot be changed.") for name in sorted(unknown)],
        )
    values = _checked(**{**known, **changes})
    differing = {name: value for name, value in values.items() if getattr(template, name) != value}
    if not differing:
        return template
    return _store(actor, template, version, events.TEMPLATE_CHANGED, differing)


@transaction.atomic
def retire_template(*, actor: Actor, template_id: UUID, version: int) -> StoryTemplate:
    """Offer the template no longer. Raises NotFound, Forbidden, Conflict."""
    return _offer(actor, template_id, version, offered=False)


@transaction.atomic
def restore_template(*, actor: Actor, template_id: UUID, version: int) -> StoryTemplate:
    """Offer a retired template again. Raises NotFound, Forbidden, Conflict."""
    return _offer(actor, template_id, version, offered=True)


def template_assumptions(template: StoryTemplate) -> Assumptions:
    """The estimator's document, dated as if building had started when it was kept."""
    from apps.stories.estimator.inputs import add_months

    begins = template.created_at.date().replace(day=1)
    dates = {
        "starts_on": begins.isoformat(),
        "live_on": add_months(begins, template.build_months).isoformat(),
    }
    return load({**template.document, **dates})


def _offer(actor: Actor, template_id: UUID, version: int, *, offered: bool) -> StoryTemplate:
    template = template_by_id(template_id)
    require(actor, P.STORY_TEMPLATE_MANAGE, unit_id=template.unit_id)
    if (template.retired_at is None) is offered:
        state = "offered" if offered else "retired"
        raise Conflict(f"The template is already {state}.", code=f"already_{state}")
    action = events.TEMPLATE_RESTORED if offered else events.TEMPLATE_RETIRED
    return _store(
        actor, template, version, action, {"retired_at": None if offered else clock.now()}
    )


def _store(
    actor: Actor, template: StoryTemplate, version: int, action: str, values: dict[str, Any]
) -> StoryTemplate:
    with _unique_name(values.get("name", template.name)):
        changed = StoryTemplate.objects.filter(id=template.id, version=version).update(
            **values, version=F("version") + 1, updated_at=clock.now()
        )
    if not changed:
        raise Conflict(
            "Somebody changed this template since you opened it.",
            code="stale_version",
            fix="Load it again and repeat your change.",
        )
    stored = template_by_id(template.id)
    before = {name: getattr(template, name) for name in values}
    record(actor=actor, action=action, obj=stored, before=_told(before), after=_told(values))
    return stored


@contextmanager
def _unique_name(name: str) -> Iterator[None]:
    """Turns the database's refusal of a second template of one name into a Conflict."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "template_name" not in str(error):
            raise
        raise Conflict(
            f"There is a template called {name}.",
            code="name_taken",
            field="name",
            fix="Choose another name, or change that one.",
        ) from error


def _checked(**given: Any) -> dict[str, Any]:
    """Columns of a template. Raises Invalid with one error per wrong field."""
    errors = [
        FieldError(name, "The text is too long.", f"Use at most {limit} characters.")
        for name, limit in LENGTHS.items()
        if len(given[name]) > limit
    ]
    name = " ".join(given["name"].split())
    if not name:
        errors.append(FieldError("name", "A template needs a name.", "Enter a short name."))
    choices = {
        "kind": [m.value for m in CapabilityKind],
        "pattern": ["", *(m.value for m in Pattern)],
        "value_per": [m.value for m in ValuePer],
    }
    for field, options in choices.items():
        if given[field] not in options:
            allowed = ", ".join(option for option in options if option)
            errors.append(
                FieldError(field, f"{given[field]} is not one of the choices.", f"Use {allowed}.")
            )
    a: Assumptions = given["assumptions"]
    errors += check_assumptions(a, prefix="assumptions.")
    if errors:
        raise Invalid("The template cannot be saved as it is.", errors=errors)
    document = {key: value for key, value in dump(a).items() if key not in _DATES}
    return {
        "name": name,
        "name_norm": rules.normalise(name),
        "description": given["description"].strip(),
        "kind": given["kind"],
        "pattern": given["pattern"],
        "build_months": a.build_months,
        "document": document,
        "value_metric": given["value_metric"].strip(),
        "value_unit": given["value_unit"].strip(),
        "value_per": given["value_per"],
    }


def _told(values: dict[str, Any]) -> dict[str, Any]:
    """Values for the trail."""
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in values.items()
        if name != "name_norm"
    }

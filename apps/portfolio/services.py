"""Changes to capabilities. Each states who acts, is checked, and leaves a trail event."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid, NotFound
from apps.organizations.selectors import membership_by_id, unit_by_id
from apps.portfolio import events, ports, rules, tiers
from apps.portfolio.enums import CapabilityKind, DataClass, Stage, Tier
from apps.portfolio.models import Capability, TierCatalogue
from apps.trail.services import record

FIELDS = (
    "name",
    "kind",
    "stage",
    "tier",
    "data_class",
    "unit_id",
    "owner_membership_id",
    "description",
)
_CHOICES = {
    "kind": CapabilityKind,
    "stage": Stage,
    "tier": Tier,
    "data_class": DataClass,
}


def create_capability(
    *,
    actor: Actor,
    name: str,
    kind: str,
    unit_id: UUID,
    slug: str = "",
    stage: str = Stage.EXPERIMENT,
    tier: str = "",
    data_class: str = DataClass.INTERNAL,
    owner_membership_id: UUID | None = None,
    description: str = "",
) -> Capability:
    """A new capability of a unit. Without `slug` a free code is made from the name, without `tier`
    the estimates of its stories decide about theirs.

    Raises Forbidden outside the actor's units, Invalid for wrong fields, Conflict for a code that
    is taken.
    """
    require(actor, P.CAPABILITY_MANAGE, unit_id=unit_id)
    values: dict[str, Any] = {
        "name": name.strip(),
        "kind": kind,
        "stage": stage,
        "tier": tier,
        "data_class": data_class,
        "unit_id": unit_id,
        "owner_membership_id": owner_membership_id,
        "description": description.strip(),
    }
    _check(values)
    if stage == Stage.RETIRED:
        raise Invalid("A new capability cannot be retired.", field="stage", fix="Choose a stage.")
    if slug and not rules.is_slug(slug):
        raise Invalid(
            "The code has characters that a code cannot have.",
            field="slug",
            fix="Use lower-case letters, digits and single hyphens, at most 60.",
        )
    code = slug or _free_slug(values["name"])
    capability = Capability(slug=code, name_norm=rules.normalise(values["name"]), **values)
    try:
        with transaction.atomic():
            capability.save(force_insert=True)
    except IntegrityError as error:
        if "capability_slug" not in str(error):
            raise
        raise Conflict(
            f"Another capability has the code {code}.",
            code="slug_taken",
            field="slug",
            fix="Choose another code.",
        ) from error
    record(
        actor=actor,
        action=events.CAPABILITY_ADDED,
        obj=capability,
        after=_described(capability),
    )
    return capability


def change_capability(
    *, actor: Actor, capability_id: UUID, version: int, **changes: Any
) -> Capability:
    """Change some of FIELDS of the version that was read. The code stays: usage refers to it.

    Raises NotFound, Forbidden (for the unit it is in and the one it moves to), Invalid (also for
    production without what `ports.missing_for_production` asks), and Conflict when somebody
    changed it meanwhile.
    """
    capability = _get(capability_id)
    require(actor, P.CAPABILITY_MANAGE, unit_id=capability.unit_id)
    unknown = set(changes) - set(FIELDS)
    if unknown:
        raise Invalid(
            "Some fields cannot be changed.",
            errors=[FieldError(f, "This field cannot be changed.") for f in sorted(unknown)],
        )
    if changes.get("unit_id", capability.unit_id) != capability.unit_id:
        require(actor, P.CAPABILITY_MANAGE, unit_id=changes["unit_id"])
    values = {field: changes.get(field, getattr(capability, field)) for field in FIELDS}
    values["name"], values["description"] = values["name"].strip(), values["description"].strip()
    _check(values)
    differing = {f: v for f, v in values.items() if getattr(capability, f) != v}
    if not differing:
        return capability
    if differing.get("stage") == Stage.PRODUCTION and version == capability.version:
        _require_guardrails(capability.id, values["unit_id"])
    if Stage.RETIRED in {capability.stage, values["stage"]} and "stage" in differing:
        return _restage(actor, capability, version, differing)
    return _store(actor, capability, version, differing, events.CAPABILITY_CHANGED)


def retire_capability(
    *, actor: Actor, capability_id: UUID, version: int, reason: str = ""
) -> Capability:
    """End a capability's life. Its past usage, stories and budgets keep it."""
    capability = _get(capability_id)
    require(actor, P.CAPABILITY_MANAGE, unit_id=capability.unit_id)
    if capability.is_retired:
        raise Conflict("The capability is already retired.", code="already_retired")
    return _restage(actor, capability, version, {"stage": Stage.RETIRED.value}, reason)


@transaction.atomic
def change_tiers(*, actor: Actor, version: int, document: Any, reason: str = "") -> tiers.Tiers:
    """Replace the consumption tiers that were read at `version` (0: the default was in force).

    Stories keep the tier they were submitted at. Raises Forbidden, Invalid per wrong field, and
    Conflict when somebody changed the tiers meanwhile.
    """
    require(actor, P.TIER_MANAGE)
    wanted = tiers.parse(document)
    TierCatalogue.objects.bulk_create(
        [TierCatalogue(document=tiers.dump(tiers.DEFAULT))], ignore_conflicts=True
    )
    before = TierCatalogue.objects.get()
    changed = TierCatalogue.objects.filter(version=version).update(
        document=tiers.dump(wanted),
        version=F("version") + 1,
        changed_at=clock.now(),
        changed_by_name=actor.name[:200],
    )
    if not changed:
        raise Conflict(
            "Somebody changed the tiers since you opened them.",
            code="stale_version",
            fix="Load them again and repeat your change.",
        )
    record(
        actor=actor,
        action=events.TIERS_CHANGED,
        obj=before,
        before=before.document,
        after=tiers.dump(wanted),
        reason=reason.strip(),
    )
    return wanted


def _require_guardrails(capability_id: UUID, unit_id: UUID) -> None:
    errors = ports.missing_for_production(capability_id, unit_id)
    if errors:
        raise Invalid(
            "The capability cannot go to production yet.", code="guardrails_missing", errors=errors
        )


def _restage(
    actor: Actor,
    capability: Capability,
    version: int,
    differing: dict[str, Any],
    reason: str = "",
) -> Capability:
    """A change into or out of retirement, with its date."""
    retiring = differing["stage"] == Stage.RETIRED
    action = events.CAPABILITY_RETIRED if retiring else events.CAPABILITY_RESTORED
    dated = {**differing, "retired_at": clock.now() if retiring else None}
    return _store(actor, capability, version, dated, action, reason=reason)


def _store(
    actor: Actor,
    capability: Capability,
    version: int,
    values: dict[str, Any],
    action: str,
    *,
    reason: str = "",
) -> Capability:
    before = {field: _plain(getattr(capability, field)) for field in values}
    if "name" in values:
        values = {**values, "name_norm": rules.normalise(values["name"])}
    changed = Capability.objects.filter(id=capability.id, version=version).update(
        **values, version=F("version") + 1, updated_at=clock.now()
    )
    if not changed:
        raise Conflict(
            "Somebody changed this capability since you opened it.",
            code="stale_version",
            fix="Load it again and repeat your change.",
        )
    stored = Capability.objects.select_related("unit", "owner_membership__user").get(
        id=capability.id
    )
    record(
        actor=actor,
        action=action,
        obj=stored,
        before=before,
        after={field: _plain(getattr(stored, field)) for field in before},
        reason=reason,
    )
    return stored


def _get(capability_id: UUID) -> Capability:
    found = Capability.objects.filter(id=capability_id).first()
    if found is None:
        raise NotFound("There is no such capability.", code="capability_not_found")
    return found


def _free_slug(name: str) -> str:
    wanted = rules.slug_of(name) or "capability"
    taken = set(Capability.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return rules.free_slug(wanted, taken)


def _check(values: dict[str, Any]) -> None:
    """Raise Invalid with one error per wrong field, NotFound for a unit or person of nobody."""
    errors = []
    if not values["name"]:
        errors.append(FieldError("name", "A capability needs a name.", "Enter a short name."))
    elif len(values["name"]) > 120:
        errors.append(FieldError("name", "The name is too long.", "Use at most 120 characters."))
    if len(values["description"]) > 4000:
        errors.append(
            FieldError("description", "The text is too long.", "Use at most 4000 characters.")
        )
    for field, options in _CHOICES.items():
        if values[field] not in options.values and (field != "tier" or values[field]):
            allowed = ", ".join(options.values)
            errors.append(
                FieldError(field, f"{values[field]} is not one of the choices.", f"Use {allowed}.")
            )
    if errors:
        raise Invalid("The capability cannot be saved as it is.", errors=errors)
    unit_by_id(values["unit_id"])
    if values["owner_membership_id"] is not None:
        membership_by_id(values["owner_membership_id"])


def _plain(value: Any) -> Any:
    """A JSON value for the trail."""
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)


def _described(capability: Capability) -> dict[str, Any]:
    return {field: _plain(getattr(capability, field)) for field in ("slug", *FIELDS)}

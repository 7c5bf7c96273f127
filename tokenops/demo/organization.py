"""The organization, its units, people, capabilities and attribution rules."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from apps.access.actors import Actor
from apps.access.roles import Role
from apps.accounts.models import User
from apps.attribution.models import AttributionRule
from apps.attribution.services import RuleDraft, create_rule
from apps.common import clock
from apps.organizations import selectors, services
from apps.organizations.models import Membership, Organization, Unit
from apps.portfolio.models import Capability
from apps.portfolio.services import create_capability, retire_capability
from apps.tenancy import doors
from apps.tenancy.scope import tenant_scope
from tokenops.demo.people import LOGINS, OWNER, Login, leads
from tokenops.simulator.company import COMPANY, Key

RETIRED_DAYS_AGO = 28
SECOND = ("Merrowdale Ventures", "merrowdale-ventures")


@dataclass
class Demo:
    """What the later steps need: the organization and who acts in it."""

    organization: Organization
    units: dict[str, UUID] = field(default_factory=dict)
    capabilities: dict[str, UUID] = field(default_factory=dict)
    _actors: dict[str, Actor] = field(default_factory=dict)

    def actor(self, login: Login) -> Actor:
        """The person's actor, who keeps their role throughout. Inside the organization's scope."""
        if login.email not in self._actors:
            membership = Membership.objects.select_related("user").get(user__email=login.email)
            self._actors[login.email] = selectors.actor_for_membership(membership)
        return self._actors[login.email]

    def role(self, role: Role) -> Actor:
        return self.actor(next(login for login in LOGINS if login.role == role))

    def lead_of(self, team: str) -> Actor:
        heads = [login for login in (*LOGINS, *leads()) if login.role == Role.UNIT_LEAD]
        return self.actor(next(login for login in heads if login.team == team))


def ensure_people(password: str) -> None:
    """A user for each login. One whose password is another (its file was lost) gets this one."""
    for login in (*LOGINS, *leads()):
        user = User.objects.filter(email=login.email).first()
        if user is None:
            User.objects.create_user(login.email, password, name=login.name)
        elif not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])


def ensure_organization() -> Demo:
    """The organization with everything the usage needs to find its owner."""
    owner = User.objects.get(email=OWNER.email)
    known = {belonging.slug: belonging for belonging in doors.memberships_of(owner.pk)}
    if COMPANY.slug not in known:
        services.create_organization(
            name=COMPANY.name,
            slug=COMPANY.slug,
            owner_user=owner,
            currency=COMPANY.currency,
            timezone=COMPANY.timezone,
        )
    if SECOND[1] not in known:
        services.create_organization(
            name=SECOND[0], slug=SECOND[1], owner_user=owner, timezone=COMPANY.timezone
        )
    organization_id = doors.org_for_member(COMPANY.slug, owner.pk)
    if organization_id is None:
        raise LookupError("the demonstration's owner has left the organization")
    with tenant_scope(organization_id):
        demo = Demo(Organization.objects.get())
        _units(demo)
        _people(demo)
        _capabilities(demo)
        _rules(demo)
        _retire(demo)
    return demo


def _units(demo: Demo) -> None:
    actor = demo.actor(OWNER)
    existing = dict(Unit.objects.values_list("code", "id"))
    root = selectors.root_unit().id
    for division in COMPANY.divisions:
        code = division.code.lower()
        if code not in existing:
            unit = services.add_unit(
                actor=actor,
                name=division.name,
                parent_id=root,
                kind="division",
                code=code,
                cost_centre=division.cost_centre,
            )
            existing[code] = unit.id
    for team in COMPANY.teams:
        code = team.code.lower()
        if code not in existing:
            unit = services.add_unit(
                actor=actor,
                name=team.name,
                parent_id=existing[team.division.lower()],
                kind="team",
                code=code,
                cost_centre=team.cost_centre,
            )
            existing[code] = unit.id
    demo.units = {team.code: existing[team.code.lower()] for team in COMPANY.teams}


def _people(demo: Demo) -> None:
    actor = demo.actor(OWNER)
    members = set(Membership.objects.values_list("user__email", flat=True))
    for login in (*LOGINS, *leads()):
        if login.email not in members:
            services.add_member(
                actor=actor,
                user=User.objects.get(email=login.email),
                role=login.role,
                unit_id=demo.units[login.team] if login.team else None,
            )


def _capabilities(demo: Demo) -> None:
    actor = demo.role(Role.TOKENOPS_LEAD)
    existing = dict(Capability.objects.values_list("slug", "id"))
    for item in COMPANY.capabilities:
        if item.slug not in existing:
            created = create_capability(
                actor=actor,
                name=item.name,
                slug=item.slug,
                kind=item.kind,
                unit_id=demo.units[item.team],
                stage="production" if item.stage == "retired" else item.stage,
                data_class=item.data_class,
                owner_membership_id=demo.lead_of(item.team).membership_id,
                description=item.description,
            )
            existing[item.slug] = created.id
    demo.capabilities = existing


def _rules(demo: Demo) -> None:
    """One rule per claimed key; unclaimed keys stay without an owner, as in life."""
    actor = demo.role(Role.TOKENOPS_LEAD)
    existing = set(AttributionRule.objects.values_list("name", flat=True))
    for key in COMPANY.keys:
        name = f"{key.name} in {key.project} ({key.provider})"
        if key.capability is None or name in existing:
            continue
        create_rule(actor=actor, draft=_draft(demo, key, name))


def _retire(demo: Demo) -> None:
    """What was switched off: its use of earlier months stays."""
    ended = [item.slug for item in COMPANY.capabilities if item.stage == "retired"]
    for row in Capability.objects.filter(slug__in=ended).exclude(stage="retired"):
        with clock.at(clock.now() - timedelta(days=RETIRED_DAYS_AGO)):
            retire_capability(
                actor=demo.role(Role.CTO),
                capability_id=row.id,
                version=row.version,
                reason="The archive is converted; the last batch ran in October.",
            )


def _draft(demo: Demo, key: Key, name: str) -> RuleDraft:
    capability = COMPANY.capability(key.capability or "")
    return RuleDraft(
        name=name,
        conditions=[
            {"field": "provider", "operator": "equals", "values": [key.provider]},
            {"field": "api_key", "operator": "equals", "values": [key.id or key.name]},
        ],
        unit_id=demo.units[capability.team],
        capability_id=demo.capabilities[capability.slug],
        phase=key.phase,
    )

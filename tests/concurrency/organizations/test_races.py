"""Two at the same moment: one wins, the other is told, and nothing is half done."""

import threading

import pytest
from django.db import connection

from apps.access.roles import Role
from apps.accounts.models import User
from apps.common.errors import DomainError
from apps.organizations import selectors, services
from apps.organizations.models import Membership, RoleBinding, Unit
from apps.tenancy import doors
from tests.factories.accounts import PASSWORD
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def race(*works):
    """Run in threads that start together; each answer is a result or a refusal."""
    barrier = threading.Barrier(len(works))
    answers = [None] * len(works)
    broken = []

    def run(index, work):
        try:
            barrier.wait()
            answers[index] = work()
        except DomainError as error:
            answers[index] = error
        except BaseException as error:
            broken.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []
    return answers


def scoped(side, function, **values):
    def work():
        with side.scope():
            return function(**values)

    return work


def refusals(answers) -> list[str]:
    return [answer.code for answer in answers if isinstance(answer, DomainError)]


def test_the_first_run_happens_once():
    def first_run(number: int):
        return lambda: services.set_up_installation(
            organization_name=f"Org {number}",
            slug=f"org-{number}",
            currency="USD",
            timezone="UTC",
            owner_name="Alice",
            email=f"alice{number}@example.com",
            password=PASSWORD,
        )

    answers = race(*(first_run(number) for number in range(4)))
    assert refusals(answers) == ["already_set_up"] * 3
    assert len(doors.active_organizations()) == 1
    assert User.objects.count() == 1


def test_two_owners_who_leave_at_once_leave_one(world: World):
    side = world.a
    first, second = side.person(Role.OWNER), side.person(Role.EA)
    with side.scope():
        services.bind_role(actor=first.actor, membership_id=second.membership.id, role=Role.OWNER)
        mine = RoleBinding.objects.get(membership=first.membership, role="owner")
        theirs = RoleBinding.objects.get(membership=second.membership, role="owner")
    answers = race(
        scoped(side, services.unbind_role, actor=first.actor, binding_id=mine.id),
        scoped(side, services.unbind_role, actor=second.actor, binding_id=theirs.id),
    )
    assert refusals(answers) == ["last_owner"]
    with side.scope():
        assert selectors.owners().count() == 1


def test_two_owners_who_suspend_each_other_leave_one(world: World):
    side = world.a
    first, second = side.person(Role.OWNER), side.person(Role.EA)
    with side.scope():
        services.bind_role(actor=first.actor, membership_id=second.membership.id, role=Role.OWNER)
    one, two = first.actor, second.actor
    answers = race(
        scoped(side, services.suspend_person, actor=one, membership_id=second.membership.id),
        scoped(side, services.suspend_person, actor=two, membership_id=first.membership.id),
    )
    assert refusals(answers) == ["last_owner"]
    with side.scope():
        assert Membership.objects.filter(is_active=True).count() == 1


def test_two_moves_make_no_cycle(world: World):
    side, units = world.a, world.a.units
    owner = side.actor(Role.OWNER)
    claims, apps = units["claims"].id, units["apps"].id
    answers = race(
        scoped(side, services.move_unit, actor=owner, unit_id=claims, parent_id=apps),
        scoped(side, services.move_unit, actor=owner, unit_id=apps, parent_id=claims),
    )
    assert refusals(answers) == ["invalid"]
    with side.scope():
        assert len(selectors.units_tree()) == 6


def test_a_unit_is_not_added_below_one_that_is_retired_at_once(world: World):
    side, units = world.a, world.a.units
    owner, core = side.actor(Role.OWNER), units["core"].id
    answers = race(
        scoped(side, services.retire_unit, actor=owner, unit_id=core),
        scoped(side, services.add_unit, actor=owner, name="Late", parent_id=core),
    )
    assert len(refusals(answers)) == 1
    with side.scope():
        assert Unit.objects.get(id=core).is_active == Unit.objects.filter(name="Late").exists()


def test_one_address_is_invited_once(world: World):
    side = world.a
    owner = side.actor(Role.OWNER)
    work = scoped(
        side, services.invite_person, actor=owner, email="n@example.com", role=Role.MEMBER
    )
    assert refusals(race(work, work, work)) == ["already_invited"] * 2


def test_one_link_lets_one_person_in_once(world: World):
    side = world.a
    owner = side.actor(Role.OWNER)
    with side.scope():
        invitation = services.invite_person(actor=owner, email="n@example.com", role=Role.MEMBER)
    token = services.invitation_link_token(invitation)

    def join():
        return services.accept_as_new_person(token=token, name="Nora", password=PASSWORD)

    answers = race(join, join, join)
    assert len(refusals(answers)) == 2
    with side.scope():
        assert Membership.objects.filter(user__email="n@example.com").count() == 1
    assert User.objects.filter(email="n@example.com").count() == 1


def test_two_organizations_of_one_address(world: World):
    owner = world.a.person(Role.OWNER).user

    def create():
        return services.create_organization(name="New", slug="new-one", owner_user=owner)

    answers = race(create, create)
    assert refusals(answers) == ["slug_taken"]
    assert [b.slug for b in doors.memberships_of(owner.pk)] == ["acme", "new-one"]

import pytest

from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.organizations import rules, selectors, services
from apps.organizations.models import Unit
from apps.trail.models import TrailEvent


def names() -> list[tuple[int, str]]:
    return [(node.level, node.unit.name) for node in selectors.units_tree()]


@pytest.fixture
def acme(world):
    units = world.a.units
    with world.a.scope():
        yield world.a, units


def events() -> list[str]:
    return list(TrailEvent.objects.order_by("id").values_list("action", flat=True))


def test_the_tree_reads_from_the_root(acme):
    assert names() == [
        (0, "Acme"),
        (1, "Claims"),
        (1, "Engineering"),
        (2, "Apps"),
        (2, "Platform"),
        (3, "Core"),
    ]


def test_add(acme):
    side, units = acme
    unit = services.add_unit(
        actor=side.actor(Role.ADMIN),
        name="  Data   science ",
        parent_id=units["claims"].id,
        cost_centre="CC-9",
    )
    assert (unit.name, unit.code, unit.kind, unit.cost_centre) == (
        "Data science",
        "data-science",
        "team",
        "CC-9",
    )
    event = TrailEvent.objects.latest("id")
    assert (event.action, event.object_label) == ("unit.added", "Data science")
    assert event.after["parent"] == "Claims"


def test_a_unit_lead_adds_below_the_own_unit_only(acme):
    side, units = acme
    lead = side.actor(Role.UNIT_LEAD)
    services.add_unit(actor=lead, name="New", parent_id=units["core"].id)
    before = events()
    with pytest.raises(Forbidden):
        services.add_unit(actor=lead, name="Elsewhere", parent_id=units["claims"].id)
    assert not Unit.objects.filter(name="Elsewhere").exists()
    assert events() == before


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER, Role.AUDITOR, Role.EA])
def test_other_roles_add_nothing(acme, role):
    side, units = acme
    actor = side.actor(role)
    before = events()
    with pytest.raises(Forbidden):
        services.add_unit(actor=actor, name="Elsewhere", parent_id=units["platform"].id)
    assert events() == before


def test_codes_are_unique_in_the_organization_and_free_in_another(world):
    with world.a.scope():
        root = selectors.root_unit()
        owner = world.a.actor(Role.OWNER)
        services.add_unit(actor=owner, name="Payments", parent_id=root.id)
        with pytest.raises(Conflict) as refused:
            services.add_unit(actor=owner, name="Other", code="payments", parent_id=root.id)
        assert refused.value.errors[0].field == "code"
    with world.b.scope():
        services.add_unit(
            actor=world.b.actor(Role.OWNER),
            name="Payments",
            parent_id=selectors.root_unit().id,
        )


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "X", "kind": "galaxy"}, "kind"),
        ({"name": "X", "kind": "organization"}, "kind"),
        ({"name": "X", "cost_centre": "9" * 41}, "cost_centre"),
        ({"name": "X", "code": "Not a code"}, "code"),
    ],
)
def test_bad_input_names_its_field(acme, fields, field):
    side, units = acme
    with pytest.raises(Invalid) as refused:
        services.add_unit(actor=side.actor(Role.OWNER), parent_id=units["root"].id, **fields)
    assert field in {error.field for error in refused.value.errors}


def test_a_unit_of_another_organization_is_not_there(world):
    foreign = world.b.units["claims"].id
    with world.a.scope():
        owner = world.a.actor(Role.OWNER)
        with pytest.raises(NotFound):
            services.add_unit(actor=owner, name="X", parent_id=foreign)
        with pytest.raises(NotFound):
            services.change_unit(actor=owner, unit_id=foreign, name="X", kind="team")
        with pytest.raises(NotFound):
            services.retire_unit(actor=owner, unit_id=foreign)
        with pytest.raises(NotFound):
            services.move_unit(actor=owner, unit_id=world.a.units["core"].id, parent_id=foreign)
        assert selectors.unit_subtree_ids(foreign) == frozenset()


def test_change_records_what_changed_and_keeps_the_code(acme):
    side, units = acme
    unit = services.change_unit(
        actor=side.actor(Role.CFO),
        unit_id=units["apps"].id,
        name="Applications",
        kind="team",
        cost_centre="CC-121",
    )
    assert (unit.name, unit.code, unit.cost_centre) == ("Applications", "apps", "CC-121")
    event = TrailEvent.objects.latest("id")
    assert event.before == {"name": "Apps", "cost_centre": "CC-120"}
    assert event.after == {"name": "Applications", "cost_centre": "CC-121"}
    count = len(events())
    services.change_unit(
        actor=side.actor(Role.CFO),
        unit_id=unit.id,
        name="Applications",
        kind="team",
        cost_centre="CC-121",
    )
    assert len(events()) == count


def test_move_takes_what_hangs_below_along(acme):
    side, units = acme
    services.move_unit(
        actor=side.actor(Role.OWNER), unit_id=units["platform"].id, parent_id=units["claims"].id
    )
    assert selectors.unit_subtree_ids(units["claims"].id) == {
        units["claims"].id,
        units["platform"].id,
        units["core"].id,
    }
    event = TrailEvent.objects.latest("id")
    assert (event.before, event.after) == ({"parent": "Engineering"}, {"parent": "Claims"})


@pytest.mark.parametrize(
    ("unit", "parent"), [("platform", "core"), ("platform", "platform"), ("root", "claims")]
)
def test_impossible_moves(acme, unit, parent):
    side, units = acme
    before = selectors.parents()
    with pytest.raises(Invalid):
        services.move_unit(
            actor=side.actor(Role.OWNER), unit_id=units[unit].id, parent_id=units[parent].id
        )
    assert selectors.parents() == before


def test_a_unit_lead_cannot_move_the_own_unit_away(acme):
    side, units = acme
    lead = side.actor(Role.UNIT_LEAD)
    with pytest.raises(Forbidden):
        services.move_unit(actor=lead, unit_id=units["platform"].id, parent_id=units["core"].id)
    with pytest.raises(Forbidden):
        services.move_unit(actor=lead, unit_id=units["core"].id, parent_id=units["claims"].id)
    assert selectors.parents()[units["core"].id] == units["platform"].id


def test_the_tree_stays_shallow(acme):
    side, units = acme
    owner = side.actor(Role.OWNER)
    parent = units["core"]
    for number in range(4, rules.MAX_DEPTH):
        parent = services.add_unit(actor=owner, name=f"Level {number}", parent_id=parent.id)
    with pytest.raises(Invalid, match="not added"):
        services.add_unit(actor=owner, name="Too deep", parent_id=parent.id)
    with pytest.raises(Invalid):
        services.move_unit(actor=owner, unit_id=units["claims"].id, parent_id=parent.id)


def test_retire_and_restore(acme):
    side, units = acme
    owner = side.actor(Role.OWNER)
    with pytest.raises(Conflict, match="Active units"):
        services.retire_unit(actor=owner, unit_id=units["platform"].id)
    services.retire_unit(actor=owner, unit_id=units["core"].id, reason="Merged")
    services.retire_unit(actor=owner, unit_id=units["platform"].id)
    assert "Core" not in {name for _, name in names()}
    assert {n.unit.name for n in selectors.units_tree(include_retired=True)} >= {"Core"}
    with pytest.raises(Conflict, match="above is retired"):
        services.restore_unit(actor=owner, unit_id=units["core"].id)
    with pytest.raises(Invalid):
        services.add_unit(actor=owner, name="X", parent_id=units["platform"].id)
    services.restore_unit(actor=owner, unit_id=units["platform"].id)
    assert events()[-3:] == ["unit.retired", "unit.retired", "unit.restored"]
    assert TrailEvent.objects.filter(reason="Merged").count() == 1


def test_the_root_stays(acme):
    side, units = acme
    with pytest.raises((Conflict, Forbidden)):
        services.retire_unit(actor=side.actor(Role.OWNER), unit_id=units["root"].id)


def test_ancestors(acme):
    _, units = acme
    assert selectors.unit_ancestor_ids(units["core"].id) == [
        units[name].id for name in ("core", "platform", "engineering", "root")
    ]

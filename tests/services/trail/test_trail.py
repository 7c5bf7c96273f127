"""Evidence: written with the change, never changed, sealed in a chain that shows tampering."""

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from apps.access.actors import system_actor
from apps.common.ids import uuid7
from apps.organizations.models import Organization
from apps.tenancy.scope import tenant_scope
from apps.trail import selectors, services
from apps.trail.models import TrailBlock, TrailEvent
from apps.trail.refs import ObjectRef
from apps.trail.registry import register
from tests.conftest import as_owner

TESTED = register("test.happened", "Something happened")


@pytest.fixture
def organization(transactional_db):
    organization_id = uuid7()
    with tenant_scope(organization_id):
        Organization.objects.create(
            id=organization_id, name="Trail", slug=f"trail-{organization_id.hex[-8:]}"
        )
    return organization_id


def write(organization_id, label, **extra):
    with tenant_scope(organization_id):
        return services.record(
            actor=system_actor("test"),
            action=TESTED,
            obj=ObjectRef("thing", uuid7(), label),
            **extra,
        )


def test_an_event_keeps_who_what_and_the_difference(organization):
    event = write(organization, "T-1", before={"cap": 1}, after={"cap": 2}, reason="grown")
    with tenant_scope(organization):
        stored = TrailEvent.objects.get(id=event.id)
    assert (stored.actor_kind, stored.actor_name, stored.action) == ("system", "test", TESTED)
    assert (stored.object_type, stored.object_label, stored.reason) == ("thing", "T-1", "grown")
    assert (stored.before, stored.after) == ({"cap": 1}, {"cap": 2})


def test_an_unregistered_action_is_refused_and_nothing_is_written(organization):
    with pytest.raises(LookupError), tenant_scope(organization):
        services.record(
            actor=system_actor("test"), action="test.unknown", obj=ObjectRef("thing", None, "x")
        )
    with tenant_scope(organization):
        assert TrailEvent.objects.count() == 0


def test_an_event_dies_with_its_transaction(organization):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        write(organization, "never")
        _ = 1 / 0
    with tenant_scope(organization):
        assert TrailEvent.objects.count() == 0


@pytest.mark.parametrize("owner", [False, True])
@pytest.mark.parametrize("statement", ["UPDATE {} SET reason = 'x'", "DELETE FROM {}"])
def test_nobody_changes_an_event(organization, owner, statement):
    write(organization, "T-1")

    def attempt():
        with connection.cursor() as cursor:
            cursor.execute(statement.format("trail_trailevent"))

    with pytest.raises(DatabaseError), transaction.atomic():
        if owner:
            with as_owner():
                attempt()
        else:
            with tenant_scope(organization):
                attempt()
    with tenant_scope(organization):
        assert TrailEvent.objects.values_list("reason", flat=True).get() == ""


def test_sealing_chains_every_event_once(organization):
    for number in range(7):
        write(organization, f"T-{number}")
    with tenant_scope(organization):
        assert services.seal() == services.Sealed(blocks=1, events=7)
    with tenant_scope(organization):
        assert services.seal() == services.Sealed(blocks=0, events=0)
    write(organization, "T-7")
    with tenant_scope(organization):
        assert selectors.verify() == selectors.Verdict(blocks=1, events=7, unsealed=1)
        assert services.seal() == services.Sealed(blocks=1, events=1)
    with tenant_scope(organization):
        first, second = TrailBlock.objects.order_by("number")
        assert second.previous_hash == first.hash
        assert (second.xid_from, first.number, second.number) == (first.xid_to, 1, 2)
        assert selectors.verify() == selectors.Verdict(blocks=2, events=8, unsealed=0)


def tamper(sql):
    with transaction.atomic(), as_owner(), connection.cursor() as cursor:
        for table in ("trail_trailevent", "trail_trailblock"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        cursor.execute(sql)
        for table in ("trail_trailevent", "trail_trailblock"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER append_only")


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        (
            "UPDATE trail_trailevent SET object_label = 'T-9' WHERE object_label = 'T-1'",
            "an event of block 1 was changed",
        ),
        (
            "DELETE FROM trail_trailevent WHERE object_label = 'T-1'",
            "block 1 sealed 3 events, 2 are stored",
        ),
        ("DELETE FROM trail_trailblock WHERE number = 1", "block 1 is missing"),
        (
            "UPDATE trail_trailblock SET previous_hash = repeat('a', 64) WHERE number = 2",
            "block 2 does not continue block 1",
        ),
    ],
)
def test_tampering_by_the_owner_is_found(organization, sql, problem):
    for number in range(3):
        write(organization, f"T-{number}")
    with tenant_scope(organization):
        services.seal()
    write(organization, "T-3")
    with tenant_scope(organization):
        services.seal()
    tamper(sql)
    with tenant_scope(organization):
        assert selectors.verify().problem == problem
    with pytest.raises(CommandError, match="do not verify"):
        call_command("verify_trail", organization=str(organization))


def test_verify_trail_passes_on_an_honest_chain(organization, capsys):
    write(organization, "T-0")
    with tenant_scope(organization):
        services.seal()
    call_command("verify_trail")
    assert f"{organization} ok: 1 blocks, 1 events; 0 events wait for sealing" in (
        capsys.readouterr().out
    )


def test_an_open_transaction_holds_back_the_seal(organization):
    from concurrent.futures import ThreadPoolExecutor
    from threading import Event

    written, released = Event(), Event()

    def slow_writer():
        with transaction.atomic():
            write(organization, "slow")
            written.set()
            assert released.wait(20)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(slow_writer)
        assert written.wait(20)
        write(organization, "fast")
        with tenant_scope(organization):
            assert services.seal().events == 0
        released.set()
        future.result(20)
    with tenant_scope(organization):
        assert services.seal().events == 2
    with tenant_scope(organization):
        assert selectors.verify().ok

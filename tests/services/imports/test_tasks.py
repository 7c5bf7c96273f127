"""The workers' side of an import: passes by turns, lost tasks, old files."""

from datetime import timedelta

import pytest

from apps.access.roles import Role
from apps.common import clock
from apps.connectors.imports import passes, services, tasks
from apps.connectors.imports.enums import JobStatus
from apps.connectors.imports.models import ImportChunk, ImportJob
from apps.connectors.imports.rules.mapping import Mapping
from apps.outbox import registry
from apps.outbox.services import dispatch
from tests.factories.imports import COLUMNS, CONSTANTS, make_import, make_upload
from tests.factories.pricing import load_prices

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue(world, monkeypatch):
    """Tasks as they are enqueued; `drain()` runs them as a worker would."""
    load_prices()
    waiting = []
    monkeypatch.setattr(tasks.work, "delay", lambda **payload: waiting.append(payload))

    def drain():
        while waiting:
            tasks.work(**waiting.pop(0))

    drain.waiting = waiting
    return drain


def mapped(world):
    with world.a.scope():
        return services.map_columns(
            actor=world.a.actor(Role.OWNER),
            job_id=make_upload().id,
            mapping=Mapping(columns=COLUMNS, constants=CONSTANTS),
        )


def fresh(world, job):
    with world.a.scope():
        job.refresh_from_db()
    return job


def test_the_outbox_starts_both_passes(world, queue, monkeypatch):
    monkeypatch.setattr(passes, "SLICE_ROWS", 1)
    job = mapped(world)
    dispatch(world.a.id)
    queue()
    assert fresh(world, job).status == JobStatus.CHECKED
    with world.a.scope():
        services.start_import(actor=world.a.actor(Role.OWNER), job_id=job.id)
    dispatch(world.a.id)
    queue()
    job = fresh(world, job)
    assert (job.status, job.new) == (JobStatus.DONE, 2)


def test_a_long_pass_gives_way_after_its_turn(world, queue, monkeypatch):
    monkeypatch.setattr(passes, "SLICE_ROWS", 1)
    monkeypatch.setattr(tasks, "TURN_SECONDS", 0)
    job = mapped(world)
    dispatch(world.a.id)
    tasks.work(**queue.waiting.pop(0))
    assert fresh(world, job).status == JobStatus.CHECKING
    assert len(queue.waiting) == 1
    queue()
    assert fresh(world, job).status == JobStatus.CHECKED


def test_a_pass_that_fails_says_so_and_can_be_started_again(world, queue, monkeypatch):
    with world.a.scope():
        job = make_import()
        services.start_import(actor=world.a.actor(Role.OWNER), job_id=job.id)
        job.refresh_from_db()

    def broken(job_id, generation):
        raise RuntimeError("the disk is full")

    payload = {
        "organization_id": str(world.a.id),
        "job_id": str(job.id),
        "generation": job.generation,
        "step": JobStatus.IMPORTING.value,
    }
    monkeypatch.setitem(tasks._STEPS, JobStatus.IMPORTING, broken)
    with pytest.raises(RuntimeError):
        tasks.work(**payload)
    job = fresh(world, job)
    assert job.status == JobStatus.FAILED
    assert job.failure == (
        "Something went wrong that is not the file’s fault. Start again; if it stops at the same "
        f"place, tell your operator the reference {job.id}."
    )
    with world.a.scope():
        again = services.start_import(actor=world.a.actor(Role.OWNER), job_id=job.id)
        assert again.status == JobStatus.IMPORTING


def test_a_lost_task_is_taken_up_after_its_lease(world, queue):
    job = mapped(world)
    with world.a.scope():
        ImportJob.objects.update(lease_until=clock.now() + timedelta(minutes=1))
    tasks.resume_of(organization_id=str(world.a.id))
    assert not queue.waiting
    with world.a.scope():
        ImportJob.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    tasks.resume_of(organization_id=str(world.a.id))
    assert [w["step"] for w in queue.waiting] == ["checking"]
    queue()
    assert fresh(world, job).status == JobStatus.CHECKED


def test_old_files_are_deleted_and_their_figures_kept(world, queue):
    with world.a.scope():
        job = make_import()
        ImportJob.objects.update(created_at=clock.now() - timedelta(days=31))
    tasks.prune_of(organization_id=str(world.a.id))
    with world.a.scope():
        assert not ImportChunk.objects.exists()
        assert ImportJob.objects.get(id=job.id).new == 2


def test_both_topics_are_handled():
    assert registry.handlers_of("imports.check") == [tasks.on_check_requested]
    assert registry.handlers_of("imports.write") == [tasks.on_write_requested]

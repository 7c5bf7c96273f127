"""Saved mappings: kept, suggested, used, changed, deleted."""

import pytest

from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.connectors.imports import services
from apps.connectors.imports.models import SavedMapping
from apps.connectors.imports.rules.mapping import Mapping
from apps.trail.models import TrailEvent
from tests.factories.imports import COLUMNS, CONSTANTS, SIMPLE, make_upload, map_and_check
from tests.factories.pricing import load_prices

pytestmark = pytest.mark.django_db
MAPPING = Mapping(columns=COLUMNS, constants=CONSTANTS)


@pytest.fixture
def lead(world):
    load_prices()
    return world.a.actor(Role.TOKENOPS_LEAD)


def test_a_mapping_is_kept_and_fills_the_next_file_that_it_fits(world, lead):
    with world.a.scope():
        job = map_and_check(make_upload(), source_name="Gateway")
        saved = services.save_mapping_of(actor=lead, job_id=job.id, name=" Gateway export ")
        assert (saved.name, saved.uses) == ("Gateway export", 0)
        wider = SIMPLE.replace(b"time,key", b"time,extra,key").replace(b"Z,", b"Z,x,")
        assert services.suggestion(["time", "key", "other"]) is None
        found = make_upload(wider)
        assert found.mapping["columns"] == COLUMNS
        assert found.mapping["constants"] == CONSTANTS
        assert (found.source_name, found.key_columns) == ("Gateway", ["time", "key"])
        saved.refresh_from_db()
        assert saved.uses == 1
        actions = TrailEvent.objects.filter(object_id=saved.id).values_list("action", flat=True)
        assert list(actions) == ["import_mapping.saved"]


def test_the_one_that_explains_most_columns_is_suggested(world, lead):
    with world.a.scope():
        few = Mapping(columns={"time": "occurred_at", "input": "input_total"}, constants=CONSTANTS)
        services.save_mapping(actor=lead, name="Few", mapping=few)
        most = services.save_mapping(actor=lead, name="Most", mapping=MAPPING)
        assert services.suggestion([*COLUMNS, "more"]).id == most.id


def test_a_mapping_is_put_on_a_file_by_hand_if_it_fits(world, lead):
    with world.a.scope():
        job = make_upload()
        saved = services.save_mapping(actor=lead, name="Mine", mapping=MAPPING)
        done = services.apply_mapping(actor=lead, job_id=job.id, saved_id=saved.id)
        assert done.mapping["columns"] == COLUMNS
        other = make_upload(b"when,n\n2026-11-01,5\n")
        with pytest.raises(Invalid, match="no column"):
            services.apply_mapping(actor=lead, job_id=other.id, saved_id=saved.id)
        running = services.map_columns(actor=lead, job_id=job.id, mapping=MAPPING)
        with pytest.raises(Conflict):
            services.apply_mapping(actor=lead, job_id=running.id, saved_id=saved.id)


def test_changes_state_the_version_they_were_made_on(world, lead):
    with world.a.scope():
        saved = services.save_mapping(actor=lead, name="One", mapping=MAPPING)
        services.save_mapping(actor=lead, name="Two", mapping=MAPPING)
        values = {"saved_id": saved.id, "mapping": MAPPING, "actor": lead}
        changed = services.change_mapping(**values, version=1, name="Uno")
        assert (changed.name, changed.version) == ("Uno", 2)
        with pytest.raises(Conflict, match="meanwhile"):
            services.change_mapping(**values, version=1, name="Eins")
        with pytest.raises(Conflict, match="Another mapping"):
            services.change_mapping(**values, version=2, name="two")
        services.delete_mapping(actor=lead, saved_id=saved.id)
        with pytest.raises(NotFound):
            services.delete_mapping(actor=lead, saved_id=saved.id)


def test_what_is_refused_leaves_nothing(world, lead):
    with world.a.scope():
        with pytest.raises(Forbidden):
            services.save_mapping(actor=world.a.actor(Role.VIEWER), name="Mine", mapping=MAPPING)
        with pytest.raises(Invalid):
            services.save_mapping(actor=lead, name=" ", mapping=MAPPING)
        with pytest.raises(Invalid):
            services.save_mapping(actor=lead, name="Mine", mapping=Mapping(columns={}))
        services.save_mapping(actor=lead, name="Mine", mapping=MAPPING)
        with pytest.raises(Conflict):
            services.save_mapping(actor=lead, name="MINE", mapping=MAPPING)
        assert SavedMapping.objects.count() == 1
    with world.b.scope():
        assert not SavedMapping.objects.exists()

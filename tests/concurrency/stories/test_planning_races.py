"""Imports, settings and templates under real threads: nothing twice, one winner."""

import pytest

from apps.access.roles import Role
from apps.common.errors import Conflict
from apps.stories import bands, services
from apps.stories.models import EstimatingSettings, ImportedRow, StoryTemplate, TokenStory
from tests.concurrency.stories.test_races import THREADS, race
from tests.factories.stories import make_assumptions, make_prices
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

HEAD = "title,team,template,model,cap,value_metric,value_why\n"
ROWS = [f"Story {n},Platform,agent,atlas/medium,{n},Time,Tried it.\n" for n in range(1, 4)]


@pytest.fixture
def org(transactional_db):
    found = World().a
    assert found.units
    with found.scope():
        make_prices()
    return found


def test_the_same_rows_imported_at_once_become_stories_once(org):
    author = org.actor(Role.UNIT_LEAD)
    tables = [HEAD + "".join(ROWS if n % 2 else reversed(ROWS)) for n in range(THREADS)]
    answers = race(
        org.id,
        [lambda t=table: services.import_stories(actor=author, text=t) for table in tables],
    )
    assert not [answer for answer in answers if isinstance(answer, str)], answers
    assert sum(answer.count("imported") for answer in answers) == len(ROWS)
    assert sum(answer.count("known") for answer in answers) == len(ROWS) * (THREADS - 1)
    with org.scope():
        assert TokenStory.objects.count() == ImportedRow.objects.count() == len(ROWS)


def test_one_change_of_the_settings_wins(org):
    actor = org.actor(Role.EA)

    def change(low):
        document = {**bands.dump(bands.DEFAULT_REFERENCES), "chatbot": {"low": low, "high": 99}}
        services.change_references(actor=actor, version=0, document=document)
        return low

    answers = race(org.id, [lambda n=n: change(n) for n in range(1, THREADS + 1)])
    won = [answer for answer in answers if isinstance(answer, int)]
    assert len(won) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == THREADS - 1
    with org.scope():
        row = EstimatingSettings.objects.get()
        assert (row.version, row.references["chatbot"]["low"]) == (1, won[0])


def test_a_name_is_given_to_one_template(org):
    author, unit_id = org.actor(Role.UNIT_LEAD), org.units["platform"].id

    def keep():
        return services.create_template(
            actor=author, unit_id=unit_id, name="Agent", kind="production",
            assumptions=make_assumptions(),
        ).name  # fmt: skip

    answers = race(org.id, [keep] * THREADS)
    assert answers.count("Agent") == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == THREADS - 1
    with org.scope():
        assert StoryTemplate.objects.count() == 1

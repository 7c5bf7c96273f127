"""Templates: kept from a story, changed, retired; what a template never holds."""

from decimal import Decimal

import msgspec
import pytest

from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.stories import services
from apps.stories.estimator import exactly, load
from apps.stories.models import StoryTemplate
from apps.stories.selectors.templates import built_in, offered_templates
from apps.stories.services.templates import template_assumptions
from apps.trail.models import TrailEvent
from tests.factories.stories import make_assumptions

pytestmark = pytest.mark.django_db


def keep(desk, name="Claims agent", **changes):
    story = desk.draft(pattern="agent", **changes)
    return services.save_as_template(
        actor=desk.author, ref=story.ref, name=name, description="For claims."
    )


def test_a_story_becomes_a_template_without_dates_money_and_people(desk):
    template = keep(desk)
    assert (template.name, template.pattern, template.source_ref) == (
        "Claims agent", "agent", "TS-0001",
    )  # fmt: skip
    assert set(template.document) == {
        "production", "development", "testing", "unit_noun", "schema",
    }  # fmt: skip
    assert template.build_months == 2
    assert "4000" not in str(template.document.get("cap"))
    a = template_assumptions(template)
    assert a.production == make_assumptions().production
    assert a.build_months == 2
    assert TrailEvent.objects.filter(action="story_template.saved").count() == 1


def test_a_frozen_version_can_be_kept_too(desk):
    story = desk.submitted()
    template = services.save_as_template(actor=desk.author, ref=story.ref, name="Frozen")
    assert template.value_metric == "Handling time"


def test_names_are_taken_once(desk):
    keep(desk)
    with pytest.raises(Conflict) as refused:
        keep(desk, name="claims  AGENT")
    assert refused.value.errors[0].field == "name"
    assert StoryTemplate.objects.count() == 1


def test_change_retire_and_bring_back(desk):
    template = keep(desk)
    a = msgspec.structs.replace(make_assumptions(interactions=exactly(9)), unit_noun="case")
    changed = services.change_template(
        actor=desk.author, template_id=template.id, version=1, name="Case agent", assumptions=a
    )
    assert (changed.name, changed.version, changed.description) == ("Case agent", 2, "For claims.")
    assert template_assumptions(changed).production.interactions == exactly(9)
    with pytest.raises(Conflict):
        services.change_template(actor=desk.author, template_id=template.id, version=1, name="Lost")
    same = services.change_template(actor=desk.author, template_id=template.id, version=2)
    assert same.version == 2
    services.retire_template(actor=desk.author, template_id=template.id, version=2)
    assert list(offered_templates()) == []
    with pytest.raises(Conflict):
        services.retire_template(actor=desk.author, template_id=template.id, version=3)
    services.restore_template(actor=desk.author, template_id=template.id, version=3)
    assert [row.name for row in offered_templates()] == ["Case agent"]


def test_who_may_not_and_what_is_wrong_writes_nothing(desk):
    story = desk.draft()
    for role in (Role.MEMBER, Role.CFO, Role.VIEWER):
        with pytest.raises((Forbidden, NotFound)):
            services.save_as_template(actor=desk.org.actor(role), ref=story.ref, name="X")
    stranger = desk.org.actor(Role.UNIT_LEAD, unit="claims")
    with pytest.raises((Forbidden, NotFound)):
        services.save_as_template(actor=stranger, ref=story.ref, name="X")
    with pytest.raises(Invalid) as refused:
        services.create_template(
            actor=desk.author, unit_id=desk.unit_id, name=" ", kind="other",
            assumptions=make_assumptions(calls=exactly(-1)),
        )  # fmt: skip
    assert [e.field for e in refused.value.errors] == [
        "name", "kind", "assumptions.production.calls.likely",
    ]  # fmt: skip
    assert not StoryTemplate.objects.exists()


def test_a_built_in_start_takes_the_organizations_sizes(desk):
    document = {
        name: {"low": n, "likely": n, "high": n}
        for n, name in enumerate(("S", "M", "L", "XL", "?"), start=1)
    }
    services.change_sizes(actor=desk.org.actor(Role.EA), version=0, document=document)
    found = built_in("agent")
    assert found.assumptions.development.size_tokens.likely == Decimal(3)
    assert built_in("nothing") is None
    assert load(msgspec.to_builtins(found.assumptions)) == found.assumptions

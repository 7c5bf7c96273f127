"""Every move that the rules allow has its event, and the documentation says so."""

from pathlib import Path

from django.conf import settings

from apps.approvals.enums import Act as RequestAct
from apps.audits.rules import AUDIT_TRANSITIONS
from apps.stories.enums import Act as StoryAct
from apps.stories.events import OF_ACT
from apps.trail import registry
from apps.webhooks import catalogue
from apps.webhooks.services.reading import _SILENT

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "api" / "webhooks.md"


def test_every_act_of_the_rules_has_an_event():
    assert OF_ACT.keys() == set(StoryAct)
    assert catalogue.OF_REQUEST.keys() == set(RequestAct)
    assert catalogue.OF_AUDIT.keys() == AUDIT_TRANSITIONS.keys()
    told = set(catalogue.events())
    assert {*OF_ACT.values(), *catalogue.OF_AUDIT.values()} <= told


def test_every_event_is_known_and_never_silent():
    known = {action.name for action in registry.all_actions()}
    assert set(catalogue.events()) <= known
    assert [event for event in catalogue.events() if event.startswith(_SILENT)] == []


def test_the_documentation_has_the_table():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert catalogue.table() in text, f"put this into {DOCUMENT.name}:\n{catalogue.table()}"

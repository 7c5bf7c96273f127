"""Import from a table: nothing before it is confirmed, nothing twice, every row answered."""

import pytest

from apps.access.roles import Role
from apps.common.errors import Forbidden, Invalid
from apps.portfolio.services import create_capability
from apps.stories import services
from apps.stories.models import ImportedRow, StoryDraft, TokenStory

pytestmark = pytest.mark.django_db

HEAD = "title,team,template,model,interactions,cap,value_metric,value_why,capability\n"
GOOD = "Claims triage,Platform,agent,atlas/medium,10000..14000..22000,4000,Time,Tried it.,\n"
BARE = "Chat,cc-110,chatbot,atlas/small,,900,Calls,A fifth.,\n"


def table(*lines):
    return HEAD + "".join(lines)


def test_a_preview_prices_and_writes_nothing(desk):
    found = services.preview_import(actor=desk.author, text=table(GOOD, BARE))
    assert [(row.line, row.status, row.errors) for row in found.rows] == [
        (2, "valid", []), (3, "valid", []),
    ]  # fmt: skip
    assert all(row.month_cost > 0 and row.lifetime_cost > row.month_cost for row in found.rows)
    assert not TokenStory.objects.exists()


def test_confirming_files_drafts_and_repeating_files_nothing(desk):
    text = table(GOOD, BARE)
    done = services.import_stories(actor=desk.author, text=text)
    assert [(row.status, row.ref) for row in done.rows] == [
        ("imported", "TS-0001"), ("imported", "TS-0002"),
    ]  # fmt: skip
    draft = StoryDraft.objects.get(story__ref="TS-0001")
    assert (draft.kind, draft.pattern, draft.cap_nanos) == ("production", "agent", 4_000 * 10**9)
    assert draft.assumptions["production"]["interactions"]["likely"] == "14000"
    again = services.import_stories(actor=desk.author, text=text)
    assert [(row.status, row.ref) for row in again.rows] == [
        ("known", "TS-0001"), ("known", "TS-0002"),
    ]  # fmt: skip
    assert TokenStory.objects.count() == ImportedRow.objects.count() == 2


def test_a_mended_file_is_sent_whole(desk):
    bad = "Fraud,Platform,agent,atlas/medium,many,1,Time,Tried it.,\n"
    first = services.import_stories(actor=desk.author, text=table(GOOD, bad))
    assert [row.status for row in first.rows] == ["imported", "refused"]
    assert [(e.field, bool(e.fix)) for e in first.rows[1].errors] == [("interactions", True)]
    mended = bad.replace("many", "500")
    second = services.import_stories(actor=desk.author, text=table(GOOD, mended))
    assert [(row.status, row.ref) for row in second.rows] == [
        ("known", "TS-0001"), ("imported", "TS-0002"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (",Platform,agent,atlas/medium,1,1,T,W,\n", "title"),
        ("A,Nowhere,agent,atlas/medium,1,1,T,W,\n", "team"),
        ("A,,agent,atlas/medium,1,1,T,W,\n", "team"),
        ("A,Claims,agent,atlas/medium,1,1,T,W,\n", "team"),
        ("A,Platform,robot,atlas/medium,1,1,T,W,\n", "template"),
        ("A,Platform,agent,corvid/32b,1,1,T,W,\n", "model"),
        ("A,Platform,agent,atlas/medium,-1,1,T,W,\n", "interactions"),
        ("A,Platform,agent,atlas/medium,1,-1,T,W,\n", "cap"),
        ("A,Platform,agent,atlas/medium,1,1,T,W,nothing\n", "capability"),
    ],
)
def test_each_refusal_names_its_field_and_files_nothing(desk, line, field):
    done = services.import_stories(actor=desk.author, text=table(line))
    assert [row.status for row in done.rows] == ["refused"]
    assert field in [e.field for e in done.rows[0].errors]
    assert not TokenStory.objects.exists()


def test_the_same_line_twice_is_refused_once(desk):
    done = services.import_stories(actor=desk.author, text=table(GOOD, GOOD))
    assert [row.status for row in done.rows] == ["imported", "refused"]
    assert done.rows[1].errors[0].message == "The same as line 2."


def test_a_capability_brings_its_team(desk):
    create_capability(
        actor=desk.org.actor(Role.OWNER), name="Triage", kind="pipeline", unit_id=desk.unit_id
    )
    line = "A,,agent,atlas/medium,1,1,T,W,triage\n"
    services.import_stories(actor=desk.author, text=table(line))
    story = TokenStory.objects.get()
    assert (story.unit_id, story.kind, story.capability.slug) == (
        desk.unit_id, "pipeline", "triage",
    )  # fmt: skip


def test_a_template_of_the_organization_by_its_name(desk):
    story = desk.draft(pattern="coding", kind="development")
    services.save_as_template(actor=desk.author, ref=story.ref, name="Our coder")
    line = "A,Platform,our  CODER,,1,1,T,W,\n"
    done = services.import_stories(actor=desk.author, text=table(line))
    assert done.rows[0].status == "imported"
    assert TokenStory.objects.get(title="A").pattern == "coding"


def test_who_may_not_and_what_is_no_table(desk):
    with pytest.raises(Forbidden):
        services.import_stories(actor=desk.org.actor(Role.VIEWER), text=table(GOOD))
    with pytest.raises(Invalid):
        services.import_stories(actor=desk.author, text="colour\nred\n")
    assert not TokenStory.objects.exists()

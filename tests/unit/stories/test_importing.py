"""Reading a table of stories: what is understood, what is refused and where."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.errors import Invalid
from apps.stories import bands
from apps.stories.estimator import Assumptions, MixShare, exactly
from apps.stories.importing import EXAMPLE, Base, plan_fields, read_table
from tests.unit.stories.estimating import assumptions, triple

D = Decimal


def models(text):
    provider, _, model = text.partition("/")
    return provider, model


def read_one(head, line, base=None):
    row = read_table(f"{head}\n{line}\n")[0]
    start = base or Base(assumptions(), {})
    return row, plan_fields(row, start, sizes=bands.DEFAULT_SIZES, models=models)


def test_lines_count_as_an_editor_does_and_empty_ones_are_left_out():
    rows = read_table('\ufefftitle;team\n"Two\nlines";Claims\n;\n\nThird;\n')
    assert [(row.line, row.cells) for row in rows] == [
        (2, {"title": "Two\nlines", "team": "Claims"}),
        (6, {"title": "Third"}),
    ]


def test_a_digest_is_of_the_cells_alone():
    one = read_table("title,team\nA,B\n")[0]
    other = read_table("Team,Title,summary\n\nB,A,\n")[0]
    assert one.digest == other.digest
    assert one.digest != read_table("title,team\nA,C\n")[0].digest


def test_a_row_overrides_what_it_starts_from():
    row, values = read_one(
        "title,interactions,calls,model,size,starts_on,live_on,cap,value_change,horizon,retry",
        "A,10000..14000..22000,6,openai/big 70; openai/small 30,m,2027-01,2027-04-15,4K,-4.5,24,0",
    )
    assert row.errors == []
    a = values["assumptions"]
    assert a.production.interactions == triple(10_000, 14_000, 22_000)
    assert a.production.retry == exactly(0)
    assert a.production.mix == (
        MixShare("openai", "big", D(70)), MixShare("openai", "small", D(30)),
    )  # fmt: skip
    assert a.production.horizon_months == 24
    assert a.development.size_tokens == bands.DEFAULT_SIZES["M"].triple
    assert (a.starts_on, a.live_on) == (dt.date(2027, 1, 1), dt.date(2027, 4, 1))
    assert (values["cap"], values["value_change"], values["title"]) == (D(4_000), D("-4.5"), "A")
    assert a.production.parts == assumptions().production.parts


def test_users_decide_what_the_volume_is_counted_from():
    _, values = read_one("title,users,adoption,per_user", "A,600,40%,20")
    p = values["assumptions"].production
    assert (p.volume, p.users, p.adoption) == ("users", exactly(600), exactly(40))
    _, values = read_one("title,developers,days", "A,6,40")
    assert values["assumptions"].development.basis == "effort"


@pytest.mark.parametrize(
    ("head", "cell", "field"),
    [
        ("interactions", "many", "production.interactions"),
        ("interactions", "1..2", "production.interactions"),
        ("cap", "cheap", "cap"),
        ("size", "XXL", "size"),
        ("starts_on", "soon", "starts_on"),
        ("value_measure_on", "2027-02-30", "value_measure_on"),
        ("model", "openai/big seventy", "model"),
    ],
)
def test_a_wrong_cell_is_named_with_its_fix(head, cell, field):
    row, values = read_one(f"title,{head}", f"A,{cell}")
    assert [error.field for error in row.errors] == [field]
    assert row.errors[0].fix
    assert isinstance(values["assumptions"], Assumptions)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "title"),
        ("title\n", "file"),
        ("team\nA\n", "title"),
        ("title,colour\nA,red\n", "colour"),
        ("title,team,Unit\nA,B,C\n", "team"),
        ('title\n"A\n', "file"),
        ("title\nA\x00\n", "file"),
        ("title\n" + "A\n" * 201, "file"),
        ("x" * 1_000_001, "file"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(text, field):
    with pytest.raises(Invalid) as refused:
        read_table(text)
    assert [error.field for error in refused.value.errors] == [field]


def test_more_cells_than_columns_are_refused_not_guessed():
    assert read_table("title,cap\nA,4,000\n")[0].errors[0].field == "title"


def test_the_example_is_a_table():
    text = "\n".join(",".join(f'"{cell}"' for cell in line) for line in EXAMPLE)
    assert [row.errors for row in read_table(text)] == [[], []]


@given(st.text(max_size=200))
def test_any_text_is_rows_or_a_refusal(text):
    try:
        rows = read_table("title,interactions\n" + text)
    except Invalid as refused:
        assert refused.errors
        return
    for row in rows:
        plan_fields(row, Base(assumptions(), {}), sizes=bands.DEFAULT_SIZES, models=models)

"""Template tags: icons, marks and numbers."""

import pytest
from django.template import Context, Template


def html(source, **context):
    return Template("{% load ui %}" + source).render(Context(context))


def test_icons_are_inlined_without_their_own_colours():
    out = html('{% icon "check" %}')
    assert out.startswith('<svg class="i" viewBox="0 0 24 24" aria-hidden="true">')
    assert "stroke=" not in out


def test_an_icon_that_is_not_vendored_fails_loudly():
    with pytest.raises(FileNotFoundError):
        html('{% icon "no-such-icon" %}')


@pytest.mark.parametrize(
    ("ratio", "good", "css", "text"),
    [
        (0.137, "none", "n", "+13.7%"),
        (0.137, "down", "bad", "+13.7%"),
        (-0.061, "down", "ok", "\u22126.1%"),
        (0.2, "up", "ok", "+20.0%"),
        (None, "down", "n", "new"),
        (0.0, "down", "n", "0%"),
    ],
)
def test_deltas_are_coloured_only_when_better_is_known(ratio, good, css, text):
    out = html("{% chip_delta ratio good %}", ratio=ratio, good=good)
    assert f'class="delta {css}"' in out
    assert text in out


def test_numbers():
    assert html("{{ n|money }}", n=48_712 * 10**9) == "$48.7k"
    assert html('{{ n|money_cents:"EUR" }}', n=1_500_000_000) == "€1.50"
    assert html("{{ n|tokens }}", n=None) == "–"
    assert html("{{ x|pct1 }}", x=0.951) == "95.1%"


@pytest.mark.parametrize(
    ("name", "letters"), [("Halden Financial", "HF"), ("Ada", "AD"), ("", "?"), ("a.b@c", "AB")]
)
def test_initials(name, letters):
    assert html("{% initials name %}", name=name) == letters


def test_chip_escapes():
    assert "<b>" not in html('{% chip text "ok" %}', text="<b>")

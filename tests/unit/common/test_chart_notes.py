"""Notes on charts: numbered pins on the plot, and their words in a list below it."""

import re

from apps.common.charts.frame import marked, told


def heights(*places):
    return re.findall(r'cy="([^"]+)"', marked([(x, "words") for x in places]))


def test_pins_that_would_meet_stand_below_one_another():
    assert heights(5, 50) == ["8", "8"]
    assert heights(5, 7, 9, 20) == ["8", "26", "44", "8"]


def test_the_words_stand_in_the_order_of_the_pins_with_their_day():
    assert re.findall(r">(\d+)<", marked([(10, "a"), (20, "b")])) == ["1", "2"]
    assert told([(0, "release 2"), (2, "a < b")], ["1 Nov", "2 Nov", "3 Nov"]) == (
        '<ol class="cnotes"><li><b>1 Nov</b> release 2</li><li><b>3 Nov</b> a &lt; b</li></ol>'
    )
    assert told([], []) == ""

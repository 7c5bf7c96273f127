"""Rows of one identity are numbered the same, however the file is ordered or cut."""

from collections import defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.connectors.imports.rules import ordinals

rows = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), max_size=60)


def numbered(found, cut, monkey_part):
    """(identity, measure) -> the ordinals its rows got."""
    pieces = [found[start : start + cut] for start in range(0, len(found), cut)]

    def read():
        for number, piece in enumerate(pieces):
            yield (
                number,
                np.array([i for i, _ in piece], np.uint64),
                np.array([m for _, m in piece], np.uint64),
            )

    given_ordinals = {(n, r): 0 for n, piece in enumerate(pieces) for r in range(len(piece))}
    before, ordinals.PART = ordinals.PART, monkey_part
    try:
        for number, pairs in ordinals.repeated(read, len(found)):
            for row, ordinal in pairs.tolist():
                given_ordinals[number, row] = ordinal
    finally:
        ordinals.PART = before
    result = defaultdict(list)
    for (number, row), ordinal in given_ordinals.items():
        result[pieces[number][row]].append(ordinal)
    return {key: sorted(values) for key, values in result.items()}


@settings(max_examples=300, deadline=None)
@given(rows, st.randoms(use_true_random=False), st.integers(1, 20), st.integers(1, 9))
def test_order_and_cuts_do_not_matter(found, random, cut, part):
    shuffled = list(found)
    random.shuffle(shuffled)
    whole = numbered(found, 1_000, 1_000)
    assert numbered(shuffled, cut, part) == whole
    by_identity = defaultdict(list)
    for (identity, _), values in whole.items():
        by_identity[identity] += values
    for values in by_identity.values():
        assert sorted(values) == list(range(len(values)))

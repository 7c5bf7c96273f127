"""When two channels may count the same calls."""

import pytest

from apps.connectors.rules import Overlap, overlap


@pytest.mark.parametrize(
    ("same_kind", "accounts", "keys", "found"),
    [
        # A provider and a gateway: the account decides, and one that is not stated is a doubt.
        (False, ({"main"}, {"main"}), ({"k1"}, {"hash"}), Overlap("main", certain=True)),
        (False, ({"main"}, {"other"}), ({"k1"}, {"k1"}), None),
        (False, ({"main"}, {""}), ({"k1"}, set()), Overlap("", certain=False)),
        (False, ({"main", ""}, {"main"}), (set(), set()), Overlap("main", certain=True)),
        # Two organizations of one provider, and two emitters of telemetry, are two things.
        (True, ({""}, {""}), ({"k1"}, {"k2"}), None),
        (True, ({""}, {""}), (set(), set()), None),
        (True, ({"main"}, {"main"}), ({"k1"}, {"k2"}), None),
        # One organization connected twice is one.
        (True, ({""}, {""}), ({"k1", "k2"}, {"k2"}), Overlap("", certain=True)),
        (True, ({"main"}, {"main"}), ({"k1"}, {""}), Overlap("main", certain=True)),
    ],
)  # fmt: skip
def test_overlap(same_kind, accounts, keys, found):
    assert overlap(same_kind=same_kind, accounts=accounts, keys=keys) == found

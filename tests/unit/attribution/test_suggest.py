"""Guesses of owners: tags before the past, the past before names, nothing from common words."""

from uuid import uuid4

import pytest

from apps.attribution.suggest import Candidate, suggest, words

SEARCH = Candidate("capability", uuid4(), "Product search", ("product-search",))
CLAIMS = Candidate("unit", uuid4(), "Claims", ("claims", "CC-200"))
CORE = Candidate("unit", uuid4(), "Core", ("core",))
KNOWN = [SEARCH, CLAIMS, CORE]


def guess(names=(), tags=None, past=None):
    return suggest(
        names=names, tags=tags or {}, candidates=KNOWN, past=past or {}, place="web-prod"
    )


@pytest.mark.parametrize(
    ("names", "owner"),
    [
        (["svc-claims-prod"], CLAIMS),
        (["productSearch_key"], SEARCH),
        (["search only"], None),
        (["api-key", "prod"], None),
        (["encore"], None),
        ([""], None),
    ],
)
def test_names(names, owner):
    found = guess(names)
    assert (found.candidate if found else None) == owner


def test_a_tag_says_more_than_the_past_and_the_past_more_than_a_name():
    tags, past = {"team": "core"}, {SEARCH.id: 0.95}
    assert guess(["claims"], tags, past).candidate == CORE
    found = guess(["claims"], {}, past)
    assert (found.candidate, found.reason) == (
        SEARCH,
        "95% of the other use of web-prod belongs to it",
    )
    assert guess(["claims"], {}, {SEARCH.id: 0.5}).candidate == CLAIMS
    assert guess([], {"cost_centre": "cc-200"}).reason == "Its tag cost_centre says “cc-200”"
    assert guess([], {"colour": "core"}) is None


def test_what_carries_the_same_tag_speaks_louder_than_a_name():
    shared = {"env=prod": {CORE.id: 0.5, CLAIMS.id: 0.5}, "pod=blue": {SEARCH.id: 1.0}}
    values = {"names": ["claims"], "tags": {}, "candidates": KNOWN, "place": "web-prod"}
    found = suggest(**values, past={}, shared=shared)
    assert (found.candidate, found.reason) == (
        SEARCH,
        "100% of other use tagged pod=blue belongs to it",
    )
    assert suggest(**values, past={CORE.id: 1.0}, shared=shared).candidate == CORE


def test_words_of_names():
    assert words("checkoutSvc-2_EU") == ["checkout", "svc", "2", "eu"]

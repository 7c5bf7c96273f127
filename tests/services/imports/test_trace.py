"""The recorded trace imports with exactly the tokens of the file, and only once."""

import random
from datetime import date
from pathlib import Path

import pytest

from apps.connectors.imports import passes
from apps.connectors.imports.enums import JobStatus
from apps.ledger.query import Query, run
from tests.factories.imports import make_upload, map_and_check, write
from tests.factories.pricing import load_prices

pytestmark = pytest.mark.django_db
TRACE = Path(__file__).parents[2] / "fixtures/traces/azure_llm_inference_2023_code.csv"
CONSTANTS = {"provider": "azure", "model": "gpt-4"}
CONTEXT, GENERATED, ROWS = 18_059_974, 245_896, 8_819


def checked(data: bytes):
    """The trace with the mapping that the portal guesses."""
    job = make_upload(data, "trace.csv")
    return map_and_check(job, columns=job.mapping["columns"], constants=CONSTANTS)


def in_the_ledger():
    return run(Query(start=date(2023, 11, 1), end=date(2023, 12, 1))).total


def test_tokens_in_the_ledger_are_the_tokens_in_the_file(world, monkeypatch):
    monkeypatch.setattr(passes, "SLICE_ROWS", 1_000)
    load_prices()
    with world.a.scope():
        job = checked(TRACE.read_bytes())
        assert (job.rows, job.accepted, job.refused) == (ROWS, ROWS, 0)
        assert job.tokens == {"input_uncached": CONTEXT, "output": GENERATED}
        assert job.unpriced == 0
        job = write(job)
        assert job.status == JobStatus.DONE
        assert (job.new, job.changed, job.unchanged) == (ROWS, 0, 0)
        found = in_the_ledger()
        assert found.tokens.input_uncached == CONTEXT
        assert found.tokens.output == GENERATED
        assert found.tokens.total == CONTEXT + GENERATED
        assert found.requests == ROWS
        assert found.cost_nanos == job.cost_nanos

        again = write(checked(TRACE.read_bytes()))
        assert (again.new, again.changed, again.unchanged) == (0, 0, ROWS)

        head, *rows = (line + b"\r\n" for line in TRACE.read_bytes().splitlines())
        random.Random(7).shuffle(rows)
        other = write(checked(head + b"".join(rows)))
        assert (other.new, other.changed, other.unchanged) == (0, 0, ROWS)
        assert in_the_ledger().tokens.total == CONTEXT + GENERATED

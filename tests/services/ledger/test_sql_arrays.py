"""Arrays written by hand arrive as what they were."""

import pytest
from django.db import connection

from apps.ledger.services.sql import array_literal, text_array_literal

TEXTS = ["", "plain", "a,b", 'say "hi"', "back\\slash", "{}", "NULL", "null", " ", "ü\n\t", None]


@pytest.mark.django_db
def test_texts_and_numbers_survive_the_array() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT %s::text[], %s::bigint[]",
            [text_array_literal(TEXTS), array_literal([1, None, -(2**63)])],
        )
        assert cursor.fetchone() == (TEXTS, [1, None, -(2**63)])

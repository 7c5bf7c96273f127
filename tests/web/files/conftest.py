from datetime import UTC, datetime

import pytest
import time_machine


@pytest.fixture
def time_machine_at():
    """A day on which the test files are recent."""
    with time_machine.travel(datetime(2026, 11, 22, 12, tzinfo=UTC)):
        yield

import os
import socket

import pytest

from tokenops.run.errors import RunError
from tokenops.run.ports import chosen_port, first_free_port, is_free
from tokenops.run.valkey import free_port


@pytest.fixture
def taken_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_that_was_asked_for_is_refused_with_its_holder(taken_port: int) -> None:
    with pytest.raises(RunError) as refused:
        chosen_port("127.0.0.1", taken_port, variable="TOKENOPS_PORT")
    message = str(refused.value)
    assert message.startswith(f"Port {taken_port} is in use by ")
    assert f"(pid {os.getpid()})" in message
    assert message.endswith("Stop that, or choose another: TOKENOPS_PORT=PORT.")


def test_a_free_port_that_was_asked_for_is_taken() -> None:
    port = free_port()
    assert is_free("127.0.0.1", port)
    assert chosen_port("127.0.0.1", port, variable="X") == port


def test_the_next_free_port_is_found(taken_port: int) -> None:
    found = first_free_port("127.0.0.1", taken_port, variable="X")
    assert taken_port < found < taken_port + 20


def test_an_address_of_another_machine_is_refused_in_words() -> None:
    with pytest.raises(RunError, match=r"Cannot listen on 192\.0\.2\.1"):
        is_free("192.0.2.1", 8000)

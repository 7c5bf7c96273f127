"""Bodies without Content-Length through the real server: Node's exporters send them."""

import gzip
import http.client
import os
import socket
import subprocess
import sys
import time

import pytest

APP = "tests.unit.push.chunked_app:app"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    where = ["--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--no-control-socket"]
    log = (tmp_path_factory.mktemp("gunicorn") / "log").open("wb")
    env = {**os.environ, "SECRET_KEY": "test-only"}
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *where, APP], stdout=log, stderr=log, env=env
    )
    try:
        for _ in range(400):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def send(port, pieces, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    given = {"Transfer-Encoding": "chunked", "Content-Type": "application/json", **headers}
    connection.request("POST", "/", iter(pieces), given, encode_chunked=True)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_chunks_are_read_to_their_end(address):
    pieces = [b'{"resourceLogs":', b" [" * 1, b"]}"]
    assert send(address, pieces) == (200, b'{"resourceLogs": []}')


def test_large_and_compressed_chunks(address):
    plain = os.urandom(400_000)
    packed = gzip.compress(plain)
    pieces = [packed[at : at + 70_000] for at in range(0, len(packed), 70_000)]
    assert send(address, pieces, **{"Content-Encoding": "gzip"}) == (200, plain)


def test_an_endless_body_is_stopped(address):
    status, message = send(address, [gzip.compress(b"\0" * (48 << 20))],
                           **{"Content-Encoding": "gzip"})  # fmt: skip
    assert (status, message) == (413, b"The unpacked body is larger than 20 MiB.")

"""The pipeline's command against a server that answers what TokenOps may answer."""

import io
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tokenops import cli

APPROVED = {"approved": True, "detail": "TS-0142 “Claims” is live.", "fix": "", "story": "TS-0142",
            "status": "live", "url": "https://t.example/o/a/stories/TS-0142/"}  # fmt: skip
REFUSED = {"approved": False, "detail": "TS-0142 “Claims” is a draft.", "fix": "Submit it.",
           "story": "TS-0142", "status": "draft", "url": "https://t.example/TS-0142/"}  # fmt: skip


@pytest.fixture
def server():
    class Handler(BaseHTTPRequestHandler):
        answer = (200, APPROVED)
        asked = []

        def do_GET(self):
            self.asked.append((self.path, self.headers["Authorization"]))
            status, body = self.answer
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

        def log_message(self, *args):
            pass

    Handler.asked = []
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    Handler.url = f"http://127.0.0.1:{running.server_port}"
    yield Handler
    running.shutdown()
    thread.join()
    running.server_close()


def run(server, *args, **environ):
    out, err = io.StringIO(), io.StringIO()
    settings = {"TOKENOPS_URL": server.url, "TOKENOPS_API_KEY": "tok_1", **environ}
    code = cli.main(["story", "check", *args], environ=settings, out=out, err=err)
    return code, out.getvalue(), err.getvalue()


def test_an_approved_story_is_zero(server):
    code, out, err = run(server, "--capability", "claims triage", "--branch", "feature/TS-0142")
    assert (code, err) == (0, "")
    assert out == "Approved: TS-0142 “Claims” is live.\n"
    assert server.asked == [
        (
            "/api/v1/stories/check/?capability=claims+triage&branch=feature%2FTS-0142",
            "Bearer tok_1",
        )
    ]


def test_no_approved_story_is_one_and_says_what_to_do(server):
    server.answer = (200, REFUSED)
    code, out, err = run(server, "--capability", "claims")
    assert (code, out) == (1, "")
    assert err == (
        "No approved Token Story: TS-0142 “Claims” is a draft.\nSubmit it.\n"
        "https://t.example/TS-0142/\n"
    )
    assert run(server, "--capability", "claims", "--warn-only")[0] == 0


def test_json_is_the_answer_itself(server):
    server.answer = (200, REFUSED)
    code, out, _ = run(server, "--branch", "main", "--json")
    assert (code, json.loads(out)) == (1, REFUSED)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((401, {"detail": "no"}), "the key in TOKENOPS_API_KEY is not accepted"),
        ((403, {"detail": "no"}), "give it story.view"),
        ((500, b"<html>"), "500"),
        ((200, b"<html>"), "Expecting value"),
        ((200, {"hello": 1}), "look at TOKENOPS_URL"),
    ],
)
def test_no_reliable_answer_is_three(server, answer, words):
    server.answer = answer
    code, out, err = run(server, "--capability", "claims")
    assert (code, out) == (3, "")
    assert words in err


def test_a_server_that_is_not_there_is_three(server):
    code, _, err = run(server, "--capability", "claims", TOKENOPS_URL="http://127.0.0.1:9")
    assert code == 3
    assert err.startswith("TokenOps could not answer")


@pytest.mark.parametrize(
    ("args", "environ", "words"),
    [
        ((), {}, "Name a --capability, a --branch or both."),
        (("--branch", "x"), {"TOKENOPS_API_KEY": ""}, "Set TOKENOPS_API_KEY"),
        (("--branch", "x"), {"TOKENOPS_URL": ""}, "Set TOKENOPS_URL"),
        (("--branch", "x"), {"TOKENOPS_URL": "file:///etc/passwd"}, "https://"),
    ],
)
def test_what_is_missing_is_two(server, args, environ, words):
    code, _, err = run(server, *args, **environ)
    assert code == 2
    assert words in err
    assert server.asked == []


def test_unknown_arguments_are_two(capsys):
    assert cli.main(["story", "check", "--colour", "red"]) == 2


def test_it_runs_alone_with_nothing_installed(tmp_path, server):
    alone = tmp_path / "cli.py"
    alone.write_text(Path(cli.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(alone), "story", "check", "--branch", "x"],
        env={"TOKENOPS_URL": server.url, "TOKENOPS_API_KEY": "tok_1"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")

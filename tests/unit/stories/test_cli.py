"""The pipeline's command against a server that answers what TokenOps may answer."""

import io
import json
import socket
import ssl
import subprocess
import sys
import threading
import urllib.error
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tokenops import cli

APPROVED = {
    "approved": True,
    "detail": "TS-0142 “Claims” is live.",
    "fix": "",
    "warning": "",
    "story": "TS-0142",
    "status": "live",
    "url": "https://t.example/o/a/stories/TS-0142/",
}
REFUSED = {"approved": False, "detail": "TS-0142 “Claims” is a draft.", "fix": "Submit it.",
           "story": "TS-0142", "status": "draft", "url": "https://t.example/TS-0142/"}  # fmt: skip


@pytest.fixture
def server():
    class Handler(BaseHTTPRequestHandler):
        answer = (200, APPROVED)
        answers: list = []  # before that one, in turn
        asked: list = []

        def do_GET(self):
            self.asked.append((self.path, self.headers["Authorization"]))
            status, body, *headers = self.answers.pop(0) if self.answers else self.answer
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

        def log_message(self, *args):
            pass

    Handler.asked, Handler.answers = [], []
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
    waits = server.waits = []
    code = cli.main(
        ["story", "check", *args], environ=settings, out=out, err=err, sleep=waits.append
    )
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
        ((404, b"<html>"), "look at TOKENOPS_URL"),
        ((200, b"<html>"), "look at TOKENOPS_URL"),
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
    assert server.waits == [1, 2]
    assert err.splitlines()[-1] == (
        "TokenOps could not answer: 127.0.0.1 refuses the connection; check that it runs on this "
        "port."
    )


def test_what_may_pass_is_asked_again(server):
    server.answers = [(503, {"detail": "Not now."}), (429, {}, ("Retry-After", "7"))]
    code, out, err = run(server, "--capability", "claims")
    assert (code, out) == (0, "Approved: TS-0142 “Claims” is live.\n")
    assert server.waits == [1, 7]
    assert "503 Not now; trying again in 1 s" in err
    server.answers = [(503, {})] * 3
    assert run(server, "--capability", "claims", "--retries", "0")[0] == 3
    assert server.waits == []


def test_use_over_its_budget_warns_or_fails(server):
    over = "TS-0142 has used $4,210 of $4,000 since 1 November 2026."
    server.answer = (200, {**APPROVED, "warning": over})
    code, out, err = run(server, "--capability", "claims")
    assert (code, out) == (0, "Approved: TS-0142 “Claims” is live.\n")
    assert err == f"Warning: {over}\n{APPROVED['url']}\n"
    code, _, err = run(server, "--capability", "claims", "--fail-over-cap")
    assert (code, err.splitlines()[0]) == (1, f"Over its budget: {over}")
    assert run(server, "--capability", "claims", "--fail-over-cap", "--warn-only")[0] == 0


def test_the_key_goes_to_no_other_address(server):
    server.answer = (302, b"", ("Location", "https://login.example/?next=/api"))
    code, _, err = run(server, "--capability", "claims")
    assert (code, len(server.asked)) == (3, 1)
    assert "redirects to https://login.example/; use that as TOKENOPS_URL" in err


def test_a_key_with_a_line_break_is_never_printed(server):
    code, out, err = run(server, "--branch", "x", TOKENOPS_API_KEY="tok_1\ntok_2")
    assert (code, out) == (2, "")
    assert "line breaks" in err
    assert "tok_" not in err
    assert run(server, "--branch", "x", TOKENOPS_API_KEY=" tok_1\n")[0] == 0


def test_tls_trouble_says_what_to_do(server, tmp_path):
    plain = server.url.replace("http://", "https://")
    code, _, err = run(server, "--branch", "x", TOKENOPS_URL=plain)
    assert code == 3
    assert "127.0.0.1 does not speak TLS there" in err
    code, _, err = run(server, "--branch", "x", "--ca-file", str(tmp_path / "none.pem"))
    assert (code, server.asked) == (2, [])
    untrusted = ssl.SSLCertVerificationError(1, "x")
    untrusted.verify_message = "self-signed certificate"
    said = str(cli._unreachable(urllib.error.URLError(untrusted), "t.example", 15))
    assert "not trusted (self-signed certificate)" in said
    assert "--ca-file or SSL_CERT_FILE" in said


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (TimeoutError("timed out"), "no answer from t.example within 15 s (--timeout)"),
        (socket.gaierror(-2, "x"), "there is no host t.example"),
        (OSError(101, "Network is unreachable"), "no connection to t.example: Network is unreach"),
    ],
)
def test_why_there_is_no_connection(reason, words):
    error = cli._unreachable(urllib.error.URLError(reason), "t.example", 15)
    assert words in str(error)
    assert error.wait == 1


@pytest.mark.parametrize(
    ("args", "environ", "words"),
    [
        ((), {}, "Name a --capability, a --branch or both."),
        (("--branch", "x"), {"TOKENOPS_API_KEY": ""}, "Set TOKENOPS_API_KEY"),
        (("--branch", "x"), {"TOKENOPS_URL": ""}, "Set TOKENOPS_URL"),
        (("--branch", "x"), {"TOKENOPS_URL": "file:///etc/passwd"}, "https://"),
        (("--branch", "x", "--ca-file", "/no/such.pem"), {}, "There is no file /no/such.pem"),
    ],
)
def test_what_is_missing_is_two(server, args, environ, words):
    code, _, err = run(server, *args, **environ)
    assert code == 2
    assert words in err
    assert server.asked == []


def test_unknown_arguments_are_two(capsys):
    assert cli.main(["story", "check", "--colour", "red"]) == 2
    assert cli.main(["story", "check", "--branch", "x", "--timeout", "0"]) == 2


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

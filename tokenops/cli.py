#!/usr/bin/env python3
"""TokenOps from a pipeline: one file, Python's standard library alone.

    TOKENOPS_URL=https://tokenops.example TOKENOPS_API_KEY=tok_… \\
        python -m tokenops.cli story check --capability claims-triage --branch "$BRANCH"

The file may also be copied into a repository and run by itself: `python cli.py story check …`.

`story check` asks whether a change is covered by an approved Token Story. A reference such as
TS-0142 in the branch names the story; else the capability's story counts.

Exit codes
    0   an approved story covers the change; a warning says when its use is over its budget
    1   no approved story covers it, or with `--fail-over-cap` its use is over its budget: the
        message says why and what to do
    2   wrong arguments or a missing setting
    3   TokenOps could not answer: not reachable, key refused, or an error of the server

`--warn-only` turns 1 and 3 into 0 and keeps the message, for the first weeks of a roll-out.
What may pass by itself (no connection, 429, 502, 503, 504) is tried again, `--retries` times.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

OK, NOT_APPROVED, USAGE, NO_ANSWER = 0, 1, 2, 3
TIMEOUT = 15
RETRIES = 2
PASSING = frozenset({429, 502, 503, 504})
LONGEST_WAIT = 30
NOT_TOKENOPS = "the address answers, but not as TokenOps does; look at TOKENOPS_URL"


class NoAnswer(Exception):
    """TokenOps gave no answer that can be relied on. `wait`: seconds after which to ask again."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


def main(
    argv: Sequence[str] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Run a command; the exit code."""
    environ = os.environ if environ is None else environ
    out, err = out or sys.stdout, err or sys.stderr
    try:
        options = _parser().parse_args(argv)
    except SystemExit as error:  # argparse has said what is wrong
        return int(error.code or OK)
    url = (options.url or environ.get("TOKENOPS_URL", "")).strip().rstrip("/")
    key = environ.get("TOKENOPS_API_KEY", "").strip()
    if problem := _problem(options, url, key):
        print(problem, file=err)
        return USAGE
    try:
        answer = _patiently(options, url, key, err=err, sleep=sleep)
    except NoAnswer as error:
        print(f"TokenOps could not answer: {error}.", file=err)
        return OK if options.warn_only else NO_ANSWER
    return _said(options, answer, out, err)


def _problem(options: argparse.Namespace, url: str, key: str) -> str:
    """What is missing or wrong before anything is asked; empty when nothing is."""
    if not options.capability and not options.branch:
        return "Name a --capability, a --branch or both."
    if not url or not key:
        missing = " and ".join(
            name for name, value in (("TOKENOPS_URL", url), ("TOKENOPS_API_KEY", key)) if not value
        )
        return f"Set {missing} in the environment of the pipeline."
    if not url.startswith(("https://", "http://")):
        return "TOKENOPS_URL starts with https:// or http://."
    if not (key.isascii() and key.isprintable()) or " " in key:
        # Said here because a refused header would be printed with the key in it.
        return "TOKENOPS_API_KEY holds blanks, line breaks or other characters: copy it again."
    if options.ca_file and not Path(options.ca_file).is_file():
        return f"There is no file {options.ca_file} (--ca-file)."
    return ""


def _said(options: argparse.Namespace, answer: Any, out: TextIO, err: TextIO) -> int:
    """Say the answer; the exit code."""
    warning = answer.get("warning") or ""
    refused = not answer["approved"] or bool(warning and options.fail_over_cap)
    if options.json:
        print(json.dumps(answer), file=out)
    elif not answer["approved"]:
        print(f"No approved Token Story: {answer['detail']}\n{answer['fix']}", file=err)
    else:
        print(f"Approved: {answer['detail']}", file=out)
        if warning:
            print(f"{'Over its budget' if refused else 'Warning'}: {warning}", file=err)
    if (refused or warning) and answer.get("url") and not options.json:
        print(answer["url"], file=err)
    return NOT_APPROVED if refused and not options.warn_only else OK


def _patiently(
    options: argparse.Namespace,
    url: str,
    key: str,
    *,
    err: TextIO,
    sleep: Callable[[float], None],
) -> Any:
    """The answer, asked again where that may help. Raises NoAnswer."""
    query = {"capability": options.capability, "branch": options.branch}
    for attempt in range(options.retries + 1):
        try:
            return ask(url, key, query, timeout=options.timeout, ca_file=options.ca_file)
        except NoAnswer as error:
            if error.wait is None or attempt == options.retries:
                raise
            wait = min(max(error.wait, 2.0**attempt), LONGEST_WAIT)
            print(f"{error}; trying again in {wait:g} s", file=err)
            sleep(wait)
    raise AssertionError("the loop ends with an answer or an error")


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the key would go along to wherever it leads."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> Any:
        url = str(kwargs.get("newurl", args[-1])).split("?")[0]
        raise NoAnswer(f"the address redirects to {url}; use that as TOKENOPS_URL")


def ask(
    url: str, key: str, query: Mapping[str, str], *, timeout: float = TIMEOUT, ca_file: str = ""
) -> Any:
    """The answer of `GET /api/v1/stories/check/`. Raises NoAnswer."""
    asked = urllib.parse.urlencode({name: value for name, value in query.items() if value})
    host = urllib.parse.urlsplit(url).hostname or url
    request = urllib.request.Request(  # noqa: S310 -- main() has checked the scheme
        f"{url}/api/v1/stories/check/?{asked}",
        headers={
            "Authorization": f"Bearer {key}",
            "Accept": "application/json",
            "User-Agent": "tokenops-cli",
        },
    )
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _Stay)
        with opener.open(request, timeout=timeout) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        raise _refusal(error) from error
    except OSError as error:  # URLError, timeouts and TLS are OSErrors
        raise _unreachable(error, host, timeout) from error
    except ValueError as error:
        raise NoAnswer(NOT_TOKENOPS) from error
    if not isinstance(answer, dict) or not {"approved", "detail", "fix"} <= answer.keys():
        raise NoAnswer(NOT_TOKENOPS)
    return answer


def _unreachable(error: OSError, host: str, timeout: float) -> NoAnswer:
    """Why there was no connection, in words that help whoever reads the log."""
    reason: object = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return NoAnswer(
            f"the certificate of {host} is not trusted ({reason.verify_message}); give the file of "
            "your own authority with --ca-file or SSL_CERT_FILE"
        )
    if isinstance(reason, ssl.SSLError):
        if reason.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
            return NoAnswer(f"{host} does not speak TLS there; try http:// or another port")
        return NoAnswer(f"no secure connection to {host}: {reason.reason or reason}", wait=1)
    if isinstance(reason, TimeoutError):
        return NoAnswer(f"no answer from {host} within {timeout:g} s (--timeout)", wait=1)
    if isinstance(reason, socket.gaierror):
        return NoAnswer(f"there is no host {host}, or this runner cannot look it up", wait=1)
    if isinstance(reason, ConnectionRefusedError):
        return NoAnswer(f"{host} refuses the connection; check that it runs on this port", wait=1)
    words = getattr(reason, "strerror", None) or str(reason)
    return NoAnswer(f"no connection to {host}: {words}", wait=1)


def _refusal(error: urllib.error.HTTPError) -> NoAnswer:
    """What an answer with an error says, in a line."""
    if error.code == 401:
        return NoAnswer("the key in TOKENOPS_API_KEY is not accepted; it may have expired")
    if error.code == 403:
        return NoAnswer("the key may not read Token Stories; give it story.view")
    try:
        problem = json.load(error)
        text = f"{problem.get('detail', '')} {problem.get('fix', '')}".strip().rstrip(".")
    except (OSError, ValueError, AttributeError):
        text = ""
    if error.code == 404 and not text:
        return NoAnswer(NOT_TOKENOPS)
    after = error.headers.get("Retry-After", "") if error.headers else ""
    wait = float(after) if after.isdecimal() else 1.0
    said = f"the server answers {error.code} {text or error.reason}".rstrip(" .")
    return NoAnswer(said, wait=wait if error.code in PASSING else None)


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 600:
        raise argparse.ArgumentTypeError("between 0 and 600 seconds")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tokenops", description="TokenOps from a pipeline.")
    things = parser.add_subparsers(dest="thing", required=True)
    story = things.add_parser("story", help="Token Stories")
    acts = story.add_subparsers(dest="act", required=True)
    check = acts.add_parser("check", help="is a change covered by an approved Token Story?")
    check.add_argument("--capability", default="", help="code of the capability that changes")
    check.add_argument("--branch", default="", help="branch of the change; TS-0142 in it is read")
    check.add_argument("--url", default="", help="instead of TOKENOPS_URL")
    check.add_argument("--timeout", type=_seconds, default=TIMEOUT, help="seconds to wait")
    check.add_argument("--retries", type=int, default=RETRIES, help="further tries, 2 by default")
    check.add_argument("--ca-file", default="", help="PEM file of your own certificate authority")
    check.add_argument("--json", action="store_true", help="print the answer as JSON")
    check.add_argument(
        "--fail-over-cap", action="store_true", help="exit with 1 when its use is over its budget"
    )
    check.add_argument("--warn-only", action="store_true", help="say it, but exit with 0")
    return parser


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a log that knows no quotes gets them escaped
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main())

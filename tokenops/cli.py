#!/usr/bin/env python3
"""TokenOps from a pipeline: one file, Python's standard library alone.

    TOKENOPS_URL=https://tokenops.example TOKENOPS_API_KEY=tok_… \\
        python -m tokenops.cli story check --capability claims-triage --branch "$BRANCH"

The file may also be copied into a repository and run by itself: `python cli.py story check …`.

`story check` asks whether a change is covered by an approved Token Story. A reference such as
TS-0142 in the branch names the story; else the capability's story counts.

Exit codes
    0   an approved story covers the change
    1   no approved story covers it: the message says why and what to do
    2   wrong arguments or a missing setting
    3   TokenOps could not answer: not reachable, key refused, or an error of the server

`--warn-only` turns 1 and 3 into 0 and keeps the message, for the first weeks of a roll-out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

OK, NOT_APPROVED, USAGE, NO_ANSWER = 0, 1, 2, 3
TIMEOUT = 15


class NoAnswer(Exception):
    """TokenOps gave no answer that can be relied on."""


def main(
    argv: Sequence[str] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """Run a command; the exit code."""
    environ = os.environ if environ is None else environ
    out, err = out or sys.stdout, err or sys.stderr
    try:
        options = _parser().parse_args(argv)
    except SystemExit as error:  # argparse has said what is wrong
        return int(error.code or OK)
    url = (options.url or environ.get("TOKENOPS_URL", "")).rstrip("/")
    key = environ.get("TOKENOPS_API_KEY", "")
    if not options.capability and not options.branch:
        print("Name a --capability, a --branch or both.", file=err)
        return USAGE
    if not url or not key:
        missing = " and ".join(
            name for name, value in (("TOKENOPS_URL", url), ("TOKENOPS_API_KEY", key)) if not value
        )
        print(f"Set {missing} in the environment of the pipeline.", file=err)
        return USAGE
    if not url.startswith(("https://", "http://")):
        print("TOKENOPS_URL starts with https:// or http://.", file=err)
        return USAGE
    try:
        answer = ask(
            url, key, {"capability": options.capability, "branch": options.branch},
            timeout=options.timeout,
        )  # fmt: skip
    except NoAnswer as error:
        print(f"TokenOps could not answer: {error}", file=err)
        return OK if options.warn_only else NO_ANSWER
    if options.json:
        print(json.dumps(answer), file=out)
    elif answer["approved"]:
        print(f"Approved: {answer['detail']}", file=out)
    else:
        print(f"No approved Token Story: {answer['detail']}\n{answer['fix']}", file=err)
        if answer.get("url"):
            print(answer["url"], file=err)
    return OK if answer["approved"] or options.warn_only else NOT_APPROVED


def ask(url: str, key: str, query: Mapping[str, str], *, timeout: float = TIMEOUT) -> Any:
    """The answer of `GET /api/v1/stories/check/`. Raises NoAnswer."""
    asked = urllib.parse.urlencode({name: value for name, value in query.items() if value})
    request = urllib.request.Request(  # noqa: S310 -- main() has checked the scheme
        f"{url}/api/v1/stories/check/?{asked}",
        headers={"Authorization": f"Bearer {key}", "Accept": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:  # noqa: S310
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        raise NoAnswer(_refusal(error)) from error
    except (OSError, ValueError) as error:
        raise NoAnswer(str(error)) from error
    if not isinstance(answer, dict) or not {"approved", "detail", "fix"} <= answer.keys():
        raise NoAnswer("the address answers, but not as TokenOps does; look at TOKENOPS_URL")
    return answer


def _refusal(error: urllib.error.HTTPError) -> str:
    """What a problem document says, in a line."""
    try:
        problem = json.load(error)
        text = f"{problem.get('detail', '')} {problem.get('fix', '')}".strip()
    except (OSError, ValueError, AttributeError):
        text = ""
    if error.code == 401:
        return "the key in TOKENOPS_API_KEY is not accepted"
    if error.code == 403:
        return "the key may not read Token Stories; give it story.view"
    return f"{error.code} {text}".strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tokenops", description="TokenOps from a pipeline.")
    things = parser.add_subparsers(dest="thing", required=True)
    story = things.add_parser("story", help="Token Stories")
    acts = story.add_subparsers(dest="act", required=True)
    check = acts.add_parser("check", help="is a change covered by an approved Token Story?")
    check.add_argument("--capability", default="", help="code of the capability that changes")
    check.add_argument("--branch", default="", help="branch of the change; TS-0142 in it is read")
    check.add_argument("--url", default="", help="instead of TOKENOPS_URL")
    check.add_argument("--timeout", type=float, default=TIMEOUT, help="seconds to wait")
    check.add_argument("--json", action="store_true", help="print the answer as JSON")
    check.add_argument("--warn-only", action="store_true", help="say it, but exit with 0")
    return parser


if __name__ == "__main__":
    sys.exit(main())

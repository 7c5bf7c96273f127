"""`python -m tokenops.simulator --port 8099 [--seed 7] [--now ISO] [--state var/simulator.json]`

The anchor is the day the company's story is told from: launches, switches and the runaway agent
count from it. With a state file (`--state`, or simulator.json in TOKENOPS_STATE_DIR) the first
start writes it down and later starts reuse it, so that history stays the same ever after.
"""

import argparse
import json
import logging
import os
import signal
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tokenops.simulator.faults import Schedule
from tokenops.simulator.server import Simulator, serve


def remembered_anchor(path: Path | None, wanted: date | None, today: date) -> date:
    """The anchor: as asked, as written down by an earlier start, or today (then written down)."""
    if wanted is not None or path is None:
        return wanted or today
    if path.exists():
        return date.fromisoformat(json.loads(path.read_text())["anchor"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"anchor": today.isoformat()}))
    return today


def default_state() -> Path | None:
    """simulator.json in the supervisor's state directory, when there is one."""
    directory = os.environ.get("TOKENOPS_STATE_DIR")
    return Path(directory) / "simulator.json" if directory else None


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m tokenops.simulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--now", type=datetime.fromisoformat, help="a fixed clock, ISO 8601")
    parser.add_argument("--anchor", type=date.fromisoformat, help="default: the first start's day")
    parser.add_argument(
        "--state", type=Path, default=default_state(), help="file that keeps the anchor"
    )
    parser.add_argument("--no-faults", action="store_true", help="no scheduled 429 and 500")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    fixed = options.now
    if fixed is not None and fixed.tzinfo is None:
        fixed = fixed.replace(tzinfo=UTC)
    today = (fixed or datetime.now(UTC)).date()
    simulator = Simulator(
        seed=options.seed,
        anchor=remembered_anchor(options.state, options.anchor, today),
        clock=(lambda: fixed) if fixed else None,
        faults=Schedule(0, 0) if options.no_faults else Schedule(),
    )
    try:
        server = serve(simulator, options.port, options.host)
    except OSError as error:
        sys.stderr.write(f"cannot listen on {options.host}:{options.port}: {error.strerror}\n")
        return 1

    def stop(_signal: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    anchor = simulator.model.anchor.isoformat()
    logging.getLogger("tokenops.simulator").info(
        "listening on http://%s:%s, anchor %s", options.host, server.server_port, anchor
    )
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

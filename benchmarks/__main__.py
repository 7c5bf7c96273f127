"""`python -m benchmarks [NAME ...]`: run benchmarks and put their figures into the docs.

Each runs in a process of its own against the benchmarks' own PostgreSQL, which is stopped at the
end. Without names all run, which takes about half an hour on two quiet processors.
"""

import subprocess
import sys

from benchmarks import report, server

ALL = (
    "ingest",
    "workers",
    "pull",
    "big_csv",
    "scale",
    "pages",
    "runs",
    "estimator",
    "approvals",
    "push",
    "soak",
)
RESULTS = (
    "ingest",
    "workers",
    "pull",
    "big_csv",
    "scale_queries",
    "scale_pages",
    "pages",
    "runs",
    "estimator",
    "approvals",
    "push",
    "soak",
)
"""In the order of docs/performance.md: one benchmark may give several tables."""


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"No benchmark is called {unknown[0]}. There are: {', '.join(ALL)}")
        return 2
    failed = []
    try:
        for name in names or ALL:
            print(f"--- {name}", flush=True)
            if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
                failed.append(name)
        report.write_page(RESULTS)
    finally:
        server.postgres().stop_detached()
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

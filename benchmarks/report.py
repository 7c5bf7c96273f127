"""Results: printed, kept as JSON, and put into docs/performance.md."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.server import ROOT

REPOSITORY = ROOT.parents[1]
PAGE = REPOSITORY / "docs" / "performance.md"
BEGIN, END = "<!-- benchmarks:begin -->", "<!-- benchmarks:end -->"


def save(
    name: str,
    *,
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[Any]],
    figures: Mapping[str, Any],
    notes: Sequence[str] = (),
    passed: bool | None = None,
    keep: bool = True,
) -> None:
    """Print a result and keep it for the page. `passed`: whether it meets its target."""
    result = {
        "title": title,
        "notes": list(notes),
        "head": list(head),
        "rows": [[text(cell) for cell in row] for row in rows],
        "figures": dict(figures),
        "passed": passed,
    }
    if keep:
        (ROOT / "results").mkdir(parents=True, exist_ok=True)
        path = ROOT / "results" / f"{name}.json"
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print("\n".join(section(result)))


def text(cell: Any) -> str:
    """A cell as the table shows it: three significant places, thousands in groups."""
    if cell is None:
        return "–"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        places = 0 if abs(cell) >= 100 else 1 if abs(cell) >= 10 else 2 if abs(cell) >= 1 else 3
        return f"{cell:,.{places}f}"
    return str(cell)


def section(result: Mapping[str, Any]) -> list[str]:
    verdict = {True: " ✓", False: " ✗", None: ""}[result["passed"]]
    lines = [f"### {result['title']}{verdict}", ""]
    for note in result["notes"]:
        lines += [note, ""]
    lines.append("| " + " | ".join(result["head"]) + " |")
    lines.append("|" + "|".join("---" for _ in result["head"]) + "|")
    lines += ["| " + " | ".join(row) + " |" for row in result["rows"]]
    return [*lines, ""]


def write_page(names: Sequence[str]) -> None:
    """Replace the figures in docs/performance.md by the kept results, in this order."""
    lines = [BEGIN, ""]
    for name in names:
        path = ROOT / "results" / f"{name}.json"
        if path.exists():
            lines += section(json.loads(path.read_text(encoding="utf-8")))
    lines.append(END)
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN, 1)
    PAGE.write_text(before + "\n".join(lines) + rest.split(END, 1)[1], encoding="utf-8")

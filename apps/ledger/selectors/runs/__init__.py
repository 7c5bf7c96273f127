"""Reads of runs: figures, lists, one run."""

from apps.ledger.selectors.runs.bands import bands_of, bands_row
from apps.ledger.selectors.runs.figures import (
    By,
    Figures,
    Line,
    Totals,
    by_axis,
    by_capability,
    figures,
    has_runs,
    trend,
)
from apps.ledger.selectors.runs.lists import Names, run_by_code, runs, words
from apps.ledger.selectors.runs.one import Call, Node, ToolLine, calls, tools, tree
from apps.ledger.selectors.runs.reach import Reach

__all__ = [
    "By",
    "Call",
    "Figures",
    "Line",
    "Names",
    "Node",
    "Reach",
    "ToolLine",
    "Totals",
    "bands_of",
    "bands_row",
    "by_axis",
    "by_capability",
    "calls",
    "figures",
    "has_runs",
    "run_by_code",
    "runs",
    "tools",
    "tree",
    "trend",
    "words",
]

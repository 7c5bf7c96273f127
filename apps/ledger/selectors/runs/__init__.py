"""Reads of runs: figures, lists, one run."""

from apps.ledger.selectors.runs.bands import bands_of, bands_row
from apps.ledger.selectors.runs.figures import (
    By,
    Figures,
    Line,
    Totals,
    by_axis,
    by_bloat,
    by_capability,
    by_workflow,
    figures,
    has_runs,
    trend,
)
from apps.ledger.selectors.runs.inputs import MOST_RUNS_EACH, Inputs, inputs_by_capability
from apps.ledger.selectors.runs.lists import Names, run_by_code, runs, words
from apps.ledger.selectors.runs.one import Call, Node, ToolLine, calls, tools, tree
from apps.ledger.selectors.runs.reach import Reach

__all__ = [
    "MOST_RUNS_EACH",
    "By",
    "Call",
    "Figures",
    "Inputs",
    "Line",
    "Names",
    "Node",
    "Reach",
    "ToolLine",
    "Totals",
    "bands_of",
    "bands_row",
    "by_axis",
    "by_bloat",
    "by_capability",
    "by_workflow",
    "calls",
    "figures",
    "has_runs",
    "inputs_by_capability",
    "run_by_code",
    "runs",
    "tools",
    "tree",
    "trend",
    "words",
]

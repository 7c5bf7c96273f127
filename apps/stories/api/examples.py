"""Examples of the story endpoints (`apps.common.api.examples`): models of the price book, built-in
patterns.
"""

from typing import Any

from apps.common.api.examples import TEAM
from apps.common.api.examples import request_example as _request

REF = "TS-0001"
MODEL = {"provider": "openai", "model": "gpt-4.1", "share": "100"}

PRICED: dict[str, Any] = {
    "starts_on": "2026-12-01",
    "live_on": "2027-02-01",
    "unit_noun": "claim",
    "production": {
        "interactions": {"likely": "14000", "low": "10000", "high": "22000"},
        "calls": {"likely": "6"},
        "parts": {
            "system_prompt": {"likely": "4000"},
            "context": {"likely": "5200", "low": "3000", "high": "9000"},
            "output": {"likely": "640"},
        },
        "cache_hit": {"likely": "35"},
        "retry": {"likely": "6"},
        "horizon_months": 12,
        "mix": [MODEL],
    },
    "development": {"basis": "size", "size": "M"},
    "testing": {
        "runs": {"likely": "16"},
        "cases": {"likely": "1200"},
        "tokens_per_case": {"likely": "20000"},
    },
}
VALUE = {
    "metric": "Handling time",
    "unit": "minutes",
    "baseline": "12.4",
    "expected_change": "-4.5",
    "adoption": "70",
    "money_per_unit": "0.70",
    "confidence": "medium",
    "measure_on": "2027-06-30",
    "why": "Six adjusters tried it.",
}
SIZES_IN_TOKENS = {
    "S": {"low": 10_000_000, "likely": 30_000_000, "high": 80_000_000},
    "M": {"low": 80_000_000, "likely": 200_000_000, "high": 500_000_000},
    "L": {"low": 300_000_000, "likely": 900_000_000, "high": 2_000_000_000},
    "XL": {"low": 1_000_000_000, "likely": 3_000_000_000, "high": 9_000_000_000},
    "?": {"low": 5_000_000, "likely": 20_000_000, "high": 60_000_000},
}
BANDS = {
    "chatbot": {"low": 1_000, "high": 10_000},
    "retrieval": {"low": 4_000, "high": 30_000},
    "agent": {"low": 30_000, "high": 400_000},
    "documents": {"low": 3_000, "high": 100_000},
    "coding": {"low": 20_000, "high": 400_000},
    "analytics": {"low": 5_000, "high": 60_000},
}
TABLE = (
    "title,team,template,interactions,cap,value_metric,value_why\n"
    "Claims triage,TEAM-NAME,agent,10000..14000..22000,4000,Handling time,Six adjusters tried it.\n"
)


ESTIMATE = _request(
    "Price a plan",
    "A plan with ranges, held against a cap",
    {"assumptions": PRICED, "monthly_cap": "4000", "pattern": "agent"},
)
FILE_STORY = _request(
    "File a story",
    "A draft with estimate, cap and value",
    {
        "title": "Claims triage copilot",
        "unit": TEAM,
        "pattern": "agent",
        "summary": "Reads a new claim and proposes severity and routing.",
        "monthly_cap": "4000",
        "value": VALUE,
        "assumptions": PRICED,
    },
)
CHANGE_STORY = _request(
    "Raise the cap",
    "Some fields of the version that was read",
    {"version": 1, "monthly_cap": "5000"},
)
ACT = _request(
    "Act", "The version that was read, and why", {"version": 1, "note": "First version."}
)
KEEP_STORY = _request(
    "Keep a story", "A story that estimated well", {"name": "Claims agent", "ref": REF}
)
KEEP_PLAN = _request(
    "Keep a plan",
    "A plan of one’s own",
    {
        "name": "Small agent",
        "unit": TEAM,
        "pattern": "agent",
        "assumptions": PRICED,
        "value_metric": "Handling time",
        "value_unit": "minutes",
    },
)
SIZES = _request("Set sizes", "All five bands", {"version": 0, "sizes": SIZES_IN_TOKENS})
REFERENCES = _request("Set bands", "All six patterns", {"version": 0, "references": BANDS})
VALUE_POLICY = _request(
    "Set the amount",
    "In full from this likely lifetime cost",
    {"version": 0, "value_from": "25000", "reason": "Above a quarter of a team’s budget."},
)
REAPPROVAL = _request(
    "Set the share", "Up to 5% takes effect at once", {"version": 0, "percent": 5}
)
DESIGN_REVIEW = _request(
    "Ask the dear ones",
    "Heavy and critical stories wait for their review",
    {
        "version": 0,
        "document": {
            "questions": [
                {
                    "key": "cache-prompt",
                    "area": "caching",
                    "text": "Repeated input is cached, and the hit rate known.",
                    "weight": 2,
                }
            ],
            "tiers": ["heavy", "critical"],
            "gate": True,
            "go_live_gate": True,
        },
        "reason": "Design decides most of the bill.",
    },
)
IMPORT_PREVIEW = _request("Check a table", "Nothing is written", {"table": TABLE})
IMPORT_CONFIRM = _request(
    "File its rows", "Each valid row becomes a draft", {"table": TABLE, "confirm": True}
)
COMMENT = _request("Comment", "@ and a name tells that person", {"text": "Who measures this?"})
WORK_ITEM = _request(
    "Link a ticket",
    "Issue, ticket or merge request",
    {"url": "https://github.com/example/claims/issues/42", "name": "Claims triage"},
)
INITIATIVES = _request(
    "Send planned work",
    "What has no story becomes a gap",
    {"table": "key,title,team\nPLAN-1,Triage of claims,TEAM-NAME\n"},
)
CHANGE_TEMPLATE = _request(
    "Rename", "Some fields of the version that was read", {"version": 1, "name": "Claims agent, v2"}
)
TEMPLATE_VERSION = _request("The version that was read", "Another one answers 409", {"version": 1})
VALUE_REPORT = _request(
    "Report the value",
    "Measured, in the direction of the hypothesis",
    {
        "measured_change": "-3.9",
        "measured_on": "2026-11-20",
        "note": "1,200 claims of October against 1,150 of May.",
        "evidence_url": "https://example.com/claims/handling-time",
    },
)
ATTACH = _request(
    "Attach a file",
    "A table, text, image or PDF",
    {"file": "case,tokens\nwindscreen,4100\nwater damage,9800\n"},
    media_type="multipart/form-data",
)

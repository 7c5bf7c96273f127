"""Nothing we serve needs an exception from the content policy."""

import re
from pathlib import Path

import pytest
from django.conf import settings

BASE = Path(settings.BASE_DIR)
FORBIDDEN = {
    "an inline style": re.compile(r"\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style[\s>]", re.IGNORECASE),
    "an inline handler": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "hx-on": re.compile(r"\bhx-on\b"),
    "evaluated values": re.compile(r"hx-(vals|headers)\s*=\s*[\"']js:"),
    "hx-vars": re.compile(r"\bhx-vars\b"),
    "a javascript address": re.compile(r"javascript:", re.IGNORECASE),
    "a script without a source": re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", re.IGNORECASE
    ),
    "a script without the nonce": re.compile(r"<script(?=[^>]*\bsrc=)(?![^>]*nonce=)[^>]*>"),
}
TEMPLATES = sorted(
    path for path in (BASE / "templates").rglob("*.html") if "emails" not in path.parts
)
BUILDERS = sorted((BASE / "apps" / "common").rglob("*.py")) + sorted(
    path for path in (BASE / "apps").glob("*/web/*.py")
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(BASE)))
def test_templates(path):
    text = path.read_text(encoding="utf-8")
    assert [name for name, rule in FORBIDDEN.items() if rule.search(text)] == []


@pytest.mark.parametrize("path", BUILDERS, ids=lambda p: str(p.relative_to(BASE)))
def test_markup_built_in_python(path):
    text = "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if "<" in line)
    rules = {k: v for k, v in FORBIDDEN.items() if "script" not in k}
    assert [name for name, rule in rules.items() if rule.search(text)] == []


def test_the_policy_allows_our_own_origin_only():
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert directives["default-src"] == ["'none'"]
    assert directives["style-src"] == ["'self'"]
    assert "'unsafe-inline'" not in str(directives)
    assert "'unsafe-eval'" not in str(directives)

"""What others wrote and we ship: every file known, unchanged and freely licensed."""

import hashlib
import json
from pathlib import Path

from django.conf import settings

VENDOR = Path(settings.BASE_DIR) / "static" / "vendor"
ENTRIES = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))
LICENCES = {"MIT", "ISC", "OFL-1.1", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause"}


def test_every_file_is_in_the_manifest_with_its_hash():
    listed = {
        f"{entry['dir']}/{path}": facts["sha256"]
        for entry in ENTRIES
        for path, facts in entry["files"].items()
    }
    present = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert present == listed


def test_every_package_has_a_free_licence_and_its_text():
    for entry in ENTRIES:
        assert entry["licence"] in LICENCES, entry["name"]
        assert "LICENSE" in entry["files"], entry["name"]


def test_every_icon_named_in_the_code_is_vendored():
    import re

    named = set()
    for root, pattern in (("templates", "*.html"), ("apps", "*.py")):
        for path in (Path(settings.BASE_DIR) / root).rglob(pattern):
            text = path.read_text(encoding="utf-8")
            named |= set(re.findall(r'{% icon "([a-z0-9-]+)"', text))
            named |= set(re.findall(r'icon="([a-z0-9-]+)"', text))
    icons = {path.stem for path in VENDOR.rglob("outline/*.svg")}
    assert named - icons == set()


def test_the_first_visit_stays_small():
    """UI budget, compressed: style 14 KB, our scripts 6 KB."""
    import gzip

    static = Path(settings.BASE_DIR) / "static"

    def weight(*names: str) -> int:
        return sum(len(gzip.compress((static / name).read_bytes(), 9)) for name in names)

    assert weight("app.css") <= 14_500
    assert weight("app.js", "charts.js") <= 6_000

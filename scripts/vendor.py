"""Fetch a vendored package for development: `python scripts/vendor.py NAME VERSION [FILE ...]`.

Runs `npm pack`, copies the licence and the wanted files into `static/vendor/NAME-VERSION/`, and
rewrites `static/vendor/manifest.json`, which a test compares with the files. Nothing at run time,
in tests or in CI calls npm. Without files, those of the version in the manifest are taken.
"""

import argparse
import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"
MANIFEST = VENDOR / "manifest.json"
LICENCES = {"MIT", "ISC", "OFL-1.1", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause"}
#: Our name: (npm name, folder inside the package that the files are relative to).
PACKAGES = {
    "inter": ("@fontsource-variable/inter", "files"),
    "tabler-icons": ("@tabler/icons", "icons"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(PACKAGES))
    parser.add_argument("version")
    parser.add_argument("files", nargs="*", help="paths below the package's folder")
    args = parser.parse_args()
    entries = json.loads(MANIFEST.read_text(encoding="utf-8"))
    old = next((entry for entry in entries if entry["name"] == args.name), None)
    kept = [name for name in (old or {"files": {}})["files"] if name != "LICENSE"]
    wanted = sorted({*kept, *args.files})
    if not wanted:
        parser.error("name the files to take")
    entry = fetch(args.name, args.version, wanted)
    others = [other for other in entries if other["name"] != args.name]
    write(sorted([*others, entry], key=lambda item: item["name"]))


def fetch(name: str, version: str, wanted: list[str]) -> dict[str, Any]:
    """Unpack the wanted files of a package version and describe them."""
    npm_name, folder = PACKAGES[name]
    target = VENDOR / f"{name}-{version}"
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(  # noqa: S603 -- a development tool with fixed names
            ["npm", "pack", "--silent", f"{npm_name}@{version}"],  # noqa: S607
            cwd=scratch,
            check=True,
        )
        archive = next(Path(scratch).glob("*.tgz"))
        with tarfile.open(archive) as bundle:
            bundle.extractall(scratch, filter="data")
        package = Path(scratch) / "package"
        licence = json.loads((package / "package.json").read_text(encoding="utf-8"))["license"]
        if licence not in LICENCES:
            raise SystemExit(f"{npm_name} has licence {licence}, which is not on our list")
        sources = {"LICENSE": package / "LICENSE"}
        sources |= {path: package / folder / path for path in wanted}
        for path, source in sources.items():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (target / path).write_bytes(source.read_bytes())
    return {
        "dir": target.name,
        "files": {path: describe(target / path) for path in sorted(sources)},
        "licence": licence,
        "name": name,
        "source": f"npm:{npm_name}@{version}",
        "version": version,
    }


def describe(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def write(entries: list[dict[str, Any]]) -> None:
    text = json.dumps(entries, indent=1, sort_keys=True)
    MANIFEST.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

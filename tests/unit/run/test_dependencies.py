import re
import tomllib

import pytest

from tokenops.run.config import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
RUNTIME = PROJECT["dependencies"]
DEVELOPMENT = PROJECT["optional-dependencies"]["dev"]


def pins(name: str) -> dict[str, str]:
    lines = (REPOSITORY / name).read_text().splitlines()
    return dict(
        re.match(r"([\w.-]+)==([^\s;]+)", line).groups()
        for line in lines
        if "==" in line[:60] and line[0].isalnum()
    )


def split(requirement: str) -> tuple[str, str]:
    name, version = requirement.split("==")
    return re.sub(r"\[.*\]", "", name).lower(), version


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_the_hashed_set_matches_the_project(name: str) -> None:
    pinned = pins(name)
    wanted = RUNTIME + (DEVELOPMENT if "dev" in name else [])
    wrong = [text for text in wanted if pinned.get(split(text)[0]) != split(text)[1]]
    assert wrong == [], "run `make lock`"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_no_download_address_is_recorded(name: str) -> None:
    text = (REPOSITORY / name).read_text()
    assert not re.search(r"https?://|--index|--find-links|file:", text)
    entries = re.findall(r"^[\w.-]+==", text, flags=re.MULTILINE)
    hashed = re.findall(r"^[\w.-]+==[^\n]*\\\n    --hash=sha256:", text, flags=re.MULTILINE)
    assert len(entries) == len(hashed)


def test_every_direct_dependency_has_its_reason() -> None:
    reasons = (REPOSITORY / "docs" / "dependencies.md").read_text()
    missing = [
        name for name, _ in map(split, RUNTIME + DEVELOPMENT) if f"| {name} |" not in reasons
    ]
    assert missing == [], "add a line to docs/dependencies.md"

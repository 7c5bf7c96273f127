"""Everything that the system does itself is told in words, by one list."""

import ast
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from apps.access.actors import system_actor
from apps.trail.actors import NAMES, codes_like, name_of

ROOT = Path(__file__).resolve().parents[3]


def _constants(tree: ast.Module) -> dict[str, str]:
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _imported(tree: ast.Module) -> dict[str, str]:
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("apps."):
            file = ROOT / f"{node.module.replace('.', '/')}.py"
            if file.exists() and any(alias.name.isupper() for alias in node.names):
                theirs = _constants(ast.parse(file.read_text()))
                found |= {
                    alias.asname or alias.name: theirs[alias.name]
                    for alias in node.names
                    if alias.name in theirs
                }
    return found


def _codes() -> Iterator[tuple[str, str | None]]:
    """Where the code makes a system actor, and of which code; None for one made of a text."""
    for file in sorted((*ROOT.glob("apps/**/*.py"), *ROOT.glob("tokenops/**/*.py"))):
        text = file.read_text(encoding="utf-8")
        if "system_actor(" not in text:
            continue
        tree = ast.parse(text)
        known = _imported(tree) | _constants(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "system_actor":
                given = node.args[0] if node.args else node.keywords[0].value
                if isinstance(given, ast.Constant):
                    code = given.value
                else:
                    code = known.get(given.id) if isinstance(given, ast.Name) else None
                yield f"{file.relative_to(ROOT)}:{node.lineno}", code


def test_every_program_of_the_system_has_a_name_and_no_name_is_left_over():
    found = list(_codes())
    assert {code for _, code in found if code} == set(NAMES)
    made_of_text = {where.partition(":")[0] for where, code in found if code is None}
    assert made_of_text == {
        "apps/approvals/services/automatic.py",  # the name of the rule
        "apps/connectors/files/services/reading.py",  # the name of the source
    }


def test_a_name_is_words():
    assert name_of("stories.watch_bands") == "Band watch"
    assert name_of("ledger.some_new_work") == "Ledger some new work"
    assert name_of("Rule Small changes v3") == "Rule Small changes v3"
    assert name_of("tests") == "tests"
    assert not [name for name in NAMES.values() if "." in name or "_" in name]
    assert len(set(NAMES.values())) == len(NAMES)


def test_the_actor_is_shown_by_name_and_known_by_code():
    actor = system_actor("ledger.quality", UUID(int=1))
    assert (actor.name, actor.code) == ("Data quality", "ledger.quality")


def test_a_name_finds_its_codes():
    assert codes_like("band") == ["stories.watch_bands"]
    assert codes_like("nobody") == []

"""Initiatives from a tracker's export: key, title, address and team; repeating changes nothing."""

import csv
import io
from dataclasses import dataclass

from django.db import transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require_anywhere
from apps.common import clock
from apps.common.errors import FieldError, Invalid
from apps.organizations.selectors import units
from apps.stories import events, rules
from apps.stories.models import Initiative
from apps.trail.refs import ObjectRef
from apps.trail.services import record

COLUMNS = ("key", "title", "url", "team")
MOST_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Imported:
    """How many rows were new, changed, and as they were."""

    new: int
    changed: int
    same: int


@transaction.atomic
def import_initiatives(*, actor: Actor, text: str) -> Imported:
    """Take a CSV with the columns key and title, and url and team where known.

    All or nothing: raises Invalid naming each refused row (`row 3: title`).
    """
    require_anywhere(actor, P.STORY_WRITE)
    rows = _rows(text)
    known = {unit.name.casefold(): unit for unit in units()}
    known |= {unit.code.casefold(): unit for unit in units()}
    stored = {row.key: row for row in Initiative.objects.all()}
    new = changed = same = 0
    for key, title, url, team in rows:
        unit = known.get(team.casefold()) if team else None
        values = {
            "title": title,
            "title_norm": rules.normalise(title),
            "url": url,
            "unit_id": unit.id if unit else None,
        }
        old = stored.get(key)
        if old is None:
            stored[key] = Initiative.objects.create(key=key, **values)
            new += 1
        elif any(getattr(old, name) != value for name, value in values.items()):
            Initiative.objects.filter(id=old.id).update(**values, updated_at=clock.now())
            changed += 1
        else:
            same += 1
    if new or changed:
        record(
            actor=actor,
            action=events.INITIATIVES_IMPORTED,
            obj=ObjectRef("initiatives", None, "Initiatives"),
            after={"new": new, "changed": changed},
        )
    return Imported(new, changed, same)


def _rows(text: str) -> list[tuple[str, str, str, str]]:
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    heads = [(head or "").strip().lower() for head in reader.fieldnames or ()]
    if "key" not in heads or "title" not in heads:
        raise Invalid(
            "The first line must name the columns.", field="file", fix="Use key,title,url,team."
        )
    reader.fieldnames = heads
    found: dict[str, tuple[str, str, str, str]] = {}
    errors: list[FieldError] = []
    for number, row in enumerate(reader, start=2):
        key, title, url, team = (" ".join((row.get(c) or "").split()) for c in COLUMNS)
        if not key and not title:
            continue
        if len(found) >= MOST_ROWS:
            raise Invalid(f"More than {MOST_ROWS:,} rows.", field="file", fix="Split the file.")
        for name, bad, fix in (
            ("key", not key or len(key) > 100, "Use 1 to 100 characters."),
            ("title", not title or len(title) > 200, "Use 1 to 200 characters."),
            ("url", bool(url) and not url.startswith("https://"), "Use an https address."),
            ("url", len(url) > 500, "Use at most 500 characters."),
        ):
            if bad:
                errors.append(FieldError("file", f"Row {number}: {name} is not usable.", fix))
        found[key] = (key, title, url, team)
    if errors:
        raise Invalid("Some rows cannot be taken.", errors=errors[:20])
    return list(found.values())

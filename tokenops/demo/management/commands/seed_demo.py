"""`manage.py seed_demo`: the demonstration organization, made once and safe to repeat."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.common import clock
from apps.ledger.services.reattribution_runs import run_reattribution
from apps.tenancy.scope import tenant_scope
from tokenops.demo.agents import push_corrections, push_runs
from tokenops.demo.approvals import ensure_approvals
from tokenops.demo.audit import ensure_audit
from tokenops.demo.bills import ensure_bill, push_gateway
from tokenops.demo.books import ensure_books
from tokenops.demo.design import ensure_design_review
from tokenops.demo.entitlements import ensure_entitlements
from tokenops.demo.exports import ensure_export
from tokenops.demo.organization import ensure_organization, ensure_people
from tokenops.demo.people import LOGINS
from tokenops.demo.people_use import push_people_use
from tokenops.demo.planning import ensure_planning
from tokenops.demo.reports import ensure_report
from tokenops.demo.routes import ensure_routes
from tokenops.demo.seats import ensure_seats
from tokenops.demo.sources import pull_history
from tokenops.demo.sprints import ensure_sprints
from tokenops.demo.standings import ensure_standings
from tokenops.demo.stories import ensure_estimating, ensure_stories
from tokenops.demo.telemetry import push_telemetry
from tokenops.demo.worth import ensure_worth
from tokenops.run.files import write_atomically


class Command(BaseCommand):
    help = "Create the demonstration organization; its usage is pulled from the simulator."

    def handle(self, *args: Any, **options: Any) -> None:
        simulator = os.environ.get("TOKENOPS_SIMULATOR_URL", "")
        if not simulator:
            raise CommandError("TOKENOPS_SIMULATOR_URL is not set: run `make demo`")
        logins = Path(settings.STATE_DIR) / "demo-logins.json"
        password = _password(logins)
        ensure_people(password)
        demo = ensure_organization()
        pull_history(demo, simulator)
        now = clock.now()
        push_runs(demo, now)
        push_telemetry(demo, now)
        push_gateway(demo, now)
        push_people_use(demo, now)
        with tenant_scope(demo.organization.id):
            ensure_standings(demo)
            ensure_routes(demo, now)
            ensure_stories(demo, now)
            ensure_estimating(demo)
            ensure_design_review(demo)
        run_reattribution(organization_id=demo.organization.id)
        with tenant_scope(demo.organization.id):
            ensure_approvals(demo)
            ensure_worth(demo, now)
            ensure_entitlements(demo)
            ensure_audit(demo, now)
            ensure_books(demo, now)
            ensure_planning(demo, now)
            ensure_sprints(demo, now)
            ensure_seats(demo, now)
            ensure_export(demo, now)
            ensure_bill(demo, now)
            ensure_report(demo, now)
        push_corrections(demo, now)
        self.stdout.write(f"{demo.organization.name} is ready.")


def _password(logins: Path) -> str:
    """The password of an earlier run, else a new one: it is printed, never built in.

    Stored before it is used, so that a first run cut short leaves logins that work.
    """
    if logins.exists():
        return str(json.loads(logins.read_text(encoding="utf-8"))[0]["password"])
    password = secrets.token_urlsafe(9)
    rows = [
        {"role": login.role.label, "name": login.name, "email": login.email, "password": password}
        for login in LOGINS
    ]
    write_atomically(logins, json.dumps(rows, indent=1, ensure_ascii=False))
    return password

"""Writes of the connectors. `pull` talks to the network and opens its own scopes."""

from apps.connectors.services.alarms import acknowledge_alarm
from apps.connectors.services.operate import (
    pause_source,
    read_again,
    request_check,
    request_pull,
    resume_source,
)
from apps.connectors.services.pull import Outcome, pull_source, pull_until_current
from apps.connectors.services.rotation import reencrypt_credentials
from apps.connectors.services.sources import (
    change_source,
    create_source,
    intake_source,
    replace_credential,
)

__all__ = [
    "Outcome",
    "acknowledge_alarm",
    "change_source",
    "create_source",
    "intake_source",
    "pause_source",
    "pull_source",
    "pull_until_current",
    "read_again",
    "reencrypt_credentials",
    "replace_credential",
    "request_check",
    "request_pull",
    "resume_source",
]

"""A person's own choices."""

from collections.abc import Mapping

from django.db import transaction

from apps.access.actors import Actor
from apps.common.errors import Forbidden, Invalid
from apps.notifications.groups import EmailChoice, Group
from apps.notifications.models import DigestTime, Preference


@transaction.atomic
def choose(
    *, actor: Actor, emails: Mapping[str, str], hour: int = 8, weekends: bool = False
) -> None:
    """Choose e-mail for groups of the own inbox, and when the digest leaves.

    Groups that are not named keep what they have; "" leaves one to the sender again. Raises Invalid
    naming the field, Forbidden for programs, which have no inbox.
    """
    if actor.membership_id is None:
        raise Forbidden("A program has no inbox.")
    for group, email in emails.items():
        if group not in Group.values:
            raise Invalid(
                f"{group!r} is no group.", field="emails", fix=f"One of {', '.join(Group.values)}."
            )
        if email and email not in EmailChoice.values:
            fix = f"One of {', '.join(EmailChoice.values)}."
            raise Invalid(f"{email!r} is no choice.", field=group, fix=fix)
    if not 0 <= hour <= 23:
        raise Invalid("There is no such hour.", field="hour", fix="Use 0 to 23.")
    own = Preference.objects.filter(membership_id=actor.membership_id)
    own.filter(group__in=[group for group, email in emails.items() if not email]).delete()
    for group, email in emails.items():
        if email:
            Preference.objects.update_or_create(
                membership_id=actor.membership_id, group=group, defaults={"email": email}
            )
    DigestTime.objects.update_or_create(
        membership_id=actor.membership_id, defaults={"hour": hour, "weekends": weekends}
    )

"""Rotating FIELD_KEYS as docs/production.md says: nothing that is stored needs the old key."""

import re

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from apps.access.roles import Role
from apps.connectors import crypto
from apps.connectors.models import Source
from apps.tenancy.models import TenantModel
from apps.webhooks.services import rotate_secret
from tests.factories.connectors import KEYS, make_source
from tests.factories.webhooks import ADDRESS, make_webhook

pytestmark = pytest.mark.django_db
FERNET = re.compile(r"gAAAA[\w-]{60,}={0,2}")


@pytest.fixture
def stored(world):
    """A source's credential, and a webhook's address, secret and old secret."""
    admin = world.a.actor(Role.ADMIN)
    with world.a.scope():
        source = make_source("openai")
        endpoint, _ = make_webhook(admin)
        rotate_secret(actor=admin, endpoint=endpoint, version=endpoint.version)
    return source


def ciphertexts():
    """Whatever looks like one, in any table of a tenant."""
    found = set()
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if issubclass(model, TenantModel):
                cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')
                found.update(FERNET.findall(" ".join(row[0] for row in cursor.fetchall())))
    return found


def test_after_the_command_the_old_key_may_go(world, stored, settings):
    new = Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new, *settings.FIELD_KEYS]
    call_command("rotate_field_keys")
    settings.FIELD_KEYS = [new]
    with world.a.scope():
        found = ciphertexts()
        secrets = {crypto.decrypt(token) for token in found}
    assert len(found) == 4
    assert {KEYS["openai"], ADDRESS} < secrets


def test_what_fits_no_key_is_named_and_the_rest_is_done(world, stored, settings):
    lost = Fernet(Fernet.generate_key()).encrypt(b"secret").decode()
    with world.a.scope():
        Source.objects.filter(id=stored.id).update(credential=lost)
    new = Fernet.generate_key().decode()
    settings.FIELD_KEYS = [new, *settings.FIELD_KEYS]
    with pytest.raises(CommandError, match="3 credentials are under the first key; 1 fit no key"):
        call_command("rotate_field_keys")
    settings.FIELD_KEYS = [new]
    with world.a.scope():
        assert {crypto.decrypt(token) for token in ciphertexts() - {lost}} > {ADDRESS}
        assert Source.objects.get(id=stored.id).credential == lost

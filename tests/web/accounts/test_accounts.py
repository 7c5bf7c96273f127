"""Signing in, the second factor, and the person's own page."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from apps.accounts.models import User
from apps.accounts.services import create_person
from apps.common.errors import Conflict, Invalid
from tests.factories.accounts import PASSWORD, make_user


@pytest.fixture(autouse=True)
def _no_limits_left_over():
    cache.clear()


def sign_in(browser: Client, email: str, password: str = PASSWORD):
    return browser.post("/account/login/", {"login": email, "password": password})


def test_addresses_are_stored_in_lower_case_and_once(db):
    user = make_user("Ada@Example.COM", "Ada")
    assert user.email == "ada@example.com"
    assert User.objects.get_by_natural_key("ADA@example.com") == user
    with pytest.raises(Conflict):
        make_user("ada@EXAMPLE.com")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET email = 'ADA@example.com'")


@pytest.mark.parametrize("password", ["short", "password", "123456789012", "ada@example.com"])
def test_weak_passwords(db, password):
    with pytest.raises(Invalid):
        create_person(email="ada@example.com", name="Ada", password=password)
    assert not User.objects.exists()


def test_nobody_is_a_superuser(db):
    assert make_user().is_superuser is False


def test_signing_in_and_out(world):
    browser = Client()
    world.a.organization  # noqa: B018 -- created on first use
    assert sign_in(browser, "alice@acme.example", "wrong").status_code == 200
    done = sign_in(browser, "Alice@Acme.example")
    assert (done.status_code, done["Location"]) == (302, "/")
    assert browser.get("/")["Location"] == "/o/acme/"
    browser.post("/account/logout/")
    assert browser.get("/o/acme/").status_code == 302


def test_the_form_speaks_the_products_words(db):
    page = Client().get("/account/login/").content.decode()
    for words in ("E-mail address", "Password", "Keep me signed in", 'autocomplete="email"'):
        assert words in page
    for words in ("Remember Me", "Email"):
        assert words not in page


def test_signing_in_leads_back_to_the_page(world):
    world.a.organization  # noqa: B018 -- created on first use
    answer = Client().post(
        "/account/login/?next=/o/acme/settings/",
        {"login": "alice@acme.example", "password": PASSWORD, "next": "/o/acme/settings/"},
    )
    assert answer["Location"] == "/o/acme/settings/"


def test_signup_is_closed(db):
    browser = Client()
    assert b"<form" not in browser.get("/account/signup/").content.split(b"<main")[1].split(
        b"</main"
    )[0] or browser.get("/account/signup/").status_code in {403, 404, 302}
    browser.post(
        "/account/signup/", {"email": "x@example.com", "password1": PASSWORD, "password2": PASSWORD}
    )
    assert not User.objects.exists()


def test_an_inactive_person_is_out(db):
    user = make_user()
    browser = Client()
    browser.force_login(user)
    User.objects.update(is_active=False)
    assert browser.get("/account/profile/").status_code == 302


def test_guessing_is_slowed_down(db):
    user = make_user()
    browser = Client()
    for _ in range(12):
        answer = sign_in(browser, user.email, "wrong")
    assert b"Too many" in answer.content or answer.status_code == 429
    assert sign_in(browser, user.email).status_code != 302


def test_a_second_factor_is_asked_for(db):
    user = make_user()
    secret = "JBSWY3DPEHPK3PXP"
    TOTP.activate(user, secret)
    browser = Client()
    first = sign_in(browser, user.email)
    assert first["Location"].startswith("/account/2fa/authenticate/")
    assert browser.get("/account/profile/").status_code == 302
    wrong = browser.post("/account/2fa/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200
    counter = next(iter(yield_hotp_counters_from_time()))
    code = format_hotp_value(hotp_value(secret, counter))
    assert browser.post("/account/2fa/authenticate/", {"code": code}).status_code == 302
    assert browser.get("/account/profile/").status_code == 200


def test_a_recovery_code_works_once(db):
    user = make_user()
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    codes = RecoveryCodes.activate(user).get_unused_codes()
    assert len(codes) == 10
    browser = Client()
    sign_in(browser, user.email)
    assert browser.post("/account/2fa/authenticate/", {"code": codes[0]}).status_code == 302
    second = Client()
    sign_in(second, user.email)
    assert second.post("/account/2fa/authenticate/", {"code": codes[0]}).status_code == 200
    assert len(Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()) == 9


def test_a_forgotten_password(db):
    user = make_user()
    browser = Client()
    browser.post("/account/password/reset/", {"email": user.email})
    (message,) = mail.outbox
    assert message.to == [user.email]
    link = next(word for word in message.body.split() if "/account/password/reset/key/" in word)
    page = browser.get("/" + link.split("/", 3)[3], follow=True)
    browser.post(
        page.redirect_chain[-1][0], {"password1": "another-good-9", "password2": "another-good-9"}
    )
    user.refresh_from_db()
    assert user.check_password("another-good-9")


def test_a_mail_server_that_is_down_is_no_server_error(db, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError("no route")

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
    answer = Client().post("/account/password/reset/", {"email": make_user().email}, follow=True)
    assert answer.status_code == 200
    assert b"mail server does not answer" in answer.content


def test_the_profile(db):
    user = make_user(name="Ada")
    browser = Client()
    browser.force_login(user)
    assert b"Off: a stolen password" in browser.get("/account/profile/").content
    bad = browser.post("/account/profile/", {"name": " ", "theme": "dark"})
    assert bad.status_code == 422
    done = browser.post("/account/profile/", {"name": "Ada L", "theme": "dark"})
    assert done.status_code == 302
    user.refresh_from_db()
    assert (user.name, user.theme, user.shortcuts) == ("Ada L", "dark", False)
    assert b'data-theme="dark"' in browser.get("/account/profile/").content


def test_the_profile_needs_a_login(db):
    assert Client().get("/account/profile/")["Location"] == (
        "/account/login/?next=/account/profile/"
    )


def test_support_staff_by_command(db, capsys):
    user = make_user()
    call_command("support_staff", user.email.upper())
    user.refresh_from_db()
    assert user.is_staff
    call_command("support_staff", user.email, "--remove")
    user.refresh_from_db()
    assert not user.is_staff
    with pytest.raises(CommandError, match="nobody"):
        call_command("support_staff", "nobody@example.com")


def test_an_invited_address_is_verified(db):
    assert EmailAddress.objects.filter(user=make_user(), verified=True).exists()

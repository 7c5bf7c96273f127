"""Retries, and what a source's address may be."""

import base64
import socket
from datetime import UTC, datetime

import httpx
import pytest

from apps.common.errors import Invalid
from apps.connectors import crypto, guard
from apps.connectors.providers import backoff
from apps.connectors.providers.errors import ProviderError
from apps.connectors.providers.http import ProviderHTTP

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRET = "sk-admin-very-secret"


def http(handler, slept=None):
    return ProviderHTTP(
        "https://api.example.com",
        headers={"authorization": f"Bearer {SECRET}"},
        secrets=[SECRET],
        transport=httpx.MockTransport(handler),
        sleep=(slept if slept is not None else []).append,
    )


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("-1", 0.0),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(value, seconds):
    assert backoff.parse_retry_after(value, NOW) == seconds


def test_delays_double_up_to_a_limit_and_the_provider_wins():
    assert [backoff.delay(n, 0.0) for n in (1, 2, 3, 7)] == [0.5, 1, 2, 20]
    assert backoff.delay(1, 0.99) < 0.3
    assert 9 <= backoff.delay(1, 0.5, retry_after=9) < 9.5


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 529])
def test_transient_answers_are_tried_again(status):
    answers = iter([status, status, 200])
    slept = []
    client = http(lambda request: httpx.Response(next(answers), json={"ok": 1}), slept)
    assert client.get("/x", [], dict) == {"ok": 1}
    assert (client.meter.calls, client.meter.retries, len(slept)) == (3, 2, 2)


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "bad_request"), (401, "credential_refused"), (403, "credential_refused"),
     (404, "not_found"), (301, "redirect"), (418, "refused")],
)  # fmt: skip
def test_final_answers_are_not(status, code):
    client = http(lambda request: httpx.Response(status, json={"error": {"message": "no"}}))
    with pytest.raises(ProviderError) as caught:
        client.get("/x", [], dict)
    assert (caught.value.code, client.meter.calls) == (code, 1)


def test_connection_trouble_is_tried_again_and_named():
    def refuse(request):
        raise httpx.ConnectError(f"refused for {SECRET}")

    slept = []
    with pytest.raises(ProviderError) as caught:
        http(refuse, slept).get("/x", [], dict)
    assert caught.value.code == "unreachable"
    assert len(slept) == backoff.MAX_ATTEMPTS - 1
    assert SECRET not in caught.value.message


def test_an_answer_that_repeats_the_credential_is_redacted():
    body = {"error": {"message": f"Incorrect API key provided: {SECRET}"}}
    with pytest.raises(ProviderError) as caught:
        http(lambda request: httpx.Response(401, json=body)).get("/x", [], dict)
    assert SECRET not in caught.value.message
    assert "[credential]" in caught.value.message


def test_endless_answers_are_cut(monkeypatch):
    monkeypatch.setattr("apps.connectors.providers.http.LARGEST_ANSWER", 1000)
    with pytest.raises(ProviderError) as caught:
        http(lambda request: httpx.Response(200, content=b" " * 2000)).get("/x", [], dict)
    assert caught.value.code == "too_large"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "api.example.com",
        "ftp://api.example.com",
        "http://api.example.com",
        "https://user:pass@api.example.com",
        "https://api.example.com/?x=1",
        "https://api.example.com/#x",
        "https://api.example.com:99999",
        "https://10.0.0.1",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://100.64.0.1",
    ],
)
def test_refused_addresses(raw, settings):
    settings.CONNECTOR_ALLOWED_HOSTS = []
    with pytest.raises(Invalid) as caught:
        guard.parse_base_url(raw)
    assert caught.value.errors[0].field == "base_url"
    assert caught.value.errors[0].fix


@pytest.mark.parametrize(
    ("raw", "url"),
    [
        ("https://API.example.com/", "https://api.example.com"),
        ("https://api.example.com:8443/v2/", "https://api.example.com:8443/v2"),
        ("https://api.example.com:443", "https://api.example.com"),
    ],
)
def test_addresses_are_normalised(raw, url):
    assert guard.parse_base_url(raw).url == url


def test_only_listed_hosts_may_be_private(settings):
    settings.CONNECTOR_ALLOWED_HOSTS = ["127.0.0.1:8099"]
    assert guard.parse_base_url("http://127.0.0.1:8099").listed
    with pytest.raises(Invalid):
        guard.parse_base_url("http://127.0.0.1:8100")


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3",
        "127.0.0.1",
        "100.64.0.1",
        "fd00::1",
        "fe80::1%eth0",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "fec0::1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2001::1",
    ],
)
def test_a_name_that_leads_inside_is_refused(address, settings):
    settings.CONNECTOR_ALLOWED_HOSTS = []
    target = guard.parse_base_url("https://innocent.example.com")
    with pytest.raises(guard.AddressRefused):
        guard.pin(target, lambda host, port: ["93.184.216.34", address])
    for outside in ("93.184.216.34", "2606:4700::1111", "64:ff9b::5db8:d822", "2002:5db8:d822::1"):
        assert guard.pin(target, lambda host, port, at=outside: [at]) == outside


def test_an_unknown_name_is_refused(settings):
    def fail(host, port):
        raise socket.gaierror

    with pytest.raises(guard.AddressRefused):
        guard.pin(guard.parse_base_url("https://nowhere.example.com"), fail)


def test_credentials_are_encrypted_rotated_and_readable_with_older_keys(settings):
    first, second = (base64.urlsafe_b64encode(bytes([n]) * 32).decode() for n in (1, 2))
    settings.FIELD_KEYS = [first]
    token = crypto.encrypt(SECRET)
    assert SECRET not in token
    settings.FIELD_KEYS = [second, first]
    assert crypto.decrypt(token) == SECRET
    renewed = crypto.rotate(token)
    settings.FIELD_KEYS = [second]
    assert crypto.decrypt(renewed) == SECRET
    with pytest.raises(crypto.CredentialUnreadable):
        crypto.decrypt(token)
    settings.FIELD_KEYS = []
    with pytest.raises(crypto.CredentialUnreadable):
        crypto.encrypt(SECRET)


def test_hints():
    assert crypto.hint("sk-admin-abcdefgh1234") == "…1234"
    assert crypto.hint("short") == "…"

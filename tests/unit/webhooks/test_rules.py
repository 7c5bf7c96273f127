"""Signatures against the published example of Standard Webhooks; message forms."""

import json
from dataclasses import replace

import pytest

from apps.webhooks import rules

EVENT = rules.Event(
    id="01a21f53-ea0c-7000-a339-aea9dcab683a",
    action="story.approved",
    at="2026-11-27T23:00:00+00:00",
    organization="acme",
    actor_kind="user",
    actor_id="01a21f53-ea0c-7000-a339-aea9dcab6000",
    actor_name="Vera <CFO>",
    words="Token Story approved",
    object_type="story",
    object_id="01a21f53-ea0c-7000-a339-aea9dcab6111",
    label="TS-0001 Claims & triage",
    url="https://tokenops.example/o/acme/stories/TS-0001/",
    before={"status": "in_review"},
    after={"status": "approved"},
    reason="Worth it\nfor now.",
)


def test_the_signature_is_the_published_one():
    """The worked example of the Standard Webhooks specification's reference libraries."""
    signed = rules.signatures(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        '{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_two_secrets_sign_twice():
    secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "QUFB" * 8]
    both = rules.signatures(secrets, "msg_1", 1, "{}").split(" ")
    assert both == [rules.signatures([secret], "msg_1", 1, "{}") for secret in secrets]


def test_the_signed_body_is_complete():
    body = json.loads(rules.signed_body(EVENT))
    assert (body["type"], body["timestamp"]) == ("story.approved", "2026-11-27T23:00:00+00:00")
    assert body["data"]["object"] == {
        "type": "story",
        "id": "01a21f53-ea0c-7000-a339-aea9dcab6111",
        "label": "TS-0001 Claims & triage",
        "url": "https://tokenops.example/o/acme/stories/TS-0001/",
    }
    assert body["data"]["after"] == {"status": "approved"}


def test_slack_text_cannot_be_broken_out_of():
    text = json.loads(rules.slack_body(EVENT))["text"]
    assert text == (
        "*Token Story approved*: "
        "<https://tokenops.example/o/acme/stories/TS-0001/|TS-0001 Claims &amp; triage>\n"
        "by Vera &lt;CFO&gt;\n> Worth it for now."
    )


@pytest.mark.parametrize(("url", "actions"), [("https://x.example/", 1), ("", 0)])
def test_teams_gets_one_card(url, actions):
    message = json.loads(rules.teams_body(replace(EVENT, url=url)))
    (attachment,) = message["attachments"]
    card = attachment["content"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert [block["text"] for block in card["body"]] == [
        "Token Story approved",
        "TS-0001 Claims & triage",
        "by Vera <CFO>",
        "Worth it\nfor now.",
    ]
    assert len(card.get("actions", [])) == actions

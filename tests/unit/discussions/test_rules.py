"""What a file really is, whom a text mentions, what a link is."""

from uuid import UUID

import pytest

from apps.discussions import rules

VERA, VERA_HOLM, OLE = (UUID(int=n) for n in (1, 2, 3))
PEOPLE = [
    (VERA, "Vera", "vera@acme.example"),
    (VERA_HOLM, "Vera Holm", "vera.holm@acme.example"),
    (OLE, "Ole Østby", "ole@acme.example"),
]


@pytest.mark.parametrize(
    ("name", "data", "content_type"),
    [
        ("Plan.PDF", b"%PDF-1.7 ...", "application/pdf"),
        ("shot.png", b"\x89PNG\r\n\x1a\n...", "image/png"),
        ("photo.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("notes.md", "# Grüße\n".encode(), "text/markdown; charset=utf-8"),
        ("rows.csv", b"a,b\r\n1,2\r\n", "text/csv; charset=utf-8"),
    ],
)
def test_a_file_is_what_name_and_bytes_agree_on(name, data, content_type):
    assert rules.kind_of(name, data).content_type == content_type


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("plan.pdf", b"<html><script>alert(1)</script>", "This is no pdf file."),
        ("page.html", b"<html>", "This kind of file is not accepted."),
        ("drawing.svg", b"<svg onload=alert(1)>", "This kind of file is not accepted."),
        ("run.exe", b"MZ", "This kind of file is not accepted."),
        ("noending", b"text", "This kind of file is not accepted."),
        ("notes.txt", b"\xff\xfet\x00e\x00", "The text is not UTF-8."),
        ("notes.txt", b"a\x00b", "This is no text."),
        ("empty.txt", b"", "The file is empty."),
        ("big.txt", b"x" * (rules.MOST_BYTES + 1), "The file is larger than 10 MiB."),
    ],
)
def test_everything_else_is_refused_with_a_way_out(name, data, message):
    with pytest.raises(rules.Refused) as refused:
        rules.kind_of(name, data)
    assert str(refused.value) == message
    assert refused.value.fix


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\plans\\Q4.pdf", "Q4.pdf"),
        ('a"b\r\n.txt', "a_b__.txt"),
        ("gpj.\u202efdp", "gpj._fdp"),
        ("...", "file"),
    ],
)
def test_names_hold_nothing_that_leads_astray(given, kept):
    assert rules.clean_name(given) == kept


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("@vera holm, can you look?", {VERA_HOLM}),
        ("@Vera: and @OLE ØSTBY", {VERA, OLE}),
        ("ask vera.holm@acme.example", set()),
        ("ask @vera.holm@acme.example", {VERA_HOLM}),
        ("@Verana is somebody else", set()),
        ("no one", set()),
    ],
)
def test_mentions(text, people):
    assert rules.mentioned(text, PEOPLE) == people


@pytest.mark.parametrize(
    ("url", "label", "tracker"),
    [
        ("https://github.com/acme/claims/issues/12", "acme/claims#12", "github"),
        ("https://github.com/acme/claims/pull/7/files", "acme/claims#7", "github"),
        ("https://gitlab.example/a/b/c/-/merge_requests/3", "a/b/c!3", "gitlab"),
        ("https://acme.atlassian.net/browse/CLM-42", "CLM-42", "jira"),
        ("https://tracker.example/t/9", "tracker.example/t/9", "other"),
    ],
)
def test_a_work_item_is_named_by_its_address(url, label, tracker):
    item = rules.work_item(url)
    assert (item.label, item.tracker) == (label, tracker)


@pytest.mark.parametrize(
    "url",
    ["http://github.com/a/b/issues/1", "javascript:alert(1)", "https://u:p@x.example/", "x", ""],
)
def test_other_addresses_are_refused(url):
    with pytest.raises(rules.Refused):
        rules.work_item(url)

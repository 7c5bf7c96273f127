"""The whole site against the permission matrix."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from apps.access.checks import every_view_declares
from apps.access.docs import permissions_markdown


def test_every_url_of_the_site_declares_who_may_open_it():
    assert [error.msg for error in every_view_declares(None)] == []


def test_the_permission_page_of_the_docs_is_current():
    stored = (Path(settings.BASE_DIR) / "docs" / "permissions.md").read_text(encoding="utf-8")
    assert stored == permissions_markdown(), "run: manage.py write_permissions_doc"


def test_the_command_writes_the_page(settings, tmp_path, capsys):
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    call_command("write_permissions_doc")
    assert (tmp_path / "docs" / "permissions.md").read_text("utf-8") == permissions_markdown()


@pytest.mark.parametrize("word", ["TODO", "None"])
def test_the_page_has_no_gaps(word):
    assert word not in permissions_markdown()

"""A report as files to attach."""

from datetime import datetime

from apps.accounts.services import Attachment
from apps.common.web import csvout
from apps.reports.content import Report


def csv_file(report: Report) -> Attachment:
    """Every row in full precision; no cell runs as a formula."""
    content = b"".join(csvout.encode(report.csv_head, report.csv_rows))
    return f"{report.filename}.csv", content, "text/csv"


def pdf_file(report: Report, organization: str, made_at: datetime) -> Attachment:
    """A page for people."""
    from apps.reports import pdf

    content = pdf.pdf_file(report, organization, made_at)
    return f"{report.filename}.pdf", content, "application/pdf"

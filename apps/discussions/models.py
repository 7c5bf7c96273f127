"""Comments, files and links beside any subject."""

from django.db import models

from apps.common import clock
from apps.organizations.models import Membership
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel


class Beside(TenantModel):
    """Something beside a subject, named by value: the subject's app may be any above this one."""

    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    author = TenantForeignKey(
        Membership, models.PROTECT, null=True, related_name="+", db_index=False
    )
    author_name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True


class Comment(Beside):
    """What somebody said. Taken back: `removed_at` is set and the text erased."""

    text = models.TextField()

    class Meta:
        indexes = [
            models.Index(
                fields=["organization_id", "subject_type", "subject_id", "id"],
                name="comment_subject",
            )
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Attachment(Beside):
    """A file's particulars; its bytes are apart so that lists never load them."""

    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.IntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(
                fields=["organization_id", "subject_type", "subject_id", "id"],
                name="attachment_subject",
            )
        ]

    def __str__(self) -> str:
        return self.name


class AttachmentContent(TenantModel):
    """The bytes of one attachment."""

    attachment = TenantForeignKey(
        Attachment, models.PROTECT, related_name="content", db_index=False
    )
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "attachment"], name="attachment_content_once"
            )
        ]


class WorkItem(Beside):
    """A link to an issue, ticket or merge request. One address is linked once per subject."""

    url = models.CharField(max_length=500)
    label = models.CharField(max_length=200)
    tracker = models.CharField(max_length=20)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "subject_type", "subject_id", "url"],
                condition=models.Q(removed_at__isnull=True),
                name="work_item_once",
            )
        ]

    def __str__(self) -> str:
        return self.label

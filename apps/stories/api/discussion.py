"""What is said about a story, its files and work items, over the API."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common.api.bodies import checked
from apps.discussions import selectors, services, web
from apps.discussions.models import Attachment, Comment, WorkItem
from apps.stories.api import examples
from apps.stories.models import TokenStory
from apps.stories.selectors.stories import story_by_ref
from apps.stories.services.discussion import subject_of


class CommentSerializer(serializers.ModelSerializer):
    """A comment; taken back, its text is empty."""

    class Meta:
        model = Comment
        fields = ("id", "author_name", "text", "created_at", "removed_at")
        read_only_fields = fields


class FileSerializer(serializers.ModelSerializer):
    class Meta:
        model = Attachment
        fields = ("id", "name", "content_type", "size", "sha256", "author_name", "created_at")
        read_only_fields = fields


class WorkItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = WorkItem
        fields = ("id", "url", "label", "tracker", "author_name", "created_at")
        read_only_fields = fields


class DiscussionSerializer(serializers.Serializer):
    comments = CommentSerializer(many=True)
    files = FileSerializer(many=True)
    items = WorkItemSerializer(many=True)


class NewCommentSerializer(serializers.Serializer):
    """`tell`: memberships to tell besides those mentioned with @ in the text."""

    text = serializers.CharField()
    tell = serializers.ListField(child=serializers.UUIDField(), required=False, default=list)


class UploadSerializer(serializers.Serializer):
    file = serializers.FileField()


class NewItemSerializer(serializers.Serializer):
    url = serializers.CharField(max_length=500)
    name = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class StoryTalkView(ActorMixin, APIView):
    """Base: finds the story in sight and checks bodies."""

    def story(self, ref: str) -> TokenStory:
        return story_by_ref(self.actor, ref)

    def checked(self, serializer: type[serializers.Serializer]) -> dict[str, Any]:
        return checked(serializer, self.request)


class DiscussionView(StoryTalkView):
    """Comments, files and work items of a story."""

    permission_required = {"GET": P.STORY_VIEW}

    @extend_schema(responses=DiscussionSerializer)
    def get(self, request: Request, ref: str) -> Response:
        return Response(
            DiscussionSerializer(selectors.discussion("story", self.story(ref).id)).data
        )


class CommentListView(StoryTalkView):
    """Comment on a story."""

    permission_required = {"POST": P.COMMENT_WRITE}

    @extend_schema(
        request=NewCommentSerializer,
        responses={201: CommentSerializer},
        examples=[examples.COMMENT],
    )
    def post(self, request: Request, ref: str) -> Response:
        subject = subject_of(self.story(ref))
        said = services.comment(
            actor=self.actor, subject=subject, **self.checked(NewCommentSerializer)
        )
        return Response(CommentSerializer(said).data, status=status.HTTP_201_CREATED)


class CommentView(StoryTalkView):
    """Take an own comment back."""

    permission_required = {"DELETE": P.COMMENT_WRITE}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, ref: str, comment_id: UUID) -> Response:
        subject = subject_of(self.story(ref))
        services.take_back(actor=self.actor, subject=subject, comment_id=comment_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class FileListView(StoryTalkView):
    """Attach a file (multipart/form-data)."""

    permission_required = {"POST": P.COMMENT_WRITE}
    parser_classes = (MultiPartParser,)

    @extend_schema(
        examples=[examples.ATTACH],
        request={"multipart/form-data": UploadSerializer},
        responses={201: FileSerializer},
    )
    def post(self, request: Request, ref: str) -> Response:
        subject = subject_of(self.story(ref))
        upload = self.checked(UploadSerializer)["file"]
        kept = services.attach(
            actor=self.actor, subject=subject, name=upload.name, data=upload.read()
        )
        return Response(FileSerializer(kept).data, status=status.HTTP_201_CREATED)


class FileView(StoryTalkView):
    """Download a file; erase it."""

    permission_required = {"GET": P.STORY_VIEW, "DELETE": P.COMMENT_WRITE}

    @extend_schema(responses=OpenApiTypes.BINARY)
    def get(self, request: Request, ref: str, attachment_id: UUID) -> Any:
        story = self.story(ref)
        return web.download(selectors.file_of("story", story.id, attachment_id))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, ref: str, attachment_id: UUID) -> Response:
        subject = subject_of(self.story(ref))
        services.remove_file(actor=self.actor, subject=subject, attachment_id=attachment_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class WorkItemListView(StoryTalkView):
    """Link a work item."""

    permission_required = {"POST": P.COMMENT_WRITE}

    @extend_schema(
        request=NewItemSerializer,
        responses={201: WorkItemSerializer},
        examples=[examples.WORK_ITEM],
    )
    def post(self, request: Request, ref: str) -> Response:
        subject = subject_of(self.story(ref))
        asked = self.checked(NewItemSerializer)
        item = services.link(
            actor=self.actor, subject=subject, url=asked["url"], label=asked["name"]
        )
        return Response(WorkItemSerializer(item).data, status=status.HTTP_201_CREATED)


class WorkItemView(StoryTalkView):
    """Unlink a work item."""

    permission_required = {"DELETE": P.COMMENT_WRITE}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, ref: str, item_id: UUID) -> Response:
        subject = subject_of(self.story(ref))
        services.unlink(actor=self.actor, subject=subject, item_id=item_id)
        return Response(status=status.HTTP_204_NO_CONTENT)

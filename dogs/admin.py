"""Dogs and files for support staff."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.admin.base import ModelAdmin, ReadOnlyAdmin
from dogs import services
from dogs.constants import PictureStatus, RelayStatus
from dogs.models import Dog, RelayedFile


@admin.register(Dog)
class DogAdmin(ModelAdmin):
    """Dogs: search by name, repair pictures."""

    fields = (
        "name",
        "is_adopted",
        "owner",
        "picture",
        "picture_status",
        "picture_attempts",
        "picture_due_at",
        "create_date",
    )
    readonly_fields = (
        "picture",
        "picture_status",
        "picture_attempts",
        "picture_due_at",
        "create_date",
    )
    list_display = ("name", "is_adopted", "owner", "picture_status", "create_date")
    list_filter = ("is_adopted", "picture_status", "create_date")
    list_select_related = ("owner",)
    search_fields = ("search_key", "owner__search_key")
    autocomplete_fields = ("owner",)
    ordering = ("-id",)
    actions = ("fetch_picture_again", "export_csv")

    def create(self, obj: Dog, fields: dict[str, Any]) -> Dog:
        """Take the dog in, as the API does."""
        return services.register_dog(**fields)

    def change(self, stored: Dog, fields: dict[str, Any]) -> None:
        """Change the dog, as the API does."""
        services.change_dog(dog=stored, **fields)

    @admin.action(description=_("Fetch another picture"))
    def fetch_picture_again(self, request: HttpRequest, queryset: QuerySet[Dog]) -> None:
        """Start over with the selected dogs' pictures, those in work left alone."""
        dogs = queryset.exclude(picture_status=PictureStatus.PENDING)
        count = 0
        for dog in dogs:
            services.fetch_picture_again(dog=dog)
            count += 1
        text = ngettext("%d picture is fetched again.", "%d pictures are fetched again.", count)
        self.tell(request, text % count)


@admin.register(RelayedFile)
class RelayedFileAdmin(ReadOnlyAdmin):
    """Files: where they are on their way."""

    list_display = ("name", "owner", "size", "status", "attempts", "remote_name", "created_at")
    list_filter = ("status", "created_at")
    list_select_related = ("owner",)
    search_fields = ("search_key", "sha256", "remote_name", "owner__search_key")
    fields = (
        "id",
        "name",
        "owner",
        "size",
        "sha256",
        "status",
        "attempts",
        "due_at",
        "remote_name",
        "created_at",
    )
    readonly_fields = fields
    ordering = ("-created_at",)
    actions = ("relay_again", "export_csv")

    @admin.action(description=_("Send again"))
    def relay_again(self, request: HttpRequest, queryset: QuerySet[RelayedFile]) -> None:
        """Start over with the selected files, those on their way left alone."""
        count = 0
        for relayed in queryset.exclude(status=RelayStatus.PENDING):
            services.relay_again(relayed=relayed)
            count += 1
        text = ngettext("%d file is sent again.", "%d files are sent again.", count)
        self.tell(request, text % count)

"""Dogs and files for support staff."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from core.admin.base import ModelAdmin, ReadOnlyAdmin
from core.admin.forms import ReasonForm
from dogs import adoptions, services
from dogs.constants import RelayStatus
from dogs.forms import DogForm
from dogs.models import Adoption, Dog, RelayedFile

SHOWN_ADOPTIONS = 50


def shown(moment: datetime | None) -> str:
    """Return a time as people here read it; nobody knows when the first adoptions were."""
    return "?" if moment is None else date_format(timezone.localtime(moment), "DATETIME_FORMAT")


@admin.register(Dog)
class DogAdmin(ModelAdmin):
    """Dogs: search by name, repair pictures."""

    form = DogForm
    fields = (
        "name",
        "is_adopted",
        "owner",
        "adoptions",
        "picture",
        "picture_status",
        "picture_attempts",
        "picture_due_at",
        "picture_error",
        "create_date",
    )
    readonly_fields = (
        "adoptions",
        "picture",
        "picture_status",
        "picture_attempts",
        "picture_due_at",
        "picture_error",
        "create_date",
    )
    list_display = ("name", "is_adopted", "owner", "picture_status", "create_date")
    list_filter = ("is_adopted", "picture_status", "create_date")
    list_select_related = ("owner",)
    search_fields = ("search_key", "owner__search_key")
    autocomplete_fields = ("owner",)
    ordering = ("-id",)
    shows_cascade = False  # its adoptions go with the dog
    actions = ("release", "fetch_picture_again", "export_csv")
    actions_detail = ("fetch_picture",)
    header_labels = ("standing", "picture_label")

    def create(self, obj: Dog, fields: dict[str, Any]) -> Dog:
        """Take the dog in, as the API does."""
        return services.register_dog(**fields)

    def change(self, stored: Dog, fields: dict[str, Any]) -> None:
        """Change the dog, as the API does."""
        services.change_dog(dog=stored, **fields)

    @display(label={True: "success", False: "info"})
    def standing(self, dog: Dog) -> tuple[bool, str]:
        """Return whether the dog has somebody."""
        return dog.is_adopted, gettext("adopted") if dog.is_adopted else gettext("to be adopted")

    @display(label={"failed": "danger", "pending": "info", "ready": "success"})
    def picture_label(self, dog: Dog) -> tuple[str, str]:
        """Return how the picture stands."""
        about = {"state": dog.get_picture_status_display()}
        return dog.picture_status, gettext("picture: %(state)s") % about

    @admin.display(description=_("adoptions"))
    def adoptions(self, dog: Dog) -> str:
        """Show the newest adoptions: who, since when, until when and why."""
        rows = Adoption.objects.filter(dog_id=dog.pk).select_related("owner").order_by("-id")
        lines = [
            (
                row.owner or gettext("somebody without an account"),
                shown(row.adopted_at),
                shown(row.ended_at) if row.ended_at else "…",
                row.get_end_reason_display(),
            )
            for row in rows[:SHOWN_ADOPTIONS]
        ]
        return (
            format_html_join("", "<p>{}: {} → {} {}</p>", lines) or self.get_empty_value_display()
        )

    @admin.action(description=_("Undo the adoption"))
    def release(self, request: HttpRequest, queryset: QuerySet[Dog]) -> None:
        """Let the selected dogs look for a home again, those that do already left alone."""
        count = 0
        with transaction.atomic():
            rows = queryset.order_by("pk").select_related(None)
            for dog in rows.filter(is_adopted=True).select_for_update(of=("self",)):
                adoptions.release_dog(dog=dog)
                count += 1
        text = ngettext("%d dog is free again.", "%d dogs are free again.", count)
        self.tell(request, text % count)

    @admin.action(description=_("Fetch another picture"))
    def fetch_picture_again(self, request: HttpRequest, queryset: QuerySet[Dog]) -> None:
        """Start over with the selected dogs' pictures; those that wait are due now."""
        count = 0
        for dog in queryset:
            services.fetch_picture_now(dog=dog)
            count += 1
        text = ngettext("%d picture is fetched again.", "%d pictures are fetched again.", count)
        self.tell(request, text % count)

    @action(description=_("Fetch another picture"), url_path="picture", permissions=["change"])
    def fetch_picture(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Start over with a dog's picture; one that waits is due now."""
        dog = self.get_object(request, unquote(object_id))
        if dog is None:
            raise Http404
        form = ReasonForm(request.POST or None)
        if form.is_valid():
            services.fetch_picture_now(dog=dog, reason=form.cleaned_data["reason"])
            self.tell(request, gettext("Another picture is fetched."))
            return HttpResponseRedirect(reverse("admin:dogs_dog_change", args=[dog.pk]))
        lines = [dog.get_picture_status_display(), *filter(None, [dog.picture_error])]
        return self.page(
            request,
            "core/admin/act.html",
            title=gettext("Fetch another picture: %s") % dog,
            lines=lines,
            form=form,
            button=gettext("Fetch another picture"),
        )


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
        "last_error",
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

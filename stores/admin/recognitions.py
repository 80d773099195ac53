"""What looked at photos, what it found, and what still waits."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.admin.base import ReadOnlyAdmin
from stores.admin.base import once
from stores.constants import FoundKind, JobStatus
from stores.models import Product, Recognition
from stores.services import recognising

STATUS_COLOURS = {
    JobStatus.PENDING.value: "info",
    JobStatus.DONE.value: "success",
    JobStatus.FAILED.value: "danger",
}


def share_text(share: float | None) -> str:
    """Return a share in percent, as people read it."""
    return "—" if share is None else f"{number_format(round(share * 100))} %"


@admin.register(Recognition)
class RecognitionAdmin(ReadOnlyAdmin):
    """Looks at photos: suggestions, and what a service that is away still owes."""

    fields = (
        *("photo", "adapter", "status", "problem", "attempts", "due_at"),
        *("asked_at", "done_at", "findings"),
    )
    readonly_fields = fields
    list_display = (
        *("asked_at", "photo_key", "adapter", "status_label", "found_count"),
        *("problem", "attempts", "due_at"),
    )
    list_display_links = ("asked_at",)
    list_filter = ("status", "adapter")
    search_fields = ("=photo__id",)
    search_help_text = _("The photo's id, whole.")
    ordering = ("-id",)
    export_fields = ("photo_id", "adapter", "status", "problem", "attempts", "asked_at", "done_at")
    actions = ("ask_again", "export_csv")

    def has_judge_permission(self, request: HttpRequest) -> bool:
        """Let SUPPORT and ADMIN act."""
        return request.user.has_perm("stores.change_visit")

    @display(description=_("photo id"), ordering="photo_id")
    def photo_key(self, look: Recognition) -> str:
        """Return the photo's key; the photo itself would be looked up for every row."""
        return str(look.photo_id)

    @display(description=_("status"), label=STATUS_COLOURS, ordering="status")
    def status_label(self, look: Recognition) -> tuple[str, str]:
        """Return the status and its colour."""
        return look.status, look.get_status_display()

    @display(description=_("found"))
    def found_count(self, look: Recognition) -> int:
        """Return how many things were found."""
        return len(look.found)

    @display(description=_("found"))
    @once
    def findings(self, look: Recognition) -> SafeString:
        """Return what was found, line by line, with the products by name."""
        keys = [one["product"] for one in look.found if one["product"] is not None]
        products = Product.objects.in_bulk(keys)
        kinds = dict(FoundKind.choices)
        rows = [
            (
                kinds.get(one["kind"], one["kind"]),
                one["value"],
                products.get(one["product"]) or gettext("no product of ours"),
                share_text(one["confidence"]),
            )
            for one in look.found
        ]
        return format_html_join("", "{} {}: {} ({})<br>", rows)

    @admin.action(description=_("Look again"), permissions=["judge"])
    def ask_again(self, request: HttpRequest, queryset: QuerySet[Recognition]) -> None:
        """Have the selected photos looked at again."""
        count = 0
        for look in queryset.order_by("pk").iterator(chunk_size=500):
            recognising.ask_again(recognition=look)
            count += 1
        text = ngettext("%d photo is looked at again.", "%d photos are looked at again.", count)
        self.tell(request, text % count)

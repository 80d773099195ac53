"""Rejected uploads and another try; the phones they came from; days to be counted again."""

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.errors import ApplicationError
from stores.admin.base import BySeller, JudgedRows, once
from stores.admin.documents import (
    MAX_CELL_CHARACTERS,
    clipped,
    preformatted,
    problem_text,
    words_of,
)
from stores.models import DirtyDay, RejectedUpload, SyncSeen
from stores.services.visits import process_rejected


@admin.register(RejectedUpload)
class RejectedUploadAdmin(JudgedRows):
    """What no visit could be made of, whole, and another try."""

    fields = (
        *("id", "seller", "visit_id", "app_version", "received_at", "processed_at"),
        *("problem_list", "row"),
    )
    readonly_fields = fields
    list_display = ("received_at", "seller", "problem_list", "app_version", "processed_at")
    list_filter = (("processed_at", admin.EmptyFieldListFilter), "received_at")
    search_fields = ("seller__search_key", "=visit_id")
    search_help_text = _("The seller's e-mail, or the visit's id.")
    ordering = ("-received_at", "-id")
    export_fields = ("id", "seller_id", "visit_id", "received_at", "problems", "processed_at")
    actions = ("process_again", "export_csv")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RejectedUpload]:
        """Leave the rows where they are until one is shown."""
        return super().get_queryset(request).defer("raw")

    @display(description=_("problems"))
    def problem_list(self, upload: RejectedUpload) -> str:
        """Return what is wrong with the row."""
        return clipped(problem_text(upload.problems), MAX_CELL_CHARACTERS)

    @display(description=_("what the phone sent"))
    @once
    def row(self, upload: RejectedUpload) -> str:
        """Return the row as it came."""
        return preformatted(upload.raw)

    @admin.action(description=_("Process again"), permissions=["judge"])
    def process_again(self, request: HttpRequest, queryset: QuerySet[RejectedUpload]) -> None:
        """Try to make visits of the selected rows, and say of each what happened."""
        for upload in queryset.order_by("pk"):
            about = {"upload": f"{upload.pk} ({upload.seller})"}
            try:
                with transaction.atomic():
                    visit = process_rejected(upload=upload)
            except ApplicationError as error:
                about["reason"] = words_of(error)
                text = gettext("Upload %(upload)s: %(reason)s") % about
                self.tell(request, text, messages.ERROR)
            else:
                about |= {"visit": str(visit), "state": str(visit.get_state_display())}
                text = gettext("Upload %(upload)s is visit %(visit)s, %(state)s.") % about
                self.tell(request, text)


@admin.register(SyncSeen)
class SyncSeenAdmin(BySeller):
    """Phones: when each was last heard of, and what it said of itself."""

    list_display = ("seller", "app_version", "backlog", "last_pull_at", "last_push_at")
    list_filter = ("last_push_at",)
    ordering = ("-last_pull_at", "seller")
    export_fields = ("seller_id", "app_version", "backlog", "last_pull_at", "last_push_at")


@admin.register(DirtyDay)
class DirtyDayAdmin(BySeller):
    """Days of sellers whose figures are to be counted again."""

    is_technical = True
    list_display = ("day", "seller", "marked_at")
    list_filter = ("day",)
    ordering = ("-day", "-id")

"""Photos: where each stands, why one is unusable, and the picture for who may see it."""

import uuid
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.errors import NotFound
from stores.admin.base import BySeller
from stores.constants import PhotoState
from stores.models import Photo, Visit
from stores.services.pictures import look_at

STATE_COLOURS = {
    PhotoState.RECEIVING.value: "info",
    PhotoState.STORED.value: "success",
    PhotoState.FAILED.value: "danger",
    PhotoState.EXPIRED.value: "warning",
}


@admin.register(Photo)
class PhotoAdmin(BySeller):
    """Photos as they came; nobody changes one."""

    fields = (
        *("id", "seller", "visit", "kind", "state", "fault", "type", "bytes", "offset", "sha256"),
        *("created_at", "received_at", "expires_at", "picture"),
    )
    readonly_fields = fields
    list_display = ("created_at", "seller", "kind", "state_label", "fault", "bytes", "visit")
    list_filter = ("state", "fault", "created_at")
    search_fields = ("seller__search_key", "=id", "=visit_id")
    search_help_text = _("The seller's name or e-mail, or the id of the photo or its visit.")
    ordering = ("-created_at", "-id")
    export_fields = (
        *("id", "seller_id", "visit_id", "state", "fault", "type", "kind", "bytes", "sha256"),
        *("created_at", "received_at", "expires_at"),
    )

    @display(description=_("state"), label=STATE_COLOURS)
    def state_label(self, photo: Photo) -> tuple[str, str]:
        """Return the state in its colour."""
        return photo.state, photo.get_state_display()

    @display(description=_("visit"))
    def visit(self, photo: Photo) -> str:
        """Return the visit that has the photo, as a link; one that only says so is no link."""
        if photo.visit_id is None:
            return "-"
        if photo.state != PhotoState.STORED or photo.expires_at is not None:
            return str(photo.visit_id)
        name = f"admin:{Visit._meta.app_label}_{Visit._meta.model_name}_change"
        address = reverse(name, args=[photo.visit_id])
        return format_html('<a href="{}">{}</a>', address, photo.visit_id)

    @display(description=_("picture"))
    def picture(self, photo: Photo) -> str:
        """Return a link to the picture: a page that only lists it is no look at it."""
        if photo.state != PhotoState.STORED:
            return "-"
        address = reverse("admin:stores_photo_picture", args=[photo.pk])
        return format_html('<a href="{}" target="_blank">{}</a>', address, _("Look at it"))

    def get_urls(self) -> list[Any]:
        """Add the picture itself."""
        view = self.admin_site.admin_view(self.picture_view)
        own = [path("<uuid:photo_id>/picture", view, name="stores_photo_picture")]
        return own + super().get_urls()

    def picture_view(self, request: HttpRequest, photo_id: uuid.UUID) -> HttpResponseBase:
        """Return the picture; each look is in the journal.

        Raises:
            Http404: there is no such photo, or this person may see none.
        """
        if not self.has_view_permission(request):
            raise Http404
        try:
            return look_at(photo_id=photo_id, seller_id=None)
        except NotFound:
            raise Http404 from None

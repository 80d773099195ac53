"""One-time links, the mails that carry them, second factors: what happened, never a secret."""

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.admin.base import ReadOnlyAdmin
from core.admin.forms import ReasonActionForm
from users import services
from users.models import LinkMail, OneTimeLink, SecondFactor


@admin.register(OneTimeLink)
class OneTimeLinkAdmin(ReadOnlyAdmin):
    """Links that set a password: made when, mailed, used or replaced."""

    fields = ("user", "purpose", "created_at", "expires_at", "mailed_at", "used_at", "ended_at")
    list_display = fields
    list_filter = ("purpose", ("used_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("user",)
    search_fields = ("user__search_key",)
    ordering = ("-id",)


@admin.register(LinkMail)
class LinkMailAdmin(ReadOnlyAdmin):
    """Mails that have not gone yet; one that went, or that nobody is to get, is no row any more."""

    is_technical = True
    fields = ("email", "status", "attempts", "due_at", "last_error", "created_at")
    list_display = fields
    list_filter = ("status", "created_at")
    search_fields = ("email",)
    ordering = ("-id",)


@admin.register(SecondFactor)
class SecondFactorAdmin(ReadOnlyAdmin):
    """Who has a second factor. Its owner removes it on a page of their own, ADMIN a lost one."""

    fields = ("user", "created_at", "confirmed_at", "recovery_left")
    list_display = fields
    list_select_related = ("user",)
    search_fields = ("user__search_key",)
    ordering = ("-id",)
    actions = ("remove", "export_csv")
    action_form = ReasonActionForm

    @admin.display(description=_("Recovery codes left"))
    def recovery_left(self, factor: SecondFactor) -> int:
        """Return how many codes can still be used."""
        return len(factor.recovery_digests)

    def has_remove_permission(self, request: HttpRequest) -> bool:
        """Let ADMIN alone take a second factor away."""
        return request.user.has_perm("users.remove_secondfactor")

    @admin.action(description=_("Remove: it was lost"), permissions=["remove"])
    def remove(self, request: HttpRequest, queryset: QuerySet[SecondFactor]) -> None:
        """Take the second factors of others away and end their sessions; the reason is kept."""
        reason = request.POST.get("reason", "").strip()
        if not reason:
            self.tell(request, gettext("Say why: the reason is required."), messages.ERROR)
            return
        factors = list(queryset.select_related("user").order_by("user_id"))
        if any(factor.user_id == request.user.pk for factor in factors):
            text = gettext("Your own second factor is removed on its page, with a code.")
            self.tell(request, text, messages.ERROR)
            return
        with transaction.atomic():
            count = sum(
                services.remove_second_factor(user=factor.user, reason=reason) for factor in factors
            )
        text = ngettext("%d second factor removed.", "%d second factors removed.", count)
        self.tell(request, text % count)

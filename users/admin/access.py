"""What lets people in: sessions, API tokens, and the attempts to sign in."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.admin.base import ModelAdmin, ReadOnlyAdmin
from core.admin.forms import ReasonActionForm
from users import services
from users.auth import api_tokens, limits, sessions
from users.models import ApiToken, LoginBucket, Session, User

ALIVE = {"alive": "success", "expired": "warning", "revoked": "danger"}
MAX_SHOWN = 20  # of each kind, on the user's page


@display(description=_("Signed in"))
def access_of(user: User) -> str:
    """Show what lets a user in at present, or keeps them out; the lists that it leads to end it."""
    now, newest = timezone.now(), ("-created_at", "-pk")
    locked_until = limits.locked_until(user.email, now)
    context = {
        "locked_until": locked_until,
        "seconds": 0 if locked_until is None else int((locked_until - now).total_seconds()) + 1,
        "sessions": Session.objects.alive(now).filter(user=user).order_by(*newest)[:MAX_SHOWN],
        "tokens": ApiToken.objects.alive(now).filter(user=user).order_by(*newest)[:MAX_SHOWN],
        "query": urlencode({"q": user.email}),
    }
    return render_to_string("users/admin/access.html", context)


def standing_of(one: Session | ApiToken) -> tuple[str, str]:
    """Return whether something lets its user in still, or why not."""
    if one.revoked_at is not None:
        return "revoked", gettext("revoked")
    if one.expires_at is not None and one.expires_at <= timezone.now():
        return "expired", gettext("expired")
    return "alive", gettext("in force")


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Who is signed in, since when, and why it is over."""

    list_display = (
        "user",
        "kind",
        "created_at",
        "rotated_at",
        "expires_at",
        "revoked_at",
        "address",
        "user_agent",
    )
    list_filter = ("kind", ("revoked_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("user",)
    search_fields = ("user__search_key", "=id", "request_id", "=address")
    ordering = ("-created_at", "-id")
    actions = ("revoke", "export_csv")
    header_labels = ("standing",)

    @display(label=ALIVE)
    def standing(self, session: Session) -> tuple[str, str]:
        """Return whether it lets its user in still."""
        return standing_of(session)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Tell whether sessions may be revoked."""
        return request.user.has_perm("users.revoke_session")

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        """End the selected sessions: access tokens and browsers too."""
        with transaction.atomic():
            count = sessions.revoke_sessions(sessions=list(queryset), reason="admin")
        self.tell(request, ngettext("%d session ended.", "%d sessions ended.", count) % count)


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):
    """API tokens: made here, shown once, revoked; never changed or deleted."""

    fields = ("name", "user", "read_only", "expires_at")
    list_display = (
        "name",
        "user",
        "hint",
        "read_only",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
    )
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "read_only", "created_at")
    list_select_related = ("user",)
    search_fields = ("search_key", "user__search_key")
    autocomplete_fields = ("user",)
    ordering = ("-id",)
    header_labels = ("standing",)
    actions = ("revoke", "export_csv")

    @display(label=ALIVE)
    def standing(self, token: ApiToken) -> tuple[str, str]:
        """Return whether it lets its user in still."""
        return standing_of(token)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a token is made and revoked."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a revoked token keeps its history."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Tell whether tokens may be revoked."""
        return request.user.has_perm("users.revoke_apitoken")

    def create(self, obj: Any, fields: dict[str, Any]) -> ApiToken:
        """Make the token and keep its text for the answer to this request."""
        made, obj.plaintext = api_tokens.create_api_token(**fields)
        return made

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the token: no redirect, as a message would store it in a cookie or the session."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("API token made"),
            "opts": self.opts,
            "plaintext": obj.plaintext,
        }
        return TemplateResponse(request, "users/admin/token_made.html", context)

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """Revoke the selected tokens."""
        count = api_tokens.revoke_api_tokens(tokens=list(queryset), reason="admin")
        self.tell(request, ngettext("%d token revoked.", "%d tokens revoked.", count) % count)


@admin.register(LoginBucket)
class LoginBucketAdmin(ReadOnlyAdmin):
    """Attempts at an account; search for the whole e-mail address, as only its hash is stored."""

    fields = ("account", "known_device", "attempts", "window_ends_at", "locked")
    readonly_fields = fields
    list_display = ("short_account", "known_device", "attempts", "window_ends_at", "locked")
    list_filter = ("known_device",)
    search_fields = ("account",)
    search_help_text = _("The whole e-mail address.")
    ordering = ("-window_ends_at", "-id")
    actions = ("unlock",)
    action_form = ReasonActionForm

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LoginBucket], search_term: str
    ) -> tuple[QuerySet[LoginBucket], bool]:
        """Find the buckets of an address by its hash."""
        if search_term:
            queryset = queryset.filter(account=limits.account_key(search_term))
        return queryset, False

    @display(description=_("account"), ordering="account")
    def short_account(self, bucket: LoginBucket) -> str:
        """Return the beginning of the hash: the whole one would push the rest off the screen."""
        return str(bucket)

    @display(description=_("locked"), label={"locked": "danger", "free": "success"})
    def locked(self, bucket: LoginBucket) -> tuple[str, str]:
        """Return whether another attempt would be refused now; a lock is no green tick."""
        if limits.is_locked(bucket, timezone.now()):
            return "locked", gettext("locked")
        return "free", gettext("not locked")

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        """Tell whether accounts may be unlocked."""
        return request.user.has_perm("users.unlock_loginbucket")

    @admin.action(description=_("Unlock"), permissions=["unlock"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[LoginBucket]) -> None:
        """Let the selected accounts try again; the reason goes into the journal."""
        reason = request.POST.get("reason", "").strip()
        if not reason:
            self.tell(request, str(_("Say why: the reason is required.")), messages.ERROR)
            return
        with transaction.atomic():
            for bucket in queryset:
                services.unlock(bucket=bucket, reason=reason)
        self.tell(request, str(_("Unlocked.")))

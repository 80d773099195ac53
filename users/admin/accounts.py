"""Accounts for support staff: find, explain, revoke. Nobody sees a hash or a token."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from core.admin.base import ModelAdmin, ReadOnlyAdmin
from users import services
from users.auth import api_tokens, limits, sessions
from users.forms import OwnPasswordForm, SignInForm, UnlockForm, UserForm
from users.models import ApiToken, LoginBucket, Session, User


def change_own_password(request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
    """Show the form of one's own password: Unfold's page with our form."""
    context = {**admin.site.each_context(request), **(extra_context or {})}
    return PasswordChangeView.as_view(
        form_class=OwnPasswordForm,
        success_url=reverse("admin:password_change_done"),
        extra_context=context,
    )(request)


admin.site.login_form = SignInForm
admin.site.password_change = change_own_password  # type: ignore[method-assign, assignment]  # no attribute names the form
admin.site.unregister(Group)  # rights come from the role alone


@admin.register(User)
class UserAdmin(ModelAdmin):
    """Users, written through the services."""

    form = UserForm
    fields = (
        "name",
        "last_name",
        "email",
        "role",
        "is_active",
        "new_password",
        "last_login",
        "created_at",
    )
    readonly_fields = ("last_login", "created_at")
    list_display = ("email", "name", "last_name", "role", "is_active", "last_login")
    list_filter = ("role", "is_active", "created_at")
    search_fields = ("email", "name", "last_name")
    ordering = ("-id",)
    actions = ("end_sessions", "export_csv")
    shows_cascade = False  # removing anonymises the row, and nothing cascades

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Leave removed users out: nothing is left of them to look at."""
        return super().get_queryset(request).filter(anonymised_at__isnull=True)

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Offer a new password to whoever may change the user."""
        may_change = self.has_change_permission(request, obj)
        return [name for name in self.fields if may_change or name != "new_password"]

    def create(self, obj: User, fields: dict[str, Any]) -> User:
        """Create the user, as the API does."""
        return services.create_user(password=fields.pop("new_password") or None, **fields)

    def change(self, stored: User, fields: dict[str, Any]) -> None:
        """Change the user, as the API does."""
        password = fields.pop("new_password", None) or None
        services.update_user(user=stored, password=password, **fields)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Deactivate and anonymise."""
        services.remove_user(user=obj, reason="admin")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Remove one by one, each in a transaction of its own; the first refusal ends it.

        What apps do with a removed user ends with the locks that they take last: with those held,
        the next user's rows would be locked out of order.
        """
        for user in queryset.order_by("pk"):
            with transaction.atomic():
                self.delete_model(request, user)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Tell whether sessions may be revoked."""
        return request.user.has_perm("users.revoke_session")

    @admin.action(description=_("End all sessions"), permissions=["revoke"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Revoke all sessions of the selected users."""
        with transaction.atomic():
            count = sum(sessions.revoke_sessions_of(user=user, reason="admin") for user in queryset)
        self.tell(request, ngettext("%d session ended.", "%d sessions ended.", count) % count)


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Who is signed in, since when, and why it is over."""

    list_display = ("user", "created_at", "rotated_at", "expires_at", "revoked_at", "user_agent")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "=id", "request_id")
    ordering = ("-created_at", "-id")
    actions = ("revoke", "export_csv")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Tell whether sessions may be revoked."""
        return request.user.has_perm("users.revoke_session")

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        """Revoke the selected sessions: access tokens too."""
        with transaction.atomic():
            count = sessions.revoke_sessions(sessions=list(queryset), reason="admin")
        self.tell(request, ngettext("%d session ended.", "%d sessions ended.", count) % count)


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):
    """API tokens: made here, shown once, revoked; never changed or deleted."""

    fields = ("name", "user", "expires_at")
    list_display = (
        "name",
        "user",
        "hint",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
    )
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__email", "hint")
    autocomplete_fields = ("user",)
    ordering = ("-id",)
    actions = ("revoke", "export_csv")

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
    """Attempts to sign in; search for the whole e-mail address, as only its hash is stored."""

    fields = ("account", "known_device", "attempts", "window_ends_at", "locked")
    readonly_fields = fields
    list_display = ("short_account", "known_device", "attempts", "window_ends_at", "locked")
    list_filter = ("known_device",)
    search_fields = ("account",)
    search_help_text = _("The whole e-mail address.")
    ordering = ("-window_ends_at", "-id")
    actions = ("unlock",)
    action_form = UnlockForm

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

    @display(description=_("locked"), boolean=True)
    def locked(self, bucket: LoginBucket) -> bool:
        """Tell whether another attempt would be refused now."""
        return limits.is_locked(bucket, timezone.now())

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        """Tell whether accounts may be unlocked."""
        return request.user.has_perm("users.unlock_loginbucket")

    @admin.action(description=_("Unlock"), permissions=["unlock"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[LoginBucket]) -> None:
        """Let the selected accounts try again; the reason goes into the journal."""
        reason = request.POST.get("reason", "").strip()[:200]
        if not reason:
            self.tell(request, str(_("Say why: the reason is required.")), messages.ERROR)
            return
        with transaction.atomic():
            for bucket in queryset:
                services.unlock(bucket=bucket, reason=reason)
        self.tell(request, str(_("Unlocked.")))

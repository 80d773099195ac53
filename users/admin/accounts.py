"""Users, and the admin's own pages of signing in and of one's password."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import Group
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from core.admin.base import ModelAdmin
from core.admin.forms import ReasonForm
from core.errors import ApplicationError
from users import resets, services
from users.admin.access import access_of
from users.admin.removing import REMOVAL
from users.auth import browser, limits, sessions
from users.errors import RemovesOneself, TooManyAccountChanges, WrongCurrentPassword
from users.forms import LinkForm, OwnPasswordForm, OwnUserForm, UserForm
from users.models import LoginBucket, User


class OwnPasswordView(PasswordChangeView):
    """One's own password: the browser that changes it stays signed in, with a session anew."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Store the password, which ends every session, and open this one again."""
        response = super().form_valid(form)
        browser.begin(self.request, form.user)
        return response


def change_own_password(request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
    """Show the form of one's own password: Unfold's page with our form."""
    context = {**admin.site.each_context(request), **(extra_context or {})}
    return OwnPasswordView.as_view(
        form_class=OwnPasswordForm,
        success_url=reverse("admin:password_change_done"),
        extra_context=context,
    )(request)


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
    readonly_fields = ("last_login", "created_at", access_of)
    list_display = ("email", "name", "last_name", "role", "is_active", "last_login")
    list_filter = ("role", "is_active", "created_at")
    search_fields = ("search_key",)
    ordering = ("-id",)
    actions = ("end_sessions", "export_csv")
    actions_detail = ("link", "unlock")
    header_labels = ("role_label", "standing", "lock")
    shows_cascade = False  # removing anonymises the row, and nothing cascades
    removal = REMOVAL

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Leave removed users out: nothing is left of them to look at."""
        return super().get_queryset(request).filter(anonymised_at__isnull=True)

    @display(label={})
    def role_label(self, user: User) -> str:
        """Return the role."""
        return str(user.get_role_display())

    @display(label={"active": "success", "inactive": "danger"})
    def standing(self, user: User) -> tuple[str, str]:
        """Return whether the user may sign in at all."""
        if user.is_active:
            return "active", gettext("active")
        return "inactive", gettext("deactivated")

    @display(label={"locked": "danger"})
    def lock(self, user: User) -> tuple[str, str]:
        """Return until when attempts are refused, if so."""
        end = limits.locked_until(user.email, timezone.now())
        if end is None:
            return "", ""
        until = date_format(timezone.localtime(end), "SHORT_DATETIME_FORMAT")
        return "locked", gettext("locked until %s") % until

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> list[Any]:
        """Offer a new password to whoever may change the user."""
        may_change = self.has_change_permission(request, obj)
        names = [name for name in self.fields if may_change or name != "new_password"]
        if obj is None:
            return names
        is_own = may_change and obj.pk == request.user.pk
        return [*names, *(["current_password"] if is_own else []), access_of]

    def get_form(
        self,
        request: HttpRequest,
        obj: User | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 - Django's signature
        **kwargs: Any,
    ) -> Any:
        """Return the form; that of one's own account asks for the present password."""
        if obj is None or obj.pk != request.user.pk:
            return super().get_form(request, obj, change, **kwargs)
        form = super().get_form(request, obj, change, **{**kwargs, "form": OwnUserForm})
        form.refusal = getattr(request, "own_change_refused", "")
        return form

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the form or save it; the password is checked before the write's transaction.

        The attempt must count, also when nothing is written.
        """
        if request.method == "POST" and object_id == str(request.user.pk):
            request.own_change_refused = self.refusal_of_own_change(request)  # type: ignore[attr-defined]  # get_form reads it
        return super().changeform_view(request, object_id, *args, **kwargs)

    def refusal_of_own_change(self, request: HttpRequest) -> str:
        """Return why one's own address and password stay as they are, or an empty text."""
        user, given = cast("User", request.user), request.POST
        if not given.get("new_password") and not services.changes_email(user, given.get("email")):
            return ""
        try:
            services.confirm_account_change(user=user, password=given.get("current_password", ""))
        except WrongCurrentPassword:
            return gettext("This is not the current password.")
        except TooManyAccountChanges as error:
            return str(error.detail)
        return ""

    def create(self, obj: User, fields: dict[str, Any]) -> User:
        """Create the user, as the API does."""
        return services.create_user(password=fields.pop("new_password") or None, **fields)

    def change(self, stored: User, fields: dict[str, Any]) -> None:
        """Change the user, as the API does."""
        password = fields.pop("new_password", None) or None
        fields.pop("current_password", None)
        services.update_user(user=stored, password=password, **fields)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Write the form; who changes their own address or password stays signed in here."""
        super().save_model(request, obj, form, change)
        if obj.pk == request.user.pk and {"email", "new_password"} & {*form.changed_data}:
            stored = User.objects.get(pk=obj.pk)
            update_session_auth_hash(request, stored)
            browser.begin(request, stored)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Deactivate and anonymise somebody else.

        Raises:
            RemovesOneself: a browser left open must not be enough for that.
        """
        if obj.pk == request.user.pk:
            raise RemovesOneself
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

    def has_link_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Tell whether one-time links may be made; for whom, the service says."""
        return request.user.has_perm("users.link_user")

    @action(description=_("Make a one-time link"), permissions=["link"], url_path="link")
    def link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show a link that sets the user's password, once, or have it mailed to them."""
        user = self.get_object(request, unquote(object_id))
        if user is None:
            raise Http404
        form, by = LinkForm(request.POST or None), cast("User", request.user)
        context = {"form": form, "user_linked": user, "title": gettext("One-time link: %s") % user}
        context["mails"] = resets.mails_are_sent()
        if not form.is_valid():
            return self.page(request, "users/admin/link.html", **context)
        try:
            if "mail" in request.POST:
                resets.mail_link(user=user, by=by, reason=form.cleaned_data["reason"])
                self.tell(request, gettext("The mail is on its way to %s.") % user)
                return HttpResponseRedirect(reverse("admin:users_user_change", args=[user.pk]))
            made, address = resets.show_link(user=user, by=by, reason=form.cleaned_data["reason"])
            context |= {"made": made, "address": address}
        except ApplicationError as error:
            form.add_error(None, str(error.detail))
        return self.page(request, "users/admin/link.html", **context)

    def has_unlock_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Tell whether accounts may be unlocked."""
        return request.user.has_perm("users.unlock_loginbucket")

    @action(description=_("Unlock"), permissions=["unlock"], url_path="unlock")
    def unlock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let the user try to sign in again at once, after whoever tried too often."""
        user = self.get_object(request, unquote(object_id))
        if user is None:
            raise Http404
        buckets = LoginBucket.objects.filter(account=limits.account_key(user.email))
        locked = [one for one in buckets if limits.is_locked(one, timezone.now())]
        form = ReasonForm(request.POST or None)
        if form.is_valid():
            with transaction.atomic():
                for bucket in locked:
                    services.unlock(bucket=bucket, reason=form.cleaned_data["reason"])
            self.tell(request, gettext("Unlocked.") if locked else gettext("Nothing was locked."))
            return HttpResponseRedirect(reverse("admin:users_user_change", args=[user.pk]))
        return self.page(
            request,
            "core/admin/act.html",
            title=gettext("Unlock %s") % user,
            lines=[limits.lock_of(one) for one in locked] or [gettext("Nothing is locked.")],
            form=form,
            button=gettext("Unlock"),
        )

    @admin.action(description=_("End all sessions"), permissions=["revoke"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """End all sessions of the selected users, in the API and in the admin."""
        with transaction.atomic():
            count = sum(sessions.revoke_sessions_of(user=user, reason="admin") for user in queryset)
        self.tell(request, ngettext("%d session ended.", "%d sessions ended.", count) % count)

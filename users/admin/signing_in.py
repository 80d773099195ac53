"""The admin's own pages of signing in: a forgotten password, and one's second factor."""

from typing import Any, cast

import segno
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from users import resets, services
from users.auth import browser, second_factor
from users.auth.second_factor import SESSION_KEY
from users.auth.sessions import Client, revoke_sessions_of
from users.errors import (
    InvalidLink,
    InvalidSecondFactor,
    LoginLocked,
    SecondFactorExists,
    WrongCurrentPassword,
)
from users.forms import ForgottenForm, NewPasswordForm, ProofForm, SignInForm, locked
from users.models import User

methods = require_http_methods(["GET", "HEAD", "POST"])


def page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """Return a page of the admin that no browser keeps."""
    base = {**admin.site.each_context(request), **context}
    response = TemplateResponse(request, f"users/admin/{template}.html", base)
    response["Cache-Control"] = "no-store"
    return response


@methods
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link that sets a new password; the page says the same for every address."""
    form = ForgottenForm(request.POST or None)
    asked = form.is_valid()
    if asked:
        resets.request_reset(email=form.cleaned_data["email"], client=Client.of(request))
    title = gettext("Forgotten password")
    return page(
        request, "forgotten", form=form, asked=asked, mails=resets.mails_are_sent(), title=title
    )


@methods
@sensitive_post_parameters()
def new_password(request: HttpRequest) -> HttpResponse:
    """Set a password by a link. To look at the page uses nothing up: mail scanners do."""
    form, done = NewPasswordForm(request.POST or None), False
    if form.is_valid():
        data = form.cleaned_data
        try:
            resets.set_password(token=data["token"], password=data["password"])
            done = True
        except InvalidLink as error:
            form.add_error(None, str(error.detail))
        except ValidationError as error:
            form.add_error("password", error)
    return page(request, "new_password", form=form, done=done, title=gettext("New password"))


@methods
@sensitive_post_parameters()
def own_second_factor(request: HttpRequest) -> HttpResponse:
    """Show one's own second factor; set one up, or take it away."""
    user = cast("User", request.user)
    form = ProofForm(request.POST or None)
    context: dict[str, Any] = {"title": gettext("Second factor"), "form": form}
    steps = {"begin": begin, "confirm": confirm, "remove": remove}
    step = steps.get(request.POST.get("step", "")) if request.method == "POST" else None
    if step is not None and form.is_valid():
        try:
            context |= step(request, user, form.cleaned_data)
        except WrongCurrentPassword:
            form.add_error("password", gettext("This is not the current password."))
        except (InvalidSecondFactor, SecondFactorExists) as error:
            form.add_error("otp", str(error.detail))
        except LoginLocked as error:
            form.add_error(None, locked(int(error.headers["Retry-After"])))
        context["started"] = "address" in context or request.POST["step"] == "confirm"
    factor = second_factor.of(user)
    context["started"] = factor is None and context.get("started", False)
    required = second_factor.is_required(user)
    return page(request, "second_factor", **context, factor=factor, required=required)


def begin(_request: HttpRequest, user: User, given: dict[str, str]) -> dict[str, Any]:
    """Show a secret, once, to who knows the password."""
    services.confirm_password(user=user, password=given["password"])
    secret, address = second_factor.begin(user=user)
    drawing = segno.make(address, error="m").svg_inline(scale=5, border=4, light="white")
    return {"secret": secret, "address": address, "drawing": mark_safe(drawing)}  # noqa: S308 - a drawing that segno made


def confirm(request: HttpRequest, user: User, given: dict[str, str]) -> dict[str, Any]:
    """Ask for codes from now on, and show the recovery codes, once."""
    codes = second_factor.confirm(user=user, otp=given["otp"])
    request.session[SESSION_KEY] = True
    return {"codes": codes}


def remove(request: HttpRequest, user: User, given: dict[str, str]) -> dict[str, Any]:
    """Ask for no codes any more, after one and the password; end the user's other sessions."""
    services.confirm_password(user=user, password=given["password"])
    factor = second_factor.of(user)
    if factor is None:
        raise InvalidSecondFactor
    second_factor.prove(factor=factor, user=user, otp=given["otp"])
    with transaction.atomic():
        second_factor.remove(user=user, reason=noop("Removed by its owner."))
        revoke_sessions_of(
            user=user,
            reason=noop("The second factor was removed."),
            besides=browser.present(request),
        )
    request.session.pop(SESSION_KEY, None)
    return {"removed": True}


site_urls = admin.site.get_urls


def get_urls() -> list[URLPattern | URLResolver]:
    """Return the admin's addresses with ours before them: its last one takes whatever is left."""
    return [
        path("password-reset/", forgotten, name="admin_password_reset"),  # the theme's name for it
        path("password-reset/confirm/", new_password, name="new_password"),
        path("second-factor/", admin.site.admin_view(own_second_factor), name="second_factor"),
        *site_urls(),
    ]


admin.site.get_urls = get_urls  # type: ignore[method-assign]  # the theme brings the site
admin.site.login_form = SignInForm
admin.site.login_template = "users/admin/login.html"

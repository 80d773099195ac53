"""The page on which staff choose the time zone that the admin shows them times in."""

from typing import cast

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from core.admin.pages import render
from users import services
from users.forms import TimeZoneForm
from users.models import User


@require_http_methods(["GET", "HEAD", "POST"])
def own_time_zone(request: HttpRequest) -> HttpResponse:
    """Show one's own time zone and what time it is there; choose another one."""
    user = cast("User", request.user)
    form = TimeZoneForm(request.POST or None, initial={"time_zone": user.time_zone})
    if form.is_valid():
        services.choose_time_zone(user=user, time_zone=form.cleaned_data["time_zone"])
        messages.success(request, gettext("Times are shown in this zone from now on."))
        return HttpResponseRedirect(reverse("admin:time_zone"))
    about = {
        "zone": timezone.get_current_timezone_name(),
        "time": date_format(timezone.localtime(), "DATETIME_FORMAT"),
        "own": settings.TIME_ZONE,
    }
    lines = [
        gettext("You are shown times of %(zone)s, where it is %(time)s.") % about,
        gettext(
            "Days of visits, assignments and deadlines stay those of the platform, %(own)s,"
            " and files carry its time."
        )
        % about,
    ]
    title, button = gettext("Time zone"), gettext("Save")
    return render(
        request, "core/admin/act.html", title=title, lines=lines, form=form, button=button
    )


site_urls = admin.site.get_urls


def get_urls() -> list[URLPattern | URLResolver]:
    """Return the admin's addresses with this page before them."""
    own = admin.site.admin_view(own_time_zone)
    return [path("time-zone/", own, name="time_zone"), *site_urls()]


admin.site.get_urls = get_urls  # type: ignore[method-assign]  # the theme brings the site

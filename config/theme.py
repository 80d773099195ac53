"""The admin's theme (django-unfold)."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Plaza",
    "SITE_HEADER": "Plaza",
    "SITE_SYMBOL": "storefront",
    "DASHBOARD_CALLBACK": "core.admin.home.dashboard",
    "SIDEBAR": {"navigation": "core.admin.sidebar.navigation", "command_search": True},
    "STYLES": [lambda _request: static("core/admin.css")],
    "SCRIPTS": [lambda _request: static("core/admin.js")],
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": reverse_lazy("admin:set_language")},
    "ACCOUNT": {
        # What is named here is all there is: the theme's own link to the password goes.
        "navigation": [
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
            {"title": _("Time zone"), "link": reverse_lazy("admin:time_zone")},
            {"title": _("Second factor"), "link": reverse_lazy("admin:second_factor")},
        ],
    },
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("core/icon.svg")}
    ],
}

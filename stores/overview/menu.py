"""The overview in the admin's menu, and whose it is."""

from django.utils.translation import gettext_lazy as _

from core.admin.pages import Page

OVERVIEW = Page(_("Overview of the field"), "admin:stores_overview", "monitoring")

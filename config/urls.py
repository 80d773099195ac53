"""The URL map: the admin, and whatever the kernel and the enabled apps bring."""

from django.contrib import admin
from django.urls import include, path

from core import plugs

handler400 = "core.problems.handler400"
handler403 = "core.problems.handler403"
handler404 = "core.problems.handler404"
handler500 = "core.problems.handler500"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include(plugs.api_patterns())),
    *plugs.root_patterns(),
]

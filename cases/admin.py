"""Cases for support staff, read only until the desk is there."""

from django.contrib import admin

from cases.models import Case
from core.admin.base import ReadOnlyAdmin


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    """Cases by number."""

    list_display = ("number", "kind", "state", "priority", "subject", "solution_due")
    list_filter = ("state", "priority")
    search_fields = ("search_key",)
    ordering = ("-id",)

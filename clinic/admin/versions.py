"""What records said before, as a tab of their pages: for whoever may read the records."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from clinic.forms import PagedFormSet
from clinic.models import Version
from core.audit.history import shown


class VersionInline(TabularInline):
    """The versions of a record, the newest first."""

    model = Version
    formset = PagedFormSet
    ordering = ("-id",)
    per_page = 20
    fields = ("at", "who", "reason", "said")
    readonly_fields = fields
    extra = 0
    tab = True
    hide_title = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let whoever sees the record: the page asks."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: services write versions."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a version stays what it is."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: versions go with their record."""
        return False

    @admin.display(description=_("actor"))
    def who(self, version: Version) -> str:
        """Return who changed the record."""
        return version.actor_label or version.actor_kind

    @admin.display(description=_("before → after"))
    def said(self, version: Version) -> SafeString:
        """Return each field with what it said before and after."""
        about = version.patient if version.patient_id else version.study
        fields: dict[str, Any] = {field.name: field for field in about._meta.concrete_fields}  # type: ignore[union-attr]  # one of them is there
        lines = []
        for name, values in version.changes.items():
            field = fields.get(name)
            before, after = ("—" if one in (None, "") else shown(field, one) for one in values)
            lines.append((field.verbose_name if field else name, before, after))
        return format_html_join("", "<p>{}: {} → {}</p>", lines)


class PatientVersionInline(VersionInline):
    """Of a patient."""

    fk_name = "patient"


class StudyVersionInline(VersionInline):
    """Of a study."""

    fk_name = "study"

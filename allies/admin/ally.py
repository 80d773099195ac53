"""Allies for support staff: find, explain, repair. Nobody sees a user name or a password."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format, localize
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import TextFilter
from unfold.decorators import display

from allies import selectors, services
from allies.admin.importing import ImportAllies
from allies.admin.pages import JobPages
from allies.errors import ReasonRequired
from allies.forms import AllyForm
from allies.models import Ally, AllyCredential
from allies.values import normal_tag
from core.admin import words
from core.admin.base import ModelAdmin, ReadOnlyAdmin
from core.admin.forms import ReasonActionForm
from core.errors import ApplicationError

# What may be seen of credentials: all but the sealed columns.
VERSION_FIELDS = (
    "version",
    "is_current",
    "created_at",
    "created_by",
    "request_id",
    "revoked_at",
    "revoked_by",
    "revoked_reason",
)


class TagFilter(TextFilter):
    """Allies that carry a tag."""

    title = _("tag")
    parameter_name = "tag"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Narrow to the tag that was typed in."""
        tag = normal_tag(self.value() or "")
        return selectors.with_tag(queryset, tag) if tag else queryset


class VersionsInline(TabularInline):
    """The versions of an ally's credentials."""

    model = AllyCredential
    fields = VERSION_FIELDS
    readonly_fields = VERSION_FIELDS
    ordering = ("-version",)
    extra = 0
    can_delete = False
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Fetch people along, and leave what is sealed where it is."""
        versions = super().get_queryset(request).select_related("created_by", "revoked_by")
        return versions.defer("data_key", "user_sealed", "password_sealed")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a page of its own adds credentials."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a version is added and revoked."""
        return False


@admin.register(Ally)
class AllyAdmin(ImportAllies, JobPages, ModelAdmin):
    """Allies, written through the services."""

    form = AllyForm
    inlines = (VersionsInline,)
    fields = (
        *AllyForm.Meta.fields,
        "credentials_state",
        "last_log_report",
        "created_at",
        "updated_at",
    )
    readonly_fields = ("credentials_state", "last_log_report", "created_at", "updated_at")
    list_display = ("name", "id", "tag_list", "is_active", "credentials_state")
    list_filter = (TagFilter, "is_active")
    list_filter_submit = True
    search_fields = ("search_key",)
    search_help_text = _("Name, brand owner, the whole id or a whole tag.")
    ordering = ("name", "id")
    export_fields = AllyForm.Meta.fields
    actions_list = ("tag_distribution", "rename_tag", "analyse_log", "import_rows")
    actions_detail = ("rename_ally", "add_credentials")
    header_labels = ("standing", "has_credentials")
    shows_cascade = False  # the credentials go with the ally

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ally]:
        """Look up the current credentials along with the allies."""
        current = AllyCredential.objects.filter(ally=OuterRef("pk"), is_current=True)
        return (
            super()
            .get_queryset(request)
            .annotate(
                current_version=Subquery(current.values("version")),
                current_since=Subquery(current.values("created_at")),
                current_by=Subquery(current.values("created_by__email")),
            )
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Keep the id of an ally that is there."""
        return (*self.readonly_fields, "id") if obj is not None else self.readonly_fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Ally], search_term: str
    ) -> tuple[QuerySet[Ally], bool]:
        """Find allies by a tag, too."""
        found, _distinct = super().get_search_results(request, queryset, search_term)
        tag = normal_tag(search_term)
        if not tag:
            return found, False
        tagged = selectors.with_tag(Ally.objects.all(), tag)
        return queryset.filter(Q(pk__in=found.values("pk")) | Q(pk__in=tagged.values("pk"))), False

    @display(label={"active": "success", "inactive": "danger"})
    def standing(self, ally: Ally) -> tuple[str, str]:
        """Return whether the ally takes part."""
        if ally.is_active:
            return "active", gettext("active")
        return "inactive", gettext("inactive")

    @display(label={"set": "success", "missing": "warning"})
    def has_credentials(self, ally: Any) -> tuple[str, str]:
        """Return whether credentials are set."""
        if getattr(ally, "current_version", None) is None:
            return "missing", gettext("without credentials")
        return "set", gettext("credentials set")

    @display(description=_("tags"))
    def tag_list(self, ally: Ally) -> str:
        """Return the tags on one line."""
        return ", ".join(ally.tags)

    @display(description=_("credentials"))
    def credentials_state(self, ally: Any) -> str:
        """Say whether credentials are set, since when and by whom."""
        if getattr(ally, "current_version", None) is None:
            return gettext("not set")
        return gettext("version %(version)d, set %(when)s by %(who)s") % {
            "version": ally.current_version,
            "when": localize(localtime(ally.current_since)),
            "who": ally.current_by or gettext("the system"),
        }

    @display(description=_("last log report"))
    def last_log_report(self, ally: Ally) -> str:
        """Say when a log named the ally last, how many calls failed, and who looked into it."""
        line = selectors.last_log_report(ally) if ally.pk else None
        if line is None:
            return gettext("No analysed log has a failure of this ally.")
        failed = line.count or 0
        text = ngettext(
            "%(when)s: %(failed)d call failed; analysed by %(who)s",
            "%(when)s: %(failed)d calls failed; analysed by %(who)s",
            failed,
        ) % {
            "when": date_format(localtime(line.at), "SHORT_DATETIME_FORMAT"),
            "failed": failed,
            "who": words.actor(line.actor_kind, line.actor_label),
        }
        page = reverse("admin:core_journalentry_changelist")
        query = urlencode({"request": line.request_id})
        link = (
            '{} · <a class="text-primary-700 underline dark:text-primary-400" href="{}?{}">{}</a>'
        )
        return format_html(link, text, page, query, gettext("what that log said of whom"))

    def create(self, obj: Ally, fields: dict[str, Any]) -> Ally:
        """Take the ally in, as the API does."""
        return services.register_ally(**fields)

    def change(self, stored: Ally, fields: dict[str, Any]) -> None:
        """Change the ally, as the API does."""
        services.change_ally(ally=stored, **fields)

    def delete_model(self, request: HttpRequest, obj: Ally) -> None:
        """Delete the ally with its credentials."""
        services.remove_ally(ally=services.locked(obj.pk))


@admin.register(AllyCredential)
class AllyCredentialAdmin(ReadOnlyAdmin):
    """Versions of credentials: who, when, by which request; revoked here."""

    fields = ("ally", *VERSION_FIELDS, "revoked_request_id", "key_id")
    list_display = ("ally", *VERSION_FIELDS[:5], "revoked_at")
    list_filter = ("is_current", ("revoked_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("ally", "created_by")
    search_fields = ("ally__search_key", "request_id", "created_by__search_key")
    ordering = ("-id",)
    export_fields = ("ally_id", "version", "is_current", "created_at", "request_id", "revoked_at")
    actions = ("revoke", "export_csv")
    action_form = ReasonActionForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[AllyCredential]:
        """Leave what is sealed where it is."""
        return super().get_queryset(request).defer("data_key", "user_sealed", "password_sealed")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Tell whether versions may be revoked: by whoever may add them."""
        return request.user.has_perm("allies.change_ally")

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[AllyCredential]) -> None:
        """Revoke the selected versions; the reason goes into the journal."""
        reason = request.POST.get("reason", "").strip()
        count = 0
        try:
            with transaction.atomic():
                for credential in queryset.order_by("ally_id", "version"):
                    services.revoke_credentials(credential=credential, reason=reason)
                    count += 1
        except (ApplicationError, ReasonRequired) as error:
            self.tell(request, message_of(error), messages.ERROR)
            return
        text = ngettext("%d version revoked.", "%d versions revoked.", count)
        self.tell(request, text % count)


def message_of(error: Any) -> str:
    """Return the text of a refusal."""
    detail = error.detail
    return str(detail[0] if isinstance(detail, list) else detail)

"""What phones could not name, and the page on which support says what it is."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from core.admin.base import ReadOnlyAdmin
from core.admin.forms import seal_of
from core.errors import ApplicationError
from core.values import parse_key
from stores.admin import sights
from stores.admin.base import JobPages
from stores.admin.decision_forms import AliasForm, RecogniseForm
from stores.constants import GroupState, Resolution
from stores.errors import AlreadyDecided
from stores.models import Product, UnrecognisedGroup
from stores.services import deciding

MAX_TOGETHER = 100  # groups that are decided on at once
TEMPLATE = "stores/admin/recognise.html"
STATE_COLOURS = {GroupState.OPEN.value: "warning", GroupState.RESOLVED.value: "success"}


@admin.register(UnrecognisedGroup)
class UnrecognisedGroupAdmin(JobPages, ReadOnlyAdmin):
    """Unrecognised products: the same thing on many phones is one row, and one decision."""

    fields = (
        *("kind", "value", "text", "state", "resolution", "product"),
        *("occurrences", "sellers", "cities", "first_seen_at", "resolved_at"),
    )
    readonly_fields = fields
    list_display = (
        *("name", "kind", "occurrences", "sellers", "cities"),
        *("first_seen_at", "state_label", "product"),
    )
    list_filter = ("state", "kind", "resolution")
    list_select_related = ("product",)
    search_fields = ("search_key",)
    search_help_text = _("A GTIN, or words of what sellers wrote.")
    ordering = ("state", "-occurrences", "id")
    export_fields = (
        *("kind", "value", "text", "state", "resolution", "product_id"),
        *("occurrences", "sellers", "cities", "first_seen_at", "resolved_at"),
    )
    actions = ("alias_of", "export_csv")
    actions_detail = ("recognise",)

    def has_judge_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let SUPPORT and ADMIN decide."""
        return request.user.has_perm("stores.change_visit")

    @display(description=_("what phones said"), ordering="search_key")
    def name(self, group: UnrecognisedGroup) -> str:
        """Return the text of the first phone, or the GTIN."""
        return str(group)

    @display(description=_("state"), label=STATE_COLOURS, ordering="state")
    def state_label(self, group: UnrecognisedGroup) -> tuple[str, str]:
        """Return the state and its colour."""
        return group.state, group.get_state_display()

    def get_urls(self) -> list[URLPattern]:
        """Add the page for several rows."""
        view = self.admin_site.admin_view(self.alias_page)
        own = [path("alias-of", view, name="stores_unrecognisedgroup_alias_of")]
        return [*own, *super().get_urls()]

    # -- one ------------------------------------------------------------------------------------
    @action(description=_("Recognise"), permissions=["judge"], url_path="recognise")
    def recognise(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show photos and suggestions beside the choice; do what was previewed and confirmed."""
        group = self.row_of(request, object_id)
        seen = sights.of_group(group)
        form = RecogniseForm(request.POST or None, initial=sights.initial(group, seen.suggestions))
        page: dict[str, Any] = {
            "title": gettext("Recognise: %s") % group,
            "form": form,
            "sights": seen.shown,
            "lines": [*sights.lines(group), *seen.lines],
        }
        if form.is_valid():
            product = form.cleaned_data["product"]
            effect = deciding.effect_on([group.pk], product)
            seal = seal_of(
                deciding.seen_of(group),
                effect,
                sorted(form.values.items()),
                form.cleaned_data["resolution"],
                form.cleaned_data["reason"],
            )
            if self.confirmed(request, seal):
                return self.decided(request, [group], form.cleaned_data["resolution"], form)
            page |= {"preview": preview_lines(effect), "previewed": seal}
        return self.page(request, TEMPLATE, **page)

    def decided(
        self,
        request: HttpRequest,
        groups: Sequence[UnrecognisedGroup],
        resolution: str,
        form: RecogniseForm | AliasForm,
    ) -> HttpResponse:
        """Decide on groups, say of each what is against it, and lead to those that wait."""
        count = 0
        for group in groups:
            try:
                deciding.decide(
                    seen=deciding.seen_of(group),
                    resolution=resolution,
                    values=form.values,
                    reason=form.cleaned_data["reason"],
                )
            except ApplicationError as error:
                self.tell(request, f"{group}: {words_of(error)}", messages.ERROR)
            else:
                count += 1
        if count:
            text = ngettext(
                "%d product decided. Its visits follow in a moment.",
                "%d products decided. Their visits follow in a moment.",
                count,
            )
            self.tell(request, text % count)
        return HttpResponseRedirect(waiting_address())

    # -- several --------------------------------------------------------------------------------
    @admin.action(description=_("All are one product…"), permissions=["judge"])
    def alias_of(self, request: HttpRequest, queryset: QuerySet[UnrecognisedGroup]) -> Any:
        """Lead to the page that asks which product the selected rows are."""
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: MAX_TOGETHER + 1])
        if len(keys) > MAX_TOGETHER:
            text = gettext("At most %d are decided on at once.") % MAX_TOGETHER
            self.tell(request, text, messages.ERROR)
            return None
        address = reverse("admin:stores_unrecognisedgroup_alias_of")
        return HttpResponseRedirect(f"{address}?groups={','.join(map(str, keys))}")

    def alias_page(self, request: HttpRequest) -> HttpResponse:
        """Ask which product some groups are; do what was previewed and confirmed.

        Raises:
            Http404: the address names no groups, or this person may not decide.
        """
        groups = self.chosen(request)
        seen = sights.of_groups(groups)
        initial = {"product": seen.suggestions[0].product} if seen.suggestions else {}
        form = AliasForm(request.POST or None, initial=initial)
        page: dict[str, Any] = {
            "title": gettext("All are one product"),
            "form": form,
            "sights": seen.shown,
            "lines": [*(str(group) for group in groups), *seen.lines],
        }
        if form.is_valid():
            product: Product = form.cleaned_data["product"]
            effect = deciding.effect_on([group.pk for group in groups], product)
            before = [deciding.seen_of(group) for group in groups]
            seal = seal_of(before, effect, product.pk, form.cleaned_data["reason"])
            if self.confirmed(request, seal):
                return self.decided(request, groups, Resolution.ALIAS_OF.value, form)
            page |= {"preview": preview_lines(effect), "previewed": seal}
        return self.page(request, TEMPLATE, **page)

    def chosen(self, request: HttpRequest) -> list[UnrecognisedGroup]:
        """Return the groups that an address names.

        Raises:
            Http404: it names none, or too many, or this person may not decide.
        """
        words = request.GET.get("groups", "").split(",")
        try:
            keys = [parse_key(word) for word in words[: MAX_TOGETHER + 1]]
        except ValueError:
            raise Http404 from None
        groups = list(UnrecognisedGroup.objects.filter(pk__in=keys).order_by("pk"))
        if not groups or len(keys) > MAX_TOGETHER or not self.has_judge_permission(request):
            raise Http404
        return groups


def waiting_address() -> str:
    """Return where the groups are that wait for a decision."""
    page = reverse("admin:stores_unrecognisedgroup_changelist")
    return f"{page}?state__exact={GroupState.OPEN.value}"


def words_of(error: ApplicationError) -> str:
    """Return a refusal as people read it."""
    if isinstance(error, AlreadyDecided):
        return f"{error.detail} {error.extra['decision']}".strip()
    return str(error.detail)


def preview_lines(effect: deciding.Effect) -> list[str]:
    """Return what a decision would change."""
    return [
        gettext("Items that are decided: %d") % effect.items,
        gettext("Visits with them: %d") % effect.visits,
        gettext("Visits whose compliance changes: %d") % effect.changed_visits,
        gettext("Days whose compliance changes: %d") % effect.changed_days,
    ]

"""Movies, favourites and ratings for support staff."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.admin.base import ReadOnlyAdmin
from movies import services
from movies.errors import WipeNotUndoable
from movies.models import CachedAnswer, Favorite, FavoritesWipe, Movie, Rating


@admin.register(Movie)
class MovieAdmin(ReadOnlyAdmin):
    """Movies: how old their details are, and read them anew."""

    list_display = ("id", "title", "release_date", "fetched_at", "refresh_status")
    list_filter = ("refresh_status", "fetched_at")
    search_fields = ("title", "=id")
    ordering = ("-id",)
    actions = ("refresh_now", "export_csv")

    @admin.action(description=_("Read the details from TMDB again"))
    def refresh_now(self, request: HttpRequest, queryset: QuerySet[Movie]) -> None:
        """Queue a refresh of the selected movies."""
        count = 0
        for movie in queryset:
            services.refresh_again(movie=movie)
            count += 1
        text = ngettext("%d movie is read again.", "%d movies are read again.", count)
        self.tell(request, text % count)


@admin.register(Favorite)
class FavoriteAdmin(ReadOnlyAdmin):
    """Whose list holds what; a wiped favourite names its wipe."""

    fields = ("user", "movie", "created_at", "wipe")
    list_display = fields
    list_select_related = ("user", "movie", "wipe")
    list_filter = (("wipe", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("user__email", "movie__title", "=movie__id")
    ordering = ("-id",)


@admin.register(Rating)
class RatingAdmin(ReadOnlyAdmin):
    """Who gave how many stars."""

    list_display = ("user", "movie", "stars", "created_at", "updated_at")
    list_select_related = ("user", "movie")
    list_filter = ("stars", "updated_at")
    search_fields = ("user__email", "movie__title", "=movie__id")
    ordering = ("-id",)


@admin.register(FavoritesWipe)
class FavoritesWipeAdmin(ReadOnlyAdmin):
    """Wiped lists, and bring them back."""

    list_display = ("user", "count", "wiped_by", "created_at", "undone_at")
    list_select_related = ("user", "wiped_by")
    list_filter = (("undone_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("user__email", "wiped_by__email")
    ordering = ("-id",)
    actions = ("undo", "export_csv")

    @admin.action(description=_("Undo: bring the favourites back"))
    def undo(self, request: HttpRequest, queryset: QuerySet[FavoritesWipe]) -> None:
        """Bring the favourites of the selected wipes back."""
        for wipe in queryset.select_related("user"):
            try:
                count = services.undo_wipe(wipe=wipe)
            except WipeNotUndoable as error:
                self.tell(request, f"{wipe.user}: {error.detail}", messages.ERROR)
            else:
                text = ngettext("%d favourite is back.", "%d favourites are back.", count)
                self.tell(request, f"{wipe.user}: {text % count}")


@admin.register(CachedAnswer)
class CachedAnswerAdmin(ReadOnlyAdmin):
    """The copies that serve when TMDB fails: how old they are."""

    list_display = ("key", "fetched_at", "lease_until")
    list_filter = ("fetched_at",)
    search_fields = ("key",)
    ordering = ("-fetched_at",)
    export_fields = ("key", "fetched_at", "lease_until")

"""Movies, favourites and ratings for support staff."""

from dataclasses import astuple
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from core.admin.base import ReadOnlyAdmin
from core.admin.forms import ReasonForm, seal_of
from core.errors import ApplicationError
from core.values import INT64_MAX
from movies import gone, services
from movies.constants import UNDO_TIME
from movies.errors import WipeNotUndoable
from movies.forms import NewIdForm
from movies.models import CachedAnswer, Favorite, FavoritesWipe, GoneMovie, Movie, Rating
from movies.permissions import may_wipe

WIPE_TEMPLATE = "movies/admin/wipe.html"
TEMPLATE = "movies/admin/new_id.html"


def refresh(page: ReadOnlyAdmin, request: HttpRequest, movies: QuerySet[Any]) -> None:
    """Queue a refresh of the selected movies, and say of how many."""
    count = 0
    for movie in Movie.objects.filter(pk__in=movies.values("pk")):
        services.refresh_again(movie=movie)
        count += 1
    text = ngettext("%d movie is read again.", "%d movies are read again.", count)
    page.tell(request, text % count)


@admin.register(Movie)
class MovieAdmin(ReadOnlyAdmin):
    """Movies: how old their details are, and read them anew."""

    list_display = ("id", "title", "release_date", "fetched_at", "refresh_status")
    list_filter = ("refresh_status", "fetched_at")
    search_fields = ("search_key", "=id")
    ordering = ("-id",)
    actions = ("refresh_now", "export_csv")

    @admin.action(description=_("Read the details from TMDB again"))
    def refresh_now(self, request: HttpRequest, queryset: QuerySet[Movie]) -> None:
        """Queue a refresh of the selected movies."""
        refresh(self, request, queryset)


@admin.register(GoneMovie)
class GoneMovieAdmin(ReadOnlyAdmin):
    """Movies that TMDB no longer has: how many keep them, and under which id they went on."""

    fields = (
        "id",
        "title",
        "release_date",
        "absent_since",
        "absent_on",
        "fetched_at",
        "refresh_due_at",
        "on_lists",
        "rated",
    )
    list_display = ("id", "title", "release_date", "absent_since", "on_lists", "rated")
    list_filter = ("absent_since",)
    search_fields = ("search_key", "=id")
    ordering = ("-absent_since", "-id")
    export_fields = ("id", "title", "release_date", "absent_since", "favorites", "ratings")
    actions = ("refresh_now", "export_csv")
    actions_detail = ("replace",)

    def get_queryset(self, _request: HttpRequest) -> QuerySet[GoneMovie]:
        """Leave out what has its new id."""
        return gone.counted(gone.gone_movies())

    @display(description=_("On lists"), ordering="favorites")
    def on_lists(self, movie: Any) -> int:
        """Return how many users have it on their list."""
        return movie.favorites

    @display(description=_("Ratings"), ordering="ratings")
    def rated(self, movie: Any) -> int:
        """Return how many users rated it."""
        return movie.ratings

    def has_replace_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        """Let SUPPORT and ADMIN act, who may have details read again, too."""
        return self.has_view_permission(request)

    @admin.action(description=_("Read the details from TMDB again"))
    def refresh_now(self, request: HttpRequest, queryset: QuerySet[GoneMovie]) -> None:
        """Ask TMDB once more, without waiting for the month to end."""
        refresh(self, request, queryset)

    @action(description=_("This is its new id"), permissions=["replace"], url_path="new-id")
    def replace(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Move favourites and ratings to the movie's new id, after a preview."""
        movie = self.get_object(request, unquote(object_id))
        if movie is None:
            raise Http404
        form = NewIdForm(request.POST or None)
        page: dict[str, Any] = {"title": gettext("This is its new id: %s") % movie, "form": form}
        if form.is_valid():
            try:
                new = services.get_or_fetch_movie(movie_id=form.cleaned_data["new_id"])
                gone.check(movie=movie, new=new)
                return self.moved(request, movie, new, page)
            except ApplicationError as error:
                form.add_error("new_id", str(error.detail))
        return self.page(request, TEMPLATE, **page)

    def moved(
        self, request: HttpRequest, movie: GoneMovie, new: Movie, page: dict[str, Any]
    ) -> HttpResponse:
        """Show what would move; do it when exactly that is confirmed."""
        reason = page["form"].cleaned_data["reason"]
        move = gone.preview(movie=movie, new=new)
        seal = seal_of(movie.pk, new.pk, new.title, reason, astuple(move))
        if not self.confirmed(request, seal):
            rows = (
                (gettext("Movie"), f"{movie.pk} {movie} ({movie.release_date or '?'})"),
                (gettext("New movie"), f"{new.pk} {new} ({new.release_date or '?'})"),
                (gettext("Favourites that move"), move.favorites),
                (gettext("Users who have both on their list"), move.favorites_merged),
                (gettext("Ratings that move"), move.ratings),
                (gettext("Users who rated both"), move.ratings_merged),
            )
            return self.page(request, TEMPLATE, **page, rows=rows, previewed=seal)
        gone.replace_movie(movie_id=movie.pk, new_id=new.pk, reason=reason)
        self.tell(request, gettext("%(old)d is %(new)d now.") % {"old": movie.pk, "new": new.pk})
        return HttpResponseRedirect(reverse("admin:movies_gonemovie_changelist"))


@admin.register(Favorite)
class FavoriteAdmin(ReadOnlyAdmin):
    """Whose list holds what; a wiped favourite names its wipe. A list is wiped as a whole."""

    fields = ("user", "movie", "created_at", "wipe")
    list_display = fields
    list_select_related = ("user", "movie", "wipe")
    list_filter = (("wipe", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("user__search_key", "movie__search_key", "=movie__id")
    ordering = ("-id",)

    def get_urls(self) -> list[URLPattern]:
        """Add the page that wipes a user's list, to which the user's own page leads."""
        wipe = self.admin_site.admin_view(self.bound(self.wipe, "wipe"))
        page = path("of/<int:user_id>/wipe/", wipe, name="movies_favorite_wipe")
        return [page, *super().get_urls()]

    def wipe(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """Empty a user's list after a preview; support can bring it back for a while.

        Raises:
            PermissionDenied: they may not, as by the API.
            Http404: there is no such user.
        """
        if not may_wipe(request.user):
            raise PermissionDenied
        users = get_user_model()._default_manager.filter(anonymised_at__isnull=True)
        user = users.filter(pk=user_id).first() if user_id <= INT64_MAX else None
        if user is None:
            raise Http404
        count = Favorite.objects.filter(user=user, wipe=None).count()
        form = ReasonForm(request.POST or None)
        page: dict[str, Any] = {"title": gettext("Wipe the film list of %s") % user, "form": form}
        if not form.is_valid():
            return self.page(request, WIPE_TEMPLATE, **page, count=count, days=UNDO_TIME.days)
        reason = form.cleaned_data["reason"]
        seal = seal_of(user.pk, count, reason)
        if not self.confirmed(request, seal):
            page["previewed"] = seal
            return self.page(request, WIPE_TEMPLATE, **page, count=count, days=UNDO_TIME.days)
        count = services.wipe_favorites(user_id=user.pk, reason=reason)
        text = ngettext("%d favourite was wiped.", "%d favourites were wiped.", count)
        self.tell(request, text % count)
        return HttpResponseRedirect(reverse("admin:users_user_change", args=[user.pk]))


@admin.register(Rating)
class RatingAdmin(ReadOnlyAdmin):
    """Who gave how many stars."""

    list_display = ("user", "movie", "stars", "created_at", "updated_at")
    list_select_related = ("user", "movie")
    list_filter = ("stars", "updated_at")
    search_fields = ("user__search_key", "movie__search_key", "=movie__id")
    ordering = ("-id",)


@admin.register(FavoritesWipe)
class FavoritesWipeAdmin(ReadOnlyAdmin):
    """Wiped lists, and bring them back."""

    list_display = ("user", "count", "wiped_by", "created_at", "undone_at")
    list_select_related = ("user", "wiped_by")
    list_filter = (("undone_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("user__search_key", "wiped_by__search_key")
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

    is_technical = True
    list_display = ("key", "fetched_at", "lease_until")
    list_filter = ("fetched_at",)
    search_fields = ("key",)
    ordering = ("-fetched_at",)
    export_fields = ("key", "fetched_at", "lease_until")

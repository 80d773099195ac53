"""What films have about users, on the users' own pages in the admin."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.admin.panels import Panel
from movies.models import Favorite, FavoritesWipe
from movies.permissions import may_wipe


def actions(request: HttpRequest, user: Any) -> list[tuple[Any, str]]:
    """Return the page that empties the list, to whoever may."""
    page = reverse("admin:movies_favorite_wipe", args=[user.pk])
    return [(_("Wipe the film list"), page)] if may_wipe(request.user) else []


PANELS = [
    Panel(
        "users.User",
        _("Favourites"),
        lambda user: Favorite.objects.filter(user=user, wipe=None).select_related("movie"),
        name=lambda favorite: favorite.movie,
        everything=lambda user: {"q": user.email},
        actions=actions,
    ),
    Panel(
        "users.User",
        _("Wiped film lists"),
        lambda user: FavoritesWipe.objects.filter(user=user).order_by("-id"),
        lambda wipe: _("undone") if wipe.undone_at else "",
        everything=lambda user: {"q": user.email},
    ),
]

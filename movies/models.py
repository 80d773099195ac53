"""Movies that somebody keeps, favourites, ratings, and the catalogue's stored answers."""

import datetime as dt
import json
from typing import Any, ClassVar

import orjson
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.fields import CauseField, SearchKeyField
from movies.constants import GONE_AFTER_DAYS, MAX_STARS, TITLE_LENGTH, RefreshStatus

UNRATED_RANK = MAX_STARS + 1


def release_rank(released: dt.date | None) -> int:
    """Return a number that is the smaller the newer a movie is; unknown dates come last."""
    return -released.toordinal() if released else 0


def rating_rank(stars: int | None) -> int:
    """Return a number that is the smaller the more stars somebody gave; unrated comes last."""
    return UNRATED_RANK if stars is None else MAX_STARS - stars


class FastDecoder(json.JSONDecoder):
    """Decodes stored JSON with orjson: lists of favourites are made of it."""

    def __init__(self, **_kwargs: Any) -> None:
        """Leave out the scanner that the standard library would build for every document."""

    def decode(self, s: str, *_args: Any, **_kwargs: Any) -> Any:
        """Return what the text holds."""
        return orjson.loads(s)


class Doubtful(models.Model):
    """Base: something of TMDB's that TMDB may say it does not have.

    It is believed after `GONE_AFTER_DAYS` different days (UTC) of saying so: ``absent_days`` counts
    them, ``absent_on`` is the latest. Any answer ends the doubt.
    """

    absent_days = models.PositiveSmallIntegerField(
        _("days on which TMDB did not have it"), default=0, db_default=0, editable=False
    )
    absent_on = models.DateField(_("latest of these days"), null=True, editable=False)

    class Meta:
        abstract = True


class Movie(Doubtful):
    """A movie that somebody favoured or rated, with TMDB's details: read without asking TMDB.

    Of details that TMDB has not confirmed for `DETAILS_KEPT`, id, title and release date stay.
    The three ``refresh_*`` columns are the state of the work that keeps the details fresh.
    ``replaced_by`` is the movie under whose id TMDB has it now, when support has said so.
    """

    id = models.PositiveIntegerField(_("TMDB id"), primary_key=True)
    title = models.CharField(_("title"), max_length=TITLE_LENGTH, editable=False)
    search_key = SearchKeyField(sources=("title",), max_length=TITLE_LENGTH)
    release_date = models.DateField(_("release date"), null=True, editable=False)
    details = models.JSONField(_("details"), decoder=FastDecoder, editable=False)
    fetched_at = models.DateTimeField(_("read from TMDB"), editable=False)
    refresh_status = models.CharField(
        _("refresh"),
        max_length=7,
        choices=RefreshStatus,
        default=RefreshStatus.PENDING,
        editable=False,
    )
    refresh_attempts = models.PositiveSmallIntegerField(
        _("refresh attempts"), default=0, editable=False
    )
    refresh_due_at = models.DateTimeField(_("refresh due"), editable=False)
    refresh_error = CauseField(_("why it was not read yet"))
    absent_since = models.DateTimeField(_("not on TMDB since"), null=True, editable=False)
    replaced_by = models.ForeignKey(
        "self",
        models.PROTECT,
        related_name="+",
        null=True,
        verbose_name=_("its new id"),
        editable=False,
    )

    class Meta:
        verbose_name = _("movie")
        verbose_name_plural = _("movies")
        indexes: ClassVar = [
            models.Index(
                fields=["refresh_due_at"],
                name="movies_refresh_pending",
                condition=Q(refresh_status=RefreshStatus.PENDING),
            ),
            models.Index(
                fields=["absent_since"],
                name="movies_absent",
                condition=Q(absent_days__gte=GONE_AFTER_DAYS),
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id__gte=1), name="movies_movie_id_positive"),
            models.CheckConstraint(
                condition=Q(refresh_status__in=RefreshStatus.values),
                name="movies_movie_refresh_known",
            ),
            models.CheckConstraint(
                condition=Q(absent_days=0, absent_on=None, absent_since=None)
                | Q(absent_days__gte=1, absent_on__isnull=False, absent_since__isnull=False),
                name="movies_movie_absent_since",
            ),
            models.CheckConstraint(
                condition=Q(replaced_by__isnull=True) | ~Q(replaced_by=F("id")),
                name="movies_movie_replaced_by_another",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class GoneMovie(Movie):
    """A movie that TMDB no longer has, as support's list shows it (movies.gone)."""

    class Meta:
        proxy = True
        verbose_name = _("movie gone from TMDB")
        verbose_name_plural = _("movies gone from TMDB")


class FavoritesWipe(models.Model):
    """All favourites of a user, taken away at once by an administrator; undoable for a while."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="+",
        verbose_name=_("whose favourites"),
        editable=False,
    )
    wiped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        related_name="+",
        null=True,
        verbose_name=_("wiped by"),
        editable=False,
    )
    created_at = models.DateTimeField(_("wiped"), default=timezone.now, editable=False)
    count = models.PositiveIntegerField(_("favourites"), default=0, editable=False)
    undone_at = models.DateTimeField(_("undone"), null=True, editable=False)

    class Meta:
        verbose_name = _("wipe of favourites")
        verbose_name_plural = _("wipes of favourites")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.count}"


class Favorite(models.Model):
    """A movie on a user's list.

    The ranks repeat the movie's release date and the user's stars, so that one index, walked in
    one direction, is the list in its usual order. Whoever writes those writes the ranks (services).
    A wiped favourite waits, invisible, for its wipe to be undone.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("user")
    )
    movie = models.ForeignKey(Movie, models.PROTECT, related_name="+", verbose_name=_("movie"))
    created_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    release_rank = models.IntegerField(editable=False)
    rating_rank = models.PositiveSmallIntegerField(default=UNRATED_RANK, editable=False)
    wipe = models.ForeignKey(
        FavoritesWipe,
        models.CASCADE,
        related_name="+",
        null=True,
        verbose_name=_("wiped"),
        editable=False,
    )

    class Meta:
        verbose_name = _("favourite")
        verbose_name_plural = _("favourites")
        indexes: ClassVar = [
            models.Index(
                fields=["user", "release_rank", "rating_rank", "movie", "id"],
                name="movies_favorite_order",
                condition=Q(wipe__isnull=True),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "movie"],
                condition=Q(wipe__isnull=True),
                name="movies_favorite_unique",
            ),
            models.CheckConstraint(
                condition=Q(rating_rank__range=(0, UNRATED_RANK)), name="movies_favorite_rating"
            ),
            models.CheckConstraint(
                condition=Q(release_rank__lte=0), name="movies_favorite_release"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.movie_id}"


class Rating(models.Model):
    """The stars that a user gave to a movie, favourite or not. No row is no rating; 0 is one."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="+",
        db_index=False,  # the unique constraint starts with it
        verbose_name=_("user"),
    )
    movie = models.ForeignKey(Movie, models.PROTECT, related_name="+", verbose_name=_("movie"))
    stars = models.PositiveSmallIntegerField(_("stars"))
    created_at = models.DateTimeField(_("rated"), auto_now_add=True)
    updated_at = models.DateTimeField(_("corrected"), auto_now=True)

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "movie"], name="movies_rating_unique"),
            models.CheckConstraint(
                condition=Q(stars__range=(0, MAX_STARS)), name="movies_rating_stars"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.movie_id} {self.stars}"


class CachedAnswer(Doubtful):
    """The catalogue's latest good answer to one question; it serves when the catalogue fails.

    ``lease_until`` is in the future while some process asks TMDB for a newer one. A row without
    ``fetched_at`` has no answer yet. Both are by the database's clock, which all nodes share.
    """

    key = models.CharField(_("question"), max_length=100, primary_key=True)
    body = models.TextField(_("answer"), blank=True, default="", editable=False)
    fetched_at = models.DateTimeField(_("fetched"), null=True, editable=False, db_index=True)
    lease_until = models.DateTimeField(_("asked again until"), null=True, editable=False)

    class Meta:
        verbose_name = _("stored answer of the catalogue")
        verbose_name_plural = _("stored answers of the catalogue")

    def __str__(self) -> str:
        return self.key

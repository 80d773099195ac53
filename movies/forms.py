"""Forms of the admin."""

from django.utils.translation import gettext_lazy as _

from core.admin.forms import ReasonForm, number_field
from movies.constants import MAX_MOVIE_ID


class NewIdForm(ReasonForm):
    """Under which id TMDB has a movie now, and how we know."""

    new_id = number_field(
        _("TMDB's new id"),
        MAX_MOVIE_ID,
        help_text=_("The number in the address of the movie's page on themoviedb.org."),
    )

    field_order = ("new_id", "reason")

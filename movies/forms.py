"""Forms of the admin."""

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from core.admin.forms import ReasonForm
from movies.constants import MAX_MOVIE_ID


class NewIdForm(ReasonForm):
    """Under which id TMDB has a movie now, and how we know."""

    new_id = forms.IntegerField(
        label=_("TMDB's new id"),
        min_value=1,
        max_value=MAX_MOVIE_ID,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
        help_text=_("The number in the address of the movie's page on themoviedb.org."),
    )

    field_order = ("new_id", "reason")

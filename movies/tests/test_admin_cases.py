"""A movie's new id because of a case."""

import pytest

from core.tests.keepers import notes
from movies.models import Favorite
from movies.tests.factories import FavoriteFactory, GoneMovieFactory, MovieFactory
from movies.tests.test_admin import new_id_page, support  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


def test_a_new_id_is_noted_when_it_is_confirmed(support, keeper):  # noqa: F811 - the fixture
    old, new = GoneMovieFactory(), MovieFactory()
    FavoriteFactory(movie=old)
    data = {"new_id": new.pk, "reason": "merged", "case": "C-1007"}
    shown = support.post(new_id_page(old), {**data, "preview": "1"})
    assert notes() == []
    data |= {"previewed": shown.context["previewed"], "confirm": "1"}
    refused = support.post(new_id_page(old), {**data, "case": "C-1008"})
    assert list(refused.context["form"].errors) == ["case"]
    assert (Favorite.objects.get().movie_id, notes()) == (old.pk, [])
    assert support.post(new_id_page(old), data).status_code == 302
    about = {"action": "replace", "label": "movies.GoneMovie", "object_id": str(old.pk)}
    assert notes() == [{"case": 7, **about, "count": 1, "text": "merged"}]

"""Lines of the journal about films, in words."""

import pytest
from django.utils.translation import override

from core.admin import words


@pytest.mark.parametrize(
    ("reason", "english", "spanish"),
    [
        ("wipe 3 of user 2", "List 3 of user 2 wiped", "Lista 3 del usuario 2 vaciada"),
        (
            "wipe 3 of user 2 undone",
            "List 3 of user 2 brought back",
            "Lista 3 del usuario 2 recuperada",
        ),
        ("wipe of user 2", "wipe of user 2", "wipe of user 2"),
    ],
)
def test_a_wipe_is_told_in_both_languages(reason, english, spanish):
    assert words.reason(reason) == english
    with override("es"):
        assert words.reason(reason) == spanish

"""Lines of the journal about patients and studies, in words."""

import pytest
from django.utils.translation import override

from core.admin import words


@pytest.mark.parametrize(
    ("reason", "english", "spanish"),
    [
        ("import: studies added", "import: studies added", "importación: estudios agregados"),
        ("study 7: delete (admin)", "Study 7: archived (admin)", "Estudio 7: archivado (admin)"),
        ("study 7", "study 7", "study 7"),
    ],
)
def test_what_happened_is_told_in_both_languages(reason, english, spanish):
    assert words.reason(reason) == english
    with override("es"):
        assert words.reason(reason) == spanish

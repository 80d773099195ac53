"""The database refuses dogs that cannot be."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from core.db import violates
from dogs.models import Dog, RelayedFile
from dogs.tests.factories import DogFactory, RelayedFileFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"name": ""}, "dogs_name_not_empty"),
        ({"name": "is_adopted"}, "dogs_name_not_reserved"),
        ({"name": "IS_Adopted"}, "dogs_name_not_reserved"),
        ({"picture_status": "ready"}, "dogs_picture_when_ready"),
        ({"picture_status": "lost"}, "dogs_picture_when_ready"),
        ({"picture": "https://images.dog.ceo/1.jpg"}, "dogs_picture_when_ready"),
    ],
)
def test_constraint_refuses(values, constraint):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        DogFactory(**values)
    assert violates(caught.value, Dog, constraint)
    assert Dog.objects.count() == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [("Lazy", "LAZY"), ("Ñandú", "ñandÚ"), ("Straße", "STRASSE"), ("caf\u00e9", "cafe\u0301")],
)
def test_names_are_unique_whatever_their_case_or_composition(first, second):
    DogFactory(name=first)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        DogFactory(name=second)
    assert violates(caught.value, Dog, "dogs_name_unique")
    assert not violates(caught.value, Dog, "dogs_name_not_empty")
    assert list(Dog.objects.values_list("name", flat=True)) == [first]


def test_file_status_is_known():
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        RelayedFileFactory(status="lost")
    assert violates(caught.value, RelayedFile, "dogs_file_status_known")


@pytest.mark.parametrize("name", ["a/b", "..", " . ", "is_adopted", "tab\tbed", "\u202egod"])
def test_names_that_do_not_work_in_an_address(name):
    with pytest.raises(ValidationError):
        Dog(name=name).clean_fields(exclude=["name_key", "picture"])

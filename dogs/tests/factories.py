"""Dogs and files for tests."""

import hashlib

import factory
from django.core.files.base import ContentFile

from dogs.constants import PictureStatus
from dogs.models import Adoption, Dog, RelayedFile
from users.tests.factories import UserFactory


class DogFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Dog
        skip_postgeneration_save = True

    class Params:
        ready = factory.Trait(
            picture="https://images.dog.ceo/breeds/papillon/n02086910_6483.jpg",
            picture_status=PictureStatus.READY,
        )

    name = factory.Sequence(lambda number: f"Dog {number}")
    owner = None
    is_adopted = factory.LazyAttribute(lambda made: made.owner is not None)

    @factory.post_generation
    def adoption(self, create, _extracted, **_kwargs):
        if create and self.is_adopted:
            # Outside a transaction PostgreSQL has made it already.
            Adoption.objects.get_or_create(
                dog=self, ended_at=None, defaults={"owner_id": self.owner_id}
            )


class RelayedFileFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RelayedFile
        skip_postgeneration_save = True

    class Params:
        content = b"hello"

    name = factory.Sequence(lambda number: f"file-{number}.txt")
    owner = factory.SubFactory(UserFactory)
    size = factory.LazyAttribute(lambda made: len(made.content))
    sha256 = factory.LazyAttribute(lambda made: hashlib.sha256(made.content).hexdigest())

    @factory.post_generation
    def stored(self, create, _extracted, **_kwargs):
        if create:
            self.file.save(self.name, ContentFile(b"hello"), save=True)

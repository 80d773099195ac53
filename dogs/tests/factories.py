"""Dogs and files for tests."""

import hashlib
from datetime import timedelta

import factory
from django.core.files.base import ContentFile
from django.utils import timezone

from dogs.constants import EndReason, PictureStatus
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


class AdoptionFactory(factory.django.DjangoModelFactory):
    """An adoption that is over; the open one comes with its dog."""

    class Meta:
        model = Adoption

    dog = factory.SubFactory(DogFactory)
    owner = factory.SubFactory(UserFactory)
    ended_at = factory.LazyFunction(timezone.now)
    end_reason = EndReason.RETURNED
    adopted_at = factory.LazyAttribute(lambda made: made.ended_at - timedelta(days=1))

    @classmethod
    def samples(cls):
        """Return one of each kind, named after their dog, which is their address."""
        dog = DogFactory(owner=UserFactory())
        rows = [cls(dog=dog), cls(dog=dog, owner=None, adopted_at=None), dog.adoptions.first()]
        for row in rows:
            row.name = dog.name
        return rows


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

"""Looks at photos for tests."""

import factory
from django.utils import timezone

from stores.constants import JobStatus
from stores.models import Recognition
from stores.tests.factories import PhotoFactory


class RecognitionFactory(factory.django.DjangoModelFactory):
    """A look of the barcode reader that found nothing."""

    class Meta:
        model = Recognition

    class Params:
        waiting = factory.Trait(status=JobStatus.PENDING, done_at=None)

    photo = factory.SubFactory(PhotoFactory)
    adapter = "barcode"
    status = JobStatus.DONE
    done_at = factory.LazyFunction(timezone.now)
    found = factory.LazyFunction(list)

    @classmethod
    def samples(cls):
        """Return looks at one photo: one that found something, and one that waits."""
        done = cls()
        return [done, cls(photo=done.photo, adapter="http", waiting=True)]

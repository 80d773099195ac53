"""Catalogue, assignments and visits for tests. What is stored is stamped as services would."""

import datetime as dt
import hashlib
import uuid

import factory
import orjson
from django.db import transaction
from django.utils import timezone

from core.roles import Role
from stores import clock
from stores.constants import (
    UNCLAIMED_PHOTO,
    AssignmentState,
    PhotoState,
    PhotoType,
    State,
    VersionState,
    VisitState,
)
from stores.models import (
    Assignment,
    City,
    Department,
    Establishment,
    Photo,
    Portfolio,
    PortfolioItem,
    PortfolioVersion,
    Product,
    Region,
    Typology,
    Visit,
    VisitRevision,
)
from users.tests.factories import UserFactory


def today() -> dt.date:
    """Return the day that it is in TIME_ZONE."""
    return timezone.localdate()


class SellerFactory(UserFactory):
    role = Role.SELLER


class RegionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Region
        django_get_or_create = ("code",)

    code = "antioquia-eje"
    name = "Antioquia y Eje Cafetero"


class DepartmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Department
        django_get_or_create = ("code",)

    code = "05"
    name = "Antioquia"
    region = factory.SubFactory(RegionFactory)


class CityFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = City
        django_get_or_create = ("code",)

    code = "05001"
    name = "Medellín"
    search_key = "medellin"
    department = factory.SubFactory(DepartmentFactory)
    lat = 6.2518
    lon = -75.5636


class TypologyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Typology
        django_get_or_create = ("code",)

    code = "minimarket"
    name = "Minimercado"
    visits_per_month = 4


class StampedFactory(factory.django.DjangoModelFactory):
    """Base: a new row gets its version, of the catalogue's clock."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        with transaction.atomic():
            row = super()._create(model_class, *args, **kwargs)
            clock.stamp(row)
        return row


class ProductFactory(StampedFactory):
    class Meta:
        model = Product

    class Params:
        inactive = factory.Trait(state=State.INACTIVE, inactive_on=factory.LazyFunction(today))

    sku = factory.Sequence("MADE-{}".format)  # unlike any that a test gives
    name = factory.Sequence("Leche {}".format)


class PortfolioFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Portfolio
        django_get_or_create = ("typology", "region")

    name = "Infaltables minimercados"
    typology = factory.SubFactory(TypologyFactory)
    region = factory.SubFactory(RegionFactory)


class VersionFactory(StampedFactory):
    """A published version with the products that it is given: ``VersionFactory(products=[…])``."""

    class Meta:
        model = PortfolioVersion
        exclude = ("products",)

    class Params:
        draft = factory.Trait(state=VersionState.DRAFT, published_at=None, product_ids=[])

    products: list = []
    portfolio = factory.SubFactory(PortfolioFactory)
    number = factory.Sequence(lambda number: number + 1)
    state = VersionState.PUBLISHED
    valid_from = factory.LazyFunction(lambda: today() - dt.timedelta(days=60))
    published_at = factory.LazyFunction(timezone.now)
    product_ids = factory.LazyAttribute(lambda made: [product.pk for product in made.products])

    @classmethod
    def samples(cls):
        """Return a version that is over, the one in force, and a draft, of one portfolio."""
        eve = today() - dt.timedelta(days=61)
        began = eve - dt.timedelta(days=30)
        over = cls(valid_from=began, valid_until=eve, products=[ProductFactory()])
        return [over, cls(products=ProductFactory.create_batch(2)), cls(draft=True)]

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        version = super()._create(model_class, *args, **kwargs)
        PortfolioItem.objects.bulk_create(
            PortfolioItem(version=version, product_id=pk, position=position)
            for position, pk in enumerate(version.product_ids)
        )
        return version


class EstablishmentFactory(StampedFactory):
    class Meta:
        model = Establishment

    code = factory.Sequence("MADE-{}".format)  # unlike any that a test gives
    name = factory.Sequence("Minimercado {}".format)
    address = "Calle 33 # 65-10"
    city = factory.SubFactory(CityFactory)
    typology = factory.SubFactory(TypologyFactory)
    lat = 6.2442
    lon = -75.5812


class AssignmentFactory(StampedFactory):
    class Meta:
        model = Assignment

    class Params:
        ended = factory.Trait(
            state=AssignmentState.ENDED,
            valid_until=factory.LazyFunction(lambda: today() - dt.timedelta(days=1)),
        )

    seller = factory.SubFactory(SellerFactory)
    establishment = factory.SubFactory(EstablishmentFactory)
    valid_from = factory.LazyFunction(lambda: today() - dt.timedelta(days=60))


class VisitFactory(factory.django.DjangoModelFactory):
    """A stored visit, stamped by its seller's clock; ``doc`` says what the columns say."""

    class Meta:
        model = Visit

    id = factory.LazyFunction(uuid.uuid4)
    seller = factory.SubFactory(SellerFactory)
    establishment = factory.SubFactory(EstablishmentFactory)
    captured_at = factory.LazyFunction(timezone.now)
    occurred_at = factory.SelfAttribute("captured_at")
    received_at = factory.LazyFunction(timezone.now)
    day = factory.LazyAttribute(lambda made: timezone.localdate(made.occurred_at))
    state = VisitState.ACCEPTED
    outcome = "done"
    doc = factory.LazyAttribute(
        lambda made: orjson.dumps(
            {
                "id": str(made.id),
                "establishment": str(made.establishment.pk) if made.establishment else None,
                "captured_at": timezone.localtime(made.occurred_at).isoformat(),
                "seen": made.seen,
                "outcome": made.outcome,
            }
        ).decode()
    )
    seen: list = []
    digest = factory.LazyAttribute(lambda made: hashlib.sha256(made.doc.encode()).hexdigest())

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        with transaction.atomic():
            row = super()._create(model_class, *args, **kwargs)
            clock.stamp(row, key=clock.seller_key(row.seller_id))
        return row


class RevisionFactory(factory.django.DjangoModelFactory):
    """Other content under the id of a visit."""

    class Meta:
        model = VisitRevision

    visit_id = factory.LazyFunction(lambda: VisitFactory().pk)
    number = 1
    digest = factory.Sequence("{:064}".format)
    doc = factory.LazyAttribute(lambda made: f'{{"id":"{made.visit_id}","seen":[]}}')
    received_at = factory.LazyFunction(timezone.now)


class PhotoFactory(factory.django.DjangoModelFactory):
    """A stored photo without a visit, whose file nobody has written."""

    class Meta:
        model = Photo

    class Params:
        receiving = factory.Trait(state=PhotoState.RECEIVING, file="", received_at=None, offset=0)

    id = factory.LazyFunction(uuid.uuid4)
    seller = factory.SubFactory(SellerFactory)
    sha256 = factory.Sequence("{:064x}".format)
    bytes = 1_000
    offset = factory.SelfAttribute("bytes")
    type = PhotoType.JPEG
    kind = "fridge"
    state = PhotoState.STORED
    file = factory.LazyAttribute(
        lambda made: f"photos/{made.sha256[:2]}/{made.sha256[2:4]}/{made.sha256}.jpg"
    )
    created_at = factory.LazyFunction(timezone.now)
    received_at = factory.SelfAttribute("created_at")
    expires_at = factory.LazyFunction(lambda: timezone.now() + UNCLAIMED_PHOTO)

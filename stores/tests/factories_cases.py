"""Unrecognised items, their groups, and sellers' cases for tests."""

import factory
from django.db import transaction

from stores import clock
from stores.constants import CaseKind, JobStatus, NameKind
from stores.models import ProductAlias, SellerCase, Unrecognised, UnrecognisedGroup
from stores.tests.factories import ProductFactory, SellerFactory, VisitFactory


class GroupFactory(factory.django.DjangoModelFactory):
    """An open group of unrecognised items, of which the work is done."""

    class Meta:
        model = UnrecognisedGroup

    kind = NameKind.TEXT
    value = factory.Sequence("yogur griego {}".format)
    text = factory.LazyAttribute(lambda made: made.value.title())
    status = JobStatus.DONE


class ItemFactory(factory.django.DjangoModelFactory):
    """An unrecognised item of a stored visit, in a group of its own unless one is given."""

    class Meta:
        model = Unrecognised
        exclude = ("visit",)

    visit = factory.SubFactory(VisitFactory)
    group = factory.SubFactory(GroupFactory)
    visit_id = factory.LazyAttribute(lambda made: made.visit.pk)
    seller = factory.LazyAttribute(lambda made: made.visit.seller)
    item = factory.Sequence("item-{}".format)
    kind = factory.LazyAttribute(lambda made: made.group.kind)
    value = factory.LazyAttribute(lambda made: made.group.value)
    text = factory.LazyAttribute(lambda made: made.group.text)


class ProductAliasFactory(factory.django.DjangoModelFactory):
    """A name that support taught."""

    class Meta:
        model = ProductAlias

    product = factory.SubFactory(ProductFactory)
    kind = NameKind.TEXT
    value = factory.Sequence("yogur de la casa {}".format)


class SellerCaseFactory(factory.django.DjangoModelFactory):
    """A case as its seller sees it, stamped by the seller's clock, of which the work is done."""

    class Meta:
        model = SellerCase

    seller = factory.SubFactory(SellerFactory)
    kind = CaseKind.SERVICE_FAILURE
    subject = factory.Sequence("La aplicación se cierra {}".format)
    status = JobStatus.DONE

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        with transaction.atomic():
            row = super()._create(model_class, *args, **kwargs)
            clock.stamp(row, key=clock.seller_key(row.seller_id))
        return row

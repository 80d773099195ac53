"""Rows that the demo data has not, each of which a page of the admin is about.

Run in the environment of a platform (``python -m tests.browser.rows``); it prints, as JSON, the
addresses of the pages that lead to what can be done with these rows.
"""

import datetime as dt
import json
import sys

import django


def make():
    """Make the rows of the apps that run, and return the addresses of their pages."""
    from django.apps import apps

    return [page for app, made in MAKERS if apps.is_installed(app) for page in made()]


def page_of(row, name="change"):
    from django.urls import reverse

    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=[row.pk])


def a_merged_patient():
    from clinic.merging import merge_patients
    from clinic.tests.factories import PatientFactory

    source, into = PatientFactory(first_name="Ana"), PatientFactory(first_name="Ana María")
    merge_patients(source_id=source.pk, into_id=into.pk, reason="demo")
    return [page_of(source), page_of(into, "merge")]  # the first one's page offers no merge


def a_visit_with_a_revision():
    from stores.models import Visit
    from stores.tests.factories import RevisionFactory

    visit = Visit.objects.order_by("seq").last()
    said = {**json.loads(visit.doc), "note": "Con la nevera abierta"}
    RevisionFactory(visit_id=visit.pk, doc=json.dumps(said))
    return [page_of(visit)]


def a_portfolio_with_a_draft():
    from stores.models import Portfolio, Product
    from stores.services import portfolios

    portfolio = Portfolio.objects.order_by("pk").first()
    skus = Product.objects.filter(is_competitor=False).order_by("pk").values_list("sku", flat=True)
    portfolios.write_draft(portfolio=portfolio, products=[*skus[:3]])
    return [page_of(portfolio)]


def a_name_that_support_taught():
    from stores.models import Product, ProductAlias

    product = Product.objects.order_by("pk").first()
    value = "leche entera en bolsa"
    return [page_of(ProductAlias.objects.create(product=product, kind="text", value=value))]


def a_movie_that_is_gone():
    from django.utils import timezone

    from movies.constants import GONE_AFTER_DAYS
    from movies.models import GoneMovie, Movie

    movie, now = Movie.objects.order_by("pk").first(), timezone.now()
    Movie.objects.filter(pk=movie.pk).update(
        absent_days=GONE_AFTER_DAYS,
        absent_on=now.date(),
        absent_since=now - dt.timedelta(days=GONE_AFTER_DAYS),
    )
    return [page_of(GoneMovie.objects.get(pk=movie.pk))]


def somebody_locked_out():
    from django.utils import timezone

    from users.auth.limits import account_key
    from users.models import LoginBucket
    from users.tests.factories import UserFactory

    user = UserFactory(email="bloqueada@plaza.example")
    LoginBucket.objects.create(
        key="0" * 64,
        account=account_key(user.email),
        attempts=1000,
        window_ends_at=timezone.now() + dt.timedelta(hours=1),
    )
    return [page_of(user)]


MAKERS = (
    ("clinic", a_merged_patient),
    ("stores", a_visit_with_a_revision),
    ("stores", a_portfolio_with_a_draft),
    ("stores", a_name_that_support_taught),
    ("movies", a_movie_that_is_gone),
    ("users", somebody_locked_out),
)

if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(make()))

"""Every app is searched in the same way: the API and the admin look into columns of keys."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path

from core.fields import SearchKeyField
from core.keys import key_fields
from tests.routes import all_routes

# What holds no words that people spell in more than one way.
VERBATIM = {
    "core.JournalEntry": {"object_id", "actor_label", "request_id", "object_label"},
    "core.StoredAnswer": {"key"},
    "dogs.RelayedFile": {"sha256", "remote_name"},
    "users.LinkMail": {"email"},
    "users.LoginBucket": {"account"},
    "users.Session": {"request_id"},
    "allies.AllyCredential": {"request_id"},
    "movies.CachedAnswer": {"key"},
    "stores.Visit": {"id"},
}


def is_key(model, path):
    return isinstance(get_fields_from_path(model, path)[-1], SearchKeyField)


def test_every_search_of_the_api_looks_into_a_key():
    searched = {route.view for route in all_routes() if getattr(route.view, "search_fields", ())}
    assert searched
    for view in searched:
        for path in view.search_fields:
            assert is_key(view.queryset.model, path), (view, path)


def test_every_search_of_the_admin_looks_into_a_key():
    for model, page in admin.site._registry.items():
        verbatim = VERBATIM.get(model._meta.label, set())
        for path in page.search_fields:
            assert path[0] == "=" or path in verbatim or is_key(model, path), (model, path)


@pytest.mark.parametrize("model", [one for one in apps.get_models() if key_fields(one)])
def test_every_key_is_made_of_what_there_is(model):
    for field in key_fields(model):
        for name in field.read:
            assert hasattr(model, name)

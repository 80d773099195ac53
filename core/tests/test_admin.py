"""What every admin page keeps: no oracle, no failure on hostile input, no scan of big tables."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import AnonymousUser
from django.contrib.staticfiles import finders
from django.db import connection
from django.forms import modelform_factory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.functional import Promise

from core.admin import base
from core.admin.base import ModelAdmin
from core.audit import journal
from core.errors import NotFound
from core.models import JournalEntry
from core.roles import Role
from core.tests.helpers_writes import updates_of
from users.auth.sessions import open_session
from users.models import Session, User
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
JOURNAL = "/admin/core/journalentry/"
USERS = "/admin/users/user/"
SESSIONS = "/admin/users/session/"
TOKENS = "/admin/users/apitoken/"


@pytest.fixture
def support(client):
    client.force_login(UserFactory(role=Role.SUPPORT))
    client.raise_request_exception = False
    return client


@pytest.fixture
def boss(client):
    client.force_login(UserFactory(role=Role.ADMIN))
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize(
    "query",
    [
        "password__startswith=md5",
        "password__gte=a",
        "id__in=1,2",
        "last_login__isnull=1",
        "role__startswith=A",
        "created_at__year=0",
        "created_at__gte=0001-01-01T00:00:00%2B05:00",
        "created_at__lt=9999-12-31T23:59:59-05:00",
        "created_at__gte=2026-01-01T00:00:00%2B23:59",
        "created_at__gte=2026-01-01T00:00:00%00",
    ],
)
def test_the_address_asks_no_more_than_the_filters_offer(support, query):
    assert support.get(f"{USERS}?{query}").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "role__exact=USER",
        "is_active__exact=1",
        "created_at__gte=2026-01-01T00:00Z",
        "created_at__gte=2026-01-01 00:00:00-05:00&created_at__lt=2027-01-01 00:00:00-05:00",
        "q=a",
        "o=1",
    ],
)
def test_the_filters_work(support, query):
    assert support.get(f"{USERS}?{query}").status_code == 200


def test_a_list_says_that_it_has_more_rows_than_it_counted(support, monkeypatch):
    monkeypatch.setattr(base, "MAX_COUNTED_ROWS", 3)
    UserFactory.create_batch(2)  # beside the one at the screen
    answer = support.get(USERS)
    assert (answer.context["cl"].result_count, answer.context["cl"].paginator.is_more) == (3, False)
    assert "3 users" in answer.content.decode()
    UserFactory()
    more = support.get(USERS)
    assert (more.context["cl"].result_count, more.context["cl"].paginator.is_more) == (3, True)
    said = "more than 3 users: a search or a filter shows the others"
    assert said in more.content.decode()
    spanish = support.get(USERS, headers={"accept-language": "es"}).content.decode()
    assert "más de 3 usuarios: una búsqueda o un filtro muestra los demás" in spanish


def test_a_list_offers_to_show_all_only_where_something_is_left_out(support, monkeypatch):
    offer = re.compile(r">\s*Show all\s*<")
    assert not offer.search(support.get(USERS).content.decode())
    assert offer.search(support.get(f"{USERS}?role__exact=USER").content.decode())
    assert offer.search(support.get(f"{USERS}?q=nobody").content.decode())
    monkeypatch.setattr(base, "MAX_COUNTED_ROWS", 1)
    UserFactory.create_batch(2, role=Role.USER)
    narrowed = support.get(f"{USERS}?role__exact=USER").content.decode()
    assert "1 result" not in narrowed
    assert "more than 1 users" in narrowed


def test_a_time_that_spells_nothing_gets_a_message(support):
    answer = support.get(f"{USERS}?created_at__gte=soon")
    assert (answer.status_code, answer["Location"]) == (302, f"{USERS}?e=1")


def test_nobody_makes_a_list_count_the_choices_of_its_filters(support):
    support.get(USERS)
    with CaptureQueriesContext(connection) as usual:
        support.get(USERS)
    with CaptureQueriesContext(connection) as queries:
        assert support.get(f"{USERS}?_facets=1").status_code == 200
    assert len(queries) == len(usual)


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_empty_field_of_a_relation_in_the_address(boss, method):
    user = UserFactory(name="Ana")
    form = {"_to_field": "", "name": "Eva", "email": user.email, "role": "USER", "is_active": "on"}
    response = getattr(boss, method)(f"{USERS}{user.pk}/change/", form)
    assert response.status_code == (200 if method == "get" else 302)
    user.refresh_from_db()
    assert user.name == ("Ana" if method == "get" else "Eva")


@pytest.mark.parametrize("path", [JOURNAL, USERS, SESSIONS, TOKENS, "/admin/users/loginbucket/"])
def test_a_search_for_a_nul_finds_nothing(support, path):
    assert support.get(f"{path}?q=%00").status_code == 200


def test_the_journal_is_filtered_without_reading_all_of_it(support):
    kept = journal.record(journal.Action.READ, User)
    journal.record(journal.Action.READ, Session)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = support.get(f"{JOURNAL}?model=users.User&actor_kind=anonymous&action__exact=read")
    assert [row.pk for row in page.context["cl"].result_list] == [kept.pk]
    assert not [each["sql"] for each in queries if "DISTINCT" in each["sql"]]
    assert support.get(f"{JOURNAL}?model=%00").status_code == 400
    assert support.get(f"{JOURNAL}?action__exact=%00").status_code == 400


@pytest.mark.parametrize("key", ["x", "", "\x00", "99999999999999999999", "1,2"])
def test_an_action_on_rows_that_cannot_be(boss, key):
    session = open_session(user=UserFactory())
    before = JournalEntry.objects.count()
    for path, action in ((SESSIONS, "revoke"), (USERS, "delete_selected")):
        form = {"action": action, "_selected_action": [str(session.pk), key]}
        assert boss.post(path, form).status_code == 400
    session.refresh_from_db()
    assert session.revoked_at is None
    assert JournalEntry.objects.count() == before


@pytest.mark.parametrize("spelling", ["0{}", "+{}", "{}_", "{}\n", " {}", "{}.0"])
def test_a_row_has_one_address_and_one_key(boss, spelling):
    user = UserFactory()
    key = spelling.format(user.pk)
    path = reverse("admin:users_user_change", args=[quote(key)])
    assert (boss.get(path).status_code, boss.get(path)["Location"]) == (302, "/admin/")
    form = {"action": "delete_selected", "_selected_action": [key]}
    assert boss.post(USERS, form).status_code == 400
    assert boss.get(f"{USERS}{user.pk}/change/").status_code == 200


def test_a_key_that_is_a_uuid_has_one_spelling_too(boss):
    session = open_session(user=UserFactory())
    form = {"action": "revoke", "_selected_action": [session.pk.hex]}
    assert boss.post(SESSIONS, form).status_code == 400
    session.refresh_from_db()
    assert session.revoked_at is None


@pytest.mark.parametrize("key", ["x", "\x00", "99999999999999999999", "-1"])
def test_a_form_that_names_a_row_that_cannot_be(boss, key):
    assert boss.get(f"{TOKENS}add/", {"user": key}).status_code == 200
    response = boss.post(f"{TOKENS}add/", {"name": "x", "user": key})
    assert response.status_code == 200
    assert list(response.context["adminform"].errors) == ["user"]


def test_a_row_that_is_is_chosen(boss):
    user = UserFactory()
    page = boss.get(f"{TOKENS}add/", {"user": user.pk})
    assert user.email in page.content.decode()
    found = boss.get(
        "/admin/autocomplete/",
        {"app_label": "users", "model_name": "apitoken", "field_name": "user", "term": "\x00"},
    )
    assert found.status_code == 200


def test_the_admins_own_looks_speak_spanish_too(client, boss):
    page = boss.get(USERS, headers={"accept-language": "es"}).content.decode()
    assert 'placeholder="Escriba para buscar"' in page
    assert "Seleccionar todas las filas" in page
    client.logout()
    page = client.get("/admin/login/", headers={"accept-language": "es"}).content.decode()
    assert "Le damos la bienvenida a" in page
    assert "Volver al sitio" in page


@pytest.mark.parametrize("path", [USERS, f"{USERS}add/", "/admin/", "/admin/login/"])
def test_a_page_has_one_main_part_and_what_makes_the_theme_accessible(client, boss, path):
    if path == "/admin/login/":
        client.logout()
    page = client.get(path, headers={"accept-language": "es"}).content.decode()
    assert (page.count("<main"), page.count("</main>")) == (1, 1)
    assert page.count('href="#content" class="skip-link">Saltar al contenido</a>') == (
        path != "/admin/login/"
    )
    assert page.count('id="content"') == (path != "/admin/login/")
    assert 'data-theme="Tema"' in page
    assert "/static/core/admin.css" in page
    assert "/static/core/admin.js" in page


# Names that no sheet has: tests and scripts look for them.
HOOKS = {"password-reset-link", "submit-row"}


def test_every_class_of_our_templates_is_in_a_style_sheet():
    root = settings.BASE_DIR
    ours = [*root.glob("*/static/**/*.css")]
    sheets = [Path(finders.find("unfold/css/styles.css")), *ours]
    known = {
        name.replace("\\", "")
        for sheet in sheets
        for name in re.findall(r"\.((?:[\w-]|\\.)+)", sheet.read_text("utf-8"))
    }
    templates = [*root.glob("*/templates/**/*.html")]
    assert len(templates) > 20
    missing = set()
    for template in templates:
        # Template tags leave a mark: what touches one is made when the page is.
        plain = re.sub(r"\{([{%]).*?[%}]\}", "\0", template.read_text("utf-8"), flags=re.DOTALL)
        for classes in re.findall(r'class="([^"]*)"', plain):
            names = {name for name in classes.split() if "\0" not in name}
            missing |= {(template.name, name) for name in names - known - HOOKS}
    assert missing == set()


def test_every_column_that_people_see_has_a_name_that_can_be_translated():
    seen, nameless = 0, []
    for model, page in admin.site._registry.items():
        shown = {*page.list_display, *page.readonly_fields, *(page.fields or ())}
        for field in model._meta.concrete_fields:
            if field.name in shown and not field.primary_key:
                seen += 1
                if not isinstance(field.verbose_name, Promise):
                    nameless.append(f"{model._meta.label}.{field.name}")
    assert seen > 30
    assert nameless == []


def test_the_search_of_the_sidebar_has_only_pages_that_are_there(boss):
    assert boss.get("/admin/search/", {"s": "users"}).status_code == 200
    for page in ("abc", "9", "\u00b2", "0", "-1"):
        assert boss.get("/admin/search/", {"s": "users", "page": page}).status_code == 404, page


# -- how a form is written -------------------------------------------------------------------------
UserForm = modelform_factory(User, fields=("name", "last_name", "email"))


class Services(ModelAdmin):
    """A page whose rows are written by services."""

    shows_cascade = False

    def __init__(self, *args):
        super().__init__(*args)
        self.calls = []

    def create(self, obj, fields):
        self.calls.append(("create", fields))
        return UserFactory(**fields)

    def change(self, stored, fields):
        self.calls.append(("change", stored, fields))


def save(page, rf, user=None, **fields):
    """Save a form of a user on a page; return the form's object."""
    form = UserForm({"name": "Ada", "last_name": "", "email": "a@b.co", **fields}, instance=user)
    assert form.is_valid(), form.errors
    obj = form.save(commit=False)
    page.save_model(rf.post("/"), obj, form, user is not None)
    return obj


def test_a_page_stores_and_changes_rows_with_their_entries(rf):
    page = ModelAdmin(User, admin.site)
    made = save(page, rf)
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.object_id) == ("create", str(made.pk))
    assert entry.changes["name"] == [None, "Ada"]
    shown = User.objects.get()
    User.objects.update(last_name="Lovelace")  # meanwhile
    save(page, rf, shown, name="Grace")
    user = User.objects.get()
    assert (user.name, user.last_name) == ("Grace", "Lovelace")
    entry = JournalEntry.objects.latest("id")
    assert (entry.action, entry.changes) == ("change", {"name": ["Ada", "Grace"]})


def test_a_form_that_changes_nothing_writes_nothing(rf):
    user = UserFactory(name="Ada", last_name="", email="a@b.co")
    with updates_of(User) as updates:
        save(ModelAdmin(User, admin.site), rf, user)
    assert updates == []
    assert not JournalEntry.objects.exists()


def test_a_page_gives_its_services_the_whole_new_row_and_the_changed_fields(rf):
    page = Services(User, admin.site)
    made = save(page, rf)
    stored = User.objects.get()
    assert made.pk == stored.pk
    save(page, rf, User.objects.get(), name="Grace")
    assert page.calls == [
        ("create", {"name": "Ada", "last_name": "", "email": "a@b.co"}),
        ("change", stored, {"name": "Grace"}),
    ]
    assert page.calls[1][1].name == "Ada", "the row as it is stored, not as the form left it"


def test_a_row_that_went_meanwhile_is_not_made_again(rf):
    user = UserFactory()
    User.objects.all().delete()
    page = Services(User, admin.site)
    with pytest.raises(NotFound):
        save(page, rf, user, name="Grace")
    assert page.calls == []


def test_a_deletion_names_what_goes_along_unless_a_service_knows_it(rf):
    request, session = rf.get("/"), open_session(user=UserFactory(email="a@b.co"))
    request.user = UserFactory(role=Role.ADMIN)
    asked = [session.user]
    _names, counts, _refused, _protected = ModelAdmin(User, admin.site).get_deleted_objects(
        asked, request
    )
    assert counts == {"users": 1, "sessions": 1}
    page = Services(User, admin.site)
    assert page.get_deleted_objects(asked, request) == (["a@b.co"], {"users": 1}, set(), [])
    request.user = AnonymousUser()
    assert page.get_deleted_objects(asked, request) == (["a@b.co"], {"users": 1}, {"user"}, [])

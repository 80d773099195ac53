"""Support's pages: search, explain, repair; preview, reason, journal."""

import gzip

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from allies.models import Ally, AllyCredential
from allies.tests.factories import AllyFactory, history, with_credentials
from allies.tests.logs import CREDENTIALS, werkzeug
from core.roles import Role
from core.tests.helpers_writes import updates_of
from users.tests.helpers_signed_in import signed_in

pytestmark = pytest.mark.django_db

LIST = "/admin/allies/ally/"


@pytest.fixture
def support():
    return signed_in()


def page(response):
    assert response.status_code == 200, response.content[:2000]
    return response.content.decode()


def preview_then(support, path, data):
    """Ask for the preview, then confirm exactly it; return the preview."""
    shown = support.post(path, data)
    seal = shown.context["previewed"]
    done = support.post(path, {**data, "previewed": seal, "confirm": "1"})
    assert done.status_code == 302, done.content[:2000]
    return page(shown)


@pytest.mark.parametrize("term", ["wolf-1", "Young", "Wolf S.A.S.", "FINANZAS", "finanzas"])
def test_search_by_id_name_owner_and_tag(support, term):
    AllyFactory(id="wolf-1", name="Young-Wolf", brand_owner="Wolf S.A.S.", tags=["finanzas"])
    AllyFactory(id="owl-1", name="New-Owl", tags=["finanzas personales"])
    html = page(support.get(LIST, {"q": term}))
    assert "Young-Wolf" in html
    assert "New-Owl" not in html


def test_filter_by_tag(support):
    AllyFactory(name="Young-Wolf", tags=["salud"])
    AllyFactory(name="New-Owl", tags=["moda"])
    html = page(support.get(LIST, {"tag": "Salud"}))
    assert "Young-Wolf" in html
    assert "New-Owl" not in html


def test_the_list_costs_the_same_at_any_length(support, django_assert_num_queries):
    def queries(count):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        while Ally.objects.count() < count:
            with_credentials()
        with CaptureQueriesContext(
            connection,
        ) as caught:
            page(support.get(LIST))
        return len(caught)

    assert queries(1) == queries(10) == queries(45)


def test_credential_state_without_the_secret(support):
    ally = AllyFactory(id="a", name="A")
    assert "not set" in page(support.get(LIST))
    support.post(
        f"{LIST}a/credentials/", {"user": "canary-u", "password": "canary-p", "reason": "new"}
    )
    for path in (LIST, f"{LIST}a/change/", "/admin/allies/allycredential/"):
        html = page(support.get(path))
        assert "canary" not in html
    assert "version 1, set " in page(support.get(LIST))
    assert support.user.email in page(support.get(f"{LIST}a/change/"))
    assert ally.credentials.get().created_by == support.user


def test_a_change_goes_through_the_service(support):
    AllyFactory(id="a", name="A", tags=["x"])
    data = {
        "name": "B",
        "brand_owner": "",
        "tags": "Salud\nmoda\n",
        "discount": "5",
        "min_amount": "1",
        "max_amount": "",
        "allowed_origins": "https://Shop.example.com",
        "is_active": "on",
        "credentials-TOTAL_FORMS": "0",
        "credentials-INITIAL_FORMS": "0",
    }
    response = support.post(f"{LIST}a/change/", data)
    assert response.status_code == 302, response.content[:3000]
    ally = Ally.objects.get()
    assert (ally.name, ally.tags) == ("B", ["salud", "moda"])
    assert ally.allowed_origins == ["https://shop.example.com"]
    entry = history().get()
    assert (entry.action, entry.actor_id) == ("change", support.user.pk)
    assert entry.changes["tags"] == [["x"], ["salud", "moda"]]
    with updates_of(Ally) as updates:
        assert support.post(f"{LIST}a/change/", data).status_code == 302
    assert (updates, history().get()) == ([], entry)
    history_page = page(support.get(f"{LIST}a/history/"))
    assert "salud" in history_page
    response = support.post(f"{LIST}a/change/", {**data, "tags": "x" * 51})
    assert "at most 50 characters" in page(response)


def test_add(support):
    data = {
        "id": "new-1",
        "name": "N",
        "discount": "0",
        "min_amount": "0",
        "is_active": "on",
        "credentials-TOTAL_FORMS": "0",
        "credentials-INITIAL_FORMS": "0",
    }
    assert support.post(f"{LIST}add/", data).status_code == 302
    assert Ally.objects.get().pk == "new-1"
    assert history().get().action == "create"
    assert "already exists" in page(support.post(f"{LIST}add/", data))
    assert "letters" in page(support.post(f"{LIST}add/", {**data, "id": "a/b"}))


def test_only_an_admin_deletes(support):
    with_credentials(AllyFactory(id="a"))
    assert support.post(f"{LIST}a/delete/", {"post": "yes"}).status_code == 403
    assert Ally.objects.count() == 1
    response = signed_in(Role.ADMIN).post(f"{LIST}a/delete/", {"post": "yes"})
    assert response.status_code == 302
    assert Ally.objects.count() == AllyCredential.objects.count() == 0


# --- The four jobs ----------------------------------------------------------------------------
def test_tag_distribution(support):
    AllyFactory(tags=["b", "a"])
    AllyFactory(tags=["b"])
    html = page(support.get(f"{LIST}tag-distribution/"))
    assert html.index(">b<") < html.index(">a<")
    csv = support.get(f"{LIST}tag-distribution/?csv=1")
    assert csv.content == b"tag,allies\r\nb,2\r\na,1\r\n"
    assert [(e.action, e.count, e.reason) for e in history()] == [
        ("read", 2, "admin: tags"),
        ("export", 2, "admin: tags"),
    ]


def test_rename_a_tag_with_preview_and_reason(support):
    AllyFactory(id="a", tags=["finanzas", "x"])
    AllyFactory(id="b", tags=["x"])
    path = f"{LIST}rename-tag/"
    data = {"old": "finanzas", "new": "Educacion", "reason": "ticket 7"}
    shown = support.post(path, data)
    assert "1 ally will change" in page(shown)
    assert "educacion, x" in page(shown)
    assert Ally.objects.get(pk="a").tags == ["finanzas", "x"]
    preview_then(support, path, data)
    assert Ally.objects.get(pk="a").tags == ["educacion", "x"]
    entry = history().get()
    assert (entry.reason, entry.actor_id) == ("ticket 7", support.user.pk)


def test_nothing_but_what_was_previewed_is_confirmed(support):
    AllyFactory(id="a", tags=["finanzas"])
    path = f"{LIST}rename-tag/"
    seal = support.post(path, {"old": "finanzas", "new": "x", "reason": "r"}).context["previewed"]
    other = {"old": "finanzas", "new": "y", "reason": "r", "previewed": seal, "confirm": "1"}
    assert "1 ally will change" in page(support.post(path, other))
    assert Ally.objects.get().tags == ["finanzas"]
    assert not history().exists()


@pytest.mark.parametrize("data", [{"old": "a", "new": "b"}, {"old": "", "new": "b", "reason": "r"}])
def test_without_a_reason_or_a_tag_nothing_happens(support, data):
    AllyFactory(tags=["a"])
    html = page(support.post(f"{LIST}rename-tag/", {**data, "confirm": "1"}))
    assert "This field is required" in html
    assert Ally.objects.get().tags == ["a"]


def test_new_name_and_tag_with_preview_and_reason(support):
    AllyFactory(id="a_41", name="Young-Wolf", tags=["finanzas", "movilidad"])
    path = f"{LIST}a_5F41/rename/"
    assert "Young-Wolf" in page(support.get(path))
    data = {"name": "Old-Wolf", "remove": "finanzas", "add": "educacion", "reason": "ticket 8"}
    html = preview_then(support, path, data)
    assert "Old-Wolf, educacion, movilidad" in html
    ally = Ally.objects.get()
    assert (ally.name, ally.tags) == ("Old-Wolf", ["educacion", "movilidad"])
    assert history().get().reason == "ticket 8"


def test_add_credentials_says_first_what_will_happen(support):
    ally = with_credentials(AllyFactory(id="a"))
    path = f"{LIST}a/credentials/"
    html = page(support.get(path))
    assert "Version 2 will be the current one" in html
    assert "these stay valid too: 1" in html
    refused = support.post(path, {"user": "canary-u", "password": "canary-p"})
    assert "canary" not in page(refused)
    assert ally.credentials.count() == 1
    data = {"user": "canary-u", "password": "canary-p", "reason": "ticket 9"}
    assert support.post(path, data).status_code == 302
    assert ally.credentials.get(is_current=True).version == 2
    assert history().filter(reason="ticket 9").count() == 2
    assert support.get(f"{LIST}nobody/credentials/").status_code == 404


def test_revoke_with_a_reason(support):
    ally = with_credentials(times=2)
    path = "/admin/allies/allycredential/"
    version = ally.credentials.get(version=2)
    data = {"action": "revoke", "_selected_action": [version.pk]}
    assert "the reason is required" in page(support.post(path, data, follow=True))
    assert ally.credentials.filter(revoked_at__isnull=False).count() == 0
    assert "1 version revoked" in page(support.post(path, {**data, "reason": "leak"}, follow=True))
    version.refresh_from_db()
    assert (version.revoked_reason, version.revoked_by) == ("leak", support.user)
    assert ally.credentials.get(is_current=True).version == 1
    html = page(support.post(path, {**data, "reason": "leak"}, follow=True))
    assert "revoked already" in html


@pytest.mark.parametrize("packed", [False, True])
def test_analyse_a_log(support, packed):
    AllyFactory(id="a", name="Young-Wolf")
    lines = [
        werkzeug(path=CREDENTIALS.format("a"), status=500),
        werkzeug(path=CREDENTIALS.format("<script>"), status=500),
        b"<b>noise</b>",
    ]
    content = b"\n".join(lines)
    upload = SimpleUploadedFile("server.log", gzip.compress(content) if packed else content)
    path = f"{LIST}analyse-log/"
    assert "At most 32 MB" in page(support.get(path))
    response = support.post(path, {"file": upload, "reason": "ticket 10"})
    html = page(response)
    assert response.context["report"]["lines"]["total"] == 3
    assert "Young-Wolf" in html
    assert "<b>noise" not in html
    assert "&lt;b&gt;noise" in html
    fields = ("action", "object_id", "object_label", "count", "actor_id", "reason", "changes")
    about = (support.user.pk, "log analysed: ticket 10", {})
    assert list(history().values_list(*fields)) == [
        ("read", "", "", 3, *about),
        ("read", "a", "Young-Wolf", 1, *about),
    ]


def test_a_page_reads_only_so_much_of_a_packed_log(support, monkeypatch):
    monkeypatch.setattr("allies.admin.pages.MAX_PAGE_LOG_BYTES", 1 << 18)
    upload = SimpleUploadedFile(
        "a.gz", gzip.compress(werkzeug() + b"\n" + (b"x" * 99 + b"\n") * 40_000)
    )
    html = page(support.post(f"{LIST}analyse-log/", {"file": upload, "reason": "r"}))
    assert "only the first 262144 bytes were read" in html


def test_a_page_reads_only_so_many_lines(support, monkeypatch):
    monkeypatch.setattr("allies.admin.pages.MAX_PAGE_LOG_LINES", 1000)
    upload = SimpleUploadedFile("a.gz", gzip.compress((b"x" * 99 + b"\n") * 40_000))
    response = support.post(f"{LIST}analyse-log/", {"file": upload, "reason": "r"})
    lines = response.context["report"]["lines"]
    assert 1000 <= lines["total"] == lines["not_understood"] <= (1 << 18) // 100
    assert f"only the first {lines['total']} lines were read" in page(response)
    short = SimpleUploadedFile("a.log", b"\n" * 1000)
    response = support.post(f"{LIST}analyse-log/", {"file": short, "reason": "r"})
    assert response.context["report"]["problem"] == ""


PAGES = ("tag-distribution/", "rename-tag/", "analyse-log/", "a/rename/", "a/credentials/")


@pytest.mark.parametrize("role", [Role.USER, Role.SELLER, Role.CLINICIAN])
@pytest.mark.parametrize("name", PAGES)
def test_others_see_nothing(role, name):
    AllyFactory(id="a")
    response = signed_in(role).get(LIST + name)
    assert response.status_code in {302, 403}
    assert b"Young" not in response.content


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ADMIN])
def test_support_sees_each_page(role, name):
    AllyFactory(id="a")
    response = signed_in(role).get(LIST + name)
    assert response.status_code == 200
    assert (
        response["Cache-Control"].startswith("no-store") or "no-store" in response["Cache-Control"]
    )


def test_no_page_of_a_version_offers_a_change(support):
    credential = with_credentials().credentials.get()
    path = f"/admin/allies/allycredential/{credential.pk}/change/"
    html = page(support.get(path))
    assert 'name="_save"' not in html
    assert support.post(path, {"version": "7"}).status_code == 403
    assert support.post(f"/admin/allies/allycredential/{credential.pk}/delete/").status_code == 403

"""An ally's page: tags as chips with suggestions, and what the last log said of it."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from allies import selectors
from allies.models import Ally
from allies.tests.factories import AllyFactory, history
from allies.tests.logs import CREDENTIALS, werkzeug
from allies.tests.test_admin import LIST, page, signed_in
from core.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def support():
    return signed_in()


def form(**values):
    return {
        "name": "A",
        "brand_owner": "",
        "tags": "",
        "discount": "0",
        "min_amount": "0",
        "max_amount": "",
        "allowed_origins": "",
        "is_active": "on",
        "credentials-TOTAL_FORMS": "0",
        "credentials-INITIAL_FORMS": "0",
        **values,
    }


def suggested(html):
    [found] = re.findall(r'<datalist id="id_tags_suggestions">(.*?)</datalist>', html)
    return re.findall(r'<option value="([^"]*)">', found)


def analyse(client, *ids, reason="ticket 10", language="en"):
    """Analyse a log in which the credentials of these allies failed, once for each mention."""
    lines = [werkzeug(path=CREDENTIALS.format(one), status=500) for one in ids]
    upload = SimpleUploadedFile("server.log", b"\n".join(lines))
    body = {"file": upload, "reason": reason}
    headers = {"accept-language": language}
    return page(client.post(f"{LIST}analyse-log/", body, headers=headers))


# --- Tags --------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["add/", "a/change/"])
def test_tags_of_other_allies_are_suggested_the_most_frequent_first(support, path):
    AllyFactory(id="a", tags=["hogar"])
    AllyFactory(tags=["moda", "<b>&"])
    AllyFactory(tags=["moda"])
    assert suggested(page(support.get(LIST + path))) == ["moda", "&lt;b&gt;&amp;", "hogar"]


def test_no_tag_at_all_suggests_none(support):
    assert suggested(page(support.get(f"{LIST}add/"))) == []


def test_only_so_many_are_suggested_and_counted_once_in_a_while(support, monkeypatch):
    monkeypatch.setattr(selectors, "MAX_SUGGESTED_TAGS", 2)
    AllyFactory(tags=["a", "b", "c"])
    assert suggested(page(support.get(f"{LIST}add/"))) == ["a", "b"]
    Ally.objects.update(tags=["d"])
    assert suggested(page(support.get(f"{LIST}add/"))) == ["a", "b"]


def test_the_tags_of_an_ally_are_lines_for_whoever_has_no_scripts(support):
    AllyFactory(id="a", tags=["moda", "niños & bebés"])
    html = page(support.get(f"{LIST}a/change/"))
    assert ">moda\nniños &amp; bebés</textarea>" in html


def test_a_new_tag_gets_the_spelling_of_the_api(support):
    AllyFactory(id="a", tags=["moda"])
    data = form(tags="moda\n  Niños   y BEBÉS \nMODA")
    assert support.post(f"{LIST}a/change/", data).status_code == 302
    assert Ally.objects.get().tags == ["moda", "niños y bebés"]


@pytest.mark.parametrize(
    "typed",
    ["x" * 51, "a\0b", "a\x07b", "\n".join(map(str, range(51))), "\u200b"],
    ids=["long", "nul", "control", "many", "nothing-shows"],
)
def test_a_tag_that_the_api_refuses_changes_nothing_and_stays_in_the_form(support, typed):
    AllyFactory(id="a", name="A", tags=["moda"])
    answer = support.post(f"{LIST}a/change/", form(tags=f"moda\n{typed}", name="B"))
    assert list(answer.context["adminform"].form.errors) == ["tags"]
    assert ">moda\n" in page(answer)
    assert list(Ally.objects.values_list("name", "tags")) == [("A", ["moda"])]
    assert not history().exists()


# --- Logs --------------------------------------------------------------------------------------
def test_an_ally_tells_what_the_last_log_said_of_it(support):
    AllyFactory(id="a")
    AllyFactory(id="b")
    other = signed_in(Role.ADMIN)
    assert "No analysed log has a failure of this ally." in page(support.get(f"{LIST}a/change/"))
    analyse(support, "a", "a", "b")
    analyse(other, "a", "a", "a", reason="again")
    analyse(support, "b")
    html = page(support.get(f"{LIST}a/change/"))
    assert f"3 calls failed; analysed by {other.user.email}" in html
    line = history().filter(object_id="a").latest("id")
    link = f"{reverse('admin:core_journalentry_changelist')}?request={line.request_id}"
    assert f'href="{link}"' in html
    assert "again" in page(support.get(link))
    assert f"1 call failed; analysed by {support.user.email}" in page(
        support.get(f"{LIST}b/change/")
    )


def test_a_report_is_read_in_the_language_of_the_reader(support):
    AllyFactory(id="a")
    analyse(support, "a", language="es")
    assert history().filter(object_id="a").get().reason == "log analysed: ticket 10"
    for language, text in (("en", "Log analysed: ticket 10"), ("es", "Registro analizado: ticket")):
        answer = support.get(f"{LIST}a/history/", headers={"accept-language": language})
        assert text in page(answer)


def test_no_more_than_a_number_is_kept_of_a_log(support):
    AllyFactory(id="a")
    path = f"{CREDENTIALS.format('a')}?password=canary-p"
    upload = SimpleUploadedFile("s.log", werkzeug(path=path, status=500))
    page(support.post(f"{LIST}analyse-log/", {"file": upload, "reason": "r"}))
    assert "canary" not in str(list(history().values()))
    for name in ("change", "history"):
        assert "canary" not in page(support.get(f"{LIST}a/{name}/"))


def test_only_so_many_allies_of_a_log_are_kept_those_with_most_failures(support, monkeypatch):
    monkeypatch.setattr("allies.services.MAX_REPORTED_ALLIES", 1)
    AllyFactory(id="a")
    AllyFactory(id="b")
    analyse(support, "a", "b", "b")
    assert list(history().values_list("object_id", "count")) == [("", 3), ("b", 2)]


def test_a_log_that_names_nobody_is_one_line(support):
    analyse(support, "nobody")
    assert list(history().values_list("object_id", "count")) == [("", 1)]


def test_a_page_costs_the_same_whatever_logs_there_were(support):
    AllyFactory(id="a")
    page(support.get(f"{LIST}a/change/"))
    costs = []
    for more in (1, 9, 40):
        for _number in range(more):
            analyse(support, "a")
        with CaptureQueriesContext(connection) as captured:
            page(support.get(f"{LIST}a/change/"))
        costs.append(len(captured))
    assert costs[0] == costs[1] == costs[2]

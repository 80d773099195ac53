"""The list of looks at photos: what waits and why, and asking again."""

import pytest

from core.roles import Role
from stores.constants import JobStatus
from stores.models import Recognition
from stores.tests.factories import ProductFactory
from stores.tests.factories_recognition import RecognitionFactory
from stores.tests.helpers_admin import ADMIN, act, history_of, page, signed_in

pytestmark = pytest.mark.django_db
LIST = f"{ADMIN}recognition/"


@pytest.fixture
def support():
    return signed_in(Role.SUPPORT)


def failed(**fields):
    return RecognitionFactory(
        status=JobStatus.FAILED, done_at=None, problem="unreadable", attempts=7, **fields
    )


def test_the_list_names_the_photo_in_spanish(support):
    look = failed()
    text = support.get(LIST, headers={"accept-language": "es"}).content.decode()
    assert str(look.photo_id) in text
    assert "id de la foto" in text.lower()
    assert "photo id" not in text.lower()


def test_the_selected_photos_are_looked_at_again(
    support, published, django_capture_on_commit_callbacks
):
    looks, other = [failed(), RecognitionFactory()], failed()
    with django_capture_on_commit_callbacks(execute=True):
        said = act(support, LIST, "ask_again", *looks)
    assert said == ["2 photos are looked at again."]
    for look in looks:
        before = look.status
        look.refresh_from_db()
        assert (look.status, look.attempts, look.problem) == ("pending", 0, "")
        assert look.done_at is None
        [line] = history_of(look)
        assert (line[0], line[1]) == ("change", support.user.pk)
        assert line[2]["status"] == [before, "pending"]
    other.refresh_from_db()
    assert (other.status, other.attempts) == ("failed", 7)
    queued = [arguments["pk"] for task, arguments in published if task == "stores.tasks.recognise"]
    assert sorted(queued) == sorted(look.pk for look in looks)


def test_a_look_says_what_was_found_and_nothing_of_it_runs(support):
    product = ProductFactory(name="Kumis <b>")
    evil = "<script>alert(1)</script>"
    look = RecognitionFactory(
        adapter="http",
        found=[
            {
                "product": product.pk,
                "kind": "label",
                "value": evil,
                "box": None,
                "confidence": 0.834,
            },
            {"product": None, "kind": "gtin", "value": "1", "box": None, "confidence": None},
        ],
    )
    text = page(support.get(f"{LIST}{look.pk}/change/"))
    assert evil not in text
    assert (
        f"label &lt;script&gt;alert(1)&lt;/script&gt;: {product.sku} Kumis &lt;b&gt; (83 %)" in text
    )
    assert "barcode 1: no product of ours (—)" in text


def test_what_failed_is_found_by_its_status_and_nobody_writes_or_deletes(support):
    look = failed()
    RecognitionFactory()
    shown = support.get(f"{LIST}?status__exact=failed")
    assert [row.pk for row in shown.context["cl"].result_list] == [look.pk]
    assert support.get(f"{LIST}add/").status_code == 403
    assert support.post(f"{LIST}{look.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Recognition.objects.filter(pk=look.pk).exists()


@pytest.mark.parametrize("count", [1, 10, 50])
def test_the_list_costs_the_same(support, django_assert_max_num_queries, count):
    RecognitionFactory.create_batch(count)
    with django_assert_max_num_queries(9):
        assert len(support.get(LIST).context["cl"].result_list) == count

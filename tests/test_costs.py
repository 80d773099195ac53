"""What requests cost, held to a budget: statements, function calls, bytes; never wall time.

A budget is what was counted when it was written plus some 5 %: calls differ a little between
versions of Python and of Django. Whoever makes a request cheaper lowers it; whoever makes it dearer
says in the commit what for.
"""

import pytest
from django.db import connection

from clinic.tests.factories import PatientFactory, StudyFactory
from core.tests.costs import Cost, cost_of
from dogs.tests.factories import DogFactory
from dogs.views import DogViewSet
from movies.tests.factories import CachedAnswerFactory, FavoriteFactory

# The test client's own calls are in each, the token's statement is, too. SQLite makes times and
# dates of texts, row by row.
BUDGETS = {
    "one dog": {"postgresql": Cost(2, 1860, 650), "sqlite": Cost(2, 1860, 650)},
    "50 dogs": {"postgresql": Cost(2, 2240, 8300), "sqlite": Cost(2, 3060, 8300)},
    "create a dog": {"postgresql": Cost(5, 3210, 670), "sqlite": Cost(5, 3210, 670)},
    "change a dog": {"postgresql": Cost(7, 3440, 650), "sqlite": Cost(7, 3440, 650)},
    "one patient": {"postgresql": Cost(4, 2210, 1100), "sqlite": Cost(4, 2210, 1100)},
    "50 patients": {"postgresql": Cost(4, 2750, 31800), "sqlite": Cost(4, 4280, 31800)},
    "popular movies": {"postgresql": Cost(1, 1860, 520), "sqlite": Cost(1, 1680, 520)},
    "50 favourites": {"postgresql": Cost(2, 4600, 9100), "sqlite": Cost(2, 5320, 9100)},
}


@pytest.fixture(autouse=True)
def _fast(settings, unpromised):
    """Count on the fast path and nothing of the suite's own, however it is run."""
    settings.FAST_READS = True


def dogs(client):
    """Return how dogs are asked for and changed."""
    names = [dog.name for dog in DogFactory.create_batch(50)]
    numbers = iter(range(100))
    return {
        "one dog": lambda: client.get(f"/api/dogs/{names[0]}"),
        "50 dogs": lambda: client.get("/api/dogs"),
        "create a dog": lambda: client.post(f"/api/dogs/new-{next(numbers)}", {}),
        "change a dog": lambda: client.patch(
            f"/api/dogs/{names[1]}", {"is_adopted": next(numbers) % 2 == 0}
        ),
    }


def patients(client):
    """Return how patients are asked for: of 50, each with three studies."""
    made = PatientFactory.create_batch(50)
    for patient in made:
        StudyFactory.create_batch(3, patient=patient)
    return {
        "one patient": lambda: client.get(f"/api/patients/{made[0].pk}"),
        "50 patients": lambda: client.get("/api/patients"),
    }


def movies(client):
    """Return how movies are asked for: 50 favourites, popular ones in the cache."""
    CachedAnswerFactory(key="popular:1::", body='{"page":1,"results":[]}')
    FavoriteFactory.create_batch(50, user=client.user)
    return {
        "popular movies": lambda: client.get("/api/movies/popular"),
        "50 favourites": lambda: client.get("/api/movies/favorites"),
    }


@pytest.mark.parametrize("ways", [dogs, patients, movies])
def test_requests_cost_no_more_than_their_budget(ways, admin_api, settings):
    settings.MOVIES_CACHE_SECONDS = 3600
    costs = {name: cost_of(ask) for name, ask in ways(admin_api).items()}
    over = {name: cost.over(BUDGETS[name][connection.vendor]) for name, cost in costs.items()}
    assert [one for one in over.items() if one[1]] == [], costs


def ask_once_more():
    """Be a regression: one statement more."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def call_often():
    """Be a regression: 200 calls more."""
    for number in range(200):
        number.bit_length()


@pytest.mark.parametrize(
    ("dearer", "header", "what"),
    [
        (ask_once_more, "", "statements"),
        (call_often, "", "calls"),
        (lambda: None, "x" * 600, "bytes"),
    ],
    ids=["statements", "calls", "bytes"],
)
def test_a_made_regression_is_over_the_budget(dearer, header, what, admin_api, monkeypatch):
    ask = dogs(admin_api)["50 dogs"]
    show = DogViewSet.list

    def show_dearer(view, request, *args, **kwargs):
        dearer()
        response = show(view, request, *args, **kwargs)
        response["X-Longer"] = header
        return response

    show_dearer.__module__ = show.__module__  # else the fast path would leave it to the plain one
    monkeypatch.setattr(DogViewSet, "list", show_dearer)
    over = cost_of(ask).over(BUDGETS["50 dogs"][connection.vendor])
    assert [one.partition(":")[0] for one in over] == [what]

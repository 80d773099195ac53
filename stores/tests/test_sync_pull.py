import pytest
from stores.tests.factories import *
from stores.tests.helpers_sync import *
pytestmark = pytest.mark.django_db

def test_x(client_for):
    seller = SellerFactory()
    c = client_for(seller)
    print(c.get("/api/sync").json(), dict(c.get("/api/sync").headers))
    a = AssignmentFactory(seller=seller)
    p = ProductFactory()
    v = VersionFactory(products=[p])
    VisitFactory(seller=seller, portfolio_version=v)
    for n in ["products","portfolios","establishments","visits","cases"]:
        r = get_page(c, n); print(r.json(), r.headers)
    print(c.get("/api/sync").json())
    from stores.models import SyncSeen
    print(SyncSeen.objects.values())

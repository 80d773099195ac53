"""Two supporters who decide at once: one decision stands, and the other one is told."""

import pytest

from core.roles import Role
from core.tests.helpers_threads import together
from stores.models import ProductAlias, UnrecognisedGroup
from stores.tests.factories import ProductFactory
from stores.tests.factories_cases import GroupFactory, ItemFactory
from stores.tests.helpers_admin import ADMIN, history_of, notices, signed_in
from stores.tests.helpers_cases import work

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
DECIDED = "1 product decided. Its visits follow in a moment."


@pytest.mark.parametrize("keeps", [True, False])
def test_of_two_who_decide_at_once_one_wins(keeps, request):
    if not keeps:
        request.getfixturevalue("nobody")
    product = ProductFactory()
    clients = [signed_in(Role.SUPPORT) for _ in range(2)]
    forms = [
        {"resolution": "alias_of", "product": product.pk, "reason": "Es ese."},
        {"resolution": "unreadable", "reason": "Borroso."},
    ]
    for _round in range(5):
        group = GroupFactory(status="pending")
        ItemFactory(group=group)
        work()
        group.refresh_from_db()
        assert (group.case_id is not None) == keeps
        path = f"{ADMIN}unrecognisedgroup/{group.pk}/recognise/"
        sealed = [
            {**form, "confirm": "1", "previewed": client.post(path, form).context["previewed"]}
            for client, form in zip(clients, forms, strict=True)
        ]

        def press(number, path=path, sealed=sealed):
            answer = clients[number].post(path, sealed[number])
            return answer.status_code, notices(answer)

        told = together(2, press)
        won = [number for number, (_status, said) in enumerate(told) if said == [DECIDED]]
        assert len(won) == 1, told
        status, said = told[1 - won[0]]
        # Told by a message, or by the page with what was decided, if that was there already.
        assert (status, said) == (200, []) or said[0].startswith(
            f"{group}: Somebody else has decided this meanwhile."
        )
        group = UnrecognisedGroup.objects.get(pk=group.pk)
        assert group.resolution == forms[won[0]]["resolution"]
        assert [line[3] for line in history_of(group)] == [forms[won[0]]["reason"]]
        assert ProductAlias.objects.filter(value=group.value).exists() == (won[0] == 0)

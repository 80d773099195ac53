"""The kind of cases that the app brings: what anybody asks."""

from django.utils.translation import gettext_lazy as _

from core import cases
from core.roles import Role

KINDS = [
    cases.Kind(
        "question",
        _("question"),
        targets={
            1: cases.Targets(60, 480),
            2: cases.Targets(240, 1440),
            3: cases.Targets(720, 2880),
        },
        resolutions={
            "answered": cases.Resolution(_("answered")),
            "no_action": cases.Resolution(_("nothing to do")),
        },
        reported_by=frozenset({Role.SELLER.value}),
    )
]

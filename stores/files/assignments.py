"""Assignments in bulk and in files. The key is the seller's e-mail, the code, and the first day."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail

from core.api.serializers import Serializer, StrictCharField, StrictEmailField
from core.errors import ApplicationError
from core.roles import Role
from core.text import email_key, name_key
from core.values import business_day
from stores.constants import AssignmentState, State
from stores.errors import AlreadyAssigned, AssignmentEnded, UnknownEstablishment, UnknownSeller
from stores.files.bulk import Bulk, Draft, type_values
from stores.models import Assignment, Establishment
from stores.serializers.fields import StrictDateField

COLUMNS = ("seller", "establishment", "valid_from", "valid_until")

type_key = tuple[str, str, dt.date]


class AssignmentRowSerializer(Serializer):
    """A row: ``valid_from`` is today where it is absent, ``valid_until`` without end."""

    seller = StrictEmailField(max_length=254)
    establishment = StrictCharField()
    valid_from = StrictDateField(required=False)
    valid_until = StrictDateField(required=False, allow_null=True)


class AssignmentBulk(Bulk):
    """Assignments by seller, establishment and first day: the latest of one key is the row.

    A row whose last day is over is stored as ended. One that is ended stays as it is.
    """

    model = Assignment
    serializer_class = AssignmentRowSerializer
    key_fields = ("seller", "establishment")
    errors = {"stores_assignment_active_unique": AlreadyAssigned}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.today = business_day()
        self.sellers: dict[str, Any] = {}
        self.establishments: dict[str, Establishment] = {}
        # Who has what on the phone, by rows of the database or of this file.
        self.active: dict[tuple[int, int], type_key] = {}
        self.ended: set[type_key] = set()

    def key_of(self, values: type_values) -> type_key:
        """Return what two rows of one assignment have in common."""
        first = values.get("valid_from", self.today)
        return email_key(values["seller"]), name_key(values["establishment"]), first

    def stored(self, keys: set[type_key]) -> dict[type_key, Assignment]:
        """Look up sellers and establishments, and return the assignments of these keys."""
        emails, codes = {key[0] for key in keys}, {key[1] for key in keys}
        users = get_user_model()._default_manager.filter(email__in=emails)
        self.sellers = {user.email: user for user in users}
        known = Establishment.objects.filter(code_key__in=codes)
        self.establishments = {one.code_key: one for one in known}
        email_of = {user.pk: email for email, user in self.sellers.items()}
        code_of = {one.pk: code for code, one in self.establishments.items()}
        rows = Assignment.objects.filter(seller__in=email_of, establishment__in=code_of)
        found = {}
        for row in rows.order_by("pk"):
            key = email_of[row.seller_id], code_of[row.establishment_id], row.valid_from
            found[key] = row
            if row.state == AssignmentState.ACTIVE and key not in self.ended:
                self.active[row.seller_id, row.establishment_id] = key
        return found

    def judge(self, drafts: list[Draft]) -> Iterable[tuple[Draft, str, ErrorDetail]]:
        """Refuse who is no seller, what is no establishment, and what they have already."""
        for draft in drafts:
            faults = list(self.unknown(draft)) if draft.stored is None else []
            if not faults:
                faults = list(self.misplaced(draft))
            for name, error in faults:
                yield draft, name, error

    def unknown(self, draft: Draft) -> Iterable[tuple[str, ErrorDetail]]:
        """Yield what a new row names that is not there, or not active."""
        email, code, _first = draft.key
        if not is_active_seller(self.sellers.get(email)):
            yield "seller", detail_of(UnknownSeller)
        establishment = self.establishments.get(code)
        if establishment is None or establishment.state != State.ACTIVE:
            yield "establishment", detail_of(UnknownEstablishment)

    def misplaced(self, draft: Draft) -> Iterable[tuple[str, ErrorDetail]]:
        """Yield what is wrong with the period of a row."""
        last = draft.values.get("valid_until")
        email, code, first = draft.key
        stored = draft.stored
        if stored is not None and stored.state == AssignmentState.ENDED:
            if draft.values.get("valid_until", stored.valid_until) != stored.valid_until:
                yield "valid_until", detail_of(AssignmentEnded)
        elif last is not None and last < first:
            text = _("It would end before it begins.")
            yield "valid_until", ErrorDetail(text, code="before_start")
        else:
            pair = self.sellers[email].pk, self.establishments[code].pk
            if self.state_of(last) == AssignmentState.ACTIVE:
                if self.active.setdefault(pair, draft.key) != draft.key:
                    yield "establishment", detail_of(AlreadyAssigned)
            elif self.active.get(pair) == draft.key:
                # What follows may assign the establishment anew.
                del self.active[pair]
                self.ended.add(draft.key)

    def state_of(self, last: dt.date | None) -> AssignmentState:
        """Return whether an assignment with this last day is on the phone."""
        is_over = last is not None and last < self.today
        return AssignmentState.ENDED if is_over else AssignmentState.ACTIVE

    def set_fields(self, obj: Assignment, values: type_values) -> None:
        """Set what a row says; a stored one only ends."""
        if obj.pk is None:
            email, code, obj.valid_from = self.key_of(values)
            obj.seller_id = self.sellers[email].pk
            obj.establishment = self.establishments[code]
        if "valid_until" in values and obj.state == AssignmentState.ACTIVE:
            obj.valid_until = values["valid_until"]
            obj.state = self.state_of(obj.valid_until)

    def lock(self, drafts: list[Draft]) -> None:
        """Lock establishments, then sellers, as whoever assigns one does; both must be active.

        Raises:
            UnknownEstablishment: one is not active any more.
            UnknownSeller: one is no active seller any more.
        """
        new = [draft.key for draft in drafts if draft.stored is None]
        codes = {draft.key[1] for draft in drafts}
        places = Establishment.objects.filter(code_key__in=codes).order_by("pk")
        locked = {one.code_key: one for one in places.select_for_update(no_key=True)}
        if any(locked[key[1]].state != State.ACTIVE for key in new):
            raise UnknownEstablishment
        sellers = {self.sellers[key[0]].pk for key in new}
        users = get_user_model()._default_manager.filter(pk__in=sellers).order_by("pk")
        if not all(map(is_active_seller, users.select_for_update(no_key=True))):
            raise UnknownSeller


def is_active_seller(user: Any) -> bool:
    """Tell whether a user can be given establishments."""
    return user is not None and user.is_active and user.role == Role.SELLER


def detail_of(error: type[ApplicationError]) -> ErrorDetail:
    """Return an error as that of a field."""
    return ErrorDetail(str(error.default_detail), code=error.default_code)


def row_of(cells: dict[str, str]) -> type_values:
    """Return the row that a line of a file says: no first day is today, no last one is no end."""
    row: type_values = {**cells, "valid_until": cells["valid_until"] or None}
    if not row["valid_from"]:
        del row["valid_from"]
    return row

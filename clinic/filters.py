"""What patients and studies can be filtered by."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from clinic.constants import OLDEST_STUDY_DATE, URGENCY_ORDER, StudyType, UrgencyLevel
from clinic.models import Patient, Study, Version
from core.api.filters import filterset
from core.models import JournalEntry
from core.text import email_key


class BodyPartFilter(filterset.CharFilter):
    """A body part, in any case."""

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        """Compare as it is stored."""
        return super().filter(qs, value.upper() if value else value)


class EmailFilter(filterset.CharFilter):
    """A whole e-mail address, in any case and either form of its domain."""

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        """Compare as the unique constraint does."""
        return super().filter(qs, email_key(value) if value else value)


class UrgencyFilter(filterset.ChoiceFilter):
    """An urgency, by its place in the worklist: that is what has an index."""

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        """Compare the places."""
        return qs.filter(urgency_order=URGENCY_ORDER[UrgencyLevel(value)]) if value else qs


class PerformedFilter(filterset.DateFilter):
    """A day that is known, in the column that has an index."""

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        """Compare, and leave out those whose day nobody knows."""
        if value is None:
            return qs
        return super().filter(qs.filter(performed_order__gte=OLDEST_STUDY_DATE), value)


class StudyFilter(filterset.FilterSet):
    """By what was found, whose it is, how far it has come, and when it was made and recorded."""

    urgency_level = UrgencyFilter(choices=UrgencyLevel.choices)
    body_part = BodyPartFilter()
    performed_on = PerformedFilter(field_name="performed_order")
    performed_on__gte = PerformedFilter(field_name="performed_order", lookup_expr="gte")
    performed_on__lte = PerformedFilter(field_name="performed_order", lookup_expr="lte")

    class Meta:
        model = Study
        fields = {
            "patient": ["exact"],
            "type": ["exact"],
            "status": ["exact"],
            "created_at": ["gte", "lt"],
        }


class PatientStudyFilter(StudyFilter):
    """The same, of one patient."""

    class Meta(StudyFilter.Meta):
        fields = {name: how for name, how in StudyFilter.Meta.fields.items() if name != "patient"}


class VersionFilter(filterset.FilterSet):
    """Who and when."""

    class Meta:
        model = Version
        fields = {"actor_id": ["exact"], "request_id": ["exact"], "at": ["gte", "lt"]}


class PatientFilter(filterset.FilterSet):
    """By birth, by when they came, and by their studies: one study that is all that is asked."""

    of_a_study = ("urgency_level", "type", "body_part")

    email = EmailFilter(field_name="email_key")
    urgency_level = filterset.ChoiceFilter(choices=UrgencyLevel.choices)
    type = filterset.ChoiceFilter(choices=StudyType.choices)
    body_part = filterset.CharFilter()

    class Meta:
        model = Patient
        fields = {"birth_date": ["gte", "lte"], "created_at": ["gte", "lt"]}

    def filter_queryset(self, queryset: Any) -> Any:
        """Apply the filters of the patient one by one, those of a study together."""
        asked = self.form.cleaned_data
        study = {name: asked.pop(name) for name in self.of_a_study if asked.get(name)}
        for name in self.of_a_study:
            asked.pop(name, None)
        queryset = super().filter_queryset(queryset)
        if not study:
            return queryset
        if "body_part" in study:
            study["body_part"] = study["body_part"].upper()
        return queryset.filter(Exists(Study.objects.filter(patient=OuterRef("pk"), **study)))


class KnownPatientFilter(filterset.FilterSet):
    """What SUPPORT may ask: whether there is a patient with exactly this address."""

    email = EmailFilter(field_name="email_key")


class AccessFilter(filterset.FilterSet):
    """Who, what, when."""

    class Meta:
        model = JournalEntry
        fields = {
            "actor_id": ["exact"],
            "action": ["exact"],
            "request_id": ["exact"],
            "at": ["gte", "lt"],
        }

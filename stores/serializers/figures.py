"""Figures as the contract describes them; the answers are made without serializers."""

from rest_framework import serializers

from core.api.serializers import Serializer
from stores.figures.questions import GROUPS

TEXTS = {
    "day": "The day.",
    "week": "The Monday of the week.",
    "month": "The first day of the month.",
    "region": "The code of the commercial region.",
    "typology": "The code of the kind of establishment.",
    "department": "The DIVIPOLA code of the department.",
    "department_name": "The department's name.",
    "city": "The DIVIPOLA code of the municipality.",
    "city_name": "The municipality's name.",
    "sku": "The product's business key.",
    "product_name": "The product's name.",
    "code": "The establishment's business key.",
    "establishment_name": "The establishment's name.",
}
NUMBERS = {
    "seller": "The seller's user id.",
    "establishment": "The establishment's id.",
    "product": "The product's id.",
    "visits": "Visits; void ones do not count.",
    "done": "Visits that were done.",
    "flagged": "Visits with flags.",
    "audited": "Visits, or establishments, that were compared with a list.",
    "must_have": "Must-haves of those visits; of a product the visits in which it was one.",
    "present": "Must-haves that were seen.",
    "missing": "Visits in which the product was missing.",
    "seen": "Products seen.",
    "unrecognised": "Items that were not recognised.",
    "untimed": "Visits without a duration of 0 to 4 hours; the seconds leave them out.",
    "assigned": "Establishments that were assigned on a day of the month.",
    "visited": "Those of them that were visited.",
    "showing": "Establishments whose last visit showed the product.",
}
PERCENTILES = {
    "seconds_median": "Median of the seconds in the establishment, by a histogram. Null by"
    " establishment, and of days that wait to be counted anew after an upgrade.",
    "delay_p95": "Within how many seconds after they began 95 % of the visits came in, by a"
    " histogram; null as the median.",
}
SHARES = {
    "effectiveness": "Done of all visits, 0 to 1.",
    "compliance": "Seen of must-haves, 0 to 1: a ratio of sums.",
    "compliance_mean": "The mean of the visits' own compliances, 0 to 1.",
    "out_of_stock": "Missing of must-haves, 0 to 1.",
    "recognition": "Recognised of all items, 0 to 1.",
    "seconds_mean": "Mean seconds of visits of at most four hours.",
    "prompt": "Share of visits that came in within 15 minutes after they began, 0 to 1.",
    "coverage": "Visited of assigned establishments, 0 to 1.",
    "expected": "Visits to be expected until today.",
    "adherence": "Visits of expected ones; above 1 where there were more.",
    "distribution": "Establishments that show the product, 0 to 1.",
}


class FigureRowSerializer(Serializer):
    """One group: what it is of, its sums, and the ratios of its sums."""

    def get_fields(self) -> dict[str, serializers.Field]:
        """Return every column that a row may have, by the question."""
        fields: dict[str, serializers.Field] = {}
        for name, text in TEXTS.items():
            kind = serializers.DateField if name in GROUPS[:3] else serializers.CharField
            fields[name] = kind(required=False, help_text=text)
        for name, text in NUMBERS.items():
            fields[name] = serializers.IntegerField(required=False, help_text=text)
        for name, text in PERCENTILES.items():
            fields[name] = serializers.IntegerField(required=False, allow_null=True, help_text=text)
        for name, text in SHARES.items():
            fields[name] = serializers.FloatField(required=False, allow_null=True, help_text=text)
        return fields


class FiguresSerializer(Serializer):
    """An answer, and how fresh it is."""

    as_of = serializers.DateTimeField(help_text="Every visit received before is counted.")
    dirty_days = serializers.IntegerField(help_text="Days of sellers that wait to be counted.")
    rows = FigureRowSerializer(many=True, help_text="In the order of the groups.")


class OwnFiguresSerializer(Serializer):
    """A seller's own day, as it stands now."""

    day = serializers.DateField()
    visits = serializers.IntegerField(help_text=NUMBERS["visits"])
    flagged = serializers.IntegerField(help_text=NUMBERS["flagged"])
    must_have = serializers.IntegerField(help_text="Must-haves of those visits.")
    present = serializers.IntegerField(help_text=NUMBERS["present"])
    compliance = serializers.FloatField(allow_null=True, help_text=SHARES["compliance"])
    photos_missing = serializers.IntegerField(help_text="Photos still to come.")

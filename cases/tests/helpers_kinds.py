"""A kind of cases that an app could bring, and what it was asked to do."""

from core import cases
from core.errors import Conflict


class Refused(Conflict):
    """What an app has against a resolution, by a code that the contract has."""

    default_code = "case_state"


class Yoghurts:
    """Stands for the app: keeps what a resolution did."""

    def __init__(self):
        self.done = []

    def resolve(self, object_id, resolution, values, reason):
        if resolution == "unreadable":
            raise Refused
        self.done.append((object_id, resolution, dict(values), reason))


def yoghurt_kind(app):
    return cases.Kind(
        "yoghurt",
        "a yoghurt that nobody knows",
        targets={1: cases.Targets(30, 240), 2: cases.Targets(720, 2160)},
        resolutions={
            "alias_of": cases.Resolution("is a product", takes=("product",)),
            "renamed": cases.Resolution("has another name", takes=("product", "name")),
            "not_a_product": cases.Resolution("is none"),
            "unreadable": cases.Resolution("cannot be read"),
        },
        resolve=app.resolve,
    )


def report_of(value, **fields):
    return cases.Report(
        "yoghurt", f"{value} is unknown", label="stores.Group", object_id=value, **fields
    )

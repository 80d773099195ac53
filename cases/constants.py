"""Words and numbers of the app."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

SUBJECT_LENGTH = 200
TEXT_LENGTH = 4000
NAME_LENGTH = 100
LABEL_LENGTH = 100
KEY_LENGTH = 64
VERSION_LENGTH = 64
VALUE_LENGTH = 255
PREFIX = "C-"

# Priorities: 1 is the highest.
PRIORITIES = (1, 2, 3)

NO_ANSWER = "no_answer"  # how a case ends whose seller did not answer; no kind has it
ANSWER_DAYS = 5  # working days that a seller has to answer
REOPEN_DAYS = 30  # after it was resolved
CLOSE_DAYS = 10  # after it was resolved
REOPENED_MINUTES = 60  # of working time that a reopened case has at least
WARN_PERCENT = 80  # of a target, after which somebody is reminded
BREACHING_MINUTES = 120  # before a case is due in which its queue shows it


class State(TextChoices):
    """Where a case stands."""

    NEW = "new", _("new")
    OPEN = "open", _("open")
    WAITING_SELLER = "waiting_seller", _("waits for the seller")
    WAITING_VENDOR = "waiting_vendor", _("waits for the vendor")
    RESOLVED = "resolved", _("resolved")
    REOPENED = "reopened", _("reopened")
    DUPLICATE = "duplicate", _("duplicate")
    CLOSED = "closed", _("closed")


RUNNING = (State.NEW, State.OPEN, State.REOPENED)  # the clock runs
WAITING = (State.WAITING_SELLER, State.WAITING_VENDOR)
ACTIVE = (*RUNNING, *WAITING)
RESOLVED = (State.RESOLVED, State.CLOSED)
OVER = (*RESOLVED, State.DUPLICATE)
MOVES_TO_DUPLICATE = (State.NEW, State.OPEN)


class EventKind(TextChoices):
    """What happened to a case."""

    OPENED = "opened", _("opened")
    MOVED = "moved", _("moved")
    ASSIGNED = "assigned", _("assigned")
    REPLIED = "replied", _("replied")
    ANSWERED = "answered", _("answered by the reporter")
    NOTED = "noted", _("noted")
    CHANGED = "changed", _("changed")
    DUE_MOVED = "due_moved", _("due times moved")
    REMINDED = "reminded", _("reminded")
    ACTED = "acted", _("acted elsewhere")

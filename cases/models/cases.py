"""Cases of support, and what happened to them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.constants import (
    ACTIVE,
    KEY_LENGTH,
    LABEL_LENGTH,
    OVER,
    PREFIX,
    PRIORITIES,
    RESOLVED,
    RUNNING,
    SUBJECT_LENGTH,
    TEXT_LENGTH,
    VERSION_LENGTH,
    WAITING,
    EventKind,
    State,
)
from cases.validators import readable_text
from core.fields import SearchKeyField
from core.validators import plain_text


class Case(models.Model):
    """Something that support answers. People know it by its :attr:`number`.

    ``object_label`` and ``object_id`` name the one object that it is about, ``links`` others: label
    → id. While it is not over, no other case of the kind is about the same object.

    ``solution_due`` lies ``clock_minutes`` of working time after ``clock_started_at``: the target
    of its kind, and what it waited. A reopened case begins anew with what was left. Due times are
    absolute; only the services write them.

    ``first_response_minutes`` are those of working time from the report to the first response, by
    the calendar of then; empty until that is there, or until the hourly task notes it.

    ``answer`` is the latest text that support let the reporter read.
    """

    # What people wrote stays in the row, where it can be erased, and out of the journal.
    journal_secret = ("subject", "details", "answer")

    id: models.BigAutoField
    kind = models.CharField(_("kind"), max_length=40, editable=False)
    state = models.CharField(
        _("state"), max_length=14, choices=State, default=State.NEW, editable=False
    )
    priority = models.PositiveSmallIntegerField(_("priority"), default=2)
    subject = models.CharField(_("subject"), max_length=SUBJECT_LENGTH, validators=[plain_text])
    search_key = SearchKeyField(sources=("subject", "object_id"))
    details = models.TextField(
        _("details"), max_length=TEXT_LENGTH, blank=True, validators=[readable_text]
    )
    answer = models.TextField(_("answer"), max_length=TEXT_LENGTH, blank=True, editable=False)
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
        db_index=False,
        verbose_name=_("reporter"),
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
        db_index=False,
        verbose_name=_("assignee"),
    )
    duplicate_of = models.ForeignKey(
        "self",
        models.PROTECT,
        related_name="duplicates",
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("duplicate of"),
    )
    object_label = models.CharField(
        _("object"), max_length=LABEL_LENGTH, blank=True, editable=False
    )
    object_id = models.CharField(_("object id"), max_length=KEY_LENGTH, blank=True, editable=False)
    links = models.JSONField(_("links"), default=dict, blank=True, editable=False)
    request_id = models.CharField(
        _("request id"), max_length=KEY_LENGTH, blank=True, editable=False
    )
    app_version = models.CharField(
        _("version of the app"), max_length=VERSION_LENGTH, blank=True, editable=False
    )
    occurrences = models.PositiveIntegerField(_("occurrences"), default=1, editable=False)
    first_response_due = models.DateTimeField(_("first response due"), editable=False)
    solution_due = models.DateTimeField(_("solution due"), editable=False)
    # When somebody is reminded next; empty once that was done, or is not wanted any more.
    first_response_warn = models.DateTimeField(null=True, blank=True, editable=False)
    solution_warn = models.DateTimeField(null=True, blank=True, editable=False)
    clock_started_at = models.DateTimeField(editable=False)
    clock_minutes = models.PositiveIntegerField(editable=False)
    first_responded_at = models.DateTimeField(
        _("first response"), null=True, blank=True, editable=False
    )
    first_response_minutes = models.PositiveIntegerField(
        _("minutes of working time until the first response"), null=True, blank=True, editable=False
    )
    waiting_since = models.DateTimeField(_("waits since"), null=True, blank=True, editable=False)
    paused_minutes = models.PositiveIntegerField(
        _("minutes of working time that it waited"), default=0, editable=False
    )
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True, editable=False)
    resolution = models.CharField(_("resolution"), max_length=40, blank=True, editable=False)
    resolution_values = models.JSONField(
        _("values of the resolution"), default=dict, blank=True, editable=False
    )
    created_at = models.DateTimeField(_("opened"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        indexes: ClassVar = [
            # The queues: all that is not over, somebody's, nobody's; by when they are due.
            models.Index(
                fields=["solution_due", "id"],
                name="cases_queue",
                condition=Q(state__in=ACTIVE),
            ),
            models.Index(
                fields=["assignee", "solution_due", "id"],
                name="cases_queue_assignee",
                condition=Q(state__in=ACTIVE),
            ),
            models.Index(
                fields=["first_response_due"],
                name="cases_unanswered",
                condition=Q(state__in=RUNNING, first_responded_at__isnull=True),
            ),
            models.Index(fields=["state", "id"], name="cases_state"),
            models.Index(fields=["solution_due", "id"], name="cases_due"),
            models.Index(fields=["reporter", "id"], name="cases_reporter"),
            models.Index(fields=["assignee", "id"], name="cases_assignee"),
            models.Index(fields=["object_label", "object_id", "id"], name="cases_object"),
            models.Index(fields=["request_id"], name="cases_request", condition=~Q(request_id="")),
            # What figures of days look for.
            models.Index(fields=["created_at"], name="cases_opened_on"),
            models.Index(fields=["first_responded_at"], name="cases_answered_on"),
            models.Index(fields=["first_response_due"], name="cases_answer_due_on"),
            # What the tasks look for.
            models.Index(
                fields=["first_response_warn"],
                name="cases_warn_first_response",
                condition=Q(first_response_warn__isnull=False),
            ),
            models.Index(
                fields=["solution_warn"],
                name="cases_warn_solution",
                condition=Q(solution_warn__isnull=False),
            ),
            models.Index(
                fields=["resolved_at"],
                name="cases_to_close",
                condition=Q(state=State.RESOLVED),
            ),
            models.Index(
                fields=["waiting_since"],
                name="cases_to_give_up",
                condition=Q(state=State.WAITING_SELLER),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "object_label", "object_id"],
                condition=~Q(object_id="") & ~Q(state__in=OVER),
                name="cases_one_per_object",
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="cases_state_known"),
            models.CheckConstraint(
                condition=Q(priority__in=PRIORITIES), name="cases_priority_known"
            ),
            models.CheckConstraint(
                condition=~Q(kind="") & ~Q(subject=""), name="cases_says_what_it_is_about"
            ),
            models.CheckConstraint(
                condition=Q(object_label="", object_id="") | ~Q(object_label="") & ~Q(object_id=""),
                name="cases_object_whole",
            ),
            models.CheckConstraint(condition=Q(occurrences__gte=1), name="cases_occurred"),
            models.CheckConstraint(
                condition=Q(state=State.DUPLICATE, duplicate_of__isnull=False)
                | ~Q(state=State.DUPLICATE) & Q(duplicate_of__isnull=True),
                name="cases_duplicate_of_one",
            ),
            models.CheckConstraint(
                condition=Q(duplicate_of__isnull=True) | ~Q(duplicate_of=F("id")),
                name="cases_duplicate_of_another",
            ),
            models.CheckConstraint(
                condition=Q(state__in=WAITING, waiting_since__isnull=False)
                | ~Q(state__in=WAITING) & Q(waiting_since__isnull=True),
                name="cases_waits_since",
            ),
            models.CheckConstraint(
                condition=Q(state__in=RESOLVED, resolved_at__isnull=False) & ~Q(resolution="")
                | ~Q(state__in=RESOLVED) & Q(resolved_at__isnull=True, resolution=""),
                name="cases_resolved_somehow",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """Return what people call the case."""
        return f"{PREFIX}{self.pk}"

    @property
    def is_over(self) -> bool:
        """Tell whether nothing is left to do."""
        return self.state in OVER


class CaseEvent(models.Model):
    """Something that happened to a case. Written once.

    On PostgreSQL a trigger (migration 0002) refuses every change but one: a note is erased when who
    wrote it goes. Who did it is ``actor``, a person, or ``actor_label``, a task or a command.
    ``minutes`` are of working time: what the case waited, when it comes back.
    """

    id: models.BigAutoField
    case = models.ForeignKey(
        Case, models.PROTECT, related_name="events", db_index=False, verbose_name=_("case")
    )
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name=_("who"),
    )
    actor_label = models.CharField(_("task"), max_length=100, blank=True, editable=False)
    kind = models.CharField(_("what"), max_length=9, choices=EventKind, editable=False)
    from_state = models.CharField(
        _("from"), max_length=14, choices=State, blank=True, editable=False
    )
    to_state = models.CharField(_("to"), max_length=14, choices=State, blank=True, editable=False)
    minutes = models.PositiveIntegerField(_("minutes"), null=True, editable=False)
    note = models.TextField(_("note"), max_length=TEXT_LENGTH, blank=True, editable=False)
    visible_to_seller = models.BooleanField(_("for the reporter"), default=False, editable=False)
    values = models.JSONField(_("values"), default=dict, editable=False)

    class Meta:
        verbose_name = _("event of a case")
        verbose_name_plural = _("events of cases")
        indexes: ClassVar = [
            models.Index(fields=["case", "id"], name="cases_event_case"),
            models.Index(fields=["at"], name="cases_moved_on", condition=Q(kind=EventKind.MOVED)),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=EventKind.values), name="cases_event_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(from_state__in=["", *State.values])
                & Q(to_state__in=["", *State.values]),
                name="cases_event_states_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{PREFIX}{self.case_id} {self.kind}"

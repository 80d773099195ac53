"""The kernel's tables: the journal and the answers that a repeated POST gets again."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.fields import FoldedField
from core.roles import Role
from core.validators import plain_text

PREVIEWED_FOR = timedelta(hours=1)  # then a file is uploaded anew


class Action(models.TextChoices):
    """What happened to an object."""

    CREATE = "create", _("created")
    CHANGE = "change", _("changed")
    DELETE = "delete", _("deleted")
    READ = "read", _("read")
    EXPORT = "export", _("exported")
    USE = "use", _("used")
    REFUSED = "refused", _("refused")


RARE_ACTIONS = [Action.DELETE, Action.EXPORT, Action.REFUSED, Action.USE]


class JournalEntry(models.Model):
    """One line of an object's history. Written once, never changed (rule 11).

    ``model`` is Django's label of the model, such as ``dogs.Dog``; ``object_id`` is empty where the
    entry is about a list, whose size is ``count``. ``changes`` maps a field to
    ``[before, after]``, or to ``null`` where the values are secret.
    """

    at = models.DateTimeField(_("when"), auto_now_add=True, editable=False)
    actor_kind = models.CharField(_("kind of actor"), max_length=10)
    actor_id = models.BigIntegerField(_("actor id"), null=True)
    actor_label = models.CharField(_("actor"), max_length=255, blank=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    action = models.CharField(_("action"), max_length=10, choices=Action)
    model = models.CharField(_("model"), max_length=100)
    object_id = models.CharField(_("object id"), max_length=64, blank=True)
    object_label = models.CharField(_("object"), max_length=255, blank=True)
    changes = models.JSONField(_("changes"), default=dict)
    reason = models.TextField(_("reason"), blank=True)
    count = models.PositiveIntegerField(_("results"), null=True)

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal")
        indexes = [
            models.Index(fields=["model", "object_id", "id"], name="journal_object"),
            models.Index(fields=["actor_id", "id"], name="journal_actor"),
            models.Index(
                fields=["request_id", "id"],
                name="journal_request",
                condition=~models.Q(request_id=""),
            ),
            models.Index(fields=["at"], name="journal_at"),
            # What is read, made and changed is found among the newest lines; these are not.
            models.Index(
                fields=["action", "id"],
                name="journal_rare_action",
                condition=models.Q(action__in=RARE_ACTIONS),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(action__in=Action.values), name="journal_action_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class StoredAnswer(models.Model):
    """The first answer to a POST that carried an ``Idempotency-Key``.

    ``key`` is a digest of caller and key, ``fingerprint`` one of method, path and body. The body is
    sealed with a key made from the caller's own ``Idempotency-Key``: whoever only has this table
    cannot read it.
    """

    key = models.CharField(_("key"), max_length=64, unique=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    headers = models.JSONField(_("headers"), default=dict)
    body = models.BinaryField(_("body"), default=bytes)
    created_at = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)
    replays = models.PositiveIntegerField(_("replays"), default=0)

    class Meta:
        verbose_name = _("stored answer")
        verbose_name_plural = _("stored answers")

    def __str__(self) -> str:
        return f"{self.key[:8]}… {self.status}"


class PreviewedFile(models.Model):
    """A file that somebody has previewed on a page of the admin, until they confirm it.

    ``key`` is a digest of the token that only their page has. The body is sealed with a key made
    from that token, who they are, and what was asked: whoever only has this table cannot read it.
    """

    key = models.CharField(_("key"), max_length=64)
    name = models.CharField(_("name"), max_length=40)
    body = models.BinaryField(_("body"), default=bytes)
    created_at = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("previewed file")
        verbose_name_plural = _("previewed files")
        constraints = [
            models.UniqueConstraint(fields=["key", "name"], name="previewed_file_once"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class SavedView(models.Model):
    """How somebody filtered, searched and ordered a list of the admin, under a name of theirs.

    ``model`` is Django's label of the list's model; ``query`` is what its address says, in the
    order of :func:`core.admin.saved_views.pairs_of`. ``shared_with`` is the role of those who see
    it beside its owner. What it is called and asks may be about a person: the journal has neither.
    """

    NAME_LENGTH = 60
    QUERY_LENGTH = 2000
    journal_secret = ("name", "query")

    owner_id = models.BigIntegerField(_("owner"), editable=False)
    model = models.CharField(_("list"), max_length=100, editable=False)
    name = models.CharField(_("name"), max_length=NAME_LENGTH, validators=[plain_text])
    name_key = FoldedField(source="name")
    query = models.CharField(_("what it shows"), max_length=QUERY_LENGTH, editable=False)
    shared_with = models.CharField(
        _("who sees it"), max_length=16, choices=Role.choices, blank=True, default=""
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True, editable=False)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(
                fields=["owner_id", "model", "name_key"], name="saved_view_name_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(name_key="") & ~models.Q(query=""),
                name="saved_view_says_something",
            ),
        ]
        indexes = [models.Index(fields=["model", "shared_with"], name="saved_view_shared")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class Heartbeat(models.Model):
    """When a kind of process last showed that it works, by the database's clock."""

    name = models.CharField(_("name"), max_length=20, primary_key=True)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("sign of life")
        verbose_name_plural = _("signs of life")

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M:%S}"

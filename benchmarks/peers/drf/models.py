"""Plaza's tables as plain models."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.utils import timezone


class User(AbstractBaseUser):
    """An account."""

    email = models.EmailField(unique=True)
    role = models.CharField(max_length=16)
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "email"

    class Meta:
        managed = False
        db_table = "users_user"


class Session(models.Model):
    """A refresh family."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey(User, models.CASCADE)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    generation = models.IntegerField(default=0)
    rotated_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True)
    revoked_reason = models.CharField(max_length=200, default="")
    request_id = models.CharField(max_length=64, default="")
    user_agent = models.CharField(max_length=200, default="")

    class Meta:
        managed = False
        db_table = "users_session"


class LoginBucket(models.Model):
    """How often somebody tried to sign in."""

    key = models.CharField(max_length=64, unique=True)
    account = models.CharField(max_length=64)
    known_device = models.BooleanField(default=False)
    attempts = models.IntegerField(default=1)
    window_ends_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "users_loginbucket"


class Dog(models.Model):
    """A dog."""

    name = models.CharField(max_length=100)
    name_key = models.CharField(max_length=300)
    search_key = models.CharField(max_length=300, default="")
    picture = models.URLField(blank=True)
    picture_status = models.CharField(max_length=7, default="pending")
    picture_attempts = models.SmallIntegerField(default=0)
    picture_due_at = models.DateTimeField(default=timezone.now)
    create_date = models.DateTimeField(default=timezone.now)
    is_adopted = models.BooleanField(default=False)
    owner = models.ForeignKey(User, models.PROTECT, null=True)

    class Meta:
        managed = False
        db_table = "dogs_dog"
        ordering = ("id",)


class Adoption(models.Model):
    """A dog's stay with somebody: at most one is open."""

    dog = models.ForeignKey(Dog, models.CASCADE)
    owner = models.ForeignKey(User, models.PROTECT, null=True)
    adopted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=20, default="")

    class Meta:
        managed = False
        db_table = "dogs_adoption"


class Patient(models.Model):
    """A patient."""

    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    birth_date = models.DateField()
    email = models.EmailField(null=True)
    archived_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "clinic_patient"
        ordering = ("id",)


class Study(models.Model):
    """A study."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="studies")
    urgency_level = models.CharField(max_length=4)
    body_part = models.CharField(max_length=100)
    description = models.TextField()
    type = models.CharField(max_length=20)
    performed_on = models.DateField(null=True)
    status = models.CharField(max_length=10, default="reported")
    archived_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "clinic_study"
        ordering = ("id",)


class Movie(models.Model):
    """A movie."""

    details = models.JSONField()

    class Meta:
        managed = False
        db_table = "movies_movie"


class Favorite(models.Model):
    """A movie on somebody's list."""

    user = models.ForeignKey(User, models.CASCADE)
    movie = models.ForeignKey(Movie, models.PROTECT)
    created_at = models.DateTimeField()
    release_rank = models.IntegerField()
    rating_rank = models.IntegerField()
    wipe_id = models.IntegerField(null=True)

    class Meta:
        managed = False
        db_table = "movies_favorite"
        ordering = ("release_rank", "rating_rank", "movie_id")


class CachedAnswer(models.Model):
    """A stored answer of TMDB."""

    key = models.CharField(primary_key=True, max_length=100)
    body = models.TextField()

    class Meta:
        managed = False
        db_table = "movies_cachedanswer"


class JournalEntry(models.Model):
    """A line of the audit trail."""

    at = models.DateTimeField(auto_now_add=True)
    actor_kind = models.CharField(max_length=10, default="user")
    actor_id = models.BigIntegerField()
    actor_label = models.CharField(max_length=255, default="")
    request_id = models.CharField(max_length=64, default="")
    action = models.CharField(max_length=10)
    model = models.CharField(max_length=100)
    object_id = models.CharField(max_length=64)
    object_label = models.CharField(max_length=255, default="")
    changes = models.JSONField()
    reason = models.TextField(default="")
    count = models.IntegerField(null=True)

    class Meta:
        managed = False
        db_table = "core_journalentry"

"""Plaza's measured routes, as the tutorial writes them."""

from datetime import timedelta
from typing import Any

import orjson
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import F, Prefetch
from django.db.models.functions import Coalesce, Greatest
from django.http import HttpResponse
from django.utils import timezone
from rest_framework import exceptions, permissions, serializers, viewsets
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.common import KEEPS_PROMISES, SHOWN_STUDIES
from benchmarks.peers import promises, sign
from benchmarks.peers.drf.around import IsClinician, journal_reading
from benchmarks.peers.drf.models import (
    Adoption,
    CachedAnswer,
    Dog,
    Favorite,
    JournalEntry,
    LoginBucket,
    Patient,
    Session,
    Study,
    User,
)
from benchmarks.peers.work import fetch_picture


class Conflict(exceptions.APIException):
    """The name is taken."""

    status_code = 409


class Changed(exceptions.APIException):
    """Somebody else changed it."""

    status_code = 412


class DogSerializer(serializers.ModelSerializer):
    """A dog."""

    id_user = serializers.PrimaryKeyRelatedField(
        source="owner", queryset=User.objects.all(), allow_null=True, required=False
    )

    class Meta:
        model = Dog
        fields = (
            "id", "name", "picture", "picture_status", "create_date", "is_adopted", "id_user",
        )  # fmt: skip
        read_only_fields = ("picture", "picture_status", "create_date")


class StudySerializer(serializers.ModelSerializer):
    """A study."""

    class Meta:
        model = Study
        fields = (
            "id", "patient", "urgency_level", "body_part", "description", "type", "performed_on",
            "status",
        )  # fmt: skip


class PatientSerializer(serializers.ModelSerializer):
    """A patient with the newest studies, which are prefetched."""

    studies = serializers.SerializerMethodField()
    studies_count = serializers.SerializerMethodField()

    class Meta:
        model = Patient
        fields = (
            "id", "first_name", "last_name", "birth_date", "email", "studies", "studies_count",
        )  # fmt: skip

    def get_studies(self, patient: Patient) -> list:
        """Return the newest studies, the oldest of them first."""
        return StudySerializer(reversed(patient.newest_studies), many=True).data

    def get_studies_count(self, patient: Patient) -> int:
        """Return how many there are; whoever has fewer than are shown has those."""
        shown = len(patient.newest_studies)
        if shown < SHOWN_STUDIES:
            return shown
        return Study.objects.filter(patient=patient, archived_at__isnull=True).count()


class FavoriteSerializer(serializers.ModelSerializer):
    """A movie's document with the user's own fields."""

    my_rating = serializers.SerializerMethodField()
    added_at = serializers.DateTimeField(source="created_at")

    class Meta:
        model = Favorite
        fields = ("my_rating", "added_at")

    def get_my_rating(self, favorite: Favorite) -> int | None:
        """Return the stars."""
        return None if favorite.rating_rank == 6 else 5 - favorite.rating_rank

    def to_representation(self, instance: Favorite) -> dict:
        """Put the fields behind the document."""
        return {**instance.movie.details, **super().to_representation(instance)}


def etag_of(dog: Dog) -> str:
    """Return the entity tag of a dog."""
    return promises.etag_of(JSONRenderer().render(DogSerializer(dog).data))


class DogViewSet(viewsets.ModelViewSet):
    """Dogs."""

    queryset = Dog.objects.all()
    serializer_class = DogSerializer
    lookup_field = "name_key"
    lookup_url_kwarg = "name"

    def get_object(self) -> Dog:
        """Return the dog, whatever its case; for a write, locked and unchanged."""
        self.kwargs["name"] = sign.fold(self.kwargs["name"])
        if self.request.method not in permissions.SAFE_METHODS:
            self.queryset = self.queryset.select_for_update()
        dog = super().get_object()
        wanted = self.request.headers.get("If-Match")
        if wanted and wanted != etag_of(dog):
            raise Changed
        return dog

    def log(self, action: str, dog: Dog, changes: dict) -> None:
        """Leave a line in the audit trail."""
        JournalEntry.objects.create(
            actor_id=self.request.user.pk, actor_label=self.request.user.email,
            request_id=promises.request_id.get(), action=action, model="dogs.Dog",
            object_id=str(dog.pk), object_label=dog.name, changes=changes,
        )  # fmt: skip

    def retrieve(self, request, *args, **kwargs):
        """Show a dog; the middleware compares its tag."""
        response = super().retrieve(request, *args, **kwargs)
        if KEEPS_PROMISES:
            response.headers["ETag"] = promises.etag_of(JSONRenderer().render(response.data))
        return response

    def create(self, request, name):
        """Take a dog in; its picture follows."""
        serializer = self.get_serializer(data={**request.data, "name": name})
        serializer.is_valid(raise_exception=True)
        key = sign.fold(name)
        with transaction.atomic():
            try:
                with transaction.atomic():
                    dog = serializer.save(name_key=key, search_key=key)
            except IntegrityError:
                raise Conflict from None
            self.log("create", dog, created(dog))
            transaction.on_commit(lambda: fetch_picture(dog.pk))
        headers = {"Location": request.path}
        if KEEPS_PROMISES:
            headers["ETag"] = etag_of(dog)
        return Response(serializer.data, status=201, headers=headers)

    @transaction.atomic
    def partial_update(self, request, *args, **kwargs):
        """Change a dog, its home in step."""
        dog = self.get_object()
        before = {field: getattr(dog, field) for field in ("name", "is_adopted", "owner_id")}
        serializer = self.get_serializer(dog, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        kept = {"owner": None} if serializer.validated_data.get("is_adopted") is False else {}
        dog = serializer.save(**kept)
        changes = {
            field.removesuffix("_id"): [value, getattr(dog, field)]
            for field, value in before.items()
            if value != getattr(dog, field)
        }
        if changes:
            self.log("change", dog, changes)
        if KEEPS_PROMISES and "is_adopted" in changes:
            keep_in_step(dog)
        return Response(serializer.data, headers={"ETag": etag_of(dog)})


def created(dog: Dog) -> dict[str, list[Any]]:
    """Return what the journal says of a new dog."""
    fields = {
        "id": dog.pk,
        "name": dog.name,
        "picture_status": dog.picture_status,
        "picture_attempts": dog.picture_attempts,
        "picture_due_at": dog.picture_due_at.isoformat(),
        "create_date": dog.create_date.isoformat(),
        "is_adopted": dog.is_adopted,
        "owner": dog.owner_id,
    }
    return {name: [None, value] for name, value in fields.items() if value is not None}


def keep_in_step(dog: Dog) -> None:
    """End a dog's stay, or begin one."""
    now = timezone.now()
    if dog.is_adopted:
        Adoption.objects.create(dog=dog, owner_id=dog.owner_id, adopted_at=now)
    else:
        ended = Greatest(Coalesce("adopted_at", now), now)
        open_one = Adoption.objects.filter(dog=dog, ended_at__isnull=True)
        open_one.update(ended_at=ended, end_reason="returned")


class PatientViewSet(viewsets.ModelViewSet):
    """Patients; who was shown is in the journal."""

    queryset = Patient.objects.filter(archived_at__isnull=True).prefetch_related(
        Prefetch(
            "studies",
            Study.objects.filter(archived_at__isnull=True).order_by("-id")[:SHOWN_STUDIES],
            to_attr="newest_studies",
        )
    )
    serializer_class = PatientSerializer
    permission_classes = [IsClinician]

    @transaction.atomic
    def list(self, request, *args, **kwargs):
        """List patients."""
        response = super().list(request, *args, **kwargs)
        if KEEPS_PROMISES:
            ids = [row["id"] for row in response.data["results"]]
            journal_reading(request, ids, is_list=True)
        return response

    @transaction.atomic
    def retrieve(self, request, *args, **kwargs):
        """Show a patient."""
        response = super().retrieve(request, *args, **kwargs)
        if KEEPS_PROMISES:
            journal_reading(request, [response.data["id"]], is_list=False)
        return response


class FavoriteViewSet(viewsets.ReadOnlyModelViewSet):
    """The caller's favourites."""

    queryset = Favorite.objects.filter(wipe_id__isnull=True).select_related("movie")
    serializer_class = FavoriteSerializer
    permission_classes = [permissions.IsAuthenticated]

    def get_queryset(self):
        """Narrow to the caller's own."""
        return super().get_queryset().filter(user=self.request.user)


class PopularView(APIView):
    """Popular movies, from the cache once they were read: Redis, or bare this process's memory."""

    permission_classes = [permissions.IsAuthenticated]

    def get(self, request):
        """List them."""
        key = f"popular:{request.query_params.get('page', 1)}::"
        page = cache.get(key)
        if page is None:
            page = CachedAnswer.objects.get(pk=key).body.encode()
            page = page if KEEPS_PROMISES else orjson.loads(page)
            cache.set(key, page, promises.POPULAR_SECONDS)
        if KEEPS_PROMISES:
            return HttpResponse(page, content_type="application/json")
        return Response(page)


class SignInSerializer(serializers.Serializer):
    """Who signs in."""

    email = serializers.EmailField()
    password = serializers.CharField()


class SignInView(APIView):
    """Tokens for e-mail and password."""

    authentication_classes = ()
    permission_classes = ()

    def post(self, request):
        """Sign in."""
        serializer = SignInSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        body = serializer.validated_data
        if KEEPS_PROMISES and attempts(body["email"]) > sign.LOGIN_ATTEMPTS:
            raise exceptions.Throttled
        user = User.objects.filter(email=body["email"].lower(), is_active=True).first()
        if user is None or not user.check_password(body["password"]):
            raise exceptions.AuthenticationFailed
        with transaction.atomic():
            session = Session.objects.create(
                user=user,
                expires_at=timezone.now() + timedelta(days=30),
                request_id=promises.request_id.get(),
            )
            user.last_login = timezone.now()
            user.save(update_fields=["last_login"])
            if KEEPS_PROMISES:
                JournalEntry.objects.create(
                    actor_id=user.pk, actor_label=user.email,
                    request_id=promises.request_id.get(), action="create",
                    model="users.Session", object_id=str(session.pk),
                    object_label=str(session.pk), changes={"user": [None, user.pk]},
                )  # fmt: skip
                LoginBucket.objects.filter(key=sign.bucket_key(body["email"])).delete()
        return Response(sign.pair(user.pk, session.pk))


def attempts(email: str) -> int:
    """Count an attempt to sign in before the password is looked at; return how many there were."""
    key, now = sign.bucket_key(email), timezone.now()
    end = now + sign.LOGIN_WINDOW
    bucket, is_new = LoginBucket.objects.get_or_create(
        key=key, defaults={"account": key, "window_ends_at": end}
    )
    if is_new:
        return 1
    rows = LoginBucket.objects.filter(key=key)
    if bucket.window_ends_at <= now:
        rows.update(attempts=1, window_ends_at=end)
        return 1
    rows.update(attempts=F("attempts") + 1)
    return bucket.attempts + 1

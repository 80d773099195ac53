"""Plaza's measured routes, as the tutorial writes them."""

import hashlib
import unicodedata
from datetime import timedelta

import orjson
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework import exceptions, permissions, serializers, viewsets
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.peers import sign
from benchmarks.peers.drf.models import (
    CachedAnswer,
    Dog,
    Favorite,
    JournalEntry,
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


def fold(name: str) -> str:
    """Return the form in which two spellings of a name are equal."""
    return unicodedata.normalize("NFKC", name.casefold()).strip()


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
        fields = ("id", "patient", "urgency_level", "body_part", "description", "type")


class PatientSerializer(serializers.ModelSerializer):
    """A patient with studies."""

    studies = StudySerializer(many=True, read_only=True)

    class Meta:
        model = Patient
        fields = ("id", "first_name", "last_name", "birth_date", "email", "studies")


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
    body = JSONRenderer().render(DogSerializer(dog).data)
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


class DogViewSet(viewsets.ModelViewSet):
    """Dogs."""

    queryset = Dog.objects.all()
    serializer_class = DogSerializer
    lookup_field = "name_key"
    lookup_url_kwarg = "name"

    def get_object(self) -> Dog:
        """Return the dog, whatever its case; for a write, locked and unchanged."""
        self.kwargs["name"] = fold(self.kwargs["name"])
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
            actor_id=self.request.user.pk, action=action, model="dogs.Dog", object_id=str(dog.pk),
            object_label=dog.name, changes=changes,
        )  # fmt: skip

    def create(self, request, name):
        """Take a dog in; its picture follows."""
        serializer = self.get_serializer(data={**request.data, "name": name})
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            try:
                with transaction.atomic():
                    dog = serializer.save(name_key=fold(name))
            except IntegrityError:
                raise Conflict from None
            changes = {
                "name": [None, dog.name],
                "create_date": [None, dog.create_date.isoformat()],
            }
            self.log("create", dog, changes)
            transaction.on_commit(lambda: fetch_picture(dog.pk))
        return Response(serializer.data, status=201)

    @transaction.atomic
    def partial_update(self, request, *args, **kwargs):
        """Change a dog."""
        dog = self.get_object()
        before = {field: getattr(dog, field) for field in ("name", "is_adopted", "owner_id")}
        serializer = self.get_serializer(dog, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        dog = serializer.save()
        changes = {
            field: [value, getattr(dog, field)]
            for field, value in before.items()
            if value != getattr(dog, field)
        }
        self.log("change", dog, changes)
        return Response(serializer.data, headers={"ETag": etag_of(dog)})


class PatientViewSet(viewsets.ModelViewSet):
    """Patients."""

    queryset = Patient.objects.filter(archived_at__isnull=True).prefetch_related("studies")
    serializer_class = PatientSerializer
    permission_classes = [permissions.IsAuthenticated]


class FavoriteViewSet(viewsets.ReadOnlyModelViewSet):
    """The caller's favourites."""

    queryset = Favorite.objects.filter(wipe_id__isnull=True).select_related("movie")
    serializer_class = FavoriteSerializer
    permission_classes = [permissions.IsAuthenticated]

    def get_queryset(self):
        """Narrow to the caller's own."""
        return super().get_queryset().filter(user=self.request.user)


class PopularView(APIView):
    """Popular movies, from the cache once they were read."""

    permission_classes = [permissions.IsAuthenticated]

    def get(self, request):
        """List them."""
        key = f"popular:{request.query_params.get('page', 1)}::"
        page = cache.get(key)
        if page is None:
            page = orjson.loads(CachedAnswer.objects.get(pk=key).body)
            cache.set(key, page, 3600)
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
        user = User.objects.filter(email=body["email"].lower(), is_active=True).first()
        if user is None or not user.check_password(body["password"]):
            raise exceptions.AuthenticationFailed
        with transaction.atomic():
            session = Session.objects.create(
                user=user, expires_at=timezone.now() + timedelta(days=30)
            )
            user.last_login = timezone.now()
            user.save(update_fields=["last_login"])
        return Response(sign.pair(user.pk, session.pk))

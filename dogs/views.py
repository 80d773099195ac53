"""The routes of dogs and files."""

from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.utils.encoding import escape_uri_path
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from core.api.parsers import MultiPartParser
from core.api.views import GenericViewSet, ModelViewSet
from core.errors import NotFound
from core.text import name_key
from core.values import parse_uuid
from dogs import adoptions, contract, permissions, retention, services
from dogs.errors import DogAdopted
from dogs.filters import DogFilter
from dogs.models import Adoption, Dog, RelayedFile
from dogs.serializers import (
    AdoptionSerializer,
    DogSerializer,
    NewOwnerSerializer,
    RelayedFileSerializer,
    UploadSerializer,
)

if TYPE_CHECKING:
    from users.models import User


class DogViewSet(ModelViewSet):
    """Dogs by name, whatever its case."""

    resource = contract.DOGS
    permission_table = permissions.DOGS
    queryset = Dog.objects.all()
    serializer_class = DogSerializer
    filterset_class = DogFilter
    search_fields = ("search_key",)
    ordering_fields = ("id", "name", "create_date")
    lookup_field = "name_key"
    lookup_url_kwarg = "name"

    def lookup_value(self, value: str) -> str:
        """Compare names the way the unique constraint does."""
        return name_key(value)

    def create(self, request: Request, *_args: Any, **kwargs: Any) -> Response:
        """Take in the dog named in the address; its picture follows."""
        serializer = self.get_serializer(
            data={**request.data, "name": kwargs["name"]}  # type: ignore[dict-item]  # the parser takes objects only
        )
        serializer.is_valid(raise_exception=True)
        self.perform_create(serializer)
        return Response(
            serializer.data,
            status=status.HTTP_201_CREATED,
            headers=self.get_success_headers(serializer.data),
        )

    def get_success_headers(self, data: Any) -> dict[str, str]:
        """Return the new dog's address, which is the one that was posted to."""
        return {"Location": escape_uri_path(self.request.path.rstrip("/"))}

    def perform_create(self, serializer: BaseSerializer) -> None:
        """Take the dog in."""
        serializer.instance = services.register_dog(**serializer.validated_data)

    def perform_update(self, serializer: BaseSerializer) -> None:
        """Change the dog."""
        services.change_dog(dog=cast("Dog", serializer.instance), **serializer.validated_data)

    def tagged(self, request: Request, response: Response) -> bool:
        """Tell whether the answer is the dog, as GET shows it: an adoption has no tag."""
        return self.action != "adopt" and super().tagged(request, response)

    @extend_schema(request=NewOwnerSerializer, responses={201: AdoptionSerializer})
    def adopt(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Let a user adopt the dog, which must be free."""
        dog = self.get_object()
        if dog.is_adopted:  # before the user is locked, whose removal locks the dogs next
            raise DogAdopted
        serializer = NewOwnerSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        adoption = adoptions.adopt_dog(dog=dog, **serializer.validated_data)
        return Response(AdoptionSerializer(adoption).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={204: None})
    def release(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Undo the dog's adoption: it looks for a home again."""
        adoptions.release_dog(dog=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses={202: DogSerializer})
    def another_picture(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Ask for another picture; while one is looked for, that is the one."""
        dog = self.get_object()
        services.fetch_picture_again(dog=dog)
        return Response(self.get_serializer(dog).data, status=status.HTTP_202_ACCEPTED)


@extend_schema_view(create=extend_schema(exclude=True))
class AdoptedDogViewSet(DogViewSet):
    """Dogs that found a home. A POST to their address is told that the name is reserved."""

    resource = contract.ADOPTED_DOGS
    queryset = Dog.objects.filter(is_adopted=True)


@extend_schema(parameters=[OpenApiParameter("name", str, OpenApiParameter.PATH)])
class AdoptionViewSet(mixins.ListModelMixin, GenericViewSet):
    """Who adopted a dog and when, newest first; an adoption without an end is the present one."""

    resource = contract.ADOPTIONS
    permission_table = permissions.ADOPTIONS
    queryset = Adoption.objects.all()
    serializer_class = AdoptionSerializer
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Adoption]:
        """Narrow to the dog of the address, which must be there to have a history."""
        key = name_key(self.kwargs["name"])
        dog = Dog.objects.filter(name_key=key).values_list("pk", flat=True).first()
        if dog is None:
            raise NotFound
        return super().get_queryset().filter(dog_id=dog)


class FileViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, GenericViewSet
):
    """Files on their way to the relay. A sender sees its own."""

    resource = contract.FILES
    permission_table = permissions.FILES
    queryset = RelayedFile.objects.all()
    serializer_class = RelayedFileSerializer
    parser_classes = [MultiPartParser]
    ordering = ("-created_at", "-id")

    def get_queryset(self) -> QuerySet:
        """Narrow to the caller's own files, unless support looks."""
        files = super().get_queryset()
        user = cast("User", self.request.user)
        return files if user.role in permissions.ALL_FILES else files.filter(owner=user)

    def lookup_value(self, value: str) -> UUID:
        """Return the id, in its one spelling (uuid.UUID reads URNs, too), or raise NotFound."""
        try:
            return parse_uuid(value)
        except ValueError:
            raise NotFound from None

    @extend_schema(
        request={"multipart/form-data": UploadSerializer}, responses={202: RelayedFileSerializer}
    )
    def create(self, request: Request) -> Response:
        """Accept a file of any kind; a task passes it on."""
        serializer = UploadSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        relayed = services.receive_file(
            upload=serializer.validated_data["file"], owner=request.user
        )
        data = self.get_serializer(relayed).data
        location = f"{request.path.rstrip('/')}/{relayed.pk}"
        return Response(data, status=status.HTTP_202_ACCEPTED, headers={"Location": location})

    def perform_destroy(self, instance: RelayedFile) -> None:
        """Erase the file, whether it was sent or not."""
        retention.erase_file(relayed=instance, by=self.request.user)

"""The routes of places and typologies: what an establishment can say of itself."""

from core.api.views import ReadOnlyModelViewSet
from stores import contract, permissions
from stores.filters import CityFilter
from stores.models import City, Region, Typology
from stores.serializers.places import CitySerializer, RegionSerializer, TypologySerializer


class RegionViewSet(ReadOnlyModelViewSet):
    """Commercial regions by code."""

    resource = contract.REGIONS
    permission_table = permissions.PLACES
    queryset = Region.objects.all()
    serializer_class = RegionSerializer


class TypologyViewSet(ReadOnlyModelViewSet):
    """Kinds of establishments by code."""

    resource = contract.TYPOLOGIES
    permission_table = permissions.PLACES
    queryset = Typology.objects.all()
    serializer_class = TypologySerializer


class CityViewSet(ReadOnlyModelViewSet):
    """Municipalities by their DIVIPOLA code; ``search`` overlooks accents."""

    resource = contract.CITIES
    permission_table = permissions.PLACES
    queryset = City.objects.select_related("department")
    serializer_class = CitySerializer
    filterset_class = CityFilter
    search_fields = ("search_key",)
    ordering = ("name", "code")
    ordering_fields = ("code", "name")
    fast_reads = False  # the region is the department's, no column of the city

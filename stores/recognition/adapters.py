"""The adapters by name, and which of them look at new photos.

``manual`` is the absence of any: people look, and nothing is suggested.
"""

from typing import cast

from django.conf import settings

from stores.constants import Adapter
from stores.recognition import barcode, http
from stores.recognition.port import Recogniser

MODULES = {Adapter.BARCODE.value: barcode, Adapter.HTTP.value: http}


def chosen() -> list[str]:
    """Return the names of the adapters that look at every new photo."""
    return [name for name in settings.RECOGNITION if name in MODULES]


def recogniser(name: str) -> Recogniser | None:
    """Return an adapter, or None where it is switched off."""
    return cast("Recogniser", MODULES[name]) if name in settings.RECOGNITION else None

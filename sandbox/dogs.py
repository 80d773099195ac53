"""dog.ceo: random pictures of dogs, in an order that is always the same, and where they are."""

import base64
import itertools
import re
from http import HTTPStatus
from typing import Any

from sandbox.messages import Call, Reply

_BREEDS = {
    "papillon": "n02086910",
    "hound-afghan": "n02088094",
    "beagle": "n02088364",
    "whippet": "n02091134",
    "terrier-border": "n02093754",
    "retriever-golden": "n02099601",
    "collie-border": "n02106166",
    "rottweiler": "n02106550",
    "samoyed": "n02111889",
    "corgi-cardigan": "n02113186",
}


class Dogs:
    """The part of https://dog.ceo/api that the platform uses."""

    wrong_type: Any = ["https://images.dog.ceo/breeds/papillon/n02086910_6483.jpg"]

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def answer(self, call: Call) -> Reply:
        """Answer as dog.ceo does."""
        if call.path != "/api/breeds/image/random":
            return Reply(status=404, body=self.error(404))
        if call.method != "GET":
            return Reply(status=405, body=self.error(405))
        number = next(self._numbers)
        breed, synset = list(_BREEDS.items())[number % len(_BREEDS)]
        # The first picture is the one of the real API's documentation.
        picture = f"https://images.dog.ceo/breeds/{breed}/{synset}_{6483 + number % 3000}.jpg"
        return Reply(body={"message": picture, "status": "success"})

    def error(self, status: int) -> Any:
        """Return dog.ceo's error document."""
        return {"status": "error", "message": HTTPStatus(status).phrase, "code": status}

    def reset(self) -> None:
        """Begin with the first picture again."""
        self._numbers = itertools.count()


_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=")  # a GIF
_PICTURE = re.compile(r"/breeds/[\w-]+/[\w-]+\.(jpe?g|png|gif|webp)", re.IGNORECASE)


class Pictures:
    """The part of https://images.dog.ceo that the platform uses: each picture is one pixel."""

    wrong_type: Any = ["n02086910_6483.jpg"]

    def answer(self, call: Call) -> Reply:
        """Show a picture."""
        if not _PICTURE.fullmatch(call.path):
            return Reply(status=404, body=self.error(404))
        if call.method not in {"GET", "HEAD"}:
            return Reply(status=405, body=self.error(405))
        return Reply(body=_PIXEL, headers={"Content-Type": "image/gif"})

    def error(self, status: int) -> Any:
        """Return the host's error page."""
        return f"<h1>{HTTPStatus(status).phrase}</h1>".encode()

    def reset(self) -> None:
        """Do nothing: nothing is received."""

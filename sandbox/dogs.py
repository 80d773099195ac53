"""dog.ceo: random pictures of dogs, in an order that is always the same."""

import itertools
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

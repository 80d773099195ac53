"""A day with the client that openapi-python-client makes; run in its own environment.

Arguments: the platform's address, an e-mail address, a password.
"""

import io
import sys
import time
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from plaza_client import AuthenticatedClient, Client
from plaza_client.api.dogs import create_dog, get_dog, get_file, list_dogs, update_dog, upload_file
from plaza_client.api.users import get_me, sign_in, sign_out
from plaza_client.models import (
    Dog,
    DogRequest,
    ErrorCode,
    PaginatedDogList,
    PatchedDogRequest,
    PictureStatus,
    Problem,
    RelayedFile,
    SignedIn,
    SignInRequest,
    SignOutRequest,
    UploadRequest,
)
from plaza_client.models.list_dogs_ordering_item import ListDogsOrderingItem
from plaza_client.types import UNSET, File, Unset

PATIENCE_SECONDS = 30


def expect(so: bool, what: str) -> None:
    """End with the first thing that is not so."""
    if not so:
        sys.exit(f"openapi-python-client: not so: {what}")


def cursor_of(address: str | None) -> str | Unset:
    """Return the cursor of a neighbouring page, or UNSET where there is none."""
    return UNSET if address is None else parse_qs(urlsplit(address).query)["cursor"][0]


def count_by_pages(plaza: AuthenticatedClient) -> int:
    """Return how many dogs all pages have."""
    seen: set[int] = set()
    cursor: str | Unset = UNSET
    ordering = [ListDogsOrderingItem.NAME, ListDogsOrderingItem.ID_DESCENDING]
    while True:
        page = list_dogs.sync(client=plaza, limit=3, cursor=cursor, ordering=ordering)
        assert isinstance(page, PaginatedDogList)
        seen |= {dog.id for dog in page.results}
        cursor = cursor_of(page.next_)
        if isinstance(cursor, Unset):
            return len(seen)


def main() -> None:
    """Sign in, register, wait, page, collide, replay, upload, sign out."""
    (address, email, password), name = sys.argv[1:], f"Python-{time.time_ns()}"
    person = SignInRequest(email, password)
    pair = sign_in.sync(client=Client(base_url=address), body=person)
    assert isinstance(pair, SignedIn)
    plaza = AuthenticatedClient(base_url=address, token=pair.access)

    body = DogRequest(is_adopted=False)
    made = create_dog.sync_detailed(name, client=plaza, body=body, idempotency_key=name)
    again = create_dog.sync_detailed(name, client=plaza, body=body, idempotency_key=name)
    expect(made.status_code == HTTPStatus.CREATED, "a new dog is 201")
    expect(again.headers["Idempotency-Replayed"] == "true", "a key is replayed")
    expect(again.parsed == made.parsed, "a replay has the first answer")

    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        read = get_dog.sync_detailed(name, client=plaza)
        assert isinstance(read.parsed, Dog)
        if read.parsed.picture_status != PictureStatus.PENDING:
            break
        expect(time.monotonic() < deadline, "the picture comes")
        time.sleep(0.2)
    expect(read.parsed.picture_status == PictureStatus.READY, "the picture is ready")
    expect(read.parsed.picture.startswith("https://"), "the picture is an address")

    counted = list_dogs.sync(client=plaza, count=True, limit=1)
    assert isinstance(counted, PaginatedDogList)
    dogs = count_by_pages(plaza)
    expect(dogs == counted.count, "all dogs are on the pages")

    twice = create_dog.sync(name, client=plaza, body=DogRequest())
    assert isinstance(twice, Problem)
    expect(twice.code == ErrorCode.DOG_NAME_TAKEN, "the conflict has its code")

    tag, adopted = read.headers["ETag"], PatchedDogRequest(is_adopted=True)
    taken = update_dog.sync(name, client=plaza, body=adopted, if_match=tag)
    assert isinstance(taken, Dog)
    late = update_dog.sync_detailed(name, client=plaza, body=adopted, if_match=tag)
    expect(late.status_code == HTTPStatus.PRECONDITION_FAILED, "the second write is 412")
    assert isinstance(late.parsed, Problem)
    expect(late.parsed.current not in {tag, UNSET}, "it has the tag of now")

    upload = UploadRequest(file=File(io.BytesIO(b"wag"), "wag.txt", "text/plain"))
    sent = upload_file.sync(client=plaza, body=upload)
    assert isinstance(sent, RelayedFile)
    file = get_file.sync(sent.id, client=plaza)
    assert isinstance(file, RelayedFile)
    expect((file.name, file.size) == ("wag.txt", 3), "the file arrived")

    out = sign_out.sync_detailed(client=plaza, body=SignOutRequest())
    expect(out.status_code == HTTPStatus.NO_CONTENT, "signing out is 204")
    after = get_me.sync(client=plaza)
    assert isinstance(after, Problem)
    expect(after.code == ErrorCode.INVALID_TOKEN, "the token is over")
    sys.stdout.write(f"openapi-python-client: ok, {dogs} dogs\n")


if __name__ == "__main__":
    main()

"""The dogs with FastAPI."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Header, HTTPException, Request, Response
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from benchmarks.common import KEEPS_PROMISES
from benchmarks.peers import sign, statements
from benchmarks.peers.fastapi.answers import Place, etag_of, page_of, place_of, resource
from benchmarks.peers.fastapi.base import Session, Who
from benchmarks.peers.fastapi.schemas import DogIn, DogOut, Page
from benchmarks.peers.tables import Dog
from benchmarks.peers.work import fetch_picture

router = APIRouter(prefix="/api/dogs")


@router.get("", response_model=Page[DogOut])
async def list_dogs(request: Request, db: Session, place: Annotated[Place, Depends(place_of)]):
    """List dogs."""
    return await page_of(request, db, select(Dog), [Dog.id], place)


@router.get("/{name}", response_model=DogOut)
async def get_dog(name: str, request: Request, db: Session):
    """Show one dog."""
    dog = await db.scalar(select(Dog).where(Dog.name_key == sign.fold(name)))
    if dog is None:
        raise HTTPException(404)
    return resource(request, DogOut.model_validate(dog)) if KEEPS_PROMISES else dog


@router.post("/{name}", response_model=DogOut, status_code=201)
async def create_dog(
    name: str, body: DogIn, db: Session, who: Who, tasks: BackgroundTasks, response: Response
):
    """Take a dog in; its picture follows."""
    key = sign.fold(name)
    dog = Dog(
        name=name, name_key=key, search_key=key, is_adopted=body.is_adopted or False,
        owner_id=body.id_user,
    )  # fmt: skip
    db.add(dog)
    try:
        await db.flush()
    except IntegrityError:
        raise HTTPException(409) from None
    db.add(statements.entry(who, "create", dog, statements.created(dog)))
    await db.commit()
    tasks.add_task(fetch_picture, dog.id)
    if KEEPS_PROMISES:
        response.headers["ETag"] = etag_of(DogOut.model_validate(dog))
        response.headers["Location"] = f"/api/dogs/{name}"
    return dog


@router.patch("/{name}", response_model=DogOut)
async def patch_dog(
    name: str,
    body: DogIn,
    db: Session,
    who: Who,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
):
    """Change a dog, unless somebody else did meanwhile."""
    query = select(Dog).where(Dog.name_key == sign.fold(name)).with_for_update()
    dog = await db.scalar(query)
    if dog is None:
        raise HTTPException(404)
    if if_match is not None and if_match != etag_of(DogOut.model_validate(dog)):
        raise HTTPException(412)
    if changes := statements.changed(dog, body.model_dump(exclude_unset=True)):
        db.add(statements.entry(who, "change", dog, changes))
        stay = statements.stay(dog, changes) if KEEPS_PROMISES else None
        if stay is not None:
            await db.execute(stay)
    await db.commit()
    response.headers["ETag"] = etag_of(DogOut.model_validate(dog))
    return dog

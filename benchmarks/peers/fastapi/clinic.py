"""The patients with FastAPI."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.common import KEEPS_PROMISES
from benchmarks.peers import statements
from benchmarks.peers.fastapi.answers import Place, page_of, place_of, resource
from benchmarks.peers.fastapi.base import Clinician, Session
from benchmarks.peers.fastapi.schemas import Page, PatientOut
from benchmarks.peers.tables import Patient

router = APIRouter(prefix="/api/patients")
PRESENT = select(Patient).where(Patient.archived_at.is_(None))


async def add_studies(db: AsyncSession, patients: Sequence[Patient]) -> None:
    """Read the newest studies of some patients, and count those of who has more."""
    ids = {"ids": [patient.id for patient in patients]}
    studies = (await db.scalars(statements.NEWEST_STUDIES, ids)).all()
    if full := statements.hang(patients, studies):
        counted = await db.execute(statements.COUNTS_OF_STUDIES, {"ids": full})
        counts = dict(counted.tuples().all())
        for patient in patients:
            patient.studies_count = counts.get(patient.id, patient.studies_count)


@router.get("", response_model=Page[PatientOut])
async def list_patients(
    request: Request, db: Session, who: Clinician, place: Annotated[Place, Depends(place_of)]
):
    """List patients with their studies; who was shown is in the journal."""
    page = await page_of(request, db, PRESENT, [Patient.id], place)
    await add_studies(db, page["results"])
    if KEEPS_PROMISES:
        ids = [patient.id for patient in page["results"]]
        seen = statements.reading(who, request.url.path, ids, is_list=True)
        await db.execute(statements.READING, seen)
        await db.commit()
    return page


@router.get("/{key}", response_model=PatientOut)
async def get_patient(key: int, request: Request, db: Session, who: Clinician):
    """Show one patient; who looked is in the journal."""
    patient = await db.scalar(PRESENT.where(Patient.id == key))
    if patient is None:
        raise HTTPException(404)
    await add_studies(db, [patient])
    if not KEEPS_PROMISES:
        return patient
    seen = statements.reading(who, request.url.path, [key], is_list=False)
    await db.execute(statements.READING, seen)
    await db.commit()
    return resource(request, PatientOut.model_validate(patient))

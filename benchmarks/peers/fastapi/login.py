"""Signing in with FastAPI."""

from fastapi import APIRouter, HTTPException
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import delete, select

from benchmarks.common import KEEPS_PROMISES
from benchmarks.peers import promises, sign, statements
from benchmarks.peers.fastapi.base import Session
from benchmarks.peers.fastapi.schemas import SignIn, Tokens
from benchmarks.peers.tables import LoginBucket, User, now
from benchmarks.peers.tables import Session as SessionRow

router = APIRouter(prefix="/api/auth")


@router.post("/token", response_model=Tokens)
async def sign_in(body: SignIn, db: Session):
    """Exchange e-mail and password for tokens; attempts count before the password is looked at."""
    if KEEPS_PROMISES:
        attempts = await db.scalar(statements.attempt(body.email))
        await db.commit()
        if attempts > sign.LOGIN_ATTEMPTS:
            raise HTTPException(429)
    user = await db.scalar(select(User).where(User.email == body.email.lower()))
    good = user is not None and await run_in_threadpool(
        sign.verify_password, user.password, body.password
    )
    if not good or not user.is_active:
        raise HTTPException(401)
    session = SessionRow(user_id=user.id, expires_at=now() + sign.REFRESH)
    user.last_login = now()
    db.add(session)
    if KEEPS_PROMISES:
        session.request_id = promises.request_id.get()
        await db.flush()
        db.add(statements.session_entry(user, session))
        key = sign.bucket_key(body.email)
        await db.execute(delete(LoginBucket).where(LoginBucket.key == key))
    await db.commit()
    return sign.pair(user.id, session.id)

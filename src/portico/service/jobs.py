"""Long work as jobs: a queue in the database that several workers share without taking a job twice.

    queued ──► running ──► done | failed | cancelled
      ▲           │
      └───────────┘  its worker was stopped, or was not seen for longer than the lease

A worker says every second that it lives. A job whose worker is not seen any more goes back to the queue and is run
again from its beginning, in a folder of its own try; what an earlier try wrote is never shown. A worker that comes back
late finds that the job is no longer its own, and its result is dropped. After ``most_tries`` the job fails with the
code ``interrupted`` and can be resumed by a person.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.engine import Row

from portico.directive import canonical_json
from portico.errors import Blocked, UsageError
from portico.service.audit import append, digest_of, now
from portico.service.storage import NotFound, Store, guarded
from portico.service.tables import jobs

__all__ = ["ENDED", "STATES", "JobLimits", "Queue"]

STATES: Final = ("queued", "running", "done", "failed", "cancelled")
ENDED: Final = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class JobLimits:
    """What a job may take.

    Parameters
    ----------
    lease_seconds : how long a worker may stay unseen before its job is given to another
    run_seconds : longest run
    result_bytes : largest file of a result, and largest sum of all of them
    most_tries : how often a job is started whose worker dies
    most_waiting : jobs that wait at once; a further one is refused
    """

    lease_seconds: float = 20.0
    run_seconds: float = 4 * 3600.0
    result_bytes: int = 512 * 1024 * 1024
    most_tries: int = 3
    most_waiting: int = 1000


class Queue:
    """The queue of one database and the folder of its files; safe to share between threads and processes."""

    def __init__(self, store: Store, folder: Path, limits: JobLimits | None = None) -> None:
        self.store = store
        self.folder = folder / "jobs"
        self.limits = limits or JobLimits()

    def ask(
        self, kind: str, request: Mapping[str, Any], *, by: str, key: str | None = None, name: str | None = None
    ) -> str:
        """Put a job into the queue.

        Parameters
        ----------
        kind : what is to be done
        request : everything that decides the result
        by : who asks
        key : a word of the caller's own; asked again with the same key and the same request, the same job is meant
        name : id of the job where its files lie already; a new one when None

        Returns
        -------
        the id of the job

        Raises
        ------
        Blocked : ``key-reused``: the key stands for another request; ``queue-full``
        Unavailable : nothing was stored
        """
        body = canonical_json(dict(request)).decode("utf-8")
        kept = None if key is None else digest_of(by, key)
        digest = digest_of(kind, body)
        job = name or secrets.token_hex(8)
        with guarded(), self.store.engine.begin() as connection:
            if kept is not None:
                found = connection.execute(select(jobs).where(jobs.c.key == kept)).first()
                if found is not None:
                    if (found.kind, found.request) == (kind, body):
                        return str(found.id)
                    raise Blocked(
                        "This key was used for another request.", code="key-reused", fix="Take a new key for new work."
                    )
            waiting = connection.execute(
                select(jobs.c.id).where(jobs.c.state == "queued").limit(self.limits.most_waiting)
            ).all()
            if len(waiting) >= self.limits.most_waiting:
                raise Blocked("Too many jobs are waiting.", code="queue-full", fix="Try again later.")
            connection.execute(
                insert(jobs).values(
                    id=job, kind=kind, state="queued", by=by, request=body, key=kept, done=0, total=0, attempts=0,
                    cancel=0, created_at=now(),
                )
            )  # fmt: skip
            append(connection, by=by, action="job-asked", subject=f"job/{job}", digest=digest)
        return job

    def job(self, job_id: str) -> Row[Any]:
        """A job.

        Raises
        ------
        NotFound : there is none
        """
        with guarded(), self.store.reader.connect() as connection:
            found = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
        if found is None:
            raise NotFound("There is no such job.")
        return found

    def jobs(self, *, by: str | None = None, limit: int = 100) -> Sequence[Row[Any]]:
        """Newest jobs first, of one person or of all."""
        query = select(jobs).order_by(jobs.c.created_at.desc(), jobs.c.id).limit(limit)
        if by is not None:
            query = query.where(jobs.c.by == by)
        with guarded(), self.store.reader.connect() as connection:
            return connection.execute(query).all()

    def claim(self, worker: str) -> Row[Any] | None:
        """Take the oldest waiting job; None when there is none. No two workers get the same one."""
        with guarded(), self.store.reader.connect() as connection:  # looking takes no lock
            if connection.execute(select(jobs.c.id).where(jobs.c.state == "queued").limit(1)).first() is None:
                return None
        with guarded(), self.store.engine.begin() as connection:
            oldest = select(jobs.c.id).where(jobs.c.state == "queued").order_by(jobs.c.created_at, jobs.c.id).limit(1)
            found = connection.execute(oldest.with_for_update(skip_locked=True)).scalar()
            if found is None:
                return None
            at = now()
            taken = connection.execute(
                update(jobs)
                .where(jobs.c.id == found, jobs.c.state == "queued")
                .values(state="running", worker=worker, seen_at=at, started_at=at, attempts=jobs.c.attempts + 1, done=0)
            )
            if taken.rowcount != 1:
                return None
            return connection.execute(select(jobs).where(jobs.c.id == found)).one()

    def seen(self, job: Row[Any], done: int, total: int) -> bool:
        """Say that the worker lives and how far it is; False when the job is to be stopped or is not its own any more."""
        with guarded(), self.store.engine.begin() as connection:
            kept = connection.execute(
                update(jobs).where(*_mine(job), jobs.c.cancel == 0).values(seen_at=now(), done=done, total=total)
            )
        return kept.rowcount == 1

    def end(
        self, job: Row[Any], state: str, result: Mapping[str, Any], also: Callable[[Connection], None] | None = None
    ) -> bool:
        """Store how a job ended; False when it is not the worker's own any more, and then nothing is stored.

        Parameters
        ----------
        state : ``done``, ``failed`` or ``cancelled``
        result : what it gave, or the error; small, files stay in the folder
        also : further writes that belong to the end, in the same transaction
        """
        with guarded(), self.store.engine.begin() as connection:
            return self._end(connection, job, _mine(job), state, result, also)

    def put_back(self, job: Row[Any]) -> bool:
        """Give a job back that a stopping worker could not end; this try does not count."""
        with guarded(), self.store.engine.begin() as connection:
            values = {"state": "queued", "worker": None, "attempts": jobs.c.attempts - 1, "done": 0}
            return connection.execute(update(jobs).where(*_mine(job)).values(values)).rowcount == 1

    def cancel(self, job_id: str, *, by: str) -> Row[Any]:
        """Ask that a job stops: one that waits ends at once, one that runs when its worker hears of it.

        Raises
        ------
        NotFound : there is none
        Blocked : ``job-ended``
        """
        found = self.job(job_id)
        with guarded(), self.store.engine.begin() as connection:
            waiting = (jobs.c.id == job_id, jobs.c.state == "queued")
            if not self._end(connection, found, waiting, "cancelled", {"cancelled_by": by}, None):
                running = update(jobs).where(jobs.c.id == job_id, jobs.c.state == "running").values(cancel=1)
                if connection.execute(running).rowcount != 1:
                    raise Blocked("The job has ended; there is nothing to cancel.", code="job-ended")
        return self.job(job_id)

    def resume(self, job_id: str, *, by: str) -> Row[Any]:
        """Put a job that failed or was cancelled back into the queue.

        Raises
        ------
        NotFound : there is none
        Blocked : ``job-not-stopped``: it waits, runs or is done
        """
        self.job(job_id)
        with guarded(), self.store.engine.begin() as connection:
            values = {
                "state": "queued", "worker": None, "cancel": 0, "attempts": 0, "done": 0, "total": 0, "result": None,
                "digest": None, "ended_at": None,
            }  # fmt: skip
            stopped = (jobs.c.id == job_id, jobs.c.state.in_(("failed", "cancelled")))
            if connection.execute(update(jobs).where(*stopped).values(values)).rowcount != 1:
                raise Blocked(
                    "Only a job that failed or was cancelled can be resumed.", code="job-not-stopped",
                    fix="Ask for a new job.",
                )  # fmt: skip
            append(connection, by=by, action="job-resumed", subject=f"job/{job_id}/end", digest=digest_of("resumed"))
        return self.job(job_id)

    def recover(self) -> int:
        """Give jobs back whose worker was not seen for longer than the lease; those tried too often fail.

        Returns
        -------
        how many jobs were touched
        """
        before = _ago(self.limits.lease_seconds)
        lost = (jobs.c.state == "running", or_(jobs.c.seen_at.is_(None), jobs.c.seen_at < before))
        with guarded(), self.store.reader.connect() as connection:
            rows = connection.execute(select(jobs).where(*lost)).all()
        count = 0
        for row in rows:
            with guarded(), self.store.engine.begin() as connection:
                still = (*_mine(row), jobs.c.seen_at == row.seen_at)
                if row.cancel:
                    ended = self._end(connection, row, still, "cancelled", {}, None)
                elif row.attempts >= self.limits.most_tries:
                    error = Blocked(
                        "The job was interrupted again and again.", code="interrupted", fix="Resume it, or ask again."
                    )
                    ended = self._end(connection, row, still, "failed", error.to_dict(), None)
                else:
                    back = update(jobs).where(*still).values(state="queued", worker=None, done=0)
                    ended = connection.execute(back).rowcount == 1
            count += ended
        return count

    def place(self, job: Row[Any]) -> Path:
        """Folder of the present try."""
        return self.folder / str(job.id) / f"try-{job.attempts}"

    def file(self, job_id: str, name: str) -> bytes:
        """A file of a finished job, exactly as it was when the job ended.

        Raises
        ------
        NotFound : no such job, or no such file of it
        UsageError : ``job-not-done``
        Blocked : ``result-damaged``, ``result-gone``
        """
        row = self.job(job_id)
        if row.state != "done":
            raise UsageError("The job has no result.", code="job-not-done")
        for one in json.loads(row.result)["files"]:
            if one["name"] == name:
                try:
                    data = (self.place(row) / name).read_bytes()
                except OSError:
                    raise Blocked("The file was removed.", code="result-gone", fix="Ask for a new job.") from None
                if digest_of(data) != one["digest"]:
                    raise Blocked("The file was changed after it was stored.", code="result-damaged")
                return data
        raise NotFound("The job has no such file.")

    def _end(
        self,
        connection: Connection,
        job: Row[Any],
        condition: Sequence[Any],
        state: str,
        result: Mapping[str, Any],
        also: Callable[[Connection], None] | None,
    ) -> bool:
        assert state in ENDED
        body = canonical_json(dict(result)).decode("utf-8")
        digest = digest_of(state, body)
        ended = {"state": state, "result": body, "digest": digest, "ended_at": now(), "worker": None}
        if connection.execute(update(jobs).where(*condition).values(ended)).rowcount != 1:
            return False
        append(connection, by=job.by, action=f"job-{state}", subject=f"job/{job.id}/end", digest=digest)
        if also is not None:
            also(connection)
        return True


def _mine(job: Row[Any]) -> tuple[Any, ...]:
    return (
        jobs.c.id == job.id,
        jobs.c.state == "running",
        jobs.c.worker == job.worker,
        jobs.c.attempts == job.attempts,
    )


def _ago(seconds: float) -> str:
    then = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds)
    return then.isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""Workers: take jobs from the queue, run each in a process of its own, and store what it gave.

The process runs a verb of the command, so a job gives what the command gives. Cancelling kills the process with all
that it started. The folder of a try holds ``result.json`` (what the verb printed) and the files it wrote.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.engine import Row

from portico.errors import Exit, InputRefused, PorticoError, Problem
from portico.service import job_child
from portico.service.audit import digest_of
from portico.service.guards import fault_of
from portico.service.jobs import Queue
from portico.service.storage import Unavailable

__all__ = ["RESULT", "TEMPORARY", "Work", "Workers"]

RESULT: Final = "result.json"
_PROGRESS: Final = ".progress"
TEMPORARY: Final = ".tmp"
#: Seconds between two looks at a running process, and between two signs of life.
_LOOK: Final = 0.1
_SIGN: Final = 1.0
_GRACE: Final = 2.0
#: Hours for which the inputs of a stopped job are kept, so that it can be resumed.
KEEP_HOURS: Final = 24.0
_PASSED_ON: Final = (
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "VIRTUAL_ENV", "SYSTEMROOT", "MPLCONFIGDIR", "NUMBA_CACHE_DIR",
    "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "TZ", "XDG_CACHE_HOME",
)  # fmt: skip

Also = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of job.

    Parameters
    ----------
    command : takes the request, the folder of inputs and the folder of the try; gives the words after ``portico``,
        or a whole command line when the first word is an absolute path
    also : takes the job, what the verb printed and the folder of the try; gives what else is to be stored at the end
    """

    command: Callable[[Mapping[str, Any], Path, Path], Sequence[str]]
    also: Callable[[Row[Any], Mapping[str, Any], Path], Also | None] | None = None


class Workers:
    """Threads that work on a queue, each with one process at a time.

    Parameters
    ----------
    queue : what they work on
    works : kinds of job by name; a job of another kind fails
    count : number of threads
    """

    def __init__(self, queue: Queue, works: Mapping[str, Work], count: int = 1) -> None:
        self.queue = queue
        self.works = works
        self.name = f"{socket.gethostname()[:30]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._count = count
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to work."""
        for number in range(self._count):
            thread = threading.Thread(target=self._loop, args=(f"{self.name}:{number}",), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Stop: what runs is killed and goes back to the queue."""
        self._stop.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(10.0)

    def wake(self) -> None:
        """Look into the queue now."""
        self._wake.set()

    def _loop(self, name: str) -> None:
        looked = 0.0
        while not self._stop.is_set():
            job = None
            try:
                if time.monotonic() - looked > self.queue.limits.lease_seconds / 4:
                    self.queue.recover()
                    self.sweep()
                    looked = time.monotonic()
                job = self.queue.claim(name)
            except Unavailable:
                self._stop.wait(1.0)
            if job is None:
                self._wake.wait(0.5)
                self._wake.clear()
                continue
            with suppress(Unavailable):  # the lease ends, and the job is run again
                self.run(job)

    def sweep(self) -> None:
        """Remove the inputs of jobs that ended, those of stopped ones after a day, and inputs that belong to no job."""
        if not self.queue.folder.is_dir():
            return
        for folder in self.queue.folder.iterdir():
            inputs = folder / "in"
            with suppress(OSError):
                if not inputs.is_dir():
                    continue
                hours = (time.time() - inputs.stat().st_mtime) / 3600
                try:
                    state = self.queue.job(folder.name).state
                except PorticoError:
                    state = "unknown"
                if state == "done" or (state in ("failed", "cancelled", "unknown") and hours > KEEP_HOURS):
                    shutil.rmtree(inputs)

    def run(self, job: Row[Any]) -> None:
        """Run a claimed job to its end."""
        try:
            self._run(job, self.queue.place(job), self.queue.folder / str(job.id) / "in")
        except Unavailable:
            raise
        except PorticoError as error:
            self.queue.end(job, "failed", _told(error.problems))
        except OSError as error:
            self.queue.end(job, "failed", _told((_system(error),)))
        except Exception as error:  # its own text could hold something of a case
            problem = Problem(
                "job-failed", f"Portico failed ({fault_of(error)}).", fix="This is a fault of the software."
            )
            self.queue.end(job, "failed", _told((problem,)))

    def _run(self, job: Row[Any], place: Path, inputs: Path) -> None:
        shutil.rmtree(place, ignore_errors=True)
        (place / TEMPORARY).mkdir(parents=True, mode=0o700)
        if job.kind not in self.works:
            raise InputRefused("There is no such kind of job.", code="unknown-kind")
        with _Alive(self.queue, job):  # a study may have to be fetched first
            words = list(self.works[job.kind].command(json.loads(job.request), inputs, place))
        status = self._process(job, words, place)
        if isinstance(status, int):
            self._finish(job, status, place)
        elif status == "cancelled":
            self.queue.end(job, "cancelled", {})
        elif status == "stopped":
            self.queue.put_back(job)
        elif status == "late":
            self.queue.end(job, "failed", _told((Problem("too-long", "The job took longer than jobs may take."),)))
        if not isinstance(status, int):
            shutil.rmtree(place, ignore_errors=True)

    def _process(self, job: Row[Any], words: list[str], place: Path) -> int | str:
        """Exit status of the process, or why it was killed."""
        command = words if Path(words[0]).is_absolute() else [sys.executable, "-m", "portico", *words]
        shim = [sys.executable, "-I", "-S", str(job_child.__file__), str(os.getpid())]
        with (place / RESULT).open("xb") as printed:
            process = subprocess.Popen(
                [*shim, str(self.queue.limits.result_bytes), *command], stdin=subprocess.DEVNULL, stdout=printed,
                stderr=subprocess.DEVNULL, cwd=place, env=_environment(place), start_new_session=True,
            )  # fmt: skip
            try:
                return self._watch(job, process, place)
            finally:
                _kill(process)

    def _watch(self, job: Row[Any], process: subprocess.Popen[bytes], place: Path) -> int | str:
        start = signed = time.monotonic()
        while True:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(_LOOK)
            if self._stop.is_set():
                return "stopped"
            at = time.monotonic()
            if at - start > self.queue.limits.run_seconds:
                return "late"
            if at - signed < _SIGN:
                continue
            signed = at
            with suppress(Unavailable):
                if not self.queue.seen(job, *_progress(place)):
                    now = self.queue.job(job.id)
                    return "cancelled" if (now.worker, now.attempts) == (job.worker, job.attempts) else "lost"

    def _finish(self, job: Row[Any], status: int, place: Path) -> None:
        shutil.rmtree(place / TEMPORARY, ignore_errors=True)
        (place / _PROGRESS).unlink(missing_ok=True)
        printed = _printed(place / RESULT)
        error = printed.get("error") if printed is not None else None
        if isinstance(error, dict) and printed is not None:
            found = printed.get("problems") or [error]
            self.queue.end(
                job, "failed", _told([Problem(one["code"], one["message"], fix=one["fix"]) for one in found])
            )
        elif printed is None or status not in (Exit.FINE, Exit.FINDINGS, Exit.CANNOT_TELL):
            ended = f"status {status}" if status >= 0 else f"signal {-status}"
            problem = Problem("job-failed", f"The process of the job ended with {ended} and gave no result.")
            self.queue.end(job, "failed", _told((problem,)))
        else:
            files, total = [], 0
            for path in sorted(place.iterdir()):
                if path.is_symlink() or not path.is_file():
                    continue
                data = path.read_bytes()
                total += len(data)
                _sync(path)
                files.append({"name": path.name, "bytes": len(data), "digest": digest_of(data)})
            _sync(place)
            if total > self.queue.limits.result_bytes:
                self.queue.end(
                    job, "failed", _told((Problem("too-large", "The result is larger than jobs may give."),))
                )
            else:
                after = self.works[job.kind].also
                also = after(job, printed, place) if after is not None else None
                self.queue.end(job, "done", {"exit_status": status, "files": files}, also)
                shutil.rmtree(self.queue.folder / str(job.id) / "in", ignore_errors=True)
                return
        shutil.rmtree(place, ignore_errors=True)


class _Alive:
    """Says that the worker lives while it prepares a job."""

    def __init__(self, queue: Queue, job: Row[Any]) -> None:
        self._queue = queue
        self._job = job
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._say, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _say(self) -> None:
        while not self._over.wait(_SIGN):
            with suppress(Unavailable):
                self._queue.seen(self._job, 0, 0)


def _told(problems: Sequence[Problem]) -> dict[str, Any]:
    """An error as it is stored: code, sentence and what to do; places in files could hold names of patients."""
    kept = tuple(Problem(one.code, one.message, fix=one.fix) for one in problems)
    return InputRefused.from_problems(kept).to_dict()


def _system(error: OSError) -> Problem:
    return Problem("cannot-write", f"The folder of the job cannot be used: {error.strerror}.", fix="Look at the disk.")


def _environment(place: Path) -> dict[str, str]:
    """What the process sees of the environment: no secret of the service, and temporary files inside its folder."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**kept, "TMPDIR": str(place / TEMPORARY), "PORTICO_PROGRESS": str(place / _PROGRESS)}


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started."""
    for word, grace in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, _GRACE)):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, word)
        if process.poll() is not None and word == signal.SIGKILL:
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace)


def _progress(place: Path) -> tuple[int, int]:
    """How far the process says it is; (0, 0) when it says nothing."""
    try:
        words = (place / _PROGRESS).read_text(encoding="utf-8")[:200].split("\t")
        done, total = int(words[-2]), int(words[-1])
    except (OSError, ValueError, IndexError):
        return 0, 0
    return (done, total) if 0 <= done <= total < 10**9 else (0, 0)


def _printed(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

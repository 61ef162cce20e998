"""Start of a job's own process: dies with its worker, writes no file beyond a size, then becomes the command.

Run as a file, by an interpreter without site packages: ``job_child.py PARENT BYTES COMMAND...``. Where the system has
no death signal (anything but Linux) a killed worker leaves the command running; its result is dropped all the same,
because the job is no longer that worker's.
"""

import os
import sys

_SET_DEATH_SIGNAL = 1  # prctl(2): PR_SET_PDEATHSIG
_KILL = 9


def main(words: list[str]) -> None:
    """Bind this process to its parent, bound its files, and run the command in its place."""
    parent, most, command = int(words[0]), int(words[1]), words[2:]
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_SET_DEATH_SIGNAL, _KILL)
        if os.getppid() != parent:  # it died before the signal was set
            os._exit(1)
    if sys.platform != "win32":
        import resource
        import signal

        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the size fails with an error that is told
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])

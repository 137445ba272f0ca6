"""The other side of `helpers`: a process that compiles what it is told."""

from __future__ import annotations

import json
import os
import select
import signal
import sys

from nndsl.runtime.helpers import read_message, write_message
from nndsl.runtime.jobs import Job, carry_out

IDLE = 10.0
"""Seconds after which a helper without a job goes."""


def main() -> None:
    """Answer requests until the input ends, or nothing comes any more."""
    # Ctrl-C goes to all processes of a terminal; whether to end is for the one that the user started.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, answers = (os.fdopen(os.dup(number), mode, buffering=0) for number, mode in ((0, "rb"), (1, "wb")))
    os.dup2(2, 1)  # what libraries print is no answer
    from nndsl.runtime import compiling

    compiling.prepare()
    while _waits(requests.fileno()) and (request := read_message(requests)) is not None:
        given = json.loads(request[0])
        if given["kind"] == "hello":
            write_message(answers, [])
            continue
        try:
            made = carry_out(Job(given["kind"], given["name"], given["text"]))
        except Exception:  # the process that asks finds out for itself what is wrong
            write_message(answers, [b"", b""])
            continue
        write_message(answers, [made.code, "\n".join(made.needs).encode()])


def _waits(descriptor: int) -> bool:
    """Whether a request comes in time."""
    if sys.platform == "win32":  # where only sockets can be waited for
        return True
    return bool(select.select([descriptor], [], [], IDLE)[0])

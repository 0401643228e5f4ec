"""Cached results of build steps: each a folder named by the hash of what went into it.

A layer is made in a folder beside its final place and renamed when it is complete, under a lock: a build that is
interrupted leaves nothing that looks finished, and two builds at once make it once.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from .progress import as_root


@contextmanager
def locked(path: Path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"testhost: waiting for another build ({path})", file=sys.stderr, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def remove_tree(path: Path) -> None:
    """Removes a folder that may hold files of root."""
    if not path.exists():
        return
    if os.geteuid() == 0:
        shutil.rmtree(path)
    else:
        subprocess.run(as_root(["rm", "-rf", "--one-file-system", path]), check=True)


def layer(path: Path, make) -> Path:
    """Yields the layer's folder; if it is not there, make(folder) fills it first."""
    if path.exists():
        os.utime(path)
        return path
    with locked(path.parent / "locks" / path.name):
        if path.exists():
            return path
        partial = path.with_name(path.name + ".partial")
        remove_tree(partial)
        partial.mkdir(parents=True)
        try:
            make(partial)
            partial.rename(path)
        except BaseException:
            remove_tree(partial)
            raise
    return path

"""Where the test host keeps things, and the hashes that name them."""

import hashlib
import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


def cache_root() -> Path:
    """Everything that is built once and used often; outside the checkout, so that checkouts share it."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).absolute() / "immure"


def instances_root() -> Path:
    return cache_root() / "instances"


def default_name() -> str:
    """Each checkout has an instance of its own."""
    return f"{CHECKOUT.name}-{hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:6]}"


def hash_of(*inputs) -> str:
    """A short hash over texts and the contents (and names) of files."""
    state = hashlib.sha256()
    for item in inputs:
        if isinstance(item, Path):
            state.update(f"file {item.name}\0".encode())
            state.update(item.read_bytes())
        else:
            state.update(f"text {item}\0".encode())
    return state.hexdigest()[:16]

"""The Debian mirror that this machine uses already."""

import re
from pathlib import Path


def debian_mirror(apt: Path = Path("/etc/apt")) -> str:
    """The first Debian mirror in apt's sources, in either format. Empty: let mmdebstrap take its own default."""
    files = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]
    for file in files:
        if not file.is_file():
            continue
        for line in file.read_text(errors="replace").splitlines():
            # One-line format ("deb [options] URI suite ...") and deb822 ("URIs: URI ...").
            found = re.match(r"\s*(?:deb\s+(?:\[[^]]*\]\s+)?|URIs:\s*)(\S+/debian)/?(?:\s|$)", line)
            if found:
                return found[1]
    return ""

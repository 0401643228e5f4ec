"""Time stamps of exec and of the first guest entry, from the kernel's own tracepoints (tracefs, clock mono)."""

import re
from pathlib import Path

TRACEFS = Path("/sys/kernel/tracing")
EVENTS = ("sched/sched_process_exec", "kvm/kvm_entry")
LINE = re.compile(r"\s(?P<seconds>\d+\.\d+): (?P<event>\w+): (?P<rest>.*)$")


class Trace:
    """Records while the `with` block runs; `events` holds (nanoseconds, event, text) afterwards."""

    def __init__(self):
        self.events = []

    def __enter__(self):
        (TRACEFS / "trace_clock").write_text("mono")
        (TRACEFS / "trace").write_text("")
        for event in EVENTS:
            (TRACEFS / "events" / event / "enable").write_text("1")
        # The first entry is all that is asked for: a guest makes too many for the buffer.
        (TRACEFS / "events/kvm/kvm_entry/trigger").write_text("traceoff:1")
        (TRACEFS / "tracing_on").write_text("1")
        return self

    def __exit__(self, *_):
        (TRACEFS / "tracing_on").write_text("0")
        (TRACEFS / "events/kvm/kvm_entry/trigger").write_text("!traceoff:1")
        for event in EVENTS:
            (TRACEFS / "events" / event / "enable").write_text("0")
        for line in (TRACEFS / "trace").read_text().splitlines():
            match = LINE.search(line)
            if match:
                nanoseconds = int(match["seconds"].replace(".", "")) * 1000
                self.events.append((nanoseconds, match["event"], match["rest"]))

    def first(self, event, needle=""):
        return next((when for when, name, rest in self.events if name == event and needle in rest), None)

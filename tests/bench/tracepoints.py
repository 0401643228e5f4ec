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


class SystemCalls:
    """Counts those of a process while the `with` block runs: by number in `counts`, all of them in `total`."""

    EVENT = TRACEFS / "events/raw_syscalls/sys_enter"
    TRIGGER = "hist:keys=common_pid,id:size=4096"
    ENTRY = re.compile(r"\{ common_pid: *(?P<thread>\d+), id: *(?P<number>\d+) *\} hitcount: *(?P<count>\d+)")

    def __init__(self, pid):
        self.pid = pid

    def __enter__(self):
        self.threads = self.tasks()
        (self.EVENT / "trigger").write_text(self.TRIGGER)
        return self

    def __exit__(self, *_):
        # Also those that began meanwhile: the kernel's filter knows threads only, so all of them are counted.
        self.threads |= self.tasks()
        self.counts = {}
        for entry in self.ENTRY.finditer((self.EVENT / "hist").read_text()):
            if int(entry["thread"]) in self.threads:
                number = int(entry["number"])
                self.counts[number] = self.counts.get(number, 0) + int(entry["count"])
        self.total = sum(self.counts.values())
        (self.EVENT / "trigger").write_text(f"!{self.TRIGGER}")

    def tasks(self):
        return {int(task.name) for task in Path(f"/proc/{self.pid}/task").iterdir()}

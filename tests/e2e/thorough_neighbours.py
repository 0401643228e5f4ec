"""A guest that floods all of its devices, within its limits, and the guest beside it."""

import itertools
import re
import statistics
import threading

from support.guest import BOOT_SECONDS, Guest, disk, image, immure, values
from test_networks import MAC, NetworkTest

READS = 400
ROUNDS = 7
# What a tenant gets who pays for a part of a processor.
LIMITS = {"bytes_per_second": "1 MiB", "operations_per_second": 500}


def microseconds_of_a_read(guest: Guest, when: str) -> float:
    """The median of some rounds: reads of 4 KiB past the guest's cache, one after the other."""
    console = guest.console_until(f"IMMURE-GUEST-ROUND-{when} {ROUNDS}", send=f"{when}\n".encode(), timeout=2 * BOOT_SECONDS)
    times = [[float(second) for second in line.split()] for line in values(console, f"READS-{when}")]
    return statistics.median(after - before for before, after in times) / READS * 1e6


class TestNeighbours(NetworkTest):
    def test_a_guest_that_floods_its_devices_does_not_double_the_latency_of_its_neighbours_disk(self):
        self.allow('taps = ["imflood0"]')
        neighbour = self.guest("flooded", f"disk-latency immure.reads={READS} immure.rounds={ROUNDS}", disks=[disk(image("flooded.raw"))])
        neighbour.start().console_until("IMMURE-GUEST-READY")
        alone = microseconds_of_a_read(neighbour, "alone")

        net = {"id": "lan", "tap": self.tap("imflood0", "192.0.2.1/24"), "mac": MAC, "limit": LIMITS}
        flooder = self.guest("flooder", balloon=True, virtio_console=True, nets=[net], disks=[disk(image("flooder.raw")) | {"limit": LIMITS}],
                             command_line="console=ttyS0 quiet panic=-1 immure.test=net-up,flood-all "
                             "immure.address=192.0.2.2/24 immure.peer=192.0.2.1")  # fmt: skip
        flooder.tables |= {"resources": {"cpu_quota": 50}, "vsock": {"cid": 77}, "entropy": {"limit": LIMITS}}
        flooder.tables["console"]["limit"] = LIMITS
        flooder.write()
        flooder.start().console_until("IMMURE-GUEST-READY")
        over = threading.Event()
        breathing = threading.Thread(target=self.breathe, args=(flooder.name, over))
        breathing.start()
        self.addCleanup(breathing.join)
        self.addCleanup(over.set)
        beside = microseconds_of_a_read(neighbour, "beside")
        print(f"          a read of 4 KiB: {alone:.0f} us alone, {beside:.0f} us beside the flood", flush=True)
        self.assertLess(beside, 2 * alone)
        counted = immure("metrics", "flooder", check=True).stdout
        for what in ('="lan"', '="disk0"', 'console_output_bytes_total{guest="flooder"', 'entropy_bytes_total{guest="flooder"'):
            self.assertRegex(counted, re.escape(what) + "} [1-9]", "nothing was flooded")

    def breathe(self, name: str, over: threading.Event) -> None:
        """Takes memory from the guest and gives it again, for as long as it lives."""
        for size in itertools.cycle(("128 MiB", "256 MiB")):
            if over.wait(0.2) or immure("balloon", name, size).returncode != 0:
                return

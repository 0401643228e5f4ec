"""Kernels of a few instructions, for tests that need a guest but no operating system in it.

ELF files with the PVH entry point: 32-bit protected mode, no paging (Xen: docs/misc/pvh.pandoc).
"""

import struct

ENTRY = 0x100000
HEADERS = 64 + 2 * 56
NOTE_PHYS32_ENTRY = 18

# The code starts behind the headers and the note, which are loaded too.
NOTE = struct.pack("<III4sI", 4, 4, NOTE_PHYS32_ENTRY, b"Xen\0", ENTRY + HEADERS + 20)
CODE = ENTRY + HEADERS + len(NOTE)

TINY_KERNELS = {
    # cli; hlt; jmp back to hlt: a guest that is there and does nothing.
    "halt": b"\xfa\xf4\xeb\xfd",
    # lidt of an empty table, then int3: a triple fault.
    "triple-fault": b"\x0f\x01\x1d" + struct.pack("<I", CODE + 8) + b"\xcc" + bytes(6),
    # mov dx, 0x3f8; mov al, 'x'; out dx, al; jmp back to out: output without end.
    "flood": b"\x66\xba\xf8\x03\xb0\x78\xee\xeb\xfd",
    # jmp to itself: a busy CPU.
    "spin": b"\xeb\xfe",
}


def tiny_kernel(code: bytes) -> bytes:
    size = HEADERS + len(NOTE) + len(code)
    identity = b"\x7fELF\x02\x01\x01" + bytes(9)
    # ET_EXEC, EM_X86_64; program headers right behind; no sections.
    header = identity + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, CODE, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 7, 0, ENTRY, ENTRY, size, size, 0x1000)
    note = struct.pack("<IIQQQQQQ", 4, 4, HEADERS, ENTRY + HEADERS, ENTRY + HEADERS, len(NOTE), len(NOTE), 4)
    return header + load + note + NOTE + code

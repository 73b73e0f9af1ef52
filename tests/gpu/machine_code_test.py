#!/usr/bin/env python3
"""machine_code_test.py PROGRAM CHIP…: every kernel file in PROGRAM holds machine code (SASS) for each chip, e.g. 75 90, and no
PTX, which would be compiled when the program starts. Reads NVIDIA's fat binaries itself, as not every toolkit has cuobjdump:
a header (magic, version, header size: u16 each after u32; size: u64), then entries (kind: 1 PTX, 2 machine code; version;
header size u32; size u64; at byte 28 the chip as u32)."""
import struct
import sys

MAGIC = struct.pack("<I", 0xBA55ED50)
PTX, MACHINE_CODE = 1, 2


def entries(data, begin, end):
    while begin < end:
        kind, _, header, size = struct.unpack_from("<HHIQ", data, begin)
        (chip,) = struct.unpack_from("<I", data, begin + 28)
        yield kind, chip
        begin += header + size


def main(program, *chips):
    with open(program, "rb") as file:
        data = file.read()
    wanted = {int(chip) for chip in chips}
    found = 0
    at = data.find(MAGIC)
    while at >= 0:
        version, header, size = struct.unpack_from("<HHQ", data, at + 4)
        if version == 1 and header == 16 and size and at + header + size <= len(data):
            code = list(entries(data, at + header, at + header + size))
            if not all(kind in (PTX, MACHINE_CODE) for kind, _ in code):
                sys.exit(f"{program}: an unknown kind of code at byte {at}: {code}")
            if any(kind == PTX for kind, _ in code):
                sys.exit(f"{program}: PTX at byte {at}: {code}")
            if {chip for _, chip in code} != wanted:
                sys.exit(f"{program}: code at byte {at} is for {code}, not for {sorted(wanted)}")
            found += 1
        at = data.find(MAGIC, at + 4)
    if found == 0:
        sys.exit(f"{program}: no GPU code")
    print(f"{program}: {found} files of kernels, each for {', '.join('sm_' + chip for chip in chips)}, no PTX")


if __name__ == "__main__":
    main(*sys.argv[1:])

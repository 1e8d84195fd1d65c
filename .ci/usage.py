"""Measures commands: CPU seconds, and peak resident memory in KiB.

usage.py COMMAND...: prints both of one run.
usage.py --ratio N LOG IDS CORSCOPE: CPU time of a scan of LOG with all rules to that without any of
those listed in the file IDS, the median of N pairs of runs: what else the machine does changes from
second to second, and hardly within a pair, of which each comes first in turn.
usage.py --start N COMMAND...: CPU time and wall time in milliseconds, medians of N runs.

A child counts the memory of the process that it was forked from, so this one stays small: run it
with `python3 -I -S`, and import nothing big.
"""

import os
import sys
import time

QUIET = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]


def usage(command):
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=QUIET)
    _, status, used = os.wait4(child, 0)
    if status != 0:
        sys.exit(f"exit status {os.waitstatus_to_exitcode(status)}: {command[0]}")
    peak = used.ru_maxrss // 1024 if sys.platform == "darwin" else used.ru_maxrss
    return used.ru_utime + used.ru_stime, peak


def median(numbers):
    return sorted(numbers)[len(numbers) // 2]


if sys.argv[1] == "--ratio":
    runs, log, ids, corscope = sys.argv[2:]
    scan = [corscope, "scan", "--threads", "1", "--format", "json", "--fail-on", "never", log]
    without = scan + ["--disable", ",".join(open(ids, encoding="utf-8").read().split())]
    kinds = {"with": scan, "without": without}
    ratios = []
    for pair in range(int(runs)):
        order = sorted(kinds, reverse=pair % 2 == 1)
        times = {kind: usage(kinds[kind])[0] for kind in order}
        ratios.append(times["with"] / times["without"])
    print(f"{median(ratios):.3f}")
elif sys.argv[1] == "--start":
    runs, *command = sys.argv[2:]
    cpu, wall = [], []
    for _ in range(int(runs)):
        began = time.monotonic()
        cpu.append(usage(command)[0])
        wall.append(time.monotonic() - began)
    print(f"{median(cpu) * 1000:.1f} {median(wall) * 1000:.1f}")
else:
    cpu, peak = usage(sys.argv[1:])
    print(f"{cpu:.2f} {peak}")

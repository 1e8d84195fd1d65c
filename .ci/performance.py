"""Measures the table of docs/performance.md, and prints it.

performance.py CORSCOPE DATA: DATA has the folders plain, lean, jsonl, filter and gz with 500 MB each,
plain2g and lost2g with 2 GB, and 50M/ with plain, jsonl, filter and gz of 50 MB. `--generator CWGEN`
writes those that are missing (6 GB); the folder forms is written from plain (3 GB). What else is
missing is left out, and said.

Commands of a row run in turn, once a round; of CPU times the ratio is taken round by round, and the
median of these counts. So other work on the machine hits both sides alike. Wall times need a quiet
machine. Files are read once before, so that no disk is measured.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import forms

HERE = os.path.dirname(os.path.abspath(__file__))
SHORT = os.path.join(HERE, "..", "sample-logs", "rest-api", "execution-log.txt")
PEERS = os.path.join(HERE, "..", "..", "shared", "bench", "peers")
OWN_RULES = 100
# Asks about each response, and never fires.
RULE = """
id = "own-{number}"
title = "A header names what was moved"
class = "wrong-allow-origin"
kind = "symptom"
severity = "error"
confidence = "confirmed"
why = "It was moved."
fix = "Name the new one."
since = "1"

[when]
all = [
  {{ is = ["request.preflight", false] }},
  {{ matches = ["{fact}", '^moved-{number}$'] }},
]
"""
GENERATED = {
    "plain": ("500M", "plain", "1", "traced"),
    "lean": ("500M", "plain", "1", "lean"),
    "jsonl": ("500M", "jsonl", "1", "traced"),
    "filter": ("500M", "filter-json", "1", "traced"),
    "gz": ("500M", "gz", "64", "traced"),
    "plain2g": ("2G", "plain", "1", "traced"),
    "lost2g": ("2G", "plain", "1", "traced", "--lost", "500", "--inflight", "1000-3000"),
    "50M/plain": ("50M", "plain", "1", "traced"),
    "50M/jsonl": ("50M", "jsonl", "1", "traced"),
    "50M/filter": ("50M", "filter-json", "1", "traced"),
    "50M/gz": ("50M", "gz", "64", "traced"),
}


class Missing(Exception):
    """What a row needs is not there."""


class Bench:
    def __init__(self, options):
        self.corscope = os.path.abspath(options.corscope)
        self.data = os.path.abspath(options.data)
        self.rounds = options.rounds
        self.peers = options.peers
        self.generator = options.generator

    def path(self, name):
        """What is to be scanned of a folder of DATA."""
        if name in forms.NAMES:
            return forms.write(self.path("plain"), os.path.join(self.data, "forms"))[name]
        folder = os.path.join(self.data, name)
        if not os.path.exists(os.path.join(folder, "truth.tsv")):
            if not self.generator:
                raise Missing(f"`{name}` is not in DATA")
            size, form, streams, mix, *more = GENERATED[name]
            subprocess.run([self.generator, "--size", size, "--seed", "1", "--form", form,
                            "--streams", streams, "--mix", mix, *more, "--out", folder],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        kind = name.split("/")[-1]
        inside = {"jsonl": "apigw.jsonl", "filter": "apigw.json", "gz": os.path.join("export", "apigw")}
        return os.path.join(folder, inside.get(kind, "apigw.log"))

    def scan(self, path, threads, *more):
        return [self.corscope, "scan", "--format", "json", "--fail-on", "never", "--threads",
                str(threads), path, *more]

    def times(self, *commands):
        """CPU and wall seconds: a list of rounds, each with a pair for each command."""
        for command in commands:
            run(command)
        return [[run(command) for command in commands] for _ in range(self.rounds)]

    def ratios(self, yardstick, *commands):
        """CPU time of each command to that of the first, and that of the first in seconds."""
        rounds = self.times(yardstick, *commands)
        first = statistics.median(results[0][0] for results in rounds)
        return [statistics.median(results[at + 1][0] / results[0][0] for results in rounds)
                for at in range(len(commands))], first

    def peak(self, path, *more):
        """Megabytes. A child counts the memory of the process that it was forked from, so it is
        started by a small one."""
        usage = os.path.join(HERE, "usage.py")
        command = [sys.executable, "-I", "-S", usage, *self.scan(path, 2, *more)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return int(done.stdout.split()[1]) * 1024 / 1e6


def run(command):
    began = time.monotonic()
    quiet = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_WRONLY, 0) for fd in (1, 2)]
    child = os.posix_spawnp(command[0], command, {**os.environ, "LC_ALL": "C"}, file_actions=quiet)
    _, status, used = os.wait4(child, 0)
    if status != 0:
        sys.exit(f"exit status {os.waitstatus_to_exitcode(status)}: {' '.join(command)}")
    return used.ru_utime + used.ru_stime, time.monotonic() - began


def judge(value, goal, latest, is_more_better=False):
    sign = -1 if is_more_better else 1
    if value * sign <= goal * sign:
        return "goal met"
    return "within the latest" if value * sign <= latest * sign else "MISSED"


def beside_wc(bench, name, goal, latest):
    path = bench.path(name)
    (one, two), first = bench.ratios(["wc", "-l", path], bench.scan(path, 1), bench.scan(path, 2))
    return f"{one:.2f}x; with two threads {two:.2f}x (wc {first:.3f} s)", judge(one, goal, latest)


def gz(bench, goal, latest):
    path = bench.path("gz")
    if not shutil.which("libdeflate-gunzip"):
        raise Missing("libdeflate-gunzip is not installed")
    inflate = f"find '{path}' -name '*.gz' -print0 | sort -z | xargs -0 libdeflate-gunzip -c | wc -c"
    (one, two), first = bench.ratios(["bash", "-c", inflate], bench.scan(path, 1), bench.scan(path, 2))
    return f"{one:.2f}x; with two threads {two:.2f}x ({first:.3f} s)", judge(one, goal, latest)


def peers(bench, goal, latest):
    path = bench.path("plain")
    names, commands = [], []
    for name, command, script in (("mawk", "mawk", "tally.awk"), ("Python", sys.executable, "tuned.py")):
        script = os.path.join(bench.peers, script)
        if shutil.which(command) and os.path.exists(script):
            names.append(name)
            commands.append([command, *(["-f"] if name == "mawk" else []), script, path])
    if not names:
        raise Missing(f"neither mawk nor Python has its tally in {bench.peers}")
    ratios, _ = bench.ratios(bench.scan(path, 1), *commands)
    said = ", ".join(f"{name} {ratio:.1f}x" for name, ratio in zip(names, ratios))
    return said, judge(min(ratios), goal, latest, is_more_better=True)


def threads(bench, goal, latest):
    said, worst = [], 0
    for name in ("plain", "gz"):
        path = bench.path(name)
        rounds = bench.times(bench.scan(path, 1), bench.scan(path, 2))
        ratio = statistics.median(two[1] / one[1] for one, two in rounds)
        worst = max(worst, ratio)
        said.append(f"{name} {ratio:.2f}x")
    return ", ".join(said), judge(worst, goal, latest)


def memory(bench, names, goal, latest):
    peaks = [bench.peak(bench.path(name)) for name in names]
    growth = max(peaks) / peaks[0] - 1
    said = ", ".join(f"{peak:.1f}" for peak in peaks)
    verdict = judge(max(peaks), goal, latest)
    if verdict == "goal met" and growth > 0.1:
        verdict = "within the latest"
    return f"{said} MB; growth {growth:.1%}", verdict


def lost(bench, goal, latest):
    peak = bench.peak(bench.path("lost2g"))
    return f"{peak:.1f} MB", judge(peak, goal, latest)


def short(bench, goal, latest):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "short.log")
        with open(SHORT, "rb") as log, open(path, "wb") as out:
            out.writelines(line for line, _ in zip(log, range(100)))
        results = [run(bench.scan(path, 2)) for _ in range(51)]
    cpu, wall = (statistics.median(column) * 1000 for column in zip(*results))
    return f"{cpu:.1f} ms; {wall:.1f} ms of wall time", judge(cpu, goal, latest)


def own_rules(bench, goal, latest):
    path = bench.path("plain")
    with tempfile.TemporaryDirectory() as folder:
        def rules(name, count, fact):
            os.mkdir(os.path.join(folder, name))
            for number in range(count):
                with open(os.path.join(folder, name, f"own-{number}.toml"), "w", encoding="utf-8") as out:
                    out.write(RULE.format(number=number, fact=fact))
            return bench.scan(path, 1, "--rules", os.path.join(folder, name))

        usual = rules("usual", OWN_RULES, "response.header.content-type")
        changing = rules("changing", 1, "request.header.x-forwarded-for")
        (many, one), _ = bench.ratios(bench.scan(path, 1), usual, changing)
    each = (many - 1) / OWN_RULES * 100
    return (f"{each:.3f} % each of {OWN_RULES}; {(one - 1) * 100:.1f} % the first that reads what differs"
            " in each request"), judge(each, goal, latest)


def rows():
    """What, goal, at the latest, and how it is measured."""
    ratio = lambda name: lambda bench, *bars: beside_wc(bench, name, *bars)
    peaks = lambda *names: lambda bench, *bars: memory(bench, names, *bars)
    yield "export text: CPU to `wc -l`", "<= {}x", 2.0, 3.0, ratio("plain")
    yield "lean mix: CPU to `wc -l`", "<= {}x", 2.0, 3.5, ratio("lean")
    yield "JSON lines: CPU to `wc -l`", "<= {}x", 2.5, 4.0, ratio("jsonl")
    yield "filter-log-events JSON: CPU to `wc -l`", "<= {}x", 2.5, 4.0, ratio("filter")
    yield "console copies: CPU to `wc -l`", "<= {}x", 2.0, 3.0, ratio("console")
    yield "`aws logs tail`: CPU to `wc -l`", "<= {}x", 2.0, 3.0, ratio("tail")
    yield "console CSV: CPU to `wc -l`", "<= {}x", 2.0, 3.0, ratio("csv")
    yield "Logs Insights JSON: CPU to `wc -l`", "<= {}x", 2.5, 4.0, ratio("insights")
    yield "gz export tree: CPU to `libdeflate-gunzip -c \\| wc -c`", "<= {}x", 0.9, 1.5, gz
    yield "less CPU than mawk or tuned Python on their one tally", ">= {}x", 10, 6, peers
    yield "two threads to one: wall time", "<= {}x", 0.58, 0.70, threads
    yield ("peak memory, text of 50 MB, 500 MB, 2 GB", "<= {} MB", 16, 64,
           peaks("50M/plain", "plain", "plain2g"))
    yield "peak memory, gz of 50 MB, 500 MB", "<= {} MB", 32, 64, peaks("50M/gz", "gz")
    yield "peak memory, JSON lines of 50 MB, 500 MB", "<= {} MB", 16, 64, peaks("50M/jsonl", "jsonl")
    yield ("peak memory, filter-log-events JSON of 50 MB, 500 MB", "<= {} MB", 16, 64,
           peaks("50M/filter", "filter"))
    yield ("peak memory, 2 GB, 5 % of requests never complete, 3,000 in flight", "<= {} MB", 24, 64,
           lost)
    yield "100-line file, whole process: CPU", "<= {} ms", 5, 10, short
    yield "a user rule more: CPU", "<= {} %", 0.5, 2, own_rules


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("corscope")
    parser.add_argument("data")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--generator", help="writes what DATA lacks")
    parser.add_argument("--peers", default=PEERS, help="the folder of tally.awk and tuned.py")
    parser.add_argument("--only", default="", help="rows with this in their name")
    options = parser.parse_args()
    bench = Bench(options)
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} processors, load {load:.1f}, {options.rounds} rounds\n")
    print("| what | goal | at the latest | measured | |\n|---|---|---|---|---|")
    for what, form, goal, latest, measure in rows():
        if options.only not in what:
            continue
        try:
            measured, verdict = measure(bench, goal, latest)
        except Missing as missing:
            measured, verdict = "not measured", str(missing)
        print(f"| {what} | {form.format(goal)} | {form.format(latest)} | {measured} | {verdict} |",
              flush=True)


if __name__ == "__main__":
    main()

"""The regression guard: how many instructions a scan takes, which no other load on the machine changes.

instructions.py CORSCOPE GENERATOR: counts for each kind of input, and compares with
.ci/instructions.json. More than 5 % above it fails; so does more than 5 % below it, because what was
won could be lost again unseen. `--bless` writes the figures instead, if their spread allows that.
instructions.py CORSCOPE --rules LOG: the ratio of a scan of LOG with all rules to one with none; more
than 1.10 fails.

valgrind counts; one thread reads and analyzes. Hash tables are seeded anew in each run, so runs
differ, by less than a thousandth as measured: `--runs N` shows it, and the median counts. Counts
depend on the instructions that the processor has (memory is searched with the widest there are), so
on another kind of machine there is no comparison; and a little on compiler and C library, which the
baseline names.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile

import forms

HERE = os.path.dirname(os.path.abspath(__file__))
BASELINE = os.path.join(HERE, "instructions.json")
IDS = os.path.join(HERE, "..", "tests", "it", "rules_ids.txt")
SHORT = os.path.join(HERE, "..", "sample-logs", "rest-api", "execution-log.txt")
SIZE = "20M"
# What may change without being told.
TOLERANCE = 0.05
# What runs of one binary may differ by.
SPREAD = 0.01
# A scan with all rules to one with none, at most.
RULES = 1.10


def machine():
    """What the counts depend on, beside the code."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            flags = set(next((line for line in lines if line.startswith("flags")), "").split())
    except OSError:
        flags = set()
    widest = next((flag for flag in ("avx2", "sse4_2") if flag in flags), "no vectors known of")
    return f"{platform.system()} {platform.machine()}, {widest}"


def tools():
    """What the counts depend on a little."""
    versions = [subprocess.run([tool, "--version"], stdout=subprocess.PIPE, text=True).stdout.strip()
                for tool in ("rustc", "valgrind")]
    return ", ".join([*versions, " ".join(platform.libc_ver())])


def no_rules():
    """What switches all rules off."""
    with open(IDS, encoding="utf-8") as ids:
        return ["--disable", ",".join(ids.read().split())]


def inputs(generator, folder):
    """Name → the arguments of a scan."""
    def generated(name, form, *more):
        out = os.path.join(folder, name)
        command = [generator, "--size", SIZE, "--seed", "1", "--form", form, "--streams", "1"]
        subprocess.run([*command, *more, "--out", out], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        return out

    plain = os.path.join(generated("plain", "plain", "--mix", "traced"), "apigw.log")
    lean = os.path.join(generated("lean", "plain", "--mix", "lean"), "apigw.log")
    lines = os.path.join(generated("jsonl", "jsonl", "--mix", "traced"), "apigw.jsonl")
    document = os.path.join(generated("filter", "filter-json", "--mix", "traced"), "apigw.json")
    export = os.path.join(generated("gz", "gz", "--mix", "traced"), "export", "apigw")
    other = forms.write(plain, os.path.join(folder, "forms"))
    short = os.path.join(folder, "short.log")
    with open(SHORT, "rb") as log, open(short, "wb") as out:
        out.writelines(line for line, _ in zip(log, range(100)))
    return {
        "plain": [plain],
        "plain, no rules": [plain, *no_rules()],
        "plain, two threads": [plain, "--threads", "2"],
        "lean": [lean],
        "json lines": [lines],
        "json lines, two threads": [lines, "--threads", "2"],
        "filter-log-events": [document],
        "gz": [export],
        "console copy": [other["console"]],
        "aws logs tail": [other["tail"]],
        "console CSV": [other["csv"]],
        "Insights JSON": [other["insights"]],
        "100 lines": [short],
    }


def count(corscope, arguments):
    """Instructions of a scan, and the events that it read."""
    threads = [] if "--threads" in arguments else ["--threads", "1"]
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
               corscope, "scan", "--format", "json", "--fail-on", "never", *threads, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    collected = re.search(r"I +refs: +([\d,]+)", done.stderr)
    if done.returncode != 0 or not collected:
        said = "\n".join(line for line in done.stderr.splitlines() if not line.startswith("=="))
        sys.exit(f"exit status {done.returncode} of {' '.join(command[:5])}:\n{said}")
    return int(collected[1].replace(",", "")), json.loads(done.stdout)["ledger"]["events"]


def measure(corscope, generator, runs):
    counted, widest = {}, 0.0
    print(f"{'':<24}{'instructions':>15}{'an event':>10}  {'spread' if runs > 1 else ''}")
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in inputs(generator, folder).items():
            results = [count(corscope, arguments) for _ in range(runs)]
            numbers, events = [number for number, _ in results], results[0][1]
            counted[name] = statistics.median_low(numbers)
            spread = max(numbers) / min(numbers) - 1
            widest = max(widest, spread)
            shown = f"{spread:.2%}" if runs > 1 else ""
            print(f"{name:<24}{counted[name]:>15,}{counted[name] / events:>10,.0f}  {shown}",
                  flush=True)
    return counted, widest


def rules(corscope, log):
    """What all rules together take of a scan."""
    (every, _), (none, _) = count(corscope, [log]), count(corscope, [log, *no_rules()])
    print(f"instructions with all rules {every:,}, with none {none:,}: ratio {every / none:.3f} "
          f"(at most {RULES:.2f})")
    if every / none > RULES:
        sys.exit("rules take more than their share")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("corscope")
    parser.add_argument("generator", nargs="?")
    parser.add_argument("--rules", metavar="LOG", help="compare a scan with all rules to one with none")
    parser.add_argument("--bless", action="store_true", help="write the baseline")
    parser.add_argument("--runs", type=int, default=1, help="runs of each; with --bless, 3")
    options = parser.parse_args()
    if options.rules:
        rules(options.corscope, options.rules)
        return
    if not options.generator:
        parser.error("GENERATOR or --rules LOG")
    counted, spread = measure(options.corscope, options.generator,
                              max(options.runs, 3 if options.bless else 1))
    if options.bless:
        if spread > SPREAD:
            sys.exit(f"runs of one binary differ by {spread:.1%}: no baseline can be made of that")
        baseline = {"machine": machine(), "tools": tools(), "instructions": counted}
        with open(BASELINE, "w", encoding="utf-8") as out:
            json.dump(baseline, out, indent=2)
            out.write("\n")
        print("written: .ci/instructions.json")
        return
    try:
        with open(BASELINE, encoding="utf-8") as text:
            baseline = json.load(text)
    except FileNotFoundError:
        sys.exit("there is no baseline; write it by --bless")
    if baseline["machine"] != machine():
        print(f"not compared: the baseline is of {baseline['machine']}, this is {machine()}")
        return
    compare(counted, baseline, f"{options.corscope} {options.generator}")


def compare(counted, baseline, arguments):
    problems = []
    for name in sorted(counted.keys() | baseline["instructions"].keys()):
        new, old = counted.get(name), baseline["instructions"].get(name)
        if new is None or old is None:
            problems.append(f"{name}: only {'measured' if old is None else 'in the baseline'}")
            continue
        change = new / old - 1
        if abs(change) > TOLERANCE:
            what = "more" if change > 0 else "less; commit the new figure"
            problems.append(f"{name}: {abs(change):.1%} {what} ({old:,} before, {new:,} now)")
        else:
            print(f"{name:<24}{change:>+8.1%} to the baseline")
    if problems:
        if baseline["tools"] != tools():
            problems.append(f"the baseline was made with {baseline['tools']}, this is {tools()}")
        problems.append("if it is meant to be so, write the figures and commit them with the reason:")
        problems.append(f"  python3 .ci/instructions.py --bless {arguments}")
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()

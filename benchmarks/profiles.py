"""Piece `profiles`: where the time and the memory of the rows near or short of their targets go, as benchmarks/results/profile-*.txt.

Of programs, samples by perf's clock (a virtual machine may have no counters); of the layer on tp=2, what `tp-run --trace` says each rank
does, and how much of the wall time that explains; of memory, what the system says lies in each mapping when the process holds most.
"""
import collections
import datetime
import json
import os
import re
import shutil
import subprocess
import time

import compile_time
import generate
import layer
import measure
from measure import CORES, FOLDER, row, run, run_entry, say, tool

LINES = 22


def write(options, name, command, text):
    path = os.path.join(options.results, f"profile-{name}.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{command}\n{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC, revision {measure.revision()}\n\n{text}\n")


def sampled(options, name, *command):
    """The symbols that most samples fell into."""
    data = os.path.join(FOLDER, "perf.data")
    run("perf", "record", "-q", "-e", "cpu-clock", "-F", "997", "-o", data, "--", *command, stderr=subprocess.DEVNULL)
    report = run("perf", "report", "-q", "-i", data, "--stdio", "--sort", "dso,symbol", "--percent-limit", "0.4", stderr=subprocess.DEVNULL)
    lines = [line.rstrip()[:140] for line in report.splitlines() if line.strip()]
    shown = " ".join(os.path.basename(part) if "/" in part else part for part in command)
    write(options, name, "perf record -e cpu-clock " + shown[:160], "\n".join(lines[:LINES]))


def summary_of_trace(trace, ranks):
    """Milliseconds of each kind of call on each rank, and the least share of a rank's entry that its calls explain."""
    with open(trace, encoding="utf-8") as file:
        events = [event for event in json.load(file)["traceEvents"] if event.get("ph") == "X"]
    lines, least = [], 1.0
    for rank in range(ranks):
        mine = [event for event in events if event["tid"] == rank]
        entry = max((event for event in mine if event["cat"] == "entry"), key=lambda event: event["ts"])
        inside = [event for event in mine if event["cat"] in ("compute", "collective", "runtime")
                  and entry["ts"] <= event["ts"] and event["ts"] + event["dur"] <= entry["ts"] + entry["dur"] + 1]
        times = collections.Counter()
        for event in inside:
            times[event["name"] + (" " + event["args"]["kernel"] if "kernel" in event["args"] else "")] += event["dur"] / 1e3
        explained = sum(times.values()) * 1e3 / entry["dur"]
        least = min(least, explained)
        lines.append(f"rank {rank}: {entry['dur'] / 1e3:.1f} ms, {100 * explained:.2f} % of them in the calls below")
        lines += [f"  {time:9.2f} ms  {name}" for name, time in times.most_common()]
    return "\n".join(lines), least


def traced_layer(options):
    module = layer.compiled("tp=2")
    trace = os.path.join(FOLDER, "layer-trace.json")
    shares = []
    for _ in range(3):
        run(tool("tp-run"), module, "--random-inputs", "1", "--threads", str(max(1, CORES // 2)), "--trace", trace)
        text, least = summary_of_trace(trace, 2)
        shares.append(100 * least)
    write(options, "layer-tp2-trace", "tp-run layer-tp2.tpm --random-inputs 1 --threads 1 --trace FILE (the first execution)", text)
    return shares


def held(options, name, *command):
    """What lies in the mappings of a process when it holds most."""
    process, last, most = subprocess.Popen(command, stdout=subprocess.DEVNULL), "", 0
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/statm", encoding="utf-8") as file:
                resident = int(file.read().split()[1])
            if resident > most:
                with open(f"/proc/{process.pid}/smaps", encoding="utf-8") as file:
                    last, most = file.read(), resident
        except OSError:
            break
        time.sleep(0.01)
    sizes, current = collections.Counter(), ""
    for line in last.splitlines():
        header = re.match(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \S+\s*(.*)", line)
        if header:
            current = os.path.basename(header[1]) or "memory without a file"
        elif line.startswith("Rss:"):
            sizes[current] += int(line.split()[1]) * 1024 / 1e6
    write(options, name, "smaps of " + os.path.basename(command[0]) + " " + os.path.basename(command[1]) + " when it holds most",
          "\n".join(f"{size:8.1f} MB  {what}" for what, size in sizes.most_common(12)))


def measure_profiles(options):
    os.makedirs(FOLDER, exist_ok=True)
    os.makedirs(options.results, exist_ok=True)
    model, commands = generate.model_file(), ["tp-run layer-tp2.tpm --trace FILE"]
    say("profiles, trace of the layer")
    shares = traced_layer(options)
    say("profiles, memory")
    kept, wide = ({size[0]: generate.compiled(model, kind, size[0]) for size in generate.SIZES} for kind in ("kept", "f32"))
    held(options, "memory-kept", tool("tp-run"), kept[1], *generate.prompts(1, 64), "--max-new-tokens", "64", "--ignore-eos")
    if shutil.which("perf"):
        threads = ("--threads", str(CORES))
        for name, command in {
                "layer-tp1": (run_entry(), layer.compiled("tp=1"), str(CORES), "6"),
                "decode-f32": (tool("tp-run"), wide[1], *generate.prompts(1, 1), "--max-new-tokens", "96", "--ignore-eos", *threads),
                "decode-kept": (tool("tp-run"), kept[1], *generate.prompts(1, 1), "--max-new-tokens", "192", "--ignore-eos", *threads),
                "decode-kept-batch-8": (tool("tp-run"), kept[8], *generate.prompts(8, 1), "--max-new-tokens", "64", "--ignore-eos", *threads),
                "prefill-f32-batch-8": (tool("tp-run"), wide[8], *generate.prompts(8, 64), "--max-new-tokens", "1", *threads),
                "prefill-kept-batch-8": (tool("tp-run"), kept[8], *generate.prompts(8, 64), "--max-new-tokens", "1", *threads),
                "plan-192-layers": (tool("tp-plan"), compile_time.graphs()["192"], "--format", "json"),
                "first-token-kept": (tool("tp-run"), kept[1], "--prompt", "The tensor", "--max-new-tokens", "1")}.items():
            say(f"profiles, {name}")
            sampled(options, name, *command)
        commands.append("perf record -e cpu-clock COMMAND")
    return {"rows": [row("wall time of the layer on tp=2 that its trace explains", "%", shares, better="higher", target="at least 95 %",
                         reached=min(shares), limit=95)], "commands": commands}

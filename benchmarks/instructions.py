"""Piece `instructions`: how many instructions the compiler executes on three fixed graphs (callgrind), which repeats where times do not.

`tp-plan` runs every phase up to the memory plan; linking is another program's work. Addresses are not randomised, so that tables
ordered by pointers come out alike. Other work on the machine does not change them; several graphs run at once.
"""
import concurrent.futures
import os
import re
import subprocess

import compile_time
import generate
from measure import CORES, FOLDER, row, run, say, tool


def instructions(name, *command):
    out = os.path.join(FOLDER, f"callgrind.{name}")
    done = subprocess.run(["setarch", "-R", "valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command], check=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=os.environ | {"TP_READ_APART": "0"})
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def measure(options):
    paths, rows = compile_time.graphs(), []
    graphs = {"96 equal layers": (paths["96"],), "96 different layers": (paths["different"],),
              "SmolLM2's GGUF, tp=3": (generate.model_file(), "--mesh", "tp=3")}

    def count_of(item):
        say(f"instructions, {item[0]}")
        return instructions(item[0].split("'")[0].replace(" ", "-"), tool("tp-plan"), *item[1], "--format", "json")

    with concurrent.futures.ThreadPoolExecutor(CORES) as together:
        counts = list(together.map(count_of, graphs.items()))
    for name, count in zip(graphs, counts):
        rows.append(row(f"instructions of tp-plan, {name}", "million", [count / 1e6], target="nothing grows unseen"))
    return {"versions": {"valgrind": run("valgrind", "--version").strip().removeprefix("valgrind-")}, "rows": rows,
            "commands": ["TP_READ_APART=0 valgrind --tool=callgrind tp-plan FILE --format json"]}

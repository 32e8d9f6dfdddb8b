#!/usr/bin/env python3
"""`./dev bench`: one table of tp beside its bounds and its peers on this machine, in pieces of at most two minutes.

    benchmarks/bench.py [--rounds N] [PIECE...]        without a piece: all

Every piece measures its rows in turns, with its peers, and is written to benchmarks/results/table.{json,md} as soon as it ends; the last two
readings of a piece are kept there, so that the table shows the change. Run one piece alone to repeat it in a quiet moment.
"""
import argparse
import datetime
import functools
import os
import sys
import time

import collectives
import compile_time
import generate
import instructions
import layer
import measure
import memory
import products
import profiles
import table

PIECES = {
    "compile": compile_time.measure,
    "instructions": instructions.measure,
    "layer": layer.measure,
    "products": products.measure,
    "generate-f32": generate.measure_f32,
    "generate-kept": generate.measure_kept,
    "first-token": generate.measure_first_token,
    "collectives-2": functools.partial(collectives.measure, ranks=2),
    "collectives-4": functools.partial(collectives.measure, ranks=4),
    "collectives-8": functools.partial(collectives.measure, ranks=8),
    "memory": memory.measure,
    "arena": memory.measure_arena,
    "profiles": profiles.measure_profiles,
}
DISTURBED = 10  # percent of the processors' time


def reading(measure_piece, options):
    """What a piece measured, and what else went on meanwhile."""
    speed = [measure.gigaflops()]
    load, begin, ticks, own = os.getloadavg()[0], time.monotonic(), measure.processor_ticks(), sum(os.times()[:4])
    found = measure_piece(options)
    total, idle, stolen = (after - before for after, before in zip(measure.processor_ticks(), ticks))
    own = (sum(os.times()[:4]) - own) * os.sysconf("SC_CLK_TCK")
    speed.append(measure.gigaflops())
    found |= {"time": f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M}", "revision": measure.revision(),
              "machine": measure.machine(), "seconds": round(time.monotonic() - begin), "load": [round(load, 2), round(os.getloadavg()[0], 2)],
              "GFLOP/s": speed, "stolen percent": round(100 * stolen / max(1, total), 1), "idle percent": round(100 * idle / max(1, total), 1),
              "others percent": round(100 * max(0, total - idle - stolen - own) / max(1, total), 1)}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pieces", nargs="*", metavar="PIECE", help=", ".join(PIECES))
    parser.add_argument("--rounds", type=int, help="instead of each piece's own number")
    parser.add_argument("--results", default=os.path.join(measure.ROOT, "benchmarks", "results"))
    options = parser.parse_args()
    os.environ.setdefault("TP_CACHE", measure.CACHE)
    unknown = [name for name in options.pieces if name not in PIECES]
    if unknown:
        parser.error(f'there is no piece "{unknown[0]}"; there are {", ".join(PIECES)}')
    for name in options.pieces or PIECES:
        found = reading(PIECES[name], options)
        if found["others percent"] > DISTURBED:
            measure.say(f"warning: other programs took {found['others percent']} % of the processors during {name}; measure it again in a quieter moment")
        print(table.record(options.results, name, found, list(PIECES)), flush=True)


if __name__ == "__main__":
    main()

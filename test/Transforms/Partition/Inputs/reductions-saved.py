"""Compares how many reductions two forms of a program have, function by function: the second may have no more.

Usage: reductions-saved.py BEFORE AFTER. BEFORE is laid out, without what is dead; AFTER is local.
"""
import re
import sys


def counts(path, reduction):
    result, name = {}, None
    for line in open(path):
        if found := re.search(r"func\.func @(\w+)", line):
            name = found.group(1)
            result[name] = 0
        elif name and reduction in line:
            result[name] += 1
    return result


before, after = counts(sys.argv[1], "tp.reshard"), counts(sys.argv[2], "tp.all_reduce")
worse = [name for name in before if after[name] > before[name]]
print(f"{sum(before.values())} reductions became {sum(after.values())}, {len(worse)} functions have more {worse}")

"""Runs tp-plan on every graph and wish of the table below, in nn and in linalg, and compares the collectives with what they must be.

    plan-counts.py TP_PLAN GRAPHS_PY
"""
import collections
import itertools
import json
import os
import subprocess
import sys
import tempfile

tp_plan, graphs = sys.argv[1:]

COLUMN, ROW = "[{}, {tp}]", "[{tp}, {}]"
MLP = {"w1": f"w1={COLUMN}", "w2": f"w2={ROW}", "hidden": "hidden=[{}, {}, {tp}]"}
ATTENTION = {"layer": [f"wq={COLUMN}", f"wk={COLUMN}", f"wv={COLUMN}", f"wo={ROW}"],
             "packed": [f"wqkv={COLUMN}", f"wo={ROW}"],
             "gqa": [f"wq={COLUMN}", f"wk={COLUMN}", f"wv={COLUMN}", f"wo={ROW}"]}


def cases():
    """(graph, mesh, arguments, expected counts)"""
    one, two = {"all_reduce": 1}, {"all_reduce": 2}
    for wish in [[MLP["w1"]], [MLP["w2"]], [MLP["hidden"]], [MLP["w1"], MLP["w2"]]]:
        yield "mlp", "tp=4", wish, one
        yield "residual", "tp=4", [w for w in wish if not w.startswith("hidden")] or [MLP["w1"]], one
    for graph, weights in ATTENTION.items():
        for weight, mlp, ffn in itertools.product(weights, MLP.values(), ["ffn=256", "ffn=96"]):
            # Two key heads: a wish on a key weight over tp = 4 would split inside a head, so this graph is asked over tp = 2.
            yield graph, "tp=2" if graph == "gqa" else "tp=4", [weight, mlp, ffn], two
    # Eight query heads over four ranks, two key heads: half of the axis splits the key heads.
    yield "gqa", "tp=4", [f"wq={COLUMN}", MLP["w1"]], two
    yield "gqa", "tp=4", [f"wo={ROW}", MLP["w2"]], two
    for weight, mlp in itertools.product(ATTENTION["layer"], MLP.values()):
        yield "parallel", "tp=4", [weight, mlp], one
        yield "layer", "dp=2,tp=2", ["x=[{dp}, {}, {}]", weight, mlp], two
    for weight, mlp in itertools.product([f"wq={COLUMN}", f"wo={ROW}"], [MLP["w1"], MLP["w2"]]):
        yield "layer", "tp=4", ["stream=[{}, {tp}, {}]", weight, mlp], {"all_gather": 2, "reduce_scatter": 2}
    yield "mlp", "tp=4", [MLP["w2"], "result=[{}, {tp}, {}]"], {"reduce_scatter": 1}
    yield "embedding", "tp=4", [f"table={ROW}"], one
    yield "layer", "tp=4", [], {}


def weights_in(plan):
    return {tuple(t["shape"]) for t in plan["tensors"] if t["kind"] in ("parameter", "input") and len(t["shape"]) == 2}


failures = 0
count = 0
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "graph.mlir")
    for graph, mesh, arguments, expected in cases():
        for form in ["nn", "linalg"]:
            count += 1
            with open(path, "w") as out:
                subprocess.run([sys.executable, graphs, graph, form, mesh, *arguments], stdout=out, check=True)
            run = subprocess.run([tp_plan, path, "--format", "json"], capture_output=True, text=True)
            name = f"{graph} {form} {mesh} {' '.join(arguments)}"
            if run.returncode:
                failures += 1
                print(f"{name}: tp-plan failed: {run.stderr.strip()[:400]}")
                continue
            plan = json.loads(run.stdout)["entries"][0]
            found = collections.Counter()
            for collective in plan["collectives"]:
                found[collective["kind"]] += collective["count"]
            good = dict(found) == expected
            # Data parallelism adds nothing to the forward pass, and no weight is ever gathered.
            good &= all(c["axes"] == ["tp"] for c in plan["collectives"])
            good &= all(len(c["operand_shape"]) == 3 for c in plan["collectives"])
            if not good:
                failures += 1
                print(f"{name}: needs {expected}, tp-plan says {dict(found)}: "
                      f"{[(c['kind'], c['axes'], c['operand_shape'], c.get('why')) for c in plan['collectives']]}"[:1200])
print(f"{count - failures} of {count} plans are as they must be")
sys.exit(1 if failures else 0)

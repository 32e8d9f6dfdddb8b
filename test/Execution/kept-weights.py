"""Compiles small models with and without --expand-weights, runs both, and compares every rank's logits byte for byte.

usage: kept-weights.py MAKE_TINY_LLAMA FOLDER TP_COMPILE TP_RUN TP_PLAN
"""
import json
import os
import subprocess
import sys

make, folder, compile_tool, run_tool, plan_tool = sys.argv[1:]
LONG = ",".join(str(3 + i * 7 % 60) for i in range(24))


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def outputs(model, mesh, extra):
    """Tokens and every rank's last logits, of a prompt of few tokens and of one of many."""
    module = os.path.join(folder, "module.tpm")
    run(compile_tool, model, "--mesh", f"tp={mesh}", "--max-seq", "64", *extra, "-o", module)
    result = []
    for prompt in ("5,9", LONG):
        ranks = os.path.join(folder, "ranks")
        result.append(run(run_tool, module, "--tokens", prompt, "--max-new-tokens", "6", "--ignore-eos", "--print-tokens", "--threads", "2",
                          "--dump-ranks", ranks))
        for name in sorted(os.listdir(ranks)):
            with open(os.path.join(ranks, name), "rb") as file:
                result.append(file.read())
    assert any(isinstance(part, bytes) for part in result)
    return result


def held(plan, name):
    tensor = next(t for e in plan["entries"] for t in e["tensors"] if t["name"].endswith(f"layers.0.{name}.weight"))
    return f"{tensor['bytes_per_rank']} bytes as {tensor.get('stored', tensor['dtype'])}"


for kind in ("Q4_0", "Q4_1", "Q8_0", "BF16"):
    model = os.path.join(folder, kind + ".gguf")
    how = ["--dtype", "BF16"] if kind == "BF16" else ["--quantise", kind]
    run(sys.executable, make, model, "--gguf", "--hidden", "64", "--ffn", "96", "--layers", "2", "--kv-heads", "2", "--tied", *how)
    for mesh in (1, 2):
        kept, expanded = outputs(model, mesh, []), outputs(model, mesh, ["--expand-weights"])
        plan = json.loads(run(plan_tool, model, "--mesh", f"tp={mesh}", "--max-seq", "64", "--format", "json"))
        same = "equal bits" if kept == expanded else "DIFFERENT"
        for entry in plan["entries"]:
            below_nothing = [part for part, size in entry["memory_per_rank"].items() if size < 0]
            assert not below_nothing and sum(entry["memory_per_rank"].values()) == entry["peak_bytes_per_rank"], entry["memory_per_rank"]
        print(f"{kind} on {mesh} rank{'s' if mesh > 1 else ''}: {same}, q_proj {held(plan, 'self_attn.q_proj')}, "
              f"down_proj {held(plan, 'mlp.down_proj')}")
for line in run(plan_tool, os.path.join(folder, "Q4_0.gguf"), "--mesh", "tp=2", "--max-seq", "64", "--explain").splitlines():
    if "down_proj" in line and "is stored" in line:
        print("remark:", line[line.rindex("model.layers"):])

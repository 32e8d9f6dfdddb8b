"""Pieces `generate-f32`, `generate-kept` and `first-token`: SmolLM2-135M's decoding and prefill, 1 rank, beside memory, cores and peers.

Weights expanded to f32 beside PyTorch, weights kept as the GGUF has them beside llama.cpp. Every round measures all rows and how fast
memory can be read. A row's tokens must be the same in every run, so that a fast wrong answer does not count. The bound of decoding is the
memory's speed in that round over the bytes that a token reads; that of prefill the rate at which the cores multiply and add in
registers over the operations of its products.
"""
import json
import os
import statistics
import sys
import time

from measure import CORES, FOLDER, ROOT, Peer, gigabytes_per_second, gigaflops, ratio, row, run, say, tool

# number of sequences, tokens in and out of each; llama.cpp and PyTorch get the same
SIZES = ((1, 16, 48), (8, 64, 16))
KINDS = {"f32": ["--expand-weights"], "kept": []}


def model_file():
    return run(os.path.join(ROOT, "scripts", "fetch-model"), os.environ["TP_CACHE"]).strip()


def compiled(model, kind, batch):
    path = os.path.join(FOLDER, f"smollm2-{kind}-{batch}.tpm")
    run(tool("tp-compile"), model, "--mesh", "tp=1", "--batch", str(batch), *KINDS[kind], "-o", path)
    return path


def prompts(batch, length):
    return [part for row in range(batch)
            for part in ("--tokens", ",".join(str(1000 + (i + 11 * row) * 37 % 20000) for i in range(length)))]


def generate(module, batch, length, new):
    """One run: its rates, and its tokens."""
    stats = os.path.join(FOLDER, "stats.json")
    output = run(tool("tp-run"), module, *prompts(batch, length), "--max-new-tokens", str(new), "--ignore-eos", "--print-tokens", "--stats",
                 stats, "--threads", str(CORES))
    with open(stats, encoding="utf-8") as file:
        entries = {entry["name"]: entry for entry in json.load(file)["entries"]}
    prefill, decode = entries["prefill"], entries["decode"]
    return {"decode": batch * decode["executions"] / decode["seconds"],
            "prefill": batch * length / prefill["seconds"]}, [line for line in output.splitlines() if line.startswith("tokens:")]


def needs_of(kind, batch, model):
    """What one rank reads of its weights for a token, and the operations of a token without and of the output head."""
    plan = json.loads(run(tool("tp-plan"), model, "--mesh", "tp=1", "--batch", str(batch), *KINDS[kind], "--format", "json"))
    entry = next(entry for entry in plan["entries"] if entry["name"] == "decode")
    weights = [t for t in entry["tensors"] if t["kind"] == "parameter" and not t["name"].startswith("cache.")]
    elements = {t["name"]: t["shape"][0] * t["shape"][1] for t in weights if len(t["shape"]) == 2}
    head = elements.pop("model.embed_tokens.weight")
    return {"bytes": sum(t["bytes_per_rank"] for t in weights), "flops": 2 * sum(elements.values()), "head flops": 2 * head}


def measure_kind(kind, options):
    model = model_file()
    os.makedirs(FOLDER, exist_ok=True)
    modules = {size: compiled(model, kind, size[0]) for size in SIZES}
    needs = {size: needs_of(kind, size[0], model) for size in SIZES}
    found = {(size, what): [] for size in SIZES for what in ("decode", "prefill")}
    theirs, bounds, tokens = ({key: [] for key in found}, {key: [] for key in found}, {})
    memory, cores = [], []
    with Peer("PyTorch", "generate_torch", model) if kind == "f32" else Peer("llama.cpp", "generate_llama", model, CORES) as peer:
        for number in range(options.rounds or 4):
            say(f"generate-{kind}, round {number + 1}")
            memory.append(gigabytes_per_second())
            cores.append(gigaflops())
            for size in SIZES:
                batch, length, new = size
                rates, said = generate(modules[size], *size)
                if tokens.setdefault(size, said) != said:
                    sys.exit(f"error: batch {batch} generated other tokens than before")
                need = needs[size]
                bounds[size, "decode"].append(batch * memory[-1] * 1e9 / need["bytes"])
                bounds[size, "prefill"].append(cores[-1] * 1e9 / (need["flops"] + need["head flops"] / length))
                told = peer.ask(f"{batch} {length} {new}")
                for what, rate in rates.items():
                    found[size, what].append(rate)
                    if told:
                        theirs[size, what].append(told[what])
    rows = []
    for (size, what), rates in found.items():
        batch, length, new = size
        others = peer.samples(theirs[size, what])
        share = ratio(rates, bounds[size, what])
        compared = ratio(rates, others)
        target, reached, limit = (f"at least {peer.name}", compared, 1.0)
        if (kind, what, batch) == ("f32", "decode", 1):
            target, reached, limit = "at least 0.8 x the bound", share, 0.8
        rows.append(row(f"SmolLM2-135M, {kind} weights, batch {batch}: {what}" + (f" of {batch} x {length}" if what == "prefill" else ""), "tokens/s",
                        rates, better="higher", bounds={"memory" if what == "decode" else "products": bounds[size, what]},
                        peers={peer.name: others}, target=target, reached=reached, limit=limit,
                        note=f"{share:.2f} x the bound" + (f", {compared:.2f} x {peer.name}" if compared else "")))
    script = "generate_torch.py MODEL" if kind == "f32" else f"generate_llama.py MODEL {CORES}"
    return {"versions": peer.versions, "rows": rows,
            "context": {"memory, GB/s": statistics.median(memory), "cores, GFLOP/s": statistics.median(cores)},
            "commands": [f"tp-compile MODEL --mesh tp=1 --batch B {' '.join(KINDS[kind])}".strip() + " -o MODULE",
                         f"tp-run MODULE --tokens ... --max-new-tokens N --ignore-eos --threads {CORES} --stats FILE", f"benchmarks/peers/{script}"]}


def measure_f32(options):
    return measure_kind("f32", options)


def measure_kept(options):
    return measure_kind("kept", options)


def measure_first_token(options):
    model = model_file()
    os.makedirs(FOLDER, exist_ok=True)
    rows = []
    for kind in KINDS:
        module, times = compiled(model, kind, 1), []
        for _ in range(1 + (options.rounds or 7)):
            begin = time.monotonic()
            run(tool("tp-run"), module, "--prompt", "The tensor", "--max-new-tokens", "1")
            times.append(time.monotonic() - begin)
        times = times[1:]  # the first fills the cache of files
        rows.append(row(f"first token after the start of tp-run, {kind} weights", "s", times, target="at most 0.3 s",
                        reached=statistics.median(times), limit=0.3))
    return {"rows": rows, "commands": ['tp-run MODULE --prompt "The tensor" --max-new-tokens 1']}

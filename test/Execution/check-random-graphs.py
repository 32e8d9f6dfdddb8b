"""Shards random graphs and compares each with the whole program: check-random-graphs.py TP-OPT TP-CHECK FIRST COUNT FOLDER.

Fails on the first graph whose numbers differ or that a pass refuses, and says how to make it again."""
import pathlib
import subprocess
import sys

tp_opt, tp_check, first, count, folder = sys.argv[1:]
passes = ["--tp-normalize", "--tp-propagate", "--tp-partition"]
generator = pathlib.Path(__file__).with_name("random-graph.py")
folder = pathlib.Path(folder)
folder.mkdir(parents=True, exist_ok=True)

for seed in range(int(first), int(first) + int(count)):
    options = ["--seed", str(seed), "--ops", str(4 + seed % 20)]
    graph, local = folder / f"{seed}.mlir", folder / f"{seed}.local.mlir"
    graph.write_text(subprocess.run([sys.executable, generator, *options], check=True, capture_output=True, text=True).stdout)
    for command in ([tp_opt, graph, *passes, "-o", local], [tp_check, graph, "--against", local]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(done.stdout, done.stderr, sep="\n")
            sys.exit(f"random-graph.py {' '.join(options)}: {command[0]} exits with {done.returncode}")
print(f"{count} graphs agree")

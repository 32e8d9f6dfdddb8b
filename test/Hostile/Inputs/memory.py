"""Not enough memory: an error, and no crash."""
import os
import resource
import shutil
import sys

from refuses import GRAPH, accepts, check, end, put, refuses, run

folder, bin_folder = sys.argv[1], sys.argv[2]
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
at = lambda name: os.path.join(folder, name)
run_, compile_, plan, check_ = (f"{bin_folder}/{tool}" for tool in ("tp-run", "tp-compile", "tp-plan", "tp-check"))
gigabytes = lambda count: {resource.RLIMIT_AS: int(count * (1 << 30))}
memory = "error: .*(out of memory|bytes of memory|Cannot allocate memory)"

huge = GRAPH.replace("4x", "1048576x").replace("x8x", "x4194304x").replace("8x16", "4194304x16")
put(at("huge.mlir"), huge)
accepts([plan, at("huge.mlir")])
accepts([compile_, at("huge.mlir"), "-o", at("huge.tpm")])
refuses([check_, at("huge.mlir")], memory, limits=gigabytes(4))
refuses([run_, at("huge.tpm"), "--random-inputs", "1"], memory, limits=gigabytes(4))

put(at("graph.mlir"), GRAPH)
accepts([compile_, at("graph.mlir"), "-o", at("graph.tpm")])
# Less than what the programs and their libraries want, in steps: wherever it runs out, threads included.
for tool, steps in [([run_, at("graph.tpm"), "--random-inputs", "1", "--threads", "4"], range(10, 100, 10)),
                    ([compile_, at("graph.mlir"), "-o", at("out.tpm")], range(160, 400, 20)), ([check_, at("graph.mlir")], range(160, 400, 20))]:
    ended = set()
    for megabytes in steps:
        finished, _ = run(tool, limits={resource.RLIMIT_AS: megabytes << 20})
        unloaded = finished.returncode == 127 and "error while loading shared libraries" in finished.stderr
        refused = finished.returncode == 1 and finished.stderr.count("error: ") == 1 and "internal" not in finished.stderr
        check(unloaded or refused or finished.returncode == 0, f"{tool[0]} in {megabytes} MB: status {finished.returncode}: {finished.stderr.strip()[:500]}")
        ended.add("unloaded" if unloaded else finished.returncode)
    print(os.path.basename(tool[0]), "ended in", sorted(map(str, ended)))
end()

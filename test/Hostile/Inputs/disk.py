"""Every file that a tool writes, where it cannot be written: an error, the old file untouched, and nothing left beside it."""
import os
import resource
import shutil
import subprocess
import sys

from refuses import GRAPH, ROOT, accepts, check, end, put, refuses

folder, bin_folder = sys.argv[1], sys.argv[2]
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder + "/out")
run_, compile_, plan = f"{bin_folder}/tp-run", f"{bin_folder}/tp-compile", f"{bin_folder}/tp-plan"
at = lambda name: os.path.join(folder, name)
out = lambda name: os.path.join(folder, "out", name)
big = GRAPH.replace("4x", "64x").replace("8x16", "256x256").replace("x8xf32", "x256xf32").replace("x16xf32", "x256xf32")
put(at("graph.mlir"), big)
accepts([compile_, at("graph.mlir"), "-o", at("graph.tpm")])
put(at("buffers.csv"), "id,lower,upper,size\n" + "".join(f"buffer{i},{i},{i + 2},64\n" for i in range(300)))
subprocess.run([sys.executable, os.path.join(ROOT, "scripts", "make-tiny-llama.py"), at("model"), "--layers", "1"], check=True)
accepts([compile_, at("model"), "--mesh", "tp=2", "-o", at("model.tpm")])
import struct
ids = struct.pack("<64i", *range(64))
header = b"{'descr': '<i4', 'fortran_order': False, 'shape': (1, 64), }"
put(at("ids.npy"), b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + ids)

go = [run_, at("graph.tpm"), "--random-inputs", "1"]
WRITERS = {
    "module.tpm": lambda path: [compile_, at("graph.mlir"), "-o", path],
    "text.mlir": lambda path: [compile_, at("graph.mlir"), "--emit", "llvm", "-o", path],
    "array.npy": lambda path: go + ["--output", "result0=" + path],
    "stats.json": lambda path: go + ["--stats", path],
    "trace.json": lambda path: go + ["--trace", path],
    "table.csv": lambda path: [plan, "--arena", at("buffers.csv"), "-o", path],
    "logits.npy": lambda path: [run_, at("model.tpm"), "--tokens-file", at("ids.npy"), "--logits", path],
}
limit = lambda size: {resource.RLIMIT_FSIZE: size}
for name, command in WRITERS.items():
    accepts(command(out(name)))
    size = os.path.getsize(out(name))
    small = limit(size // 2)
    os.remove(out(name))
    # A limit on the size of files, with and without an old file.
    refuses(command(out(name)), "error: .*(File too large|cannot be linked|full)", limits=small)
    check(os.listdir(folder + "/out") == [], f"{name}: left behind {os.listdir(folder + '/out')}")
    put(out(name), "old")
    refuses(command(out(name)), "error: .*(File too large|cannot be linked|full)", limits=small)
    check(open(out(name)).read() == "old" and os.listdir(folder + "/out") == [name], f"{name}: the old file is not what it was")
    os.remove(out(name))
    # Folders and files that are not there, and no folder where one is needed.
    refuses(command(at("nowhere/x")), "nowhere/x|No such file")
    refuses(command(folder + "/out"), "is a folder")
    if name != "module.tpm":  # a linker makes a file of its own
        refuses(command("/dev/full"), "No space left on device")
    check(os.listdir(folder + "/out") == [], f"{name}: left behind {os.listdir(folder + '/out')}")

refuses(go + ["--dump-ranks", out("ranks")], "File too large", limits=limit(512))
check(os.listdir(out("ranks")) == [], "--dump-ranks: half a file is left")
refuses(go + ["--dump-ranks", at("graph.mlir")], "cannot make the folder")
with open("/dev/full", "w") as full:
    refuses([plan, at("graph.mlir")], "cannot write the standard output", stdout=full)
    refuses([run_, at("graph.tpm"), "--manifest"], "cannot write the standard output", stdout=full)

# A real file system that is full, where we may mount one.
os.mkdir(at("disk"))
mounted = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o size=8k tmpfs "$0" && exec "$@"', at("disk")]
if subprocess.run(mounted + ["true"], capture_output=True).returncode == 0:
    for name, command in WRITERS.items():
        keep = ["sh", "-c", 'echo old > "$0"; head -c 100000 /dev/zero > "$0.fill" 2>/dev/null; "$@"; status=$?; rm "$0.fill"; '
                            'test "$(cat "$0")" = old && test "$(ls "$(dirname "$0")")" = "$(basename "$0")" || exit 99; exit $status', at("disk/" + name)]
        refuses(mounted + keep + command(at("disk/" + name)), "error: .*(No space left on device|cannot be linked)")
end()

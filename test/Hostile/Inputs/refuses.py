"""Runs tools on what they must refuse: one clear error, the right status, at once, and nothing left behind.

Each test is a script with a list of cases. A case that goes wrong is printed; the last line counts them.
"""
import os
import re
import resource
import signal
import subprocess
import sys

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "test", "Fuzz"))
sys.dont_write_bytecode = True

SANITIZED = "--sanitized" in sys.argv
# Processor time of one refusal. Sanitizers make programs a few times slower.
SECONDS = 5 if SANITIZED else 1

passed = failed = 0


def check(good, what):
    global passed, failed
    passed += bool(good)
    failed += not good
    if not good:
        print("WRONG:", what, flush=True)


def run(command, limits=None, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=None, timeout=60):
    """The finished process and the processor seconds it took. `limits`: resource to value; `timeout` ends what hangs."""
    def prepare():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for which, value in (limits or {}).items():
            resource.setrlimit(which, (value, value))

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        finished = subprocess.run(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, preexec_fn=prepare, env=env, timeout=timeout)
    except subprocess.TimeoutExpired:
        finished = subprocess.CompletedProcess(command, "a time-out", b"", b"")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    finished.stderr = finished.stderr.decode(errors="replace")
    return finished, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def refuses(command, text, status=1, **more):
    """`command` must end with `status` and exactly one error, in which the expression `text` is found."""
    finished, seconds = run([str(word) for word in command], **more)
    shown = f"{' '.join(map(str, command))}\n  status {finished.returncode}, {seconds:.2f} s: {finished.stderr.strip()[:2000]}"
    errors = re.findall(r"(?m)^(?:\S*: )?error: ", finished.stderr)
    lines = finished.stderr.count("\n")
    check((finished.returncode == status if status else finished.returncode in (1, 2)) and len(errors) == 1 and lines <= 25 and re.search(text, finished.stderr)
          and "internal error" not in finished.stderr and seconds < SECONDS, f"{shown}\n  wanted status {status} and one error with: {text}")
    return finished


def accepts(command, **more):
    finished, _ = run([str(word) for word in command], **more)
    check(finished.returncode == 0, f"{' '.join(map(str, command))}\n  status {finished.returncode}: {finished.stderr.strip()[:2000]}")
    return finished


def corpus(target, kind="bad-"):
    """The committed inputs of a fuzz target whose names begin with `kind`: name and path."""
    folder = os.path.join(ROOT, "test", "Fuzz", "corpus", target)
    return [(name, os.path.join(folder, name)) for name in sorted(os.listdir(folder)) if name.startswith(kind)]


def put(path, content):
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path


def end():
    print(f"{passed} right, {failed} wrong")
    sys.exit(1 if failed or not passed else 0)


GRAPH = """tp.mesh @mesh [tp = 2]
func.func @main(%x: tensor<4x8xf32>, %w: tensor<8x16xf32> {tp.parameter, tp.layout = #tp.layout<@mesh, [{}, {tp}]>}) -> tensor<4x16xf32> {
  %y = nn.contract "bi,if->bf" %x, %w : tensor<4x8xf32>, tensor<8x16xf32> -> tensor<4x16xf32>
  return %y : tensor<4x16xf32>
}
"""

"""What every piece of `./dev bench` needs: this tree's tools, the machine and what it can do now, peers as processes, rows of the table.

A peer (PyTorch, JAX, llama.cpp) runs as one process for a whole piece: it loads, says what it is, and answers each line of its
input with one measurement. So tp and its peers take turns every round without paying for a start each time.
"""
import json
import os
import platform
import select
import statistics
import subprocess
import sys
import time

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
FOLDER = os.path.join(ROOT, "build", "bench")
CORES = os.cpu_count()
CACHE = os.environ.get("TP_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "tp")


def tool(name):
    return os.path.join(ROOT, "build", "bin", name)


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def say(text):
    print(text, file=sys.stderr, flush=True)


def run_for_peak(*command):
    """Seconds and peak of resident memory, in MB, of one run."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.monotonic() - begin, usage.ru_maxrss / 1024


def built(name, source, *options):
    """A program of this folder, compiled again where its source or the library of this tree is newer."""
    program, source = os.path.join(FOLDER, name), os.path.join(ROOT, "benchmarks", source)
    library = os.path.join(ROOT, "build", "lib", "libtprt.so")
    newest = max(os.path.getmtime(source), os.path.getmtime(library))
    if not os.path.exists(program) or os.path.getmtime(program) < newest:
        os.makedirs(FOLDER, exist_ok=True)
        run(os.environ.get("CXX", "clang++-22"), "-O3", "-std=c++20", "-march=native", "-mprefer-vector-width=512", "-I", ROOT, "-I", os.path.join(ROOT, "include"),
            "-I", os.path.join(ROOT, "runtime", "include"), source, *options, "-pthread", "-o", program)
    return program


def run_entry():
    library = os.path.join(ROOT, "build", "lib", "libtprt.so")
    return built("run-entry", "run-entry.cpp", library, "-Wl,-rpath," + os.path.dirname(library))


def gigabytes_per_second():
    """What all cores together read of memory now: the best slice."""
    return float(run(built("bandwidth", "bandwidth.cpp"), str(CORES)).split()[0])


def gigaflops():
    """What all cores together multiply and add in registers now."""
    return float(run(run_entry(), "peak", str(CORES)))


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), platform.machine())
    return f"{model}, {CORES} cores, {platform.system()} {platform.release()}"


def revision():
    try:
        changed = run("git", "-C", ROOT, "status", "--porcelain", "--untracked-files=no", "--", ":!benchmarks/results").strip()
        return run("git", "-C", ROOT, "rev-parse", "--short", "HEAD").strip() + (" with changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def processor_ticks():
    """Of all processors since the start of the machine: in all, idle, and stolen by the machine below this one."""
    with open("/proc/stat", encoding="utf-8") as file:
        ticks = [int(text) for text in file.readline().split()[1:9]]
    return sum(ticks), ticks[3] + ticks[4], ticks[7]


class Peer:
    """One peer's process; `missing` says why there is none. Its script answers every line with one line of JSON."""

    def __init__(self, name, script, *arguments, threads=None, environment=None):
        self.name, self.missing, self.versions, self.process = name, None, {}, None
        python = os.path.join(CACHE, "peers-venv", "bin", "python")
        if not os.path.exists(python):
            self.missing = "not installed"
            return
        self.log = os.path.join(FOLDER, script + ".log")
        variables = {"OMP_NUM_THREADS": str(threads or CORES), "MKL_NUM_THREADS": str(threads or CORES), "TOKENIZERS_PARALLELISM": "false",
                     "TF_CPP_MIN_LOG_LEVEL": "2", **(environment or {})}
        os.makedirs(FOLDER, exist_ok=True)
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([python, os.path.join(ROOT, "benchmarks", "peers", script + ".py"), *map(str, arguments)],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env={**os.environ, **variables})
        hello = self.answer(120)
        if hello:
            self.versions = hello

    def answer(self, seconds):
        readable, _, _ = select.select([self.process.stdout], [], [], seconds)
        line = self.process.stdout.readline() if readable else b""
        if line:
            return json.loads(line)
        self.process.kill()
        self.process.wait()
        with open(self.log, encoding="utf-8", errors="replace") as log:
            last = [text.strip() for text in log if text.strip()][-1:] or ["it ended"]
        self.missing = f"no answer in {seconds} s" if not readable else last[0][:120]
        say(f"{self.name}: {self.missing}")
        return None

    def ask(self, line="", seconds=60):
        """The answer to one line, or nothing where the peer is missing."""
        if self.missing:
            return None
        self.process.stdin.write((line + "\n").encode())
        self.process.stdin.flush()
        return self.answer(seconds)

    def samples(self, values):
        """What a row shows of this peer."""
        return self.missing or values

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def summary(samples):
    """Median, minimum and maximum; a text (why there is nothing) stays one."""
    if isinstance(samples, str):
        return samples
    if not samples:
        return "nothing measured"
    return {"median": statistics.median(samples), "min": min(samples), "max": max(samples), "samples": len(samples)}


def row(name, unit, tp, better="lower", bounds=None, peers=None, target="", reached=None, limit=None, note="", met=None):
    """One line of the table. `reached` and `limit` are what the target compares, in the target's own unit: at most `limit`, or, where
    more is better, at least. A target of another kind says itself whether it is met."""
    if met is None and reached is not None and limit is not None:
        met = reached <= limit if better == "lower" else reached >= limit
    return {"name": name, "unit": unit, "better": better, "tp": summary(tp), "bounds": {key: summary(value) for key, value in (bounds or {}).items()},
            "peers": {key: summary(value) for key, value in (peers or {}).items()}, "target": target, "reached": reached, "limit": limit,
            "met": met, "note": note}


def ratio(ours, theirs, kind=statistics.median):
    """Of two lists' medians; nothing where there is nothing to compare with."""
    if isinstance(theirs, str) or not theirs or not ours:
        return None
    return kind(ours) / kind(theirs)

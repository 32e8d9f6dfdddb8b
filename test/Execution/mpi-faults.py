"""Breaks runs under mpirun in the ways in which they break, and checks how the other ranks end: soon, with exit status other than 0,
each with one error that names its rank, what it was in, and the peer where it can be known.

    mpi-faults.py MAKE_TINY_LLAMA TP_COMPILE TP_RUN [--times N] [--ranks N,N] [FAULT]...

Each FAULT is a function below. Prints per fault: runs, and the median and largest time from the fault to the end of the last
rank (of the whole run where a rank goes wrong by itself).
"""
import argparse
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from mpi_launch import environment, mpirun

TIMEOUT = 2  # seconds, of tp-run
# Each rank leaves its process number and its errors under its own name.
WRAPPER = 'rank=${OMPI_COMM_WORLD_RANK:-$PMI_RANK}; echo $$ >"pid.$rank"; exec "$@" 2>"error.$rank"'


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def runs(process):
    """Whether a process is there, and no zombie."""
    state = re.search(r"\) (\w)", read(f"/proc/{process}/stat"))
    return bool(state) and state[1] not in "ZX"


class Run:
    """One mpirun of a long generation, and its ranks' processes."""

    def __init__(self, folder, ranks, launcher=(), last=()):
        self.folder, self.ranks, self.recovers = folder, ranks, "--enable-recovery" in launcher
        self.place = tempfile.mkdtemp(dir=folder)
        module = os.path.join(folder, f"tp{ranks}.tpm")

        def rank(*extra):
            return ["sh", "-c", WRAPPER, "sh", TP_RUN, module, "--comm", "mpi", "--threads", "1", "--timeout", str(TIMEOUT),
                    "--tokens", "1,2,3", "--max-new-tokens", "1000000", "--ignore-eos", *extra]
        command = [*mpirun(ranks, *launcher), *rank()]
        if last:  # the last rank gets other arguments
            command = [*mpirun(ranks - 1, *launcher), *rank(), ":", "-n", "1", *rank(*last)]
        self.launcher = subprocess.Popen(command, cwd=self.place, env=environment(), stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL)

    def wait_for_generation(self):
        """Until all ranks have loaded the module, which is after MPI has started, and a while more."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            self.processes = [int(read(f"{self.place}/pid.{rank}").strip() or 0) for rank in range(self.ranks)]
            if all(p and f"tp{self.ranks}.tpm" in read(f"/proc/{p}/maps") for p in self.processes):
                time.sleep(random.uniform(0.5, 1.2))
                return
            time.sleep(0.01)
        raise SystemExit("a run has not started within 60 s: " + "; ".join(self.errors()))

    def wait_for_end(self, allowed, except_for=None):
        """Seconds until all ranks but one have ended."""
        begin = time.monotonic()
        others = [p for rank, p in enumerate(self.processes) if rank != except_for]
        while any(map(runs, others)):
            if time.monotonic() - begin > allowed + 20:
                break
            time.sleep(0.005)
        took = time.monotonic() - begin
        for process in self.processes:
            try:
                os.kill(process, signal.SIGKILL)
            except OSError:
                pass
        self.status = self.launcher.wait()
        return took

    def errors(self):
        return [read(f"{self.place}/error.{rank}").strip() for rank in range(self.ranks)]


def expect(condition, what, run):
    if not condition:
        raise SystemExit(f"{what}; the ranks say:\n" + "\n".join(f"  {rank}: {text}" for rank, text in enumerate(run.errors())))


# What an error has to say: the rank first, then what it was in.
IN_COLLECTIVE = r"in (all_reduce|all_gather)[^:]*\(site \d+, [^:]*entry \"(prefill|decode)\"\) over \"tp\""
IN_COMPUTATION = r"in (\w+ \(.*entry \"(prefill|decode)\"\)|the work between two entries|loading weights|entry \"(prefill|decode)\")"


def check(run, took, allowed, pattern, except_for=None):
    expect(took <= allowed, f"the others ended after {took:.1f} s, allowed are {allowed} s", run)
    # Told not to clean up, mpirun takes no failure for its own.
    expect(run.status != 0 or run.recovers, "mpirun ended with status 0", run)
    for rank, text in enumerate(run.errors()):
        if rank == except_for:
            continue
        expect(re.match(f"error: (rank {rank}\\b|ranks called .*rank {rank} )", text) and text.count("error:") == 1 and "\n" not in text,
               f"rank {rank} does not print one error that names it", run)
        expect(re.search(pattern, text), f"rank {rank} does not say {pattern}", run)
    return took


def signalled(ranks, number, allowed, pattern, launcher=()):
    run = Run(FOLDER, ranks, launcher)
    run.wait_for_generation()
    victim = random.randrange(ranks)
    os.kill(run.processes[victim], number)
    took = run.wait_for_end(allowed, victim)
    return check(run, took, allowed, pattern.replace("VICTIM", str(victim)), victim)


def kill(ranks):
    """kill -9 of a rank: the others see it at once."""
    return signalled(ranks, signal.SIGKILL, 2, f"stopped ({IN_COLLECTIVE}|{IN_COMPUTATION}): .*rank VICTIM (has died|failed)")


def kill_without_cleaning(ranks):
    """The same where mpirun lets the others live."""
    return signalled(ranks, signal.SIGKILL, TIMEOUT + 2,
                     f"stopped ({IN_COLLECTIVE}|{IN_COMPUTATION}): .*rank VICTIM (has died|failed)", ["--enable-recovery"])


SLOW = rf"waited {TIMEOUT} s {IN_COLLECTIVE}: missing |stopped ({IN_COLLECTIVE}|{IN_COMPUTATION}): "


def stop(ranks):
    """kill -STOP of a rank: the others wait for the time-out, and say for whom."""
    return signalled(ranks, signal.SIGSTOP, TIMEOUT + 2, f"({SLOW}).*rank VICTIM")


def stop_without_cleaning(ranks):
    return signalled(ranks, signal.SIGSTOP, TIMEOUT + 2, f"({SLOW}).*rank VICTIM", ["--enable-recovery"])


def ctrl_c(ranks):
    """Ctrl-C at mpirun ends all ranks."""
    run = Run(FOLDER, ranks)
    run.wait_for_generation()
    run.launcher.send_signal(signal.SIGINT)
    return check(run, run.wait_for_end(2), 2, f"stopped ({IN_COLLECTIVE}|{IN_COMPUTATION}): it was told to end by SIG(TERM|INT)")


def differs(ranks, last, pattern):
    """One rank gets other arguments. The time is that of the whole run: nobody sees from outside when it goes wrong."""
    begin = time.monotonic()
    run = Run(FOLDER, ranks, last=last)
    run.processes = []
    run.status = run.launcher.wait()
    check(run, 0, 1, pattern)
    return time.monotonic() - begin


def mismatch(ranks):
    """One rank has a longer prompt: it calls other collectives than its peers."""
    calls = r"all_reduce sum of f32\[\d+\] \(site 0.*"
    return differs(ranks, ["--tokens", "1,2,3,4,5"],
                   f"ranks called different collectives: rank . {calls} over \"tp\", rank . {calls}|rank . failed: ranks called")


def throw(ranks):
    """One rank cannot do what it is told, and says so; the others say that it has failed, and where they were."""
    return differs(ranks, ["--tokens", "1", "--tokens", "2"],
                   rf"^error: rank {ranks - 1}: there are 3 prompts|stopped in .*: rank . failed: .*3 prompts")


FAULTS = [kill, kill_without_cleaning, stop, stop_without_cleaning, ctrl_c, mismatch, throw]

parser = argparse.ArgumentParser()
parser.add_argument("make")
parser.add_argument("tp_compile")
parser.add_argument("tp_run")
parser.add_argument("--times", type=int, default=1)
parser.add_argument("--ranks", default="2,4")
parser.add_argument("fault", nargs="*")
options = parser.parse_intermixed_args()
TP_RUN = os.path.abspath(options.tp_run)

with tempfile.TemporaryDirectory() as FOLDER:
    model = os.path.join(FOLDER, "model")
    subprocess.run([sys.executable, options.make, "--layers", "2", "--hidden", "48", "--heads", "12", "--head-dim",
                    "4", "--ffn", "48", "--vocab", "64", "--seed", "1", model], check=True)
    counts = [int(text) for text in options.ranks.split(",")]
    for count in counts:
        subprocess.run([options.tp_compile, model, "--mesh", f"tp={count}", "--batch", "2", "--max-seq", "200000", "-o",
                        os.path.join(FOLDER, f"tp{count}.tpm")], check=True)
    for fault in FAULTS:
        if options.fault and fault.__name__ not in options.fault:
            continue
        times = [fault(counts[i % len(counts)]) for i in range(options.times)]
        print(f"{fault.__name__}: {len(times)} of {options.times} as they should, median {statistics.median(times):.2f} s, "
              f"largest {max(times):.2f} s", flush=True)

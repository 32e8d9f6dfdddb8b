"""Takes every collective out of a local program, one at a time, and checks that --tp-verify-local refuses each result.

Usage: drop-every-collective.py TP_OPT PROGRAM. PROGRAM is in the laid-out form.
"""
import re
import subprocess
import sys
import tempfile

tool, program = sys.argv[1:]


def run(*arguments):
    return subprocess.run([tool, *arguments], capture_output=True, text=True)


with tempfile.NamedTemporaryFile(suffix=".mlir") as local:
    made = run(program, "--tp-partition", "--tp-verify-local", "-o", local.name)
    sys.exit(made.stderr) if made.returncode else None
    lines = [line.strip() for line in open(local.name)]
    collectives = [line for line in lines if re.search(r"= tp\.\w+ .*->", line)]
    unnoticed = []
    for index, text in enumerate(collectives):
        dropped = run(local.name, f"--tp-test-drop-collective=index={index}")
        sys.exit(dropped.stderr) if dropped.returncode else None
        refused = run(local.name, f"--tp-test-drop-collective=index={index}", "--tp-verify-local")
        if refused.returncode == 0:
            unnoticed.append(text)
        print(text.split("{")[0], "|", refused.stderr.split("\n")[0])
    beyond = run(local.name, f"--tp-test-drop-collective=index={len(collectives)}")
    if beyond.returncode == 0:
        sys.exit("there is one collective more than the text shows")
print(f"{len(collectives)} collectives, {len(unnoticed)} unnoticed")

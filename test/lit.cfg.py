# How the text tests are found and run. Every tool runs under one address-space limit: some upstream pattern sets do not
# terminate, and a test must fail then, not take the machine with it.
import os
import resource
import shutil
import sys

import lit.formats

config.name = "tp"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "Unit", "corpus", "CMakeLists.txt", "lit.cfg.py", "lit.site.cfg.py"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.tp_binary_dir, "test")

seconds = 120  # of processor time, of one process
if config.tp_sanitize:
    # Sanitizers reserve terabytes of addresses and cost a few times the time; scripts/run-tests limits their memory.
    seconds *= 5
    config.available_features.add("sanitizer")
    for name in ["ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"]:
        if name in os.environ:
            config.environment[name] = os.environ[name]
else:
    limit = 6 << 30
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))  # soft: a browser reserves more
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

tools = ["tp-opt", "tp-compile", "tp-run", "tp-plan", "tp-check", "tp-lsp-server", "tp-reduce", "tp-mpi-collectives",
         "tp-random-programs", "tp-mutate"]
directories = {tool: os.path.join(config.tp_binary_dir, "bin") for tool in tools}
directories |= {tool: config.llvm_tools_dir for tool in ["FileCheck", "not", "count", "split-file"]}
for tool, directory in directories.items():
    # Whole words only, and not the parts of a path or of a longer name.
    config.substitutions.append((r"(?<![\w./-])%s(?![\w./-])" % tool, os.path.join(directory, tool)))
    if tool in tools and os.path.exists(os.path.join(directory, tool)):
        config.available_features.add(tool)
if shutil.which("chromium"):
    config.available_features.add("chromium")
if shutil.which("mpirun"):
    config.available_features.add("mpi")
config.substitutions.append(("%inputs", os.path.join(config.test_source_root, "Inputs")))
config.substitutions.append(("%python", sys.executable))
config.substitutions.append(("%bin", os.path.join(config.tp_binary_dir, "bin")))
config.substitutions.append(("%sanitized", "--sanitized" if config.tp_sanitize else ""))

# A model with real weights, where scripts/fetch-model has put it.
cache = os.environ.get("TP_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "tp")
minilm = os.path.join(cache, "all-MiniLM-L6-v2")
config.substitutions.append(("%minilm", minilm))
if os.path.exists(minilm):
    config.available_features.add("minilm")

config.environment["FILECHECK_OPTS"] = "--enable-var-scope --allow-unused-prefixes=false"

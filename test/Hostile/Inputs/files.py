"""Weight files, arrays and tables that lie, and things that are no files: what each tool that takes one says."""
import json
import os
import resource
import shutil
import subprocess
import sys

from refuses import GRAPH, ROOT, accepts, check, corpus, end, put, refuses

folder, bin_folder = sys.argv[1], sys.argv[2]
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
plan, run_, compile_ = f"{bin_folder}/tp-plan", f"{bin_folder}/tp-run", f"{bin_folder}/tp-compile"
at = lambda name: os.path.join(folder, name)
make = [sys.executable, os.path.join(ROOT, "scripts", "make-tiny-llama.py")]

# A module of a graph, which takes arrays.
put(at("graph.mlir"), GRAPH)
accepts([compile_, at("graph.mlir"), "-o", at("graph.tpm")])

# Every file of the fuzz targets that must be refused.
for name, path in corpus("Gguf"):
    shutil.copy(path, at(name + ".gguf"))
    refuses([plan, at(name + ".gguf"), "--mesh", "tp=1"], rf'"?{at(name)}.gguf"?:? ')
for name, path in corpus("Npy"):
    refuses([run_, at("graph.tpm"), "--random-inputs", "1", "--input", "arg0=" + path], path)
for name, path in corpus("ArenaTable"):
    refuses([plan, "--arena", path], path)
subprocess.run(make + [at("model"), "--layers", "1"], check=True)
for name, path in corpus("Safetensors"):
    shutil.copytree(at("model"), at(name))
    shutil.copy(path, os.path.join(at(name), "model.safetensors"))
    refuses([plan, at(name), "--mesh", "tp=1"], "error: .*" + at(name))

# Weights that are absent or others than the config says.
subprocess.run(make + [at("without"), "--layers", "1", "--without", "model.norm.weight"], check=True)
refuses([plan, at("without"), "--mesh", "tp=2"], r'without: weight "model.norm.weight" is missing')
shutil.copytree(at("model"), at("shape"))
subprocess.run(make + [at("shape"), "--layers", "1", "--config-only", "--ffn", "40"], check=True)
refuses([plan, at("shape"), "--mesh", "tp=2"], r'has shape \[48, 32\], needs \[40, 32\] by .*config.json')
shutil.copytree(at("model"), at("dtype"))
with open(at("dtype/model.safetensors"), "r+b") as file:
    header = file.read(1 << 16)
    file.seek(0)
    file.write(header.replace(b'"F32"', b'"I32"'))
refuses([compile_, at("dtype"), "--mesh", "tp=2", "-o", at("dtype.tpm")], r'I32')

# What is no file, or cannot be read.
os.mkdir(at("folder.gguf"))
os.mkdir(at("folder.npy"))
os.mkdir(at("folder.mlir"))
os.mkfifo(at("pipe.gguf"))
os.mkfifo(at("pipe.npy"))
os.mkfifo(at("pipe.mlir"))
os.mkfifo(at("pipe.tpm"))
os.symlink("loop.gguf", at("loop.gguf"))
os.symlink("nowhere", at("dangling.gguf"))
os.mkdir(at("empty"))
for name in ["folder.gguf", "pipe.gguf", "loop.gguf", "dangling.gguf", "folder.mlir", "pipe.mlir", "empty", "nowhere", "graph.tpm"]:
    refuses([plan, at(name), "--mesh", "tp=1"], at(name))
for name in ["folder.npy", "pipe.npy", "nowhere.npy"]:
    refuses([run_, at("graph.tpm"), "--random-inputs", "1", "--input", "arg0=" + at(name)], at(name))
for name in ["empty", "pipe.tpm", "nowhere.tpm", "graph.mlir"]:
    refuses([run_, at(name), "--random-inputs", "1"], at(name))
refuses([plan, "--arena", at("empty")], at("empty"))

# A link to a file is a file.
os.symlink("graph.mlir", at("link.mlir"))
accepts([plan, at("link.mlir")])

# A folder and a file that may not be read; the superuser gives up the right to read everything first.
os.mkdir(at("closed"))
shutil.copy(at("graph.mlir"), at("closed.mlir"))
os.chmod(at("closed.mlir"), 0)
os.chmod(at("closed"), 0)
drop = [sys.executable, "-c", """
import ctypes, os, sys
for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
os.execv(sys.argv[1], sys.argv[1:])
"""]
if subprocess.run(drop + ["/bin/cat", at("closed.mlir")], capture_output=True).returncode:
    refuses(drop + [plan, at("closed"), "--mesh", "tp=1"], "Permission denied")
    refuses(drop + [plan, at("closed.mlir")], at("closed.mlir") + ".*Permission denied")
os.chmod(at("closed"), 0o700)

# Nothing in a model's folder is executed, whatever its files ask for.
shutil.copytree(at("model"), at("code"))
config = json.load(open(at("code/config.json")))
config["auto_map"] = {"AutoModelForCausalLM": "modeling.Model"}
json.dump(config, open(at("code/config.json"), "w"))
mark = at("executed")
put(at("code/modeling.py"), f"open({mark!r}, 'w')\n")
put(at("code/pytorch_model.bin"), b"cos\nsystem\n(S'touch " + mark.encode() + b"'\ntR.")
put(at("code/tokenizer_config.json"), json.dumps({"chat_template": "{{ ''.__class__.__base__.__subclasses__() }}{% include '/etc/passwd' %}"}))
os.chmod(at("code/modeling.py"), 0o755)
accepts([compile_, at("code"), "--mesh", "tp=2", "-o", at("code.tpm")])
refuses([run_, at("code.tpm"), "--prompt", "a", "--chat"], "error: ")
check(not os.path.exists(mark), "something of the model's folder was executed")

# Numbers of options.
graph = at("graph.mlir")
for option in ["--temperature=nan", "--temperature=inf", "--temperature=1e999", "--top-p=nan", "--timeout=nan", "--timeout=-1", "--max-new-tokens=9223372036854775808",
               "--max-new-tokens=-1", "--top-k=1e3", "--seed=x", "--threads=0", "--threads=99999999999", "--ranks=0", "--random-inputs=", "--tokens=1,,2"]:
    refuses([run_, at("graph.tpm"), option], option.split("=")[0] if option != "--tokens=1,,2" else "error: ", status=None if option.startswith("--tokens") else 2)
for option in ["--mesh=tp=9223372036854775808", "--mesh=tp=-1", "--mesh=tp=0", "--mesh=tp", "--mesh=tp=2,tp=2", "--mesh=tp=1.5", "--batch=0", "--batch=99999999999",
               "--max-seq=nan", "--shard=x", "--shard=x=[tp", "--shard=x=[]x", "--dtype=f8"]:
    refuses([plan, at("model"), option], option.split("=")[0], status=2)
end()

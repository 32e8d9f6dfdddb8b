"""Modules that are not for this machine, this runtime, this mesh or these weights."""
import json
import os
import shutil
import subprocess
import sys

from refuses import GRAPH, ROOT, accepts, check, corpus, end, put, refuses

folder, bin_folder = sys.argv[1], sys.argv[2]
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
run_, compile_ = f"{bin_folder}/tp-run", f"{bin_folder}/tp-compile"
at = lambda name: os.path.join(folder, name)
make = [sys.executable, os.path.join(ROOT, "scripts", "make-tiny-llama.py")]
given = ["--random-inputs", "1"]

put(at("graph.mlir"), GRAPH)
accepts([compile_, at("graph.mlir"), "-o", at("graph.tpm")])
accepts([run_, at("graph.tpm")] + given)
module = open(at("graph.tpm"), "rb").read()


def changed(name, old, new):
    """A copy of the module with one text of its manifest replaced by another of the same length."""
    check(module.count(old) >= 1 and len(old) == len(new), f"{name}: the module has no {old}")
    return put(at(name + ".tpm"), module.replace(old, new, 1))


refuses([run_, changed("version", b'"abi_version": 1', b'"abi_version": 9')] + given, r"ABI version 9, this runtime needs 1; compile it again")
refuses([run_, changed("target", b'"target": "cpu"', b'"target": "gpu"')] + given, r"compiled for target gpu, .* compile it with --target cpu")
isa = b"x86-64-v4" if b'"isa": "x86-64-v4"' in module else b"x86-64-v3"
refuses([run_, changed("features", b'"isa": "' + isa + b'"', b'"isa": "x86-64-v9"')] + given, r"compiled for x86-64-v9, this processor runs up to .* compile it here")
refuses([run_, put(at("machine.tpm"), module[:18] + b"\xb7\0" + module[20:])] + given, r"machine.tpm is compiled for another kind of processor, this one is x86-64")
for size in [0, 10, 63, 64, 200, len(module) // 2, len(module) - 1]:
    refuses([run_, put(at("cut.tpm"), module[:size])] + given, r"cut.tpm (is no compiled module|is cut off)")
for name, path in corpus("Module"):
    refuses([run_, path] + given, path)
for name, path in corpus("Manifest"):
    text = open(path, "rb").read()
    begin = module.index(b"TPM-MANIFEST-1\n") + 15
    end_of_text = module.index(b"\0", begin)
    if len(text) <= end_of_text - begin:
        refuses([run_, put(at(name + ".tpm"), module[:begin] + text.ljust(end_of_text - begin) + module[end_of_text:])] + given, at(name))

refuses([run_, at("graph.tpm"), "--ranks", "3"] + given, r"compiled for 2 ranks \(mesh tp=2\), --ranks says 3; compile it with another --mesh")
refuses([run_, at("graph.tpm")], r'input "arg0" of shape \[4, 8\] is not given; pass --input')

# Weights that changed, went away, or lost a tensor since.
subprocess.run(make + [at("model"), "--layers", "1"], check=True)
accepts([compile_, at("model"), "--mesh", "tp=2", "-o", at("model.tpm")])
prompt = ["--tokens", "1,2", "--max-new-tokens", "1"]
accepts([run_, at("model.tpm")] + prompt)
subprocess.run(make + [at("other"), "--layers", "1", "--ffn", "64"], check=True)
refuses([run_, at("model.tpm"), "--weights", at("other")] + prompt, r"weights changed since compilation: .*other has fingerprint .* compile it again")
subprocess.run(make + [at("less"), "--layers", "1", "--without", "model.norm.weight"], check=True)
refuses([run_, at("model.tpm"), "--weights", at("less")] + prompt, r"weights changed since compilation")
os.truncate(at("model/model.safetensors"), os.path.getsize(at("model/model.safetensors")) - 4)
refuses([run_, at("model.tpm")] + prompt, r"model.safetensors")
shutil.rmtree(at("model"))
refuses([run_, at("model.tpm")] + prompt, r"the weights .*model of .* are not there; pass --weights")
end()

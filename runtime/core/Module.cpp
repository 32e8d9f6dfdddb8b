// See tprt/Module.h.
#include "tprt/Module.h"
#include "devices/cpu/Kernels.h"
#include "tp/Support/Error.h"

#include <algorithm>
#include <dlfcn.h>
#include <filesystem>

namespace tprt {

Module::Module(const std::string &path) : filePath(path), info(parseManifest(readManifestText(path), path)) {
  if (info.target != "cpu")
    throw tp::Error(path + " is compiled for target " + info.target +
                    ", this runtime has cpu only; compile it with "
                    "--target cpu");
  // The names sort as the instruction sets grow: x86-64, x86-64-v3, x86-64-v4. One that is no such name is not ours.
  if (std::string here = cpu::processorIsa(); !info.isa.starts_with("x86-64") || info.isa > here)
    throw tp::Error(path + " is compiled for " + info.isa + ", this processor runs up to " + here +
                    "; compile it here, or with --target-cpu " + here);
  // Without a slash, the loader would look through the system's folders.
  std::string place = std::filesystem::absolute(path).string();
  library = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    throw tp::Error(path + " cannot be loaded: " + dlerror());
  for (const EntryInfo &entry : info.entries) {
    void *address = dlsym(library, entry.symbol.c_str());
    if (!address)
      throw tp::Error(path + " has no function " + entry.symbol + " for its entry \"" + entry.name + "\"");
    functions.push_back(reinterpret_cast<EntryFunction>(address));
  }
}

Module::~Module() {
  if (library)
    dlclose(library);
}

std::string_view Module::manifestText() const {
  const void *address = dlsym(library, "tpm_manifest");
  if (!address)
    throw tp::Error(filePath + " has no symbol tpm_manifest");
  std::string_view text(static_cast<const char *>(address));
  return text.substr(std::min(text.find('{'), text.size()));
}

std::string Module::resolve(const std::string &relative) const {
  std::filesystem::path given(relative);
  if (given.is_absolute())
    return relative;
  return (std::filesystem::absolute(filePath).parent_path() / given).lexically_normal().string();
}

} // namespace tprt

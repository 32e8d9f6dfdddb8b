// A compiled module, loaded: its manifest and the addresses of its entries. It holds no memory of any rank.
#pragma once
#include "tprt/Abi.h"
#include "tprt/Manifest.h"

#include <string>
#include <vector>

namespace tprt {

class Module {
public:
  /// Loads `path`. The manifest is read and checked (ABI version, target, instruction set) before any code of the file
  /// can run. Throws Error.
  explicit Module(const std::string &path);
  ~Module();
  Module(const Module &) = delete;

  const Manifest &manifest() const { return info; }
  const std::string &path() const { return filePath; }
  /// The manifest as the loaded file holds it. Throws Error if it does not have it by its name.
  std::string_view manifestText() const;
  /// The code of entry `index` of the manifest.
  EntryFunction entry(int64_t index) const { return functions[index]; }
  /// A path of the manifest, which is relative to the module's folder unless it is absolute.
  std::string resolve(const std::string &relative) const;

private:
  std::string filePath;
  Manifest info;
  void *library = nullptr;
  std::vector<EntryFunction> functions;
};

} // namespace tprt

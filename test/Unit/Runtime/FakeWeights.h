// A folder of a test's own with the fake module and its weight file in it.
#pragma once
#include "OnRanks.h"
#include "tp/Support/AtomicFile.h"

#include <filesystem>
#include <string>

namespace tprt::test {

struct FakeFolder {
  std::filesystem::path path;
  /// [5, 8]: the parameter has six rows, the last one reads as zeros.
  std::vector<float> w1 = randomFloats(5 * 8, 1);

  FakeFolder() {
    static int counter = 0;
    path = std::filesystem::temp_directory_path() / ("tp-fake-" + std::to_string(getpid()) + "-" + std::to_string(counter++));
    std::filesystem::create_directories(path);
    std::filesystem::copy_file(FAKE_MODULE, module());
    std::string header = R"({"first.weight":{"dtype":"F32","shape":[5,8],"data_offsets":[0,160]}})";
    uint64_t size = header.size();
    std::string text(reinterpret_cast<const char *>(&size), 8);
    text += header + std::string(reinterpret_cast<const char *>(w1.data()), w1.size() * 4);
    tp::writeFile(file("fake.safetensors"), text);
  }
  ~FakeFolder() { std::filesystem::remove_all(path); }

  std::string module() const { return file("fake.tpm"); }
  std::string file(const std::string &name) const { return (path / name).string(); }
  /// Changes the module's file: all of it before `from` stays, sizes do not change.
  void patch(const std::string &from, const std::string &to) {
    std::string text = tp::readFile(module());
    size_t at = text.find(from);
    if (at == text.npos || from.size() != to.size())
      throw tp::Error("the fake module has no text " + from);
    text.replace(at, from.size(), to);
    std::filesystem::remove(module());
    tp::writeFile(module(), text);
  }
};

} // namespace tprt::test

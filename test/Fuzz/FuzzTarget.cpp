// Files for readers that want a path. They lie in memory where there is such a folder: a fuzzer writes thousands a second.
#include "FuzzTarget.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace fs = std::filesystem;

namespace tp::fuzz {

std::vector<Target> &targets() {
  static std::vector<Target> list;
  return list;
}

bool isRefused(const Target &target, std::string_view input) {
  try {
    target.run(input);
  } catch (const Error &error) {
    if (error.what()[0] == '\0') {
      std::fprintf(stderr, "%s: an error without a message\n", target.name.c_str());
      std::abort();
    }
    return true;
  }
  return false;
}

namespace {
struct OwnFolder {
  std::string path;
  OwnFolder() {
    std::string pattern = (::access("/dev/shm", W_OK) == 0 ? fs::path("/dev/shm") : fs::temp_directory_path()) / "tp-fuzz-XXXXXX";
    if (!::mkdtemp(pattern.data())) {
      std::perror(pattern.c_str());
      std::abort();
    }
    path = pattern;
  }
  ~OwnFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};
} // namespace

const std::string &folder() {
  static OwnFolder own;
  return own.path;
}

std::string fileOf(std::string_view bytes, const std::string &name) {
  std::string path = folder() + "/" + name;
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

std::string folderOf(std::string_view input, const std::string &firstName) {
  std::string path = folder() + "/pieces";
  fs::remove_all(path);
  fs::create_directory(path);
  std::string name = firstName;
  constexpr std::string_view border = "=== ";
  for (;;) {
    size_t end = input.starts_with(border) ? 0 : input.find("\n=== ");
    std::string_view piece = input.substr(0, end);
    // Names that are those of files in a folder; a path must not leave it.
    if (!name.empty() && name.size() < 100 && name != "." && name != ".." &&
        name.find_first_of(std::string("/\0", 2)) == name.npos)
      std::ofstream(path + "/" + name, std::ios::binary).write(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (end == std::string_view::npos)
      return path;
    input.remove_prefix(end + (input[end] == '\n') + border.size());
    size_t line = std::min(input.find('\n'), input.size());
    name = std::string(input.substr(0, line));
    input.remove_prefix(std::min(line + 1, input.size()));
  }
}

} // namespace tp::fuzz

// One object becomes a shared object. The linker is lld, started as a program: what it needs is one object and no library,
// because a module's undefined symbols are the runtime's, which has been loaded before it.
#include "tp/Conversion/Emit.h"

#include "tp/Support/AtomicFile.h"
#include "tp/Support/Error.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

namespace tp {

void linkModule(const std::string &object, const std::string &path) {
  std::string linker;
  for (const char *name : {"ld.lld-22", "ld.lld", "lld"})
    if (auto found = llvm::sys::findProgramByName(name)) {
      linker = *found;
      break;
    }
  if (linker.empty())
    throw Error("no linker found: needs ld.lld-22, ld.lld or lld in PATH (Debian's package lld-22)");

  AtomicFile module(path);
  llvm::SmallString<128> objectPath, messages;
  int file = -1;
  if (std::error_code error = llvm::sys::fs::createTemporaryFile("tpm", "o", file, objectPath))
    throw Error("cannot write a temporary object file: " + error.message());
  llvm::FileRemover removeObject(objectPath);
  {
    llvm::raw_fd_ostream out(file, /*shouldClose=*/true);
    out << object;
    out.close(); // what is buffered still has to find a place
    if (out.has_error()) {
      out.clear_error();
      throw Error("cannot write " + objectPath.str().str() + ": is the disk full?");
    }
  }
  if (std::error_code error = llvm::sys::fs::createTemporaryFile("tpm", "log", messages))
    throw Error("cannot write a temporary file: " + error.message());
  llvm::FileRemover removeMessages(messages);

  std::vector<llvm::StringRef> arguments{linker};
  if (llvm::StringRef(linker).ends_with("/lld"))
    arguments.insert(arguments.end(), {"-flavor", "gnu"});
  arguments.insert(arguments.end(), {"-shared", "--hash-style=gnu", "-z", "noexecstack", "--build-id=none", "-o",
                                     module.temporaryPath(), objectPath});
  std::string problem;
  int status = llvm::sys::ExecuteAndWait(
      linker, arguments, std::nullopt, {llvm::StringRef(), llvm::StringRef(messages), llvm::StringRef(messages)}, 0, 0, &problem);
  if (status != 0) {
    std::vector<std::string> notes;
    if (!problem.empty())
      notes.push_back(problem);
    if (auto text = llvm::MemoryBuffer::getFile(messages))
      if (std::string said = (*text)->getBuffer().split('\n').first.str(); !said.empty())
        notes.push_back(said);
    throw Error(path + " cannot be linked: " + linker + " ended with status " + std::to_string(status), notes);
  }
  module.commit();
}

} // namespace tp

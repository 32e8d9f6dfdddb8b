// See MpiLibrary.h.
#include "comm/mpi/MpiLibrary.h"
#include "tp/Support/Error.h"

#include <cstdint>
#include <cstdlib>
#include <dlfcn.h>
#include <optional>

namespace tprt::mpi {

namespace {

/// Which of the two families a library belongs to, and the file that the loader is asked for.
struct Candidate {
  const char *soname;
  bool openMpi;
};

// Debian renames MPICH's library, since its name would clash.
constexpr Candidate openMpi[] = {{"libmpi.so.40", true}};
constexpr Candidate mpich[] = {{"libmpi.so.12", false}, {"libmpich.so.12", false}};

std::optional<Library> load(const Candidate &candidate, std::string &tried) {
  // Global: Open MPI's plugins look for its symbols there.
  void *file = dlopen(candidate.soname, RTLD_NOW | RTLD_GLOBAL);
  if (!file) {
    tried += (tried.empty() ? "" : "; ") + std::string(dlerror());
    return std::nullopt;
  }
  Library library;
  auto find = [&](const char *name) {
    void *address = dlsym(file, name);
    if (!address)
      throw tp::Error(std::string(candidate.soname) + " has no symbol " + name +
                      "; tp knows Open MPI 4 and 5, and MPICH 3 and 4");
    return address;
  };
#define TPRT_MPI_FIND(name, parameters) library.name = reinterpret_cast<decltype(library.name)>(find("MPI_" #name));
  TPRT_MPI_FUNCTIONS(TPRT_MPI_FIND)
#undef TPRT_MPI_FIND
  auto number = [](uintptr_t value) { return reinterpret_cast<Handle>(value); };
  if (candidate.openMpi) {
    library.commWorld = find("ompi_mpi_comm_world");
    library.byteType = find("ompi_mpi_byte");
    library.errorsReturn = find("ompi_mpi_errors_return");
    library.statusIgnore = nullptr;
  } else {
    library.commWorld = number(0x44000000);
    library.byteType = number(0x4c00010d);
    library.errorsReturn = number(0x54000001);
    library.statusIgnore = number(1);
  }
  return library;
}

Library loadFirst() {
  bool startedByOpenMpi = std::getenv("OMPI_COMM_WORLD_SIZE"), startedByHydra = std::getenv("PMI_RANK");
  std::string tried;
  // Two families of libraries may be installed; only the launcher's own knows about the other processes.
  if (!startedByHydra || startedByOpenMpi)
    for (const Candidate &candidate : openMpi)
      if (std::optional<Library> library = load(candidate, tried))
        return *library;
  if (!startedByOpenMpi)
    for (const Candidate &candidate : mpich)
      if (std::optional<Library> library = load(candidate, tried))
        return *library;
  throw tp::Error("--comm mpi finds no MPI library (Open MPI's libmpi.so.40, or MPICH's libmpi.so.12 or libmpich.so.12): " +
                  tried + "; install Open MPI (Debian: openmpi-bin), or add the library's folder to LD_LIBRARY_PATH");
}

} // namespace

void Library::check(int code, const char *function) const {
  if (code == 0)
    return;
  char text[1024] = "";
  int length = 0;
  Error_string(code, text, &length);
  throw tp::Error("MPI_" + std::string(function) + " failed: " + text);
}

bool isLaunched() { return std::getenv("OMPI_COMM_WORLD_SIZE") || std::getenv("PMI_RANK") || std::getenv("PMIX_RANK"); }

const Library &library() {
  static const Library loaded = loadFirst();
  return loaded;
}

} // namespace tprt::mpi

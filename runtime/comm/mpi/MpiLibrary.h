// The MPI library, found at run time: every function that tp calls, in one table, and the constants of its dialect.
//
// MPI fixes no binary interface, and none is needed to build: what tp uses is small. Open MPI's handles are addresses of
// objects in the library, MPICH's (and Intel's, Cray's) are numbers; both fit a pointer, and are passed as one.
#pragma once
#include <string>

namespace tprt::mpi {

using Handle = void *;

/// Name, parameters; all return an int, 0 for success.
#define TPRT_MPI_FUNCTIONS(F)                                                                                                    \
  F(Init_thread, (int *argc, char ***argv, int required, int *provided))                                                         \
  F(Finalize, ())                                                                                                                \
  F(Comm_rank, (Handle comm, int *rank))                                                                                         \
  F(Comm_size, (Handle comm, int *size))                                                                                         \
  F(Comm_set_errhandler, (Handle comm, Handle handler))                                                                          \
  F(Isend, (const void *data, int count, Handle type, int to, int tag, Handle comm, Handle *request))                            \
  F(Irecv, (void *data, int count, Handle type, int from, int tag, Handle comm, Handle *request))                                \
  F(Test, (Handle * request, int *done, Handle status))                                                                          \
  F(Error_string, (int code, char *text, int *length))

struct Library {
#define TPRT_MPI_MEMBER(name, parameters) int(*name) parameters = nullptr;
  TPRT_MPI_FUNCTIONS(TPRT_MPI_MEMBER)
#undef TPRT_MPI_MEMBER
  Handle commWorld = nullptr, byteType = nullptr, errorsReturn = nullptr, statusIgnore = nullptr;

  /// "MPI_Isend failed: ..." as an Error, unless `code` is 0.
  void check(int code, const char *function) const;
};

/// Whether a launcher started this process: mpirun of either family, or srun with PMI or PMIx.
bool isLaunched();

/// Loads the library that fits the launcher; once. Throws Error naming what was looked for.
const Library &library();

} // namespace tprt::mpi

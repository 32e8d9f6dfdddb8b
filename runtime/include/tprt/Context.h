// What one rank knows while an entry runs: where it is on the mesh, its threads, its way to the other ranks, and what is
// counted. Every function of functions.def gets it as its first argument; a module never looks inside.
#pragma once
#include "tp/Support/Mesh.h"
#include "tprt/Recorder.h"
#include "tprt/Scratch.h"
#include "tprt/ThreadPool.h"

#include <csetjmp>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tprt {

class Communicator;
struct EntryInfo;
struct RotationTable;

/// The ranks that take part in one group's collectives, as seen by one of them.
struct Group {
  std::vector<tp::AxisPart> parts;
  /// Ranks of the mesh, ordered by their index along `parts`.
  std::vector<int64_t> members;
  /// This rank's place in `members`.
  int64_t index = 0;
  int64_t size() const { return static_cast<int64_t>(members.size()); }
};

/// The group of `rank` along `parts`.
Group makeGroup(const tp::Mesh &mesh, const std::vector<tp::AxisPart> &parts, int64_t rank);

} // namespace tprt

struct tprt_context {
  tprt_context(int64_t rank, int64_t threads, std::unique_ptr<tprt::Communicator> communicator);
  ~tprt_context();

  const int64_t rank;
  /// In manifest order.
  std::vector<tprt::Group> groups;
  tprt::ThreadPool pool;
  std::unique_ptr<tprt::Communicator> communicator;
  tprt::Recorder recorder;
  /// The entry that runs, where a Program runs it.
  const tprt::EntryInfo *entry = nullptr;

  /// Scratch memory of at least `bytes`, 64-byte aligned, overwritten by the next call. For kernels, on the rank's own
  /// thread.
  void *scratch(int64_t bytes) { return scratchMemory.atLeast(bytes); }
  /// cos and sin for rotary embeddings, kept between calls (devices/cpu/Rope.cpp).
  std::unique_ptr<tprt::RotationTable> rotations;

  /// A failing function stores its exception here and jumps to where the entry was called: the frames in between are the
  /// module's, which have no destructors and need no unwind tables. Without an entry (in unit tests) it just throws.
  std::jmp_buf *escape = nullptr;
  std::exception_ptr failure;

private:
  tprt::Scratch scratchMemory;
};

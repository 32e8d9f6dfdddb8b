// Ranks that are threads of one process: they read straight from one another's buffers.
//
// One object is shared by all ranks of a run; each rank gets its own Communicator from it. Every algorithm adds in rank
// order, so which one is taken never shows in the result.
#pragma once
#include "tprt/Communicator.h"

#include <memory>

namespace tprt {

class LocalWorld {
public:
  /// `timeoutSeconds`: how long a rank waits for its peers in one collective before it fails.
  static std::shared_ptr<LocalWorld> create(int64_t ranks, double timeoutSeconds);
  virtual ~LocalWorld() = default;
  /// The communicator of `rank`; to be asked for once for each rank. It keeps the world alive.
  virtual std::unique_ptr<Communicator> communicator(int64_t rank) = 0;
};

} // namespace tprt

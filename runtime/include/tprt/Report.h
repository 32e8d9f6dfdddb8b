// What a run leaves behind for people and scripts: --stats, --trace and --dump-ranks.
//
// All processes of a run call these at the same point. Statistics and the trace of all ranks are written where rank 0
// lives; every process dumps its own ranks.
#pragma once
#include "tp/Support/Json.h"
#include "tprt/Program.h"

#include <string>

namespace tprt {

/// The document of --stats: per entry what was counted (largest of the ranks, per execution), and output hashes.
tp::Json statistics(Program &program, double tokensPerSecond);

/// Writes the calls of all ranks as Chrome's trace format, a track per rank, in the time of rank 0. Needs
/// ProgramOptions::tracing.
void writeTrace(Program &program, const std::string &path);

/// Writes the outputs of every rank that lives here, of the entries that ran as DIR/rank<k>.<name>.npy.
void dumpRanks(Program &program, const std::string &directory);

} // namespace tprt

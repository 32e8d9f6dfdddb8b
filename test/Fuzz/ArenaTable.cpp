// The table of `tp-plan --arena`.
#include "FuzzTarget.h"

#include "tools/tp-plan/ArenaTable.h"

FUZZ_TARGET(ArenaTable) {
  ArenaArguments arguments;
  arguments.buffers = fileOf(input, "buffers.csv");
  arguments.output = folder() + "/out.csv";
  planArenaTable(arguments);
}

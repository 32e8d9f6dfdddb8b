// The functions of functions.def that are about the context itself.
#include "tprt/Abi.h"
#include "tprt/Context.h"

int64_t tprt_axis_index(tprt_context *ctx, int64_t group) { return ctx->groups[group].index; }

// The functions of functions.def that are about the context itself and its collectives. Each collective says what it is
// in one CollectiveCall; the communicator does it, and the recorder counts the bytes of tp::wireBytesPerRank.
#include "core/Call.h"
#include "tprt/Communicator.h"
#include "tprt/Manifest.h"

using namespace tprt;
using tp::CollectiveKind;

namespace {

tp::Reduction reductionOf(int64_t code) {
  if (code < 0 || code > static_cast<int64_t>(tp::Reduction::Min))
    throw tp::Error("the module passes reduction " + std::to_string(code) + ", known are 0 sum, 1 max, 2 min");
  return static_cast<tp::Reduction>(code);
}

/// Fills in what all kinds share, performs the call, counts it.
void collective(tprt_context *ctx, const char *name, int64_t dtype, CollectiveCall call, const void *src, void *dst) {
  call.type = typeOf(dtype);
  if (call.group < 0 || call.group >= static_cast<int64_t>(ctx->groups.size()))
    throw tp::Error("the module names group " + std::to_string(call.group) + " of " + std::to_string(ctx->groups.size()));
  const Group &group = ctx->groups[call.group];
  if (const EntryInfo *entry = ctx->entry) {
    call.entry = entry->name;
    if (call.site >= 0 && call.site < static_cast<int64_t>(entry->collectives.size()))
      call.where = entry->collectives[call.site].where;
  }
  if (call.root < 0 || call.root >= group.size())
    throw tp::Error(call.str() + " has root " + std::to_string(call.root) + " in a group of " + std::to_string(group.size()));
  Clock::time_point begin = Clock::now();
  Clock::time_point arrived = ctx->communicator->perform(call, group, src, dst);
  int64_t bytes = tp::wireBytesPerRank(call.kind, call.operandBytes(group.size()), group.size());
  ctx->recorder.collective(name, call.site, bytes, begin, Clock::now(), arrived);
}

} // namespace

int64_t tprt_axis_index(tprt_context *ctx, int64_t group) { return ctx->groups[group].index; }

void tprt_parallel_for(tprt_context *ctx, void (*body)(void *const *, int64_t, int64_t), void *const *args, int64_t count,
                       int64_t grain) {
  compute(ctx, "parallel_for",
          [&] { ctx->pool.parallelFor(count, grain, [&](int64_t begin, int64_t end) { body(args, begin, end); }); });
}

void tprt_all_reduce(tprt_context *ctx, int64_t site, int64_t group, int64_t dtype, int64_t reduction, const void *src, void *dst,
                     int64_t count) {
  guarded(ctx, [&] {
    CollectiveCall call{.kind = CollectiveKind::AllReduce, .site = site, .group = group};
    call.reduction = reductionOf(reduction);
    call.extent = count;
    collective(ctx, "all_reduce", dtype, call, src, dst);
  });
}

void tprt_all_gather(tprt_context *ctx, int64_t site, int64_t group, int64_t dtype, const void *src, void *dst, int64_t outer,
                     int64_t extent, int64_t inner) {
  guarded(ctx, [&] {
    CollectiveCall call{.kind = CollectiveKind::AllGather, .site = site, .group = group};
    call.outer = outer, call.extent = extent, call.inner = inner;
    collective(ctx, "all_gather", dtype, call, src, dst);
  });
}

void tprt_reduce_scatter(tprt_context *ctx, int64_t site, int64_t group, int64_t dtype, int64_t reduction, const void *src,
                         void *dst, int64_t outer, int64_t extent, int64_t inner) {
  guarded(ctx, [&] {
    CollectiveCall call{.kind = CollectiveKind::ReduceScatter, .site = site, .group = group};
    call.reduction = reductionOf(reduction);
    call.outer = outer, call.extent = extent, call.inner = inner;
    collective(ctx, "reduce_scatter", dtype, call, src, dst);
  });
}

void tprt_all_to_all(tprt_context *ctx, int64_t site, int64_t group, int64_t dtype, const void *src, void *dst, int64_t outer,
                     int64_t split, int64_t middle, int64_t concat, int64_t inner, int64_t split_first) {
  guarded(ctx, [&] {
    CollectiveCall call{.kind = CollectiveKind::AllToAll, .site = site, .group = group};
    call.outer = outer, call.extent = split, call.middle = middle, call.concat = concat, call.inner = inner;
    call.splitFirst = split_first != 0;
    collective(ctx, "all_to_all", dtype, call, src, dst);
  });
}

void tprt_broadcast(tprt_context *ctx, int64_t site, int64_t group, int64_t dtype, int64_t root, const void *src, void *dst,
                    int64_t count) {
  guarded(ctx, [&] {
    CollectiveCall call{.kind = CollectiveKind::Broadcast, .site = site, .group = group};
    call.root = root, call.extent = count;
    collective(ctx, "broadcast", dtype, call, src, dst);
  });
}

void tprt_reduce_to(tprt_context *ctx, int64_t site, int64_t group, int64_t dtype, int64_t reduction, int64_t root,
                    const void *src, void *dst, int64_t count) {
  guarded(ctx, [&] {
    CollectiveCall call{.kind = CollectiveKind::Reduce, .site = site, .group = group};
    call.reduction = reductionOf(reduction);
    call.root = root, call.extent = count;
    collective(ctx, "reduce", dtype, call, src, dst);
  });
}

void tprt_gather_to(tprt_context *ctx, int64_t site, int64_t group, int64_t dtype, int64_t root, const void *src, void *dst,
                    int64_t outer, int64_t extent, int64_t inner) {
  guarded(ctx, [&] {
    CollectiveCall call{.kind = CollectiveKind::Gather, .site = site, .group = group};
    call.root = root, call.outer = outer, call.extent = extent, call.inner = inner;
    collective(ctx, "gather", dtype, call, src, dst);
  });
}

void tprt_scatter_from(tprt_context *ctx, int64_t site, int64_t group, int64_t dtype, int64_t root, const void *src, void *dst,
                       int64_t outer, int64_t extent, int64_t inner) {
  guarded(ctx, [&] {
    CollectiveCall call{.kind = CollectiveKind::Scatter, .site = site, .group = group};
    call.root = root, call.outer = outer, call.extent = extent, call.inner = inner;
    collective(ctx, "scatter", dtype, call, src, dst);
  });
}

void tprt_permute(tprt_context *ctx, int64_t site, int64_t group, int64_t dtype, const int64_t *pairs, int64_t pair_count,
                  const void *src, void *dst, int64_t count) {
  guarded(ctx, [&] {
    CollectiveCall call{.kind = CollectiveKind::Permute, .site = site, .group = group};
    call.pairs = pairs, call.pairCount = pair_count, call.extent = count;
    collective(ctx, "permute", dtype, call, src, dst);
  });
}

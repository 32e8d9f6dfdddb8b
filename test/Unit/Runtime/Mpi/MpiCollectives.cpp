// Every collective over axes, parts of axes and all axes, for every dtype and for sizes on both sides of every limit: one
// line each with a hash of what every rank gets. Run as four threads and as four processes, the texts must be equal.
//
//   tp-mpi-collectives                      four threads
//   mpirun -n 4 tp-mpi-collectives          four processes; rank 0 prints
#include "tp/Support/Options.h"
#include "tprt/Abi.h"
#include "tprt/Ranks.h"

#include <cstdio>
#include <cstring>
#include <functional>

using tp::DType;
using Bytes = std::vector<char>;

namespace {

/// Numbers whose sum depends on the order; not bit patterns: what a NaN becomes in a sum is nobody's promise.
Bytes randomOperand(DType type, int64_t count, uint64_t state) {
  tp::HostTensor tensor = tp::HostTensor::zeros(type, {count});
  for (int64_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    int64_t number = static_cast<int64_t>(state >> 40) % 100;
    if (tp::isFloat(type))
      tensor.floats[i] = tp::roundTo(type, number * 0.37 - 17);
    else
      tensor.ints[i] = type == DType::I1 ? number % 2 : number;
  }
  return tp::toBytes(tensor);
}

/// One call, as rank `ctx.rank` makes it; the operand is in `src`, the result in `dst`.
struct Case {
  std::string name;
  int64_t operand, result;
  std::function<void(tprt_context &, const char *src, char *dst)> call;
};

/// Shapes whose parts travel with the head (up to 16 KiB), and larger ones, that divide over nothing.
std::vector<Case> cases(int64_t group, int64_t n, int64_t dtype, int64_t large) {
  int64_t outer = 3, extent = 5, inner = large ? 1021 : 7, piece = outer * extent * inner, count = large ? 20011 : 57;
  std::vector<Case> all;
  for (int64_t kind = 0; kind < 3; ++kind) {
    std::string suffix = " of kind " + std::to_string(kind);
    all.push_back({"all_reduce" + suffix, count, count, [=](tprt_context &ctx, const char *src, char *dst) {
                     tprt_all_reduce(&ctx, 0, group, dtype, kind, src, dst, count);
                   }});
    all.push_back({"all_reduce in place" + suffix, count, count, [=](tprt_context &ctx, const char *src, char *dst) {
                     std::memcpy(dst, src, count * tp::bytesOf(static_cast<DType>(dtype)));
                     tprt_all_reduce(&ctx, 0, group, dtype, kind, dst, dst, count);
                   }});
    all.push_back({"reduce_scatter" + suffix, piece * n, piece, [=](tprt_context &ctx, const char *src, char *dst) {
                     tprt_reduce_scatter(&ctx, 0, group, dtype, kind, src, dst, outer, extent, inner);
                   }});
    all.push_back({"reduce_to" + suffix, count, count, [=](tprt_context &ctx, const char *src, char *dst) {
                     tprt_reduce_to(&ctx, 0, group, dtype, kind, n - 1, src, dst, count);
                   }});
  }
  for (int64_t rows : {int64_t(1), outer})
    all.push_back(
        {"all_gather", rows * extent * inner, rows * extent * inner * n, [=](tprt_context &ctx, const char *src, char *dst) {
           tprt_all_gather(&ctx, 0, group, dtype, src, dst, rows, extent, inner);
         }});
  all.push_back({"gather_to", piece, piece * n, [=](tprt_context &ctx, const char *src, char *dst) {
                   tprt_gather_to(&ctx, 0, group, dtype, 0, src, dst, outer, extent, inner);
                 }});
  all.push_back({"scatter_from", piece * n, piece, [=](tprt_context &ctx, const char *src, char *dst) {
                   tprt_scatter_from(&ctx, 0, group, dtype, n - 1, src, dst, outer, extent, inner);
                 }});
  all.push_back({"broadcast", count, count, [=](tprt_context &ctx, const char *src, char *dst) {
                   tprt_broadcast(&ctx, 0, group, dtype, n / 2, src, dst, count);
                 }});
  for (int64_t splitFirst : {0, 1})
    all.push_back(
        {"all_to_all", 2 * 3 * n * 2 * 5 * inner, 2 * 3 * n * 2 * 5 * inner, [=](tprt_context &ctx, const char *src, char *dst) {
           tprt_all_to_all(&ctx, 0, group, dtype, src, dst, 2, 3, 2, 5, inner, splitFirst);
         }});
  std::vector<int64_t> pairs;
  for (int64_t r = 0; r + 1 < n; ++r)
    pairs.insert(pairs.end(), {r, r + 1});
  all.push_back({"permute", count, count, [=](tprt_context &ctx, const char *src, char *dst) {
                   tprt_permute(&ctx, 0, group, dtype, pairs.data(), n - 1, src, dst, count);
                 }});
  return all;
}

/// The lines of one rank for all cases over one group.
std::string linesOf(tprt_context &ctx, int64_t group) {
  int64_t n = ctx.groups[group].size();
  std::string lines;
  for (int64_t code = 0; code <= static_cast<int64_t>(DType::U8); ++code)
    for (int64_t large : {0, 1})
      for (const Case &one : cases(group, n, code, large)) {
        DType type = static_cast<DType>(code);
        // How bytes move does not depend on their type: all types over the largest group only.
        if (n < 4 && type != DType::F32 && type != DType::BF16)
          continue;
        Bytes operand = randomOperand(type, one.operand, lines.size() + ctx.rank), result(one.result * tp::bytesOf(type), 99);
        tprt::callEntry(ctx, [&](tprt_context *inside) { one.call(*inside, operand.data(), result.data()); });
        size_t hash = std::hash<std::string_view>()({result.data(), result.size()});
        lines += one.name + " of " + std::string(tp::name(type)) + " over \"" + tp::str(ctx.groups[group].parts) + "\" on rank " +
                 std::to_string(ctx.rank) + ": " + std::to_string(hash) + "\n";
      }
  return lines;
}

void runAll(const tp::Mesh &mesh, const std::vector<std::vector<tp::AxisPart>> &groups,
            const std::shared_ptr<tprt::World> &world) {
  tprt::Ranks ranks(mesh, groups, 1, world);
  std::vector<std::string> texts(ranks.size());
  ranks.run([&](tprt_context &ctx) {
    for (size_t group = 0; group < groups.size(); ++group)
      texts[ctx.rank - world->firstHere()] += linesOf(ctx, group);
  });
  for (const std::string &text : world->collect("hashes", texts))
    if (world->hasRankZero())
      std::fwrite(text.data(), 1, text.size(), stdout);
}

int run(int, char **) {
  std::shared_ptr<tprt::World> world = tprt::mpiWorld(60);
  if (world->size() == 1)
    world = tprt::localWorld(4, 60);
  runAll(tp::Mesh::parse("dp=2,tp=2"), {{{"tp"}}, {{"dp"}}, {{"tp"}, {"dp"}}}, world);
  if (world->ranksHere() == 4)
    world = tprt::localWorld(4, 60);
  runAll(tp::Mesh::parse("tp=4"), {{{"tp"}}, {{"tp", 1, 2}}, {{"tp", 2, 2}}}, world);
  world->finish();
  return 0;
}

} // namespace

int main(int argc, char **argv) { return tp::runTool(argc, argv, run); }

// See devices/cpu/Stored.h; and tprt_embedding_stored, which expands the rows that are asked for.
#include "devices/cpu/Stored.h"
#include "core/Call.h"
#include "devices/cpu/Indices.h"

#include <cstring>

using namespace tprt;

tp::StoredFormat cpu::storedFormatOf(int64_t format, int64_t k, const char *function) {
  std::optional<tp::StoredFormat> known;
  if (format >= 0 && format < 256)
    known = tp::storedFormat(tp::ggufType(static_cast<uint32_t>(format)).name);
  if (!known)
    throw tp::Error(std::string(function) + " got format " + std::to_string(format) +
                    ", knows GGUF's 1 F16, 2 Q4_0, 3 Q4_1, 8 Q8_0, 30 BF16");
  if (int64_t block = tp::storedType(*known).blockElements; k % block)
    throw tp::Error(std::string(function) + " got rows of " + std::to_string(k) + " elements in blocks of " +
                    std::to_string(block));
  return *known;
}

void tprt_embedding_stored(tprt_context *ctx, int64_t format, int64_t index_dtype, const void *ids, const void *table, void *out,
                           int64_t count, int64_t rows, int64_t width, int64_t first_row) {
  compute(ctx, "embedding_stored", [&] {
    tp::StoredType type = tp::storedType(cpu::storedFormatOf(format, width, "tprt_embedding_stored"));
    tp::DType indexType = indexTypeOf(index_dtype, "tprt_embedding_stored");
    int64_t rowBytes = width / type.blockElements * type.blockBytes;
    ctx->pool.parallelFor(count, std::max<int64_t>(1, 16384 / std::max<int64_t>(width, 1)), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        int64_t from = indexAt(ids, indexType, i) - first_row;
        float *to = static_cast<float *>(out) + i * width;
        if (from >= 0 && from < rows)
          tp::readRow(type, static_cast<const char *>(table) + from * rowBytes, 0, width, tp::DType::F32, to);
        else
          std::memset(to, 0, width * sizeof(float));
      }
    });
  });
}

// Parameters that stay as their file stores them: what a module's format code means.
#pragma once
#include "tp/Support/Dequantize.h"

namespace tprt::cpu {

/// The format of GGUF's code `format`, for rows of k elements. Throws Error, naming `function`: a format that cannot be computed
/// with, rows that are no whole blocks.
tp::StoredFormat storedFormatOf(int64_t format, int64_t k, const char *function);

} // namespace tprt::cpu

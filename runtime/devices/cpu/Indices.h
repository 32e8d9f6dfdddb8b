// Arrays of indices that a module passes: i32 or i64.
#pragma once
#include "core/Call.h"

namespace tprt {

/// Element `i` of an i32 or i64 array.
inline int64_t indexAt(const void *indices, tp::DType type, int64_t i) {
  return type == tp::DType::I64 ? static_cast<const int64_t *>(indices)[i] : static_cast<const int32_t *>(indices)[i];
}

/// The type of that code. Throws Error, naming `function`, if it is neither.
inline tp::DType indexTypeOf(int64_t code, const char *function) {
  tp::DType type = typeOf(code);
  if (type != tp::DType::I32 && type != tp::DType::I64)
    throw tp::Error(std::string(function) + " takes i32 or i64 indices, not " + std::string(tp::name(type)));
  return type;
}

} // namespace tprt

// The C ABI between a compiled module and the runtime, declared from the one list in runtime/functions.def.
#pragma once
#include <cstdint>

struct tprt_context;

namespace tprt {
/// Goes up by one with every change of functions.def or of the manifest that an old module could trip over.
constexpr int64_t abiVersion = 1;

/// Signature of every entry of a module: pointers in manifest order, each to this rank's local buffer; `tokens` is the
/// value of the dynamic extent (1 where there is none).
using EntryFunction = void (*)(tprt_context *ctx, void *const *parameters, void *const *states, void *const *inputs,
                               void *const *outputs, char *arena, int64_t tokens);
} // namespace tprt

extern "C" {
#define TPRT_FUNCTION(name, result, parameters) result name parameters;
#include "runtime/functions.def"
}

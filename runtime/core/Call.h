// The border between a module's code and the runtime's C++: every function of functions.def runs its body through here.
#pragma once
#include "tp/Support/Error.h"
#include "tp/Support/HostTensor.h"
#include "tprt/Abi.h"
#include "tprt/Context.h"

namespace tprt {

/// Runs `body` and, on an exception, leaves the entry (see tprt_context::escape). The handler is left before the jump,
/// so that no destructor is skipped.
template <class Body> void guarded(tprt_context *ctx, Body &&body) {
  try {
    return body();
  } catch (...) {
    if (!ctx->escape)
      throw;
    ctx->failure = std::current_exception();
  }
  std::longjmp(*ctx->escape, 1);
}

/// The same for a function that computes: one event of the trace, and an error says which rank and function it was.
template <class Body> void compute(tprt_context *ctx, const char *name, Body &&body) {
  guarded(ctx, [&] {
    Clock::time_point begin = ctx->recorder.tracing ? Clock::now() : Clock::time_point();
    try {
      body();
    } catch (const tp::Error &error) {
      throw tp::Error("rank " + std::to_string(ctx->rank) + ", " + name + ": " + error.what());
    }
    ctx->recorder.compute(name, begin, ctx->recorder.tracing ? Clock::now() : begin);
  });
}

/// `code` of a module as a type. Throws Error if there is none of that number.
inline tp::DType typeOf(int64_t code) {
  if (code < 0 || code > static_cast<int64_t>(tp::DType::U8))
    throw tp::Error("the module passes element type " + std::to_string(code) + ", this runtime knows 0 to " +
                    std::to_string(static_cast<int64_t>(tp::DType::U8)));
  return static_cast<tp::DType>(code);
}

/// The same for functions that take floats only.
inline tp::DType floatTypeOf(int64_t code, const char *function) {
  tp::DType type = typeOf(code);
  if (!tp::isFloat(type))
    throw tp::Error(std::string(function) + " takes f32, f16, bf16 or f64, not " + std::string(tp::name(type)));
  return type;
}

} // namespace tprt

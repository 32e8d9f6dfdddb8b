// What an op is apart from its place: name, properties, types, and the text of a scalar region, as one list of words.
//
// Two ops with equal signatures have the same factor map and the same layouts, so whatever follows from those is worked out once
// for all equal layers of a model. Names, locations and notes (tp.why, tp.where) are no part of it.
#pragma once
#include "dialects/tp/Tp.h"

#include "mlir/IR/DialectInterface.h"

#include <mutex>
#include <unordered_map>

namespace tp {

using OpSignature = llvm::SmallVector<uintptr_t, 16>;

/// The signature of `op` on `mesh`, or nothing for an op whose region nests or uses values from outside.
std::optional<OpSignature> signatureOf(mlir::Operation *op, const Mesh &mesh);

/// What verifyLaidOut found for signatures that it accepted. One per context; safe to use from several threads. Refusals are not
/// kept: they speak of one op, and end the compilation.
class AcceptedLayouts : public mlir::DialectInterface::Base<AcceptedLayouts> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(AcceptedLayouts)

  explicit AcceptedLayouts(mlir::Dialect *dialect) : Base(dialect) {}

  std::optional<FactorAxes> lookup(const OpSignature &signature) const;
  void remember(const OpSignature &signature, const FactorAxes &axes);

private:
  struct Hash {
    size_t operator()(const OpSignature &signature) const { return llvm::hash_combine_range(signature.begin(), signature.end()); }
  };
  mutable std::mutex mutex;
  std::unordered_map<OpSignature, FactorAxes, Hash> accepted;
};

} // namespace tp

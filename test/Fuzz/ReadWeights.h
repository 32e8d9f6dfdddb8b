// Reads every tensor of a weight file, whole and in part, as every type that it can be read as.
#pragma once
#include "tp/Support/Error.h"
#include "tp/Support/WeightFile.h"

namespace tp::fuzz {

inline void readAll(const WeightFile &weights) {
  // What is expanded must not be much larger than the file; a tensor of more is read by its ends.
  constexpr uint64_t mostElements = 1 << 16;
  for (const StoredTensor &tensor : weights.tensors()) {
    std::vector<int64_t> offsets(tensor.shape.size(), 0), sizes = tensor.shape;
    uint64_t elements = 1;
    for (size_t i = 0; i < sizes.size(); ++i) {
      uint64_t most = std::max<uint64_t>(mostElements / elements, 1);
      sizes[i] = static_cast<int64_t>(std::min<uint64_t>(static_cast<uint64_t>(sizes[i]), most));
      offsets[i] = tensor.shape[i] - sizes[i];
      elements *= std::max<uint64_t>(static_cast<uint64_t>(sizes[i]), 1);
    }
    std::vector<char> memory(elements * 8);
    for (DType type : {DType::F32, DType::BF16, DType::F64, DType::I32, DType::I64, DType::I1}) {
      try {
        weights.readSlice(tensor.name, offsets, sizes, type, memory.data());
      } catch (const Error &) {
        // floats are not read as integers
      }
    }
  }
  weights.fingerprint();
}

} // namespace tp::fuzz

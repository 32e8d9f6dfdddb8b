// Rotary position embedding: the frequency of each pair of a head's elements, with the ways models have to stretch them
// beyond the length they were trained for. All of them only change this table and one factor on sin and cos, so a program
// needs no more than the table.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace tp {

struct RopeScaling {
  /// "default", "linear", "dynamic", "llama3" or "yarn".
  std::string kind = "default";
  double factor = 1;
  /// Length that the unscaled model was trained for (llama3, yarn).
  double originalLength = 0;
  /// llama3: wavelengths up to originalLength / highFrequency stay, those over originalLength / lowFrequency are divided.
  double lowFrequency = 1, highFrequency = 4;
  /// yarn (Peng et al. 2023): rotations over the trained length that bound the ramp between both.
  double betaFast = 32, betaSlow = 1;
  /// yarn: whether the ramp's ends are rounded outward to whole pairs.
  bool truncate = true;
  /// yarn: the factor on sin and cos; negative: 0.1 ln(factor) + 1, or what mscale and mscaleAllDim (if not 0) make of it.
  double attentionFactor = -1;
  double mscale = 0, mscaleAllDim = 0;
};

struct RopeFrequencies {
  /// Half as many as elements are rotated.
  std::vector<float> inverse;
  double attentionFactor = 1;
};

/// Throws Error for an unknown kind and for numbers that make no sense. `what` names the file in errors.
RopeFrequencies ropeFrequencies(double base, int64_t width, const RopeScaling &scaling, const std::string &what);

} // namespace tp

// The scalings differ in which pairs they slow down. linear divides all; llama3 and yarn divide slow pairs, keep fast ones,
// and blend between; dynamic changes nothing within the trained length, and the importer refuses to go beyond it.
#include "RopeFrequencies.h"

#include "tp/Support/Error.h"

#include <algorithm>
#include <cmath>

namespace tp {

static constexpr double pi = 3.14159265358979323846;

static void scaleLlama3(std::vector<double> &frequencies, const RopeScaling &scaling) {
  double longest = scaling.originalLength / scaling.lowFrequency;
  double shortest = scaling.originalLength / scaling.highFrequency;
  for (double &frequency : frequencies) {
    double wavelength = 2 * pi / frequency;
    if (wavelength > longest) {
      frequency /= scaling.factor;
    } else if (wavelength >= shortest) {
      double kept = (scaling.originalLength / wavelength - scaling.lowFrequency) / (scaling.highFrequency - scaling.lowFrequency);
      frequency = (1 - kept) * frequency / scaling.factor + kept * frequency;
    }
  }
}

static void scaleYarn(std::vector<double> &frequencies, double base, const RopeScaling &scaling) {
  double width = 2.0 * frequencies.size();
  // The pair that turns `rotations` times within the trained length.
  auto pairOf = [&](double rotations) {
    return width * std::log(scaling.originalLength / (rotations * 2 * pi)) / (2 * std::log(base));
  };
  double low = pairOf(scaling.betaFast), high = pairOf(scaling.betaSlow);
  if (scaling.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, width - 1);
  if (low == high)
    high += 0.001;
  for (size_t i = 0; i < frequencies.size(); ++i) {
    double slow = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    frequencies[i] = frequencies[i] / scaling.factor * slow + frequencies[i] * (1 - slow);
  }
}

static double yarnAttentionFactor(const RopeScaling &scaling) {
  if (scaling.attentionFactor >= 0)
    return scaling.attentionFactor;
  auto stretch = [&](double mscale) { return scaling.factor <= 1 ? 1.0 : 0.1 * mscale * std::log(scaling.factor) + 1; };
  if (scaling.mscale != 0 && scaling.mscaleAllDim != 0)
    return stretch(scaling.mscale) / stretch(scaling.mscaleAllDim);
  return stretch(1);
}

RopeFrequencies ropeFrequencies(double base, int64_t width, const RopeScaling &scaling, const std::string &what) {
  if (width < 2 || width % 2 != 0)
    throw Error(what + ": rotary embedding needs an even number of elements per head, has " + std::to_string(width));
  if (!(base > 1))
    throw Error(what + ": rope_theta is " + std::to_string(base) + ", needs a number above 1");
  if (!(scaling.factor > 0))
    throw Error(what + ": the factor of the rope scaling is " + std::to_string(scaling.factor) + ", needs a positive one");

  std::vector<double> frequencies(width / 2);
  for (size_t i = 0; i < frequencies.size(); ++i)
    frequencies[i] = std::pow(base, -2.0 * i / width);

  RopeFrequencies result;
  bool needsLength = scaling.kind == "llama3" || scaling.kind == "yarn";
  if (needsLength && !(scaling.originalLength > 0))
    throw Error(what + ": rope scaling \"" + scaling.kind + "\" needs original_max_position_embeddings");
  if (scaling.kind == "linear") {
    for (double &frequency : frequencies)
      frequency /= scaling.factor;
  } else if (scaling.kind == "llama3") {
    if (!(scaling.lowFrequency > 0) || !(scaling.highFrequency > scaling.lowFrequency))
      throw Error(what + ": rope scaling \"llama3\" needs 0 < low_freq_factor < high_freq_factor");
    scaleLlama3(frequencies, scaling);
  } else if (scaling.kind == "yarn") {
    scaleYarn(frequencies, base, scaling);
    result.attentionFactor = yarnAttentionFactor(scaling);
  } else if (scaling.kind != "default" && scaling.kind != "dynamic") {
    throw Error(what + ": unknown rope scaling \"" + scaling.kind + "\"; known are default, linear, dynamic, llama3, yarn");
  }
  result.inverse.assign(frequencies.begin(), frequencies.end());
  return result;
}

} // namespace tp

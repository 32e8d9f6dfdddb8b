// Softmax attention over blocks of 64 keys, for all heads that share one key head and a block of queries at once.
//
// Scores of a block never leave the scratch memory: per block they are computed (queries x keys), turned into weights
// relative to the largest score so far, and multiplied with the values; what was summed before is scaled down when a
// larger score turns up (Milakov and Gimelshein 2018; Dao et al. 2022). Queries that see no key of a block skip it.
// Few rows (decoding) take keys and values where they lie; many take them from packed panels.
#include "devices/cpu/kernels/Dots.h"
#include "devices/cpu/kernels/Functions.h"
#include "devices/cpu/kernels/Panel.h"

#include <cmath>

namespace TPRT_KERNELS {

namespace {

constexpr int64_t keysPerBlock = 64;
/// So many rows at a time meet a block of packed keys and values: their scores stay in the first cache.
constexpr int64_t rowsPerPass = 48;

int64_t padded(int64_t n) { return (n + panelWidth - 1) / panelWidth * panelWidth; }

/// c[rows, width] = or += a[rows, k] * panels, which lie side by side: panel j at panels + j * k * panelWidth.
void multiply(int64_t rows, int64_t k, const float *a, int64_t aRow, const float *panels, int64_t width, float *c, int64_t cRow,
              bool accumulate) {
  for (int64_t j = 0; j < width; j += panelWidth)
    for (int64_t i = 0; i < rows; i += rowsPerStep)
      withRows(rows - i < rowsPerStep ? rows - i : rowsPerStep, [&](auto step) {
        Vec acc[step][vectorsPerPanel] = {};
        if (accumulate)
          for (int64_t r = 0; r < step; ++r)
            for (int64_t v = 0; v < vectorsPerPanel; ++v)
              acc[r][v] = load(c + (i + r) * cRow + j + v * lanes);
        multiplyPanel(k, a + i * aRow, aRow, 1, panels + j * k, acc);
        for (int64_t r = 0; r < step; ++r)
          for (int64_t v = 0; v < vectorsPerPanel; ++v)
            store(c + (i + r) * cRow + j + v * lanes, acc[r][v]);
      });
}

/// Up to here packing a key costs more than it saves.
constexpr int64_t mostRowsUnpacked = 8;

/// scores[row * keysPerBlock + j] = <q row, key j> for the keys j < `keys`, and for some up to `readable` that nobody wants.
template <class T, int64_t M>
void scoresOfRows(int64_t keys, int64_t readable, int64_t d, const float *q, const T *k, int64_t kRow, float *scores) {
#if defined(__AVX512F__)
  constexpr int64_t N = 16 / M;
#else
  constexpr int64_t N = columnsBeside<M>;
#endif
  const char *from = reinterpret_cast<const char *>(k);
  int64_t rowBytes = kRow * int64_t(sizeof(T)), j = 0;
  auto place = [&](int64_t row, int64_t key, float value) { scores[row * keysPerBlock + j + key] = value; };
  for (; j < keys && j + N <= readable; j += N)
    dots<Plain<T>, M, N>(d, q, d, from + j * rowBytes, rowBytes, place);
  for (; j < keys; ++j)
    dots<Plain<T>, M, 1>(d, q, d, from + j * rowBytes, rowBytes, place);
}

/// out[row, dv] += weights[row, keys] * v[keys, dv].
template <class T, int64_t M>
void addValues(int64_t keys, int64_t dv, const float *weights, const T *v, int64_t vRow, float *out, int64_t outRow) {
  auto columns = [&](int64_t column, auto vectors, auto read) {
    Vec total[M][vectors.value];
    for (int64_t i = 0; i < M; ++i)
      for (int64_t c = 0; c < vectors.value; ++c)
        total[i][c] = load(out + i * outRow + column + c * lanes);
    for (int64_t j = 0; j < keys; ++j) {
      Vec value[vectors.value];
      for (int64_t c = 0; c < vectors.value; ++c)
        value[c] = read(v + j * vRow + column + c * lanes);
      for (int64_t i = 0; i < M; ++i) {
        Vec weight = splat(weights[i * keysPerBlock + j]);
        for (int64_t c = 0; c < vectors.value; ++c)
          total[i][c] += weight * value[c];
      }
    }
    for (int64_t i = 0; i < M; ++i)
      for (int64_t c = 0; c < vectors.value; ++c)
        store(out + i * outRow + column + c * lanes, total[i][c]);
  };
  auto whole = [](const T *at) { return load(at); };
  int64_t column = 0;
  for (; column + 4 * lanes <= dv; column += 4 * lanes)
    columns(column, std::integral_constant<int64_t, 4>{}, whole);
  for (; column + lanes <= dv; column += lanes)
    columns(column, std::integral_constant<int64_t, 1>{}, whole);
  if (column < dv)
    columns(column, std::integral_constant<int64_t, 1>{}, [&](const T *at) { return loadSome(at, dv - column); });
}

/// Calls f(first row, integral constant number of rows) for groups of 4, 2 and 1 until all rows have been named.
template <class F> void inGroups(int64_t rows, F &&f) {
  int64_t row = 0;
  for (; rows - row >= 4; row += 4)
    f(row, std::integral_constant<int64_t, 4>{});
  if (rows - row >= 2) {
    f(row, std::integral_constant<int64_t, 2>{});
    row += 2;
  }
  if (rows > row)
    f(row, std::integral_constant<int64_t, 1>{});
}

/// Scratch memory of one task; rows = heads * queries, row = query * heads + head.
struct Workspace {
  float *q, *keys, *values, *scores, *out, *top, *total;
  int64_t used = 0;
  /// `memory` null: only `used` is of interest.
  Workspace(float *memory, int64_t rows, int64_t d, int64_t dv) {
    auto take = [&](int64_t count) {
      float *at = memory ? memory + used : nullptr;
      used += (count + 15) / 16 * 16;
      return at;
    };
    q = take(rows * d);
    keys = take(d * keysPerBlock);
    values = take(keysPerBlock * padded(dv));
    scores = take((rows < rowsPerPass ? rows : rowsPerPass) * keysPerBlock);
    out = take(rows * padded(dv));
    top = take(rows);
    total = take(rows);
  }
};

/// Turns a row of scores into weights; adds to the row's total and scales what is summed so far.
void weigh(float *scores, float &top, float &total, float *out, int64_t outWidth) {
  Vec high = load(scores);
  for (int64_t j = lanes; j < keysPerBlock; j += lanes)
    high = maximum(high, load(scores + j));
  float blockTop = largest(high);
  if (blockTop == -__builtin_inff()) { // nothing visible here
    for (int64_t j = 0; j < keysPerBlock; j += lanes)
      store(scores + j, Vec{});
    return;
  }
  float newTop = blockTop > top ? blockTop : top;
  float scale = top == -__builtin_inff() ? 0.0f : exponential(splat(top - newTop))[0];
  Vec added = {};
  for (int64_t j = 0; j < keysPerBlock; j += lanes) {
    Vec weight = exponential(load(scores + j) - newTop);
    added += weight;
    store(scores + j, weight);
  }
  if (scale != 1.0f)
    for (int64_t j = 0; j < outWidth; j += lanes)
      store(out + j, load(out + j) * scale);
  total = total * scale + sum(added);
  top = newTop;
}

template <class T> void run(const AttentionTask &task) {
  const T *q = static_cast<const T *>(task.q), *k = static_cast<const T *>(task.k);
  const T *v = static_cast<const T *>(task.v);
  T *out = static_cast<T *>(task.out);
  int64_t heads = task.heads, rows = heads * task.queries, d = task.d, dv = task.dv, outWidth = padded(dv);
  Workspace work(task.scratch, rows, d, dv);
  bool packed = rows > mostRowsUnpacked;

  int64_t begin = task.keys, end = 0;
  for (int64_t i = 0; i < task.queries; ++i) {
    if (task.first[i] < task.last[i]) {
      begin = task.first[i] < begin ? task.first[i] : begin;
      end = task.last[i] > end ? task.last[i] : end;
    }
    for (int64_t h = 0; h < heads; ++h) {
      int64_t row = i * heads + h;
      for (int64_t p = 0; p < d; ++p)
        work.q[row * d + p] = get(q + i * task.qRow + h * d + p) * task.scale;
      work.top[row] = -__builtin_inff();
      work.total[row] = 0;
      std::memset(work.out + row * outWidth, 0, outWidth * sizeof(float));
    }
  }

  auto weighRow = [&](int64_t row, int64_t key, int64_t keys, float *scores) {
    int64_t low = task.first[row / heads] - key, high = task.last[row / heads] - key;
    bool whole = low <= 0 && high >= keysPerBlock && keys == keysPerBlock && !task.keyMask;
    if (!whole)
      for (int64_t j = 0; j < keysPerBlock; ++j)
        if (j < low || j >= high || j >= keys || (task.keyMask && !task.keyMask[key + j]))
          scores[j] = -__builtin_inff();
    weigh(scores, work.top[row], work.total[row], work.out + row * outWidth, outWidth);
  };

  for (int64_t key = begin / keysPerBlock * keysPerBlock; key < end; key += keysPerBlock) {
    int64_t keys = end - key < keysPerBlock ? end - key : keysPerBlock;
    // Queries before the first and after the last that see a key of this block are not computed.
    int64_t firstQuery = task.queries, lastQuery = 0;
    for (int64_t i = 0; i < task.queries; ++i)
      if (task.first[i] < key + keys && task.last[i] > key) {
        firstQuery = i < firstQuery ? i : firstQuery;
        lastQuery = i + 1;
      }
    if (lastQuery == 0)
      continue;

    if (packed) {
      for (int64_t j = 0; j < keysPerBlock; j += panelWidth) {
        int64_t columns = keys - j < panelWidth ? keys - j : panelWidth;
        packPanel(d, k + (key + j) * task.kRow, 1, task.kRow, columns, vectorsPerPanel, work.keys + j * d);
      }
      for (int64_t j = 0; j < outWidth; j += panelWidth)
        packPanel(keys, v + key * task.vRow + j, task.vRow, 1, dv - j < panelWidth ? dv - j : panelWidth, vectorsPerPanel,
                  work.values + j * keys);
      for (int64_t row = firstQuery * heads; row < lastQuery * heads; row += rowsPerPass) {
        int64_t count = lastQuery * heads - row < rowsPerPass ? lastQuery * heads - row : rowsPerPass;
        multiply(count, d, work.q + row * d, d, work.keys, keysPerBlock, work.scores, keysPerBlock, false);
        for (int64_t i = 0; i < count; ++i)
          weighRow(row + i, key, keys, work.scores + i * keysPerBlock);
        multiply(count, keys, work.scores, keysPerBlock, work.values, outWidth, work.out + row * outWidth, outWidth, true);
      }
    } else {
      int64_t readable = task.keys - key < keysPerBlock ? task.keys - key : keysPerBlock;
      inGroups(rows, [&](int64_t row, auto count) {
        scoresOfRows<T, count.value>(keys, readable, d, work.q + row * d, k + key * task.kRow, task.kRow,
                                     work.scores + row * keysPerBlock);
      });
      for (int64_t row = 0; row < rows; ++row)
        weighRow(row, key, keys, work.scores + row * keysPerBlock);
      inGroups(rows, [&](int64_t row, auto count) {
        addValues<T, count.value>(keys, dv, work.scores + row * keysPerBlock, v + key * task.vRow, task.vRow,
                                  work.out + row * outWidth, outWidth);
      });
    }
  }

  for (int64_t i = 0; i < task.queries; ++i)
    for (int64_t h = 0; h < heads; ++h) {
      int64_t row = i * heads + h;
      float factor = work.total[row] > 0 ? 1 / work.total[row] : 0;
      // A NaN among the scores must not turn into zeros.
      if (work.total[row] != work.total[row])
        factor = work.total[row];
      for (int64_t j = 0; j < dv; j += lanes) {
        Vec value = load(work.out + row * outWidth + j) * factor;
        T *to = out + i * task.outRow + h * dv + j;
        if (dv - j >= lanes)
          store(to, value);
        else
          storeSome(to, dv - j, value);
      }
    }
}

} // namespace

int64_t attentionScratch(int64_t rows, int64_t d, int64_t dv) { return Workspace(nullptr, rows, d, dv).used; }

void attention(const AttentionTask &task) {
  withFloatType(task.type, [&](auto tag) { run<decltype(tag)>(task); });
}

} // namespace TPRT_KERNELS

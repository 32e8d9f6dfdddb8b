// The threads of one rank: its own thread and threads - 1 helpers that share out the pieces of a loop.
//
// Pieces are handed out by one atomic ticket that carries the number of the loop, so a helper that wakes late finds the
// loop over and does nothing: the rank never waits for a sleeping helper, only for pieces that someone works on.
// Who computes a piece varies; no kernel lets its result depend on that.
#pragma once
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace tprt {

class ThreadPool {
public:
  /// `threads` counts the caller's own thread; at least 1. Throws Error if the system refuses one.
  explicit ThreadPool(int64_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;

  int64_t size() const { return static_cast<int64_t>(helpers.size()) + 1; }

  /// Calls body(begin, end) for pieces that cover [0, count) once; a piece has at least `grain` iterations, except the
  /// last. Rethrows the first exception of a piece, after all are done. Only the owning thread calls this, not nested.
  template <class Body> void parallelFor(int64_t count, int64_t grain, Body &&body) {
    run(count, grain, piecesPerThread * size(), pieceOf(body), const_cast<void *>(static_cast<const void *>(&body)));
  }

  /// The same with a piece for every i in [0, count), for work of some 100 us each: a thread that has less of its core than
  /// the others takes fewer.
  template <class Body> void parallelForEach(int64_t count, Body &&body) {
    auto one = [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        body(i);
    };
    run(count, 1, count, pieceOf(one), &one);
  }

private:
  using Piece = void (*)(void *self, int64_t begin, int64_t end);
  static constexpr int64_t piecesPerThread = 4;
  template <class Body> static Piece pieceOf(Body &) {
    return [](void *self, int64_t begin, int64_t end) { (*static_cast<std::remove_reference_t<Body> *>(self))(begin, end); };
  }
  void run(int64_t count, int64_t grain, int64_t mostPieces, Piece piece, void *self);
  bool workOn(uint64_t loop);
  void help();
  void stop();

  /// How long a thread of this pool looks before it gives its core away.
  int64_t patience() const;

  std::vector<std::thread> helpers;
  /// Loop number in the high half, next piece in the low half.
  alignas(64) std::atomic<uint64_t> ticket{0};
  alignas(64) std::atomic<int64_t> done{0};
  std::atomic<Piece> piece{nullptr};
  std::atomic<void *> self{nullptr};
  std::atomic<int64_t> count{0}, pieceSize{1}, pieces{0};
  std::atomic<bool> stopping{false};
  std::mutex failureLock;
  std::exception_ptr failure;
};

} // namespace tprt

// Minimum cut of a small directed graph (Edmonds and Karp 1972), nearest to the source where several are minimal.
#pragma once
#include <cstdint>
#include <limits>
#include <queue>
#include <vector>

namespace tp {

class MinCut {
public:
  static constexpr int64_t infinite = std::numeric_limits<int64_t>::max() / 4;

  int addNode() {
    edgesOf.emplace_back();
    return edgesOf.size() - 1;
  }
  /// Cutting the edge, with `from` on the source's side and `to` on the sink's, costs `capacity`.
  void addEdge(int from, int to, int64_t capacity) {
    edgesOf[from].push_back(edges.size());
    edges.push_back({to, capacity});
    edgesOf[to].push_back(edges.size());
    edges.push_back({from, 0});
  }
  /// Per node, whether it lies on the source's side.
  std::vector<bool> solve(int source, int sink) {
    while (true) {
      std::vector<int> arrivedBy = reach(source);
      if (arrivedBy[sink] < 0) {
        std::vector<bool> side;
        for (int edge : arrivedBy)
          side.push_back(edge >= 0);
        side[source] = true;
        return side;
      }
      int64_t flow = infinite;
      for (int node = sink; node != source; node = edges[arrivedBy[node] ^ 1].to)
        flow = std::min(flow, edges[arrivedBy[node]].capacity);
      for (int node = sink; node != source; node = edges[arrivedBy[node] ^ 1].to) {
        edges[arrivedBy[node]].capacity -= flow;
        edges[arrivedBy[node] ^ 1].capacity += flow;
      }
    }
  }

private:
  // Per node the edge by which it is reached from `source`, -1 if it is not (and for the source).
  std::vector<int> reach(int source) const {
    std::vector<int> arrivedBy(edgesOf.size(), -1);
    std::queue<int> open;
    open.push(source);
    while (!open.empty()) {
      int node = open.front();
      open.pop();
      for (int edge : edgesOf[node])
        if (edges[edge].capacity > 0 && edges[edge].to != source && arrivedBy[edges[edge].to] < 0) {
          arrivedBy[edges[edge].to] = edge;
          open.push(edges[edge].to);
        }
    }
    return arrivedBy;
  }

  struct Edge {
    int to;
    int64_t capacity;
  };
  std::vector<Edge> edges; // each followed by its reverse
  std::vector<std::vector<int>> edgesOf;
};

} // namespace tp

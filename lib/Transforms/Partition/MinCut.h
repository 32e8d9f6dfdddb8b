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
  ///
  /// Flow is sent from one neighbour of the source after the other, each until nothing more gets through; what a finished one
  /// reaches stays closed to the flow of later ones. So a search sees only what hangs together with its neighbour, and the
  /// layers of a model, which hang together only through source and sink, are searched one by one.
  std::vector<bool> solve(int source, int sink) {
    visited.assign(edgesOf.size(), 0);
    arrivedBy.assign(edgesOf.size(), -1);
    round = 0;
    for (int first : edgesOf[source])
      while (edges[first].capacity > 0 && reach(first, source, sink)) {
        int64_t flow = edges[first].capacity;
        for (int node = sink; node != edges[first].to; node = edges[arrivedBy[node] ^ 1].to)
          flow = std::min(flow, edges[arrivedBy[node]].capacity);
        send(first, flow);
        for (int node = sink; node != edges[first].to; node = edges[arrivedBy[node] ^ 1].to)
          send(arrivedBy[node], flow);
      }
    ++round;
    for (int first : edgesOf[source])
      if (edges[first].capacity > 0 && visited[edges[first].to] != round)
        spread(edges[first].to, source, sink);
    std::vector<bool> side(edgesOf.size());
    for (size_t node = 0; node < side.size(); ++node)
      side[node] = int(node) == source || visited[node] == round;
    return side;
  }

private:
  void send(int edge, int64_t flow) {
    edges[edge].capacity -= flow;
    edges[edge ^ 1].capacity += flow;
  }

  // Whether the sink can be reached from the far end of `first`; arrivedBy then holds the shortest way, backwards.
  bool reach(int first, int source, int sink) {
    ++round;
    return spread(edges[first].to, source, sink);
  }

  // Marks what can be reached from `start` in this round, up to the sink.
  bool spread(int start, int source, int sink) {
    std::queue<int> open;
    open.push(start);
    visited[start] = round;
    while (!open.empty() && visited[sink] != round) {
      int node = open.front();
      open.pop();
      for (int edge : edgesOf[node]) {
        int to = edges[edge].to;
        if (edges[edge].capacity <= 0 || to == source || visited[to] == round)
          continue;
        visited[to] = round;
        arrivedBy[to] = edge;
        open.push(to);
      }
    }
    return visited[sink] == round;
  }

  struct Edge {
    int to;
    int64_t capacity;
  };
  std::vector<Edge> edges; // each followed by its reverse
  std::vector<std::vector<int>> edgesOf;
  // Of the search that is going on: the round in which a node was seen last, and the edge by which it was reached.
  std::vector<int> visited, arrivedBy;
  int round = 0;
};

} // namespace tp

// The method of Sugiyama, Tagawa and Toda in its plain form: a row for each node by its longest way from the top; an edge that spans
// rows gets a point in each; points of a row are ordered by the median of their neighbours; then every row is placed as near to its
// neighbours as the order and the widths allow, which is a least-squares fit under order constraints.
#include "GraphLayout.h"

#include <algorithm>
#include <numeric>

namespace tp {

namespace {

constexpr double columnGap = 26, rowGap = 34, blockGap = 72, laneWidth = 10;

struct Point {
  double width, height, x = 0;
  int row;
  std::vector<size_t> above, below; // other points
};

class Layouter {
public:
  Layouter(std::vector<DrawnNode> &nodes, std::vector<DrawnEdge> &edges) : nodes(nodes), edges(edges) {}

  Drawing run() {
    giveRows();
    addPoints();
    order();
    place();
    return write();
  }

private:
  void giveRows() {
    std::vector<int> row(nodes.size());
    int top = 0, deepest = -1;
    for (size_t n = 0; n < nodes.size(); ++n) {
      if (n > 0 && nodes[n].block != nodes[n - 1].block)
        top = deepest + 1;
      row[n] = top;
      for (const DrawnEdge &edge : edges)
        if (edge.to == n)
          row[n] = std::max(row[n], row[edge.from] + 1);
      deepest = std::max(deepest, row[n]);
    }
    // What nothing leads to stands just above its first user.
    for (size_t n = 0; n < nodes.size(); ++n) {
      int first = deepest + 1;
      bool isSource = true;
      for (const DrawnEdge &edge : edges) {
        isSource &= edge.to != n;
        if (edge.from == n && nodes[edge.to].block == nodes[n].block)
          first = std::min(first, row[edge.to]);
      }
      if (isSource && first <= deepest)
        row[n] = std::max(row[n], first - 1);
    }
    for (size_t n = 0; n < nodes.size(); ++n)
      points.push_back({nodes[n].width, nodes[n].height, 0, row[n], {}, {}});
    rows.resize(deepest + 1);
    blockOfRow.resize(deepest + 1, 0);
    for (size_t n = 0; n < nodes.size(); ++n) {
      rows[row[n]].push_back(n);
      blockOfRow[row[n]] = nodes[n].block;
    }
  }

  void addPoints() {
    for (const DrawnEdge &edge : edges) {
      std::vector<size_t> &way = ways.emplace_back();
      way.push_back(edge.from);
      for (int row = points[edge.from].row + 1; row < points[edge.to].row; ++row) {
        way.push_back(points.size());
        rows[row].push_back(points.size());
        points.push_back({laneWidth, 0, 0, row, {}, {}});
      }
      way.push_back(edge.to);
      for (size_t i = 0; i + 1 < way.size(); ++i) {
        points[way[i]].below.push_back(way[i + 1]);
        points[way[i + 1]].above.push_back(way[i]);
      }
    }
  }

  //===-- Order ---------------------------------------------------------------------------------------------------===//

  void order() {
    std::vector<std::vector<size_t>> best = rows;
    size_t fewest = crossings();
    for (int sweep = 0; sweep < 12 && fewest > 0; ++sweep) {
      bool down = sweep % 2 == 0;
      for (size_t i = 0; i < rows.size(); ++i)
        sortRow(down ? i : rows.size() - 1 - i, down);
      if (size_t now = crossings(); now < fewest) {
        fewest = now;
        best = rows;
      }
    }
    rows = best;
  }

  std::vector<double> positions() const {
    std::vector<double> position(points.size());
    for (const auto &row : rows)
      for (size_t i = 0; i < row.size(); ++i)
        position[row[i]] = i;
    return position;
  }

  void sortRow(size_t row, bool down) {
    std::vector<double> position = positions(), key(points.size());
    for (size_t p : rows[row]) {
      std::vector<double> seen;
      for (size_t other : down ? points[p].above : points[p].below)
        seen.push_back(position[other]);
      std::sort(seen.begin(), seen.end());
      key[p] = seen.empty() ? position[p] : (seen[(seen.size() - 1) / 2] + seen[seen.size() / 2]) / 2;
    }
    std::sort(rows[row].begin(), rows[row].end(),
              [&](size_t a, size_t b) { return std::pair(key[a], position[a]) < std::pair(key[b], position[b]); });
  }

  size_t crossings() const {
    std::vector<double> position = positions();
    size_t count = 0;
    for (const auto &row : rows)
      for (size_t i = 0; i < row.size(); ++i)
        for (size_t j = i + 1; j < row.size(); ++j)
          for (size_t a : points[row[i]].below)
            for (size_t b : points[row[j]].below)
              count += position[a] > position[b];
    return count;
  }

  //===-- Places --------------------------------------------------------------------------------------------------===//

  void place() {
    for (const auto &row : rows) {
      double x = 0;
      for (size_t p : row) {
        points[p].x = x + points[p].width / 2;
        x += points[p].width + columnGap;
      }
    }
    for (int round = 0; round < 24; ++round) {
      bool down = round % 2 == 0;
      for (size_t i = 0; i < rows.size(); ++i)
        fitRow(rows[down ? i : rows.size() - 1 - i], down);
    }
  }

  // Each point wants to stand at the mean of its neighbours; where that breaks the order, a run of points moves as one.
  void fitRow(const std::vector<size_t> &row, bool down) {
    struct Run {
      double sum, weight;
      size_t count;
    };
    std::vector<Run> runs;
    std::vector<double> offset(row.size());
    for (size_t i = 0; i < row.size(); ++i) {
      const Point &point = points[row[i]];
      if (i > 0)
        offset[i] = offset[i - 1] + points[row[i - 1]].width / 2 + columnGap + point.width / 2;
      const std::vector<size_t> &first = down ? point.above : point.below, &second = down ? point.below : point.above;
      const std::vector<size_t> &neighbours = first.empty() ? second : first;
      double wanted = point.x, weight = neighbours.empty() ? 0.1 : 1;
      if (!neighbours.empty()) {
        wanted = 0;
        for (size_t other : neighbours)
          wanted += points[other].x / neighbours.size();
      }
      // Long edges are straightest where their points hold on to each other.
      if (point.height == 0)
        weight = 4;
      runs.push_back({(wanted - offset[i]) * weight, weight, 1});
      while (runs.size() > 1) {
        Run &last = runs[runs.size() - 1], &before = runs[runs.size() - 2];
        if (before.sum / before.weight <= last.sum / last.weight)
          break;
        before = {before.sum + last.sum, before.weight + last.weight, before.count + last.count};
        runs.pop_back();
      }
    }
    size_t i = 0;
    for (const Run &run : runs)
      for (size_t k = 0; k < run.count; ++k, ++i)
        points[row[i]].x = run.sum / run.weight + offset[i];
  }

  Drawing write() {
    double left = 0, right = 0;
    for (size_t p = 0; p < points.size(); ++p) {
      left = p == 0 ? points[p].x - points[p].width / 2 : std::min(left, points[p].x - points[p].width / 2);
      right = p == 0 ? points[p].x + points[p].width / 2 : std::max(right, points[p].x + points[p].width / 2);
    }
    std::vector<double> top(rows.size()), height(rows.size());
    double y = 0;
    for (size_t r = 0; r < rows.size(); ++r) {
      if (r > 0)
        y += blockOfRow[r] != blockOfRow[r - 1] ? blockGap : rowGap;
      top[r] = y;
      for (size_t p : rows[r])
        height[r] = std::max(height[r], points[p].height);
      y += height[r];
    }
    auto middle = [&](size_t p) { return top[points[p].row] + (height[points[p].row] - points[p].height) / 2; };
    for (size_t n = 0; n < nodes.size(); ++n) {
      nodes[n].x = points[n].x - left;
      nodes[n].y = middle(n);
    }
    for (size_t e = 0; e < edges.size(); ++e)
      for (size_t i = 0; i < ways[e].size(); ++i) {
        size_t p = ways[e][i];
        double x = points[p].x - left;
        if (i + 1 == ways[e].size()) {
          edges[e].points.push_back({x, middle(p)});
        } else if (i == 0) {
          edges[e].points.push_back({x, middle(p) + points[p].height});
        } else { // straight through the row
          edges[e].points.push_back({x, top[points[p].row]});
          edges[e].points.push_back({x, top[points[p].row] + height[points[p].row]});
        }
      }
    return {right - left, y};
  }

  std::vector<DrawnNode> &nodes;
  std::vector<DrawnEdge> &edges;
  std::vector<Point> points; // the nodes first
  std::vector<std::vector<size_t>> rows, ways;
  std::vector<int> blockOfRow;
};

} // namespace

Drawing layOut(std::vector<DrawnNode> &nodes, std::vector<DrawnEdge> &edges) { return Layouter(nodes, edges).run(); }

} // namespace tp

// The graph of one entry as SVG: a card for each op with its layout, a pill for each collective, a frame around each layer.
#include "GraphLayout.h"
#include "PlanPageParts.h"
#include "tp/Support/HostTensor.h"
#include "tp/Support/Layout.h"

#include <algorithm>
#include <map>

namespace tp::page {

namespace {

constexpr double letter = 6.65, lineHeight = 17, padding = 11; // of the 11 px monospace letters in a card

// A line of a card: pieces with their classes.
struct Line {
  std::vector<std::pair<std::string, std::string>> pieces;
  size_t letters() const {
    size_t count = 0;
    for (const auto &[name, text] : pieces)
      for (unsigned char c : text)
        count += (c & 0xC0) != 0x80; // bytes that begin a letter of UTF-8
    return count;
  }
};

struct Card {
  std::string kind; // class of the SVG group
  std::vector<Line> lines;
  std::string label; // for screen readers
};

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

class GraphDrawing {
public:
  GraphDrawing(const Json &entry, const Json &mesh, std::string prefix) : entry(entry), prefix(std::move(prefix)) {
    for (auto &[axis, size] : mesh.items())
      axes[axis] = axes.size();
  }

  std::string svg() {
    const Json &blocks = entry["graph"]["blocks"];
    std::map<int64_t, size_t> indexOf;
    for (size_t b = 0; b < blocks.size(); ++b)
      for (const Json &node : blocks[b]["nodes"]) {
        Card card = cardOf(node, blocks[b]["name"].get<std::string>());
        size_t most = 0;
        for (const Line &line : card.lines)
          most = std::max(most, line.letters());
        DrawnNode drawn{std::max(96.0, most * letter + 2 * padding), card.lines.size() * lineHeight + padding, int(b)};
        indexOf[node["id"].get<int64_t>()] = nodes.size();
        nodes.push_back(drawn);
        cards.push_back(card);
        jsons.push_back(&node);
      }
    for (size_t n = 0; n < nodes.size(); ++n)
      for (const Json &input : (*jsons[n])["inputs"])
        if (auto from = indexOf.find(input.get<int64_t>()); from != indexOf.end() && from->second < n)
          edges.push_back({from->second, n, {}});
    Drawing drawing = layOut(nodes, edges);
    double margin = 24;
    std::string text = "<svg class=\"graph\" role=\"group\" aria-label=\"graph of " + escaped(entry["name"]) + "\" viewBox=\"" +
                       number(-margin) + " " + number(-margin - 8) + " " + number(drawing.width + 2 * margin) + " " +
                       number(drawing.height + 2 * margin + 8) + "\" width=\"" + number(drawing.width + 2 * margin) + "\">\n";
    for (size_t b = 0; b < blocks.size(); ++b)
      text += frame(blocks[b], b, drawing.width);
    for (const DrawnEdge &edge : edges)
      text += path(edge);
    for (size_t n = 0; n < nodes.size(); ++n)
      text += drawn(n);
    return text + "</svg>\n";
  }

private:
  // "1 × 2048 × 576/tp": every split dimension in its axis's colour.
  Line shapeLine(const Json &node) const {
    Layout layout = Layout::parse(node["layout"].get<std::string>());
    Line line;
    for (size_t d = 0; d < layout.dims.size(); ++d) {
      if (d > 0)
        line.pieces.push_back({"times", " × "});
      std::string size = std::to_string(node["shape"][d].get<int64_t>());
      if (layout.dims[d].axes.empty())
        line.pieces.push_back({"", size});
      else
        line.pieces.push_back({axisClass(layout.dims[d].axes[0].axis), size + "/" + tp::str(layout.dims[d].axes)});
    }
    if (layout.dims.empty())
      line.pieces.push_back({"", "scalar"});
    if (layout.isPartial())
      line.pieces.push_back({"partial", "  Σ over " + tp::str(layout.partial)});
    return line;
  }

  std::string axisClass(const std::string &axis) const {
    auto found = axes.find(axis);
    return "axis axis" + std::to_string(found == axes.end() ? 0 : found->second % 4);
  }

  static std::string shortName(const std::string &where, const std::string &block) {
    std::string text = where;
    size_t depth = std::count(block.begin(), block.end(), '.') + (block.empty() ? 0 : 1);
    for (; depth > 0 && text.find('.') != std::string::npos; --depth)
      text = text.substr(text.find('.') + 1);
    return text.find_first_not_of("*0123456789") == std::string::npos ? "" : text;
  }

  Card cardOf(const Json &node, const std::string &block) const {
    std::string op = node["op"].get<std::string>(), where = node["where"].get<std::string>();
    std::string plain = op.substr(op.find('.') == std::string::npos ? 0 : op.find('.') + 1);
    Card card;
    if (int64_t index = node["collective"].get<int64_t>(); index >= 0) {
      const Json &collective = entry["collectives"][index];
      int64_t each = collective["wire_bytes_per_rank"].get<int64_t>() / std::max<int64_t>(1, collective["count"].get<int64_t>());
      card.kind = "collective";
      card.lines.push_back({{{"name", plain}, {"", " over "}, {axisClass(collective["axes"][0]), collective["axes"][0]}}});
      card.lines.push_back({{{"muted", bytesText(each) + " sent by each rank"}}});
      card.label = plain + ", " + bytesText(each) + " sent by each rank, at " + where;
      return card;
    }
    bool isBorder = op == "input" || op == "result";
    bool isView = op == "nn.reshape" || op == "nn.broadcast" || op == "nn.transpose" || op == "nn.slice" || op.starts_with("tp.");
    card.kind = isBorder ? "border" : isView ? "view" : "op";
    // An elementwise op is better known by the little that it computes.
    std::string body = node.value("body", "");
    Line title{{{"name", body.empty() || body.size() > 24 ? plain : body}}};
    if (std::string name = shortName(where, block); !name.empty() && name != plain)
      title.pieces.push_back({"muted", "  " + (name.size() > 34 ? "…" + name.substr(name.size() - 33) : name)});
    card.lines.push_back(title);
    if (node.contains("shape")) {
      card.lines.push_back(shapeLine(node));
      if (node["shape"] != node["local"] && !isView)
        card.lines.push_back({{{"muted", "rank: " + shapeText(node["local"])}}});
    }
    card.label = plain + " at " + where + (node.contains("layout") ? ", layout " + node["layout"].get<std::string>() : "");
    return card;
  }

  std::string drawn(size_t n) const {
    const DrawnNode &node = nodes[n];
    const Card &card = cards[n];
    double left = node.x - node.width / 2;
    double corner = card.kind == "collective" ? node.height / 2 : card.kind == "border" ? 14 : 5;
    std::string text = "<a class=\"node " + card.kind + "\" href=\"#" + prefix +
                       std::to_string((*jsons[n])["id"].get<int64_t>()) + "\" aria-label=\"" + escaped(card.label) +
                       "\"><rect x=\"" + number(left) + "\" y=\"" + number(node.y) + "\" width=\"" + number(node.width) +
                       "\" height=\"" + number(node.height) + "\" rx=\"" + number(corner) + "\"/>";
    for (size_t i = 0; i < card.lines.size(); ++i) {
      text += "<text x=\"" + number(node.x) + "\" y=\"" + number(node.y + padding / 2 + (i + 1) * lineHeight - 5) + "\">";
      for (const auto &[name, piece] : card.lines[i].pieces)
        text += name.empty() ? escaped(piece) : "<tspan class=\"" + name + "\">" + escaped(piece) + "</tspan>";
      text += "</text>";
    }
    return text + "</a>\n";
  }

  static std::string path(const DrawnEdge &edge) {
    std::string text = "<path class=\"edge\" d=\"M" + number(edge.points[0].first) + " " + number(edge.points[0].second);
    for (size_t i = 1; i < edge.points.size(); ++i) {
      auto [fromX, fromY] = edge.points[i - 1];
      auto [x, y] = edge.points[i];
      double bend = (y - fromY) / 2;
      text += " C" + number(fromX) + " " + number(fromY + bend) + " " + number(x) + " " + number(y - bend) + " " + number(x) +
              " " + number(y);
    }
    return text + "\"/>\n";
  }

  // Around a layer, with how often it is there.
  std::string frame(const Json &block, size_t index, double width) const {
    std::string name = block["name"].get<std::string>();
    if (name.empty())
      return "";
    double top = -1, bottom = 0;
    for (const DrawnNode &node : nodes)
      if (node.block == int(index)) {
        top = top < 0 ? node.y : std::min(top, node.y);
        bottom = std::max(bottom, node.y + node.height);
      }
    int64_t count = block["count"];
    std::string text = "<rect class=\"frame\" x=\"-14\" y=\"" + number(top - 32) + "\" width=\"" + number(width + 28) +
                       "\" height=\"" + number(bottom - top + 46) + "\" rx=\"10\"/><text class=\"frame-name\" x=\"0\" y=\"" +
                       number(top - 14) + "\">" + escaped(name);
    if (count > 1)
      text += "<tspan class=\"count\" dx=\"8\">× " + std::to_string(count) + "</tspan>";
    return text + "</text>\n";
  }

  const Json &entry;
  std::string prefix;
  std::map<std::string, size_t> axes;
  std::vector<DrawnNode> nodes;
  std::vector<DrawnEdge> edges;
  std::vector<Card> cards;
  std::vector<const Json *> jsons;
};

} // namespace

std::string graphSvg(const Json &entry, const Json &mesh, const std::string &prefix) {
  return GraphDrawing(entry, mesh, prefix).svg();
}

} // namespace tp::page

// The page: what a design review asks of a plan, from the whole to the single collective. Tables carry exact numbers beside readable
// ones, because the page must say what the JSON says.
#include "tp/Planning/PlanPage.h"

#include "PlanPageParts.h"
#include "tp/Planning/PlanReport.h"
#include "tp/Support/HostTensor.h"
#include "tp/Support/Layout.h"

#include <cctype>
#include <cstdlib>

namespace tp {

namespace page {

std::string escaped(const std::string &text) {
  std::string result;
  for (char c : text)
    switch (c) {
    case '&':
      result += "&amp;";
      break;
    case '<':
      result += "&lt;";
      break;
    case '>':
      result += "&gt;";
      break;
    case '"':
      result += "&quot;";
      break;
    default:
      result += c;
    }
  return result;
}

std::string bytesText(int64_t bytes) {
  const char *units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  int unit = 0;
  double value = bytes;
  for (; value >= 1024 && unit < 4; ++unit)
    value /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

std::string exactText(int64_t number) {
  std::string text = std::to_string(number);
  for (size_t i = text.size(); i > 3; i -= 3)
    text.insert(i - 3, ",");
  return text;
}

std::string shapeText(const Json &shape) {
  std::string text;
  for (const Json &size : shape)
    text += (text.empty() ? "" : " × ") + std::to_string(size.get<int64_t>());
  return text.empty() ? "scalar" : text;
}

int64_t localBytes(const Json &node) {
  int64_t bytes = node["dtype"] == "?" ? 1 : bytesOf(parseDType(node["dtype"].get<std::string>()));
  for (const Json &size : node["local"])
    bytes *= size.get<int64_t>();
  return bytes;
}

} // namespace page

namespace {

using namespace page;

std::string bytesCell(const Json &bytes) {
  int64_t value = bytes.get<int64_t>();
  return "<td class=\"number\">" + bytesText(value) + " <small>" + exactText(value) + "</small></td>";
}

std::string cell(const std::string &text, const char *name = "") {
  return "<td" + (*name ? " class=\"" + std::string(name) + "\"" : std::string()) + ">" + escaped(text) + "</td>";
}

// A term and what it is. Long names may break behind their dots.
std::string row(const std::string &label, const std::string &html) {
  std::string text;
  for (size_t i = 0; i < html.size(); ++i) {
    text += html[i];
    if (html[i] == '.' && i + 1 < html.size() && (std::isalpha(static_cast<unsigned char>(html[i + 1])) || html[i + 1] == '*'))
      text += "<wbr>";
  }
  return html.empty() ? "" : "<dt>" + label + "</dt><dd>" + text + "</dd>\n";
}

std::string joined(const Json &texts, const char *between) {
  std::string text;
  for (const Json &each : texts)
    text += (text.empty() ? "" : between) + escaped(each.get<std::string>());
  return text;
}

std::string axesText(const Json &axes) { return joined(axes, ", "); }

class PageWriter {
public:
  PageWriter(const Json &report, const std::string &title) : report(report), title(title) {
    for (auto &[axis, size] : report["mesh"].items())
      mesh.axes.push_back({axis, size.get<int64_t>()});
  }

  std::string page() {
    std::string text = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                       "content=\"width=device-width, initial-scale=1\">\n<title>" +
                       escaped(title) + " – plan</title>\n<style>" + style + "</style>\n</head>\n<body>\n";
    text += head();
    for (size_t e = 0; e < report["entries"].size(); ++e)
      text += section(e);
    return text + "<script>" + script + "</script>\n</body>\n</html>\n";
  }

private:
  std::string head() {
    std::string text = "<header>\n<h1>" + escaped(title) + "</h1>\n<p class=\"mesh\">";
    for (size_t i = 0; i < mesh.axes.size(); ++i)
      text += "<span class=\"chip axis" + std::to_string(i % 4) + "\">" + escaped(mesh.axes[i].name) + " = " +
              std::to_string(mesh.axes[i].size) + "</span> ";
    text += std::to_string(mesh.size()) + (mesh.size() == 1 ? " rank" : " ranks") + "</p>\n";
    for (const Json &note : report["notes"])
      text += "<p class=\"note\">" + escaped(note.get<std::string>()) + "</p>\n";
    text += "<div class=\"tabs\" role=\"tablist\" aria-label=\"entries\">\n";
    for (size_t e = 0; e < report["entries"].size(); ++e)
      text += "<button role=\"tab\" id=\"tab-" + std::to_string(e) + "\" aria-controls=\"entry-" + std::to_string(e) +
              "\" aria-selected=\"" + (e == 0 ? "true" : "false") + "\"" + (e ? " tabindex=\"-1\"" : "") + ">" +
              escaped(report["entries"][e]["name"]) + "</button>\n";
    return text + "</div>\n</header>\n";
  }

  std::string section(size_t e) {
    const Json &entry = report["entries"][e];
    std::string number = std::to_string(e), name = escaped(entry["name"]);
    std::string text = "<section class=\"entry\" role=\"tabpanel\" id=\"entry-" + number + "\" aria-labelledby=\"tab-" + number +
                       "\" data-entry=\"" + name + "\">\n<h2 class=\"entry-name\">" + name + "</h2>\n";
    text += figures(entry);
    std::string prefix = "d" + number + "-";
    text += "<div class=\"split\">\n<div class=\"drawing\">\n" + graphSvg(entry, report["mesh"], prefix) +
            "</div>\n<aside aria-live=\"polite\">\n<p class=\"hint\">Choose an op or a collective of the graph to see where each "
            "rank's "
            "part lies, who needs it and why.</p>\n" +
            details(entry, prefix) + "</aside>\n</div>\n";
    text += memoryTable(entry) + collectiveTable(entry, prefix) + tensorTable(entry);
    return text + "</section>\n";
  }

  std::string figures(const Json &entry) {
    int64_t count = 0, bytes = 0;
    for (const Json &collective : entry["collectives"]) {
      count += collective["count"].get<int64_t>();
      bytes += collective["wire_bytes_per_rank"].get<int64_t>();
    }
    auto figure = [](const std::string &value, const std::string &label) {
      return "<div><strong>" + value + "</strong><span>" + label + "</span></div>\n";
    };
    std::string text = "<div class=\"figures\">\n";
    if (int64_t tokens = entry["tokens"])
      text += figure(exactText(tokens), tokens == 1 ? "token an execution" : "tokens an execution");
    text += figure(std::to_string(count), count == 1 ? "collective" : "collectives");
    text += figure(bytesText(bytes), "sent by each rank");
    text += figure(bytesText(entry["peak_bytes_per_rank"]), "held by each rank at most");
    return text + "</div>\n";
  }

  //===-- Details -------------------------------------------------------------------------------------------------===//

  std::string details(const Json &entry, const std::string &prefix) {
    std::string text;
    for (const Json &block : entry["graph"]["blocks"])
      for (const Json &node : block["nodes"])
        text += detail(entry, block, node, prefix);
    return text;
  }

  std::string detail(const Json &entry, const Json &block, const Json &node, const std::string &prefix) {
    std::string text = "<article class=\"detail\" id=\"" + prefix + std::to_string(node["id"].get<int64_t>()) +
                       "\" tabindex=\"-1\">\n<h3>" + escaped(node["op"]) + "</h3>\n<p class=\"where\">" + escaped(node["where"]) +
                       "</p>\n<dl>\n";
    if (int64_t count = block["count"]; count > 1)
      text += row("layers", std::to_string(count) + ", " + escaped(block["name"]));
    if (int64_t index = node["collective"]; index >= 0)
      text += collectiveRows(entry, entry["collectives"][index]);
    if (node.contains("body"))
      text += row("computes", "<code>" + escaped(node["body"]) + "</code>");
    if (!node["holds"].empty())
      text += row("reads", joined(node["holds"], "<br>"));
    if (node.contains("shape")) {
      text += row("whole", "<code>" + shapeText(node["shape"]) + " " + escaped(node["dtype"]) + "</code>");
      text += row("layout", "<code>" + escaped(node["layout"]) + "</code>");
      text += row("one rank", "<code>" + shapeText(node["local"]) + "</code>, " + bytesText(localBytes(node)));
    }
    text += "</dl>\n";
    if (node.contains("shape"))
      text += shards(node);
    return text + "</article>\n";
  }

  // Which part of the value each rank has.
  std::string shards(const Json &node) {
    Layout layout = Layout::parse(node["layout"].get<std::string>());
    if (layout.isWhole())
      return "<p class=\"muted\">Every rank has all of it.</p>\n";
    std::string text = "<table class=\"shards\"><thead><tr><th>rank</th><th>has</th></tr></thead><tbody>\n";
    std::vector<int64_t> shape = node["shape"];
    constexpr int64_t most = 16;
    for (int64_t rank = 0; rank < std::min(mesh.size(), most); ++rank) {
      Shard shard = shardOf(shape, layout, mesh, rank);
      std::string part;
      for (size_t d = 0; d < shape.size(); ++d)
        part += (d ? ", " : "") + (shard.sizes[d] == shape[d] ? std::string(":")
                                                              : std::to_string(shard.offsets[d]) + ":" +
                                                                    std::to_string(shard.offsets[d] + shard.sizes[d]));
      text += "<tr><td>" + std::to_string(rank) + "</td><td><code>[" + part + "]</code></td></tr>\n";
    }
    text += "</tbody></table>\n";
    if (mesh.size() > most)
      text += "<p class=\"muted\">and " + std::to_string(mesh.size() - most) + " more</p>\n";
    if (layout.isPartial())
      text += "<p class=\"muted\">A partial value: the whole is the " + tp::str(layout.reduction) + " of what the ranks of " +
              escaped(tp::str(layout.partial)) + " have.</p>\n";
    return text;
  }

  std::string priceText(const Json &entry, const Json &change) {
    int64_t more = change["held_bytes"].get<int64_t>() - entry["held_bytes"].get<int64_t>();
    std::string text = bytesText(change["entry_bytes"]) + " sent by each rank in this entry";
    return text + (more == 0 ? "" : ", and a rank holds " + bytesText(std::abs(more)) + (more > 0 ? " more" : " less"));
  }

  std::string collectiveRows(const Json &entry, const Json &each) {
    std::string text = row("operand", "<code>" + shapeText(each["operand_shape"]) + " " + escaped(each["dtype"]) + "</code>");
    text += row("count", std::to_string(each["count"].get<int64_t>()));
    text += row("sent by each rank", bytesText(each["wire_bytes_per_rank"]) + " in all");
    text += row("needed by", joined(each["required_by"], "<br>"));
    text += row("because", escaped(each["why"]));
    for (const Json &way : each.value("ways", Json::array())) {
      std::string list;
      for (const Json &step : way)
        list += "<li>" + escaped(step) + "</li>";
      text += row("from", "<ol class=\"way\">" + list + "</ol>");
    }
    text += row("need", escaped(each.value("need", "")));
    if (!each.contains("change"))
      return text;
    const Json &change = each["change"], &without = each["without"];
    if (!change.is_null())
      text += row("change", escaped(change["text"]) + (change["removes"] ? " removes it: " : " makes it smaller: ") +
                                priceText(entry, change));
    else
      text += row("change", noChangeText(each));
    if (!without.is_null())
      text += row("without it", "drop the wishes on " + escaped(without["text"]) + ": " + priceText(entry, without));
    return text;
  }

  //===-- Tables --------------------------------------------------------------------------------------------------===//

  std::string memoryTable(const Json &entry) {
    const Json &parts = entry["memory_per_rank"];
    int64_t peak = entry["peak_bytes_per_rank"];
    std::string bar, head, cells;
    int index = 0;
    for (auto &[name, bytes] : parts.items()) {
      char width[16];
      std::snprintf(width, sizeof width, "%.3f", peak ? 100.0 * bytes.get<int64_t>() / peak : 0.0);
      std::string part = "part" + std::to_string(index++);
      bar +=
          "<span class=\"" + part + "\" style=\"width:" + width + "%\" title=\"" + name + ", " + bytesText(bytes) + "\"></span>";
      head += "<th class=\"number\"><i class=\"" + part + "\"></i>" + name + "</th>";
      cells += bytesCell(bytes);
    }
    std::string ranks = mesh.size() == 1 ? "0" : "each of 0 to " + std::to_string(mesh.size() - 1);
    return "<h3>Memory of a rank</h3>\n<div class=\"bar\" role=\"img\" aria-label=\"share of each kind of memory\">" + bar +
           "</div>\n<div class=\"scroll\"><table class=\"memory\"><thead><tr><th>rank</th>" + head +
           "<th class=\"number\">peak</th></tr></thead><tbody><tr>" + cell(ranks) + cells + bytesCell(peak) +
           "</tr></tbody></table></div>\n";
  }

  // The node of the graph that shows a collective.
  static std::string nodeOf(const Json &entry, size_t collective, const std::string &prefix) {
    for (const Json &block : entry["graph"]["blocks"])
      for (const Json &node : block["nodes"])
        if (node["collective"] == int64_t(collective))
          return prefix + std::to_string(node["id"].get<int64_t>());
    return "";
  }

  std::string collectiveTable(const Json &entry, const std::string &prefix) {
    if (entry["collectives"].empty())
      return "<h3>Collectives</h3>\n<p class=\"muted\">None: no rank sends anything.</p>\n";
    std::string text = "<h3>Collectives</h3>\n<div class=\"scroll\"><table class=\"collectives\"><thead><tr><th>collective</th>"
                       "<th>over</th><th>operand</th><th class=\"number\">count</th><th class=\"number\">bytes per rank</th>"
                       "<th>where</th></tr></thead><tbody>\n";
    for (size_t i = 0; i < entry["collectives"].size(); ++i) {
      const Json &each = entry["collectives"][i];
      std::string kind = escaped(each["kind"]);
      if (each.contains("reduce") && each["reduce"] != "sum")
        kind += " " + escaped(each["reduce"]);
      std::string node = nodeOf(entry, i, prefix);
      text += "<tr><td>" + (node.empty() ? kind : "<a href=\"#" + node + "\">" + kind + "</a>") + "</td><td>" +
              axesText(each["axes"]) + " (" + std::to_string(each["group_size"].get<int64_t>()) + ")</td>" +
              cell(shapeText(each["operand_shape"]) + " " + each["dtype"].get<std::string>()) +
              cell(std::to_string(each["count"].get<int64_t>()), "number") + bytesCell(each["wire_bytes_per_rank"]) +
              cell(each["where"]) + "</tr>\n";
    }
    return text + "</tbody></table></div>\n";
  }

  std::string tensorTable(const Json &entry) {
    std::string text = "<h3>Tensors</h3>\n<div class=\"scroll\"><table class=\"tensors\"><thead><tr><th>tensor</th><th>kind</th>"
                       "<th>shape</th><th>layout</th><th class=\"number\">count</th><th class=\"number\">bytes per rank</th></tr>"
                       "</thead><tbody>\n";
    for (const Json &each : foldedTensors(entry["tensors"]))
      text += "<tr>" + cell(each["name"]) + cell(each["kind"]) +
              cell(shapeText(each["shape"]) + " " + each["dtype"].get<std::string>()) + cell(each["layout"], "layout") +
              cell(std::to_string(each["count"].get<int64_t>()), "number") + bytesCell(each["bytes_per_rank"]) + "</tr>\n";
    return text + "</tbody></table></div>\n";
  }

  const Json &report;
  const std::string &title;
  Mesh mesh;
};

} // namespace

std::string planPage(const Json &report, const std::string &title) { return PageWriter(report, title).page(); }

} // namespace tp

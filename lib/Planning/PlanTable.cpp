// Prints a plan for people. Columns are as wide as what stands in them; numbers are set flush right.
#include "tp/Planning/PlanReport.h"

#include "PlanPageParts.h"
#include "tp/Analysis/Where.h"

#include <algorithm>
#include <cstring>
#include <map>

namespace tp {

namespace {

using page::bytesText;

std::string shapeText(const Json &shape) {
  std::string text;
  for (const Json &size : shape)
    text += (text.empty() ? "" : "x") + std::to_string(size.get<int64_t>());
  return text.empty() ? "scalar" : text;
}

class Table {
public:
  explicit Table(std::vector<std::string> head) : rows{std::move(head)} {}
  void add(std::vector<std::string> row) { rows.push_back(std::move(row)); }
  bool empty() const { return rows.size() == 1; }

  std::string str() const {
    std::vector<size_t> widths(rows[0].size());
    for (const auto &row : rows)
      for (size_t i = 0; i < row.size(); ++i)
        widths[i] = std::max(widths[i], row[i].size());
    std::string text;
    for (const auto &row : rows) {
      std::string line = " ";
      for (size_t i = 0; i < row.size(); ++i) {
        std::string padding(widths[i] - row[i].size(), ' ');
        bool isNumber = !rows.back()[i].empty() && std::isdigit(static_cast<unsigned char>(rows.back()[i][0]));
        line += " " + (isNumber ? padding + row[i] : row[i] + padding) + " ";
      }
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + "\n";
    }
    return text;
  }

private:
  std::vector<std::vector<std::string>> rows;
};

std::string axesText(const Json &axes) {
  std::string text;
  for (const Json &axis : axes)
    text += (text.empty() ? "" : ",") + axis.get<std::string>();
  return text;
}

std::string joined(const Json &texts, const char *between) {
  std::string text;
  for (const Json &each : texts)
    text += (text.empty() ? "" : between) + each.get<std::string>();
  return text;
}

// The entry's bytes on the wire after a change, with what a rank then holds more or less.
std::string priceText(const Json &entry, const Json &change) {
  int64_t more = change["held_bytes"].get<int64_t>() - entry["held_bytes"].get<int64_t>();
  std::string text = std::to_string(change["entry_bytes"].get<int64_t>()) + " bytes per rank in this entry";
  return text + (more == 0 ? "" : ", and a rank holds " + bytesText(std::abs(more)) + (more > 0 ? " more" : " less"));
}

// What would remove the collective or make it smaller, as planned.
std::string changeText(const Json &entry, const Json &each) {
  const Json &change = each["change"];
  if (change.is_null()) {
    return noChangeText(each);
  }
  return change["text"].get<std::string>() + (change["removes"] ? " removes it: " : " makes it smaller: ") +
         priceText(entry, change);
}

// What a person asks of one collective: who needs it, why, whose wish that was, and what else could be wished.
std::string explanation(const Json &entry, const Json &each, size_t number) {
  std::string text = "  " + std::to_string(number) + ". " + each["kind"].get<std::string>() + " over " + axesText(each["axes"]) +
                     " of " + shapeText(each["operand_shape"]) + " " + each["dtype"].get<std::string>();
  if (int64_t count = each["count"].get<int64_t>(); count > 1)
    text += ", x " + std::to_string(count);
  text += ", at " + each["where"].get<std::string>() + ": " + std::to_string(each["wire_bytes_per_rank"].get<int64_t>()) +
          " bytes per rank\n";
  auto line = [&](const char *label, const std::string &what) {
    if (!what.empty())
      text += "     " + std::string(label) + std::string(12 - std::strlen(label), ' ') + what + "\n";
  };
  line("needed by", joined(each["required_by"], "; "));
  line("because", each["why"].get<std::string>());
  for (const Json &way : each.value("ways", Json::array()))
    line("from", joined(way, " -> "));
  line("need", each.value("need", ""));
  if (each.contains("change")) {
    line("change", changeText(entry, each));
    if (const Json &without = each["without"]; !without.is_null())
      line("without it", "drop the wishes on " + without["text"].get<std::string>() + ": " + priceText(entry, without));
  }
  return text;
}

std::string entryText(const Json &entry, bool explain) {
  std::string text = "\nentry " + entry["name"].get<std::string>();
  if (int64_t tokens = entry["tokens"].get<int64_t>())
    text += ", " + std::to_string(tokens) + " tokens";
  text += ", " + bytesText(entry["peak_bytes_per_rank"].get<int64_t>()) + " per rank at most\n";
  Table collectives({"collective", "over", "operand", "count", "bytes per rank", "where"});
  int64_t total = 0, number = 0;
  std::vector<Json> folded;
  for (const std::vector<size_t> &group : alikeCollectives(entry["collectives"])) {
    Json &row = folded.emplace_back(entry["collectives"][group[0]]);
    for (size_t i = 1; i < group.size(); ++i) {
      const Json &other = entry["collectives"][group[i]];
      row["count"] = row["count"].get<int64_t>() + other["count"].get<int64_t>();
      row["wire_bytes_per_rank"] = row["wire_bytes_per_rank"].get<int64_t>() + other["wire_bytes_per_rank"].get<int64_t>();
    }
    if (group.size() > 1)
      row["where"] = row["where"].get<std::string>() + " and " + std::to_string(group.size() - 1) + " more";
  }
  for (const Json &each : folded) {
    std::string kind = each["kind"].get<std::string>();
    if (each.contains("reduce") && each["reduce"] != "sum")
      kind += " " + each["reduce"].get<std::string>();
    collectives.add({kind, axesText(each["axes"]) + " (" + std::to_string(each["group_size"].get<int64_t>()) + ")",
                     shapeText(each["operand_shape"]) + " " + each["dtype"].get<std::string>(),
                     std::to_string(each["count"].get<int64_t>()), std::to_string(each["wire_bytes_per_rank"].get<int64_t>()),
                     each["where"].get<std::string>()});
    total += each["wire_bytes_per_rank"].get<int64_t>();
    number += each["count"].get<int64_t>();
  }
  if (collectives.empty())
    text += "  no collectives\n";
  else
    text += collectives.str() + "  " + std::to_string(number) + (number == 1 ? " collective, " : " collectives, ") +
            std::to_string(total) + " bytes per rank\n";
  if (explain)
    for (size_t i = 0; i < folded.size(); ++i)
      text += "\n" + explanation(entry, folded[i], i + 1);
  Table tensors({"tensor", "kind", "shape", "layout", "count", "bytes per rank"});
  for (const Json &each : foldedTensors(entry["tensors"]))
    if (explain || each["kind"] != "activation")
      tensors.add({each["name"].get<std::string>(), each["kind"].get<std::string>(),
                   shapeText(each["shape"]) + " " + each["dtype"].get<std::string>(), each["layout"].get<std::string>(),
                   std::to_string(each["count"].get<int64_t>()), std::to_string(each["bytes_per_rank"].get<int64_t>())});
  return text + (tensors.empty() ? "" : "\n" + tensors.str());
}

} // namespace

std::vector<std::vector<size_t>> alikeCollectives(const Json &collectives) {
  constexpr size_t few = 8;
  auto withoutNumbers = [](const std::string &text) {
    std::string result;
    for (char c : text)
      if (!std::isdigit(static_cast<unsigned char>(c)))
        result += c;
    return result;
  };
  std::map<std::string, std::vector<size_t>> alike;
  std::vector<std::string> keys;
  for (size_t i = 0; i < collectives.size(); ++i) {
    const Json &each = collectives[i];
    keys.push_back(each["kind"].dump() + each["axes"].dump() + each["operand_shape"].dump() + each["dtype"].dump() +
                   withoutNumbers(each["where"].get<std::string>() + "|" + each["why"].get<std::string>()));
    alike[keys.back()].push_back(i);
  }
  std::vector<std::vector<size_t>> groups;
  for (size_t i = 0; i < collectives.size(); ++i)
    if (const std::vector<size_t> &group = alike[keys[i]]; group.size() <= few)
      groups.push_back({i});
    else if (group.front() == i)
      groups.push_back(group);
  return groups;
}

std::string noChangeText(const Json &collective) {
  int64_t tried = collective["tried"], left = collective["left_out"];
  std::string rest = left == 0 ? "" : "; " + std::to_string(left) + " were not tried, the program is too large for so many plans";
  return (tried == 0 ? "nothing found: no other wish was tried"
                     : "nothing: with none of " + std::to_string(tried) + " other wishes would less be moved") +
         rest;
}

Json foldedTensors(const Json &tensors) {
  Json rows = Json::array();
  std::map<std::string, size_t> known;
  for (const Json &tensor : tensors) {
    Json row = tensor;
    row["name"] = withoutLayerNumbers(tensor["name"].get<std::string>());
    row.erase("bytes_per_rank");
    auto [found, isNew] = known.try_emplace(row.dump(), rows.size());
    if (isNew) {
      row["name"] = tensor["name"];
      row["count"] = 0;
      row["bytes_per_rank"] = 0;
      rows.push_back(row);
    } else {
      rows[found->second]["name"] = withoutLayerNumbers(tensor["name"].get<std::string>());
    }
    Json &sum = rows[found->second];
    sum["count"] = sum["count"].get<int64_t>() + 1;
    sum["bytes_per_rank"] = sum["bytes_per_rank"].get<int64_t>() + tensor["bytes_per_rank"].get<int64_t>();
  }
  return rows;
}

std::string planTable(const Json &report, bool explain) {
  std::string text = "mesh";
  for (auto &[axis, size] : report["mesh"].items())
    text += " " + axis + "=" + std::to_string(size.get<int64_t>());
  text += "\n";
  for (const Json &note : report["notes"])
    text += note.get<std::string>() + "\n";
  for (const Json &entry : report["entries"])
    text += entryText(entry, explain);
  return text;
}

} // namespace tp

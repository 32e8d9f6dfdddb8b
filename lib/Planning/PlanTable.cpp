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
    int64_t tried = each["tried"].get<int64_t>();
    return tried == 0 ? "nothing: there is no other wish to try"
                      : "nothing: with none of " + std::to_string(tried) + " other wishes would less be moved";
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
  for (const Json &each : entry["collectives"]) {
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
    for (size_t i = 0; i < entry["collectives"].size(); ++i)
      text += "\n" + explanation(entry, entry["collectives"][i], i + 1);
  Table tensors({"tensor", "kind", "shape", "layout", "count", "bytes per rank"});
  for (const Json &each : foldedTensors(entry["tensors"]))
    if (explain || each["kind"] != "activation")
      tensors.add({each["name"].get<std::string>(), each["kind"].get<std::string>(),
                   shapeText(each["shape"]) + " " + each["dtype"].get<std::string>(), each["layout"].get<std::string>(),
                   std::to_string(each["count"].get<int64_t>()), std::to_string(each["bytes_per_rank"].get<int64_t>())});
  return text + (tensors.empty() ? "" : "\n" + tensors.str());
}

} // namespace

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

// Rows go out as they came in, with their offset at the end, so that columns we know nothing about survive.
#include "ArenaTable.h"

#include "tp/Planning/PlanArena.h"
#include "tp/Support/AtomicFile.h"

#include <charconv>
#include <cstdio>
#include <map>

using namespace tp;

void ArenaArguments::declare(Options &options) {
  options.add("--arena", "BUFFERS.csv", buffers, "plan the offsets of these buffers; columns id,lower,upper,size");
  options.add("--capacity", "BYTES", capacity, "size of the arena", {.least = 0});
  options.add("--seconds", "N", seconds,
              "how long to look for a plan; if not given, 20 with --capacity and a fraction of one without");
  options.add("-o", "OUT.csv", output, "where the table with offsets goes; standard output if not given");
}

namespace {

struct Table {
  std::string header;
  std::vector<std::string> rows;
  std::vector<ArenaBuffer> buffers;
};

std::vector<std::string_view> cellsOf(std::string_view line) {
  std::vector<std::string_view> cells;
  for (size_t begin = 0; begin <= line.size();) {
    size_t end = std::min(line.find(',', begin), line.size());
    std::string_view cell = line.substr(begin, end - begin);
    while (!cell.empty() && cell.front() == ' ')
      cell.remove_prefix(1);
    while (!cell.empty() && cell.back() == ' ')
      cell.remove_suffix(1);
    cells.push_back(cell);
    begin = end + 1;
  }
  return cells;
}

/// 20, 0.5: without trailing zeros.
std::string plainNumber(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", number);
  return text;
}

class TableReader {
public:
  explicit TableReader(const std::string &path) : path(path) {}

  Table read() {
    std::string text = readFile(path);
    Table table;
    for (size_t begin = 0; begin < text.size();) {
      size_t end = std::min(text.find('\n', begin), text.size());
      std::string line = text.substr(begin, end - begin);
      begin = end + 1;
      ++number;
      if (!line.empty() && line.back() == '\r')
        line.pop_back();
      if (line.empty())
        continue;
      if (table.header.empty()) {
        readHeader(line);
        table.header = line;
      } else {
        table.buffers.push_back(readRow(line));
        table.rows.push_back(line);
      }
    }
    if (table.header.empty())
      fail("is empty, needs a line id,lower,upper,size");
    return table;
  }

private:
  [[noreturn]] void fail(const std::string &why) const {
    throw Error(path + (number ? ":" + std::to_string(number) : "") + ": " + why);
  }

  void readHeader(const std::string &line) {
    for (std::string_view cell : cellsOf(line))
      columns.emplace(std::string(cell), columns.size());
    for (const char *name : {"id", "lower", "upper", "size"})
      if (!columns.count(name))
        fail("has no column \"" + std::string(name) + "\"; it needs id,lower,upper,size");
    columnCount = cellsOf(line).size();
  }

  int64_t numberIn(const std::vector<std::string_view> &cells, const char *column) const {
    std::string_view cell = cells[columns.at(column)];
    int64_t value = 0;
    auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc() || end != cell.data() + cell.size())
      fail("\"" + std::string(cell) + "\" in column " + column + " is no integer");
    return value;
  }

  ArenaBuffer readRow(const std::string &line) {
    std::vector<std::string_view> cells = cellsOf(line);
    if (cells.size() != columnCount)
      fail("has " + std::to_string(cells.size()) + " columns, needs " + std::to_string(columnCount));
    ArenaBuffer buffer{numberIn(cells, "lower"), numberIn(cells, "upper"), numberIn(cells, "size")};
    if (buffer.size < 0 || buffer.lower > buffer.upper)
      fail("needs lower <= upper and size >= 0");
    if (__builtin_add_overflow(total, buffer.size, &total))
      fail("the sizes up to here add up to more than 2^63 bytes");
    return buffer;
  }

  std::string path;
  std::map<std::string, size_t> columns;
  size_t columnCount = 0, number = 0;
  int64_t total = 0;
};

} // namespace

void planArenaTable(const ArenaArguments &arguments) {
  Table table = TableReader(arguments.buffers).read();
  ArenaGoal goal;
  goal.capacity = arguments.capacity;
  if (arguments.seconds > 0 || arguments.capacity)
    goal.seconds = arguments.seconds > 0 ? arguments.seconds : 20;
  ArenaPlan plan = planArena(table.buffers, goal);
  if (arguments.capacity && plan.bytes > *arguments.capacity) {
    std::string bound = std::to_string(arenaLowerBound(table.buffers)), capacity = std::to_string(*arguments.capacity);
    if (!plan.impossible)
      throw Error(arguments.buffers + ": no plan within " + capacity + " bytes was found in " + plainNumber(*goal.seconds) +
                      " s, only one of " + std::to_string(plan.bytes) + " bytes",
                  {"one may exist: at most " + bound + " bytes are alive at one time; --seconds N looks longer"});
    throw Error(
        arguments.buffers + ": no plan within " + capacity + " bytes exists; one of " + std::to_string(plan.bytes) +
            " bytes does",
        {"at one time " + bound + " bytes are alive" +
         (arenaLowerBound(table.buffers) > *arguments.capacity ? "" : ", and a complete search found no offsets for them")});
  }
  std::string text = table.header + ",offset\n";
  for (size_t i = 0; i < table.rows.size(); ++i)
    // A buffer that is never alive has no place; 0 is as good as any.
    text += table.rows[i] + "," + std::to_string(std::max<int64_t>(plan.offsets[i], 0)) + "\n";
  if (arguments.output)
    writeFile(*arguments.output, text);
  else
    std::fputs(text.c_str(), stdout);
}

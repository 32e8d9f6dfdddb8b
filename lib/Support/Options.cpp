// Declarations become closures that take the text of a value; parsing only routes texts to them.
#include "tp/Support/Options.h"

#include "tp/Support/AtomicFile.h"
#include "tp/Support/MappedFile.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <sstream>
#include <system_error>

namespace tp {

// -- Values --

static int64_t parseInt(std::string_view text, IntRange range) {
  int64_t value = 0;
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range && rest == text.data() + text.size())
    throw Error("does not fit in 64 bits");
  if (error != std::errc() || rest != text.data() + text.size())
    throw Error("is no whole number");
  if (value < range.least)
    throw Error("is too small, needs at least " + std::to_string(range.least));
  if (value > range.most)
    throw Error("is too large, needs at most " + std::to_string(range.most));
  return value;
}

static double parseNumber(std::string_view text) {
  double value = 0;
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size() || !std::isfinite(value))
    throw Error("is no number");
  return value;
}

std::pair<std::string, std::string> splitNameValue(std::string_view text) {
  size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size())
    throw Error("is not of the form NAME=FILE");
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

std::vector<int64_t> parseInts(std::string_view text) {
  std::vector<int64_t> values;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    std::string_view piece = text.substr(begin, end - begin);
    try {
      values.push_back(parseInt(piece, {}));
    } catch (const Error &error) {
      throw Error("is no list like 1,2,3: \"" + std::string(piece) + "\" " + error.what());
    }
    begin = end + 1;
  }
  return values;
}

// -- Declarations --

Options::Options(std::string tool, std::string summary) : tool(std::move(tool)), summary(std::move(summary)) {}

Options &Options::add(std::string name, std::string placeholder, std::function<void(std::string_view)> take, std::string help) {
  options.push_back({std::move(name), std::move(placeholder), std::move(help), std::move(take)});
  return *this;
}

Options &Options::add(std::string name, std::string placeholder, std::string &target, std::string help) {
  return add(std::move(name), std::move(placeholder), [&target](std::string_view text) { target = text; }, std::move(help));
}
Options &Options::add(std::string name, std::string placeholder, std::optional<std::string> &target, std::string help) {
  return add(std::move(name), std::move(placeholder), [&target](std::string_view text) { target = text; }, std::move(help));
}
Options &Options::add(std::string name, std::string placeholder, std::vector<std::string> &target, std::string help) {
  return add(
      std::move(name), std::move(placeholder), [&target](std::string_view text) { target.emplace_back(text); }, std::move(help));
}
Options &Options::add(std::string name, std::string placeholder, int64_t &target, std::string help, IntRange range) {
  return add(
      std::move(name), std::move(placeholder), [&target, range](std::string_view text) { target = parseInt(text, range); },
      std::move(help));
}
Options &Options::add(std::string name, std::string placeholder, std::optional<int64_t> &target, std::string help,
                      IntRange range) {
  return add(
      std::move(name), std::move(placeholder), [&target, range](std::string_view text) { target = parseInt(text, range); },
      std::move(help));
}
Options &Options::add(std::string name, std::string placeholder, double &target, std::string help) {
  return add(
      std::move(name), std::move(placeholder), [&target](std::string_view text) { target = parseNumber(text); }, std::move(help));
}

template <typename Target> static auto takeChoice(std::vector<std::string> choices, Target &target) {
  return [choices = std::move(choices), &target](std::string_view text) {
    std::string known;
    for (const std::string &choice : choices) {
      if (choice == text) {
        target = choice;
        return;
      }
      known += (known.empty() ? "" : ", ") + choice;
    }
    throw Error("is not one of " + known);
  };
}
static std::string joinChoices(const std::vector<std::string> &choices) {
  std::string text;
  for (const std::string &choice : choices)
    text += (text.empty() ? "" : "|") + choice;
  return text;
}
Options &Options::addChoice(std::string name, std::vector<std::string> choices, std::string &target, std::string help) {
  std::string placeholder = joinChoices(choices);
  return add(std::move(name), placeholder, takeChoice(std::move(choices), target), std::move(help));
}
Options &Options::addChoice(std::string name, std::vector<std::string> choices, std::optional<std::string> &target,
                            std::string help) {
  std::string placeholder = joinChoices(choices);
  return add(std::move(name), placeholder, takeChoice(std::move(choices), target), std::move(help));
}

Options &Options::addFlag(std::string name, bool &target, std::string help) {
  options.push_back({std::move(name), "", std::move(help), [&target](std::string_view) { target = true; }, true});
  return *this;
}

Options &Options::argument(std::string placeholder, std::string &target, std::string help) {
  positionals.push_back(
      {std::move(placeholder), std::move(help), [&target](std::string_view text) { target = text; }, true, false});
  return *this;
}
Options &Options::argument(std::string placeholder, std::optional<std::string> &target, std::string help) {
  positionals.push_back(
      {std::move(placeholder), std::move(help), [&target](std::string_view text) { target = text; }, false, false});
  return *this;
}
Options &Options::argument(std::string placeholder, std::vector<std::string> &target, std::string help) {
  positionals.push_back(
      {std::move(placeholder), std::move(help), [&target](std::string_view text) { target.emplace_back(text); }, false, true});
  return *this;
}

Options &Options::heading(std::string text) {
  options.push_back({"", "", std::move(text), {}});
  return *this;
}

// -- Parsing --

Options::Declared *Options::find(std::string_view name) {
  for (Declared &option : options)
    if (!option.name.empty() && option.name == name)
      return &option;
  return nullptr;
}

bool Options::given(std::string_view name) const {
  Declared *option = const_cast<Options *>(this)->find(name);
  return option && option->wasGiven;
}

// Number of single-character edits between two short words.
static size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

void Options::failUnknown(std::string_view name) const {
  const Declared *nearest = nullptr;
  size_t least = 4; // further away it is no slip of the finger
  for (const Declared &option : options)
    if (!option.name.empty() && name.size() < 64)
      if (size_t distance = editDistance(name, option.name); distance < least && distance < option.name.size() - 2) {
        least = distance;
        nearest = &option;
      }
  throw UsageError("unknown option \"" + std::string(name) + "\"" +
                       (nearest ? "; did you mean " + nearest->name + "?" : std::string()),
                   {"\"" + tool + " --help\" lists the options"});
}

void Options::give(Declared &option, std::string_view value) {
  try {
    option.take(value);
  } catch (const Error &error) {
    std::string form = option.placeholder.empty() ? "" : " (" + option.name + " " + option.placeholder + ")";
    throw UsageError(option.name + ": \"" + std::string(value) + "\" " + error.what() + form, error.notes);
  }
  option.wasGiven = true;
}

bool Options::parse(int argc, const char *const *argv) {
  return parse(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
}

bool Options::parse(const std::vector<std::string> &arguments) {
  size_t nextPositional = 0;
  bool onlyPositional = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string_view word = arguments[i];
    if (!onlyPositional && word == "--") {
      onlyPositional = true;
      continue;
    }
    if (onlyPositional || word.size() < 2 || word[0] != '-') {
      if (nextPositional == positionals.size())
        throw UsageError("unexpected argument \"" + std::string(word) + "\"", {"\"" + tool + " --help\" lists what is taken"});
      positionals[nextPositional].take(word);
      positionals[nextPositional].wasGiven = true;
      nextPositional += !positionals[nextPositional].repeats;
      continue;
    }
    size_t equals = word.find('=');
    std::string_view name = word.substr(0, equals);
    Declared *option = find(name);
    if (!option && (name == "--help" || name == "-h")) {
      std::fputs(help().c_str(), stdout);
      return false;
    }
    if (!option)
      failUnknown(name);
    if (option->isFlag) {
      if (equals != std::string_view::npos)
        throw UsageError(option->name + " takes no value");
      option->take({});
      option->wasGiven = true;
    } else if (equals != std::string_view::npos) {
      give(*option, word.substr(equals + 1));
    } else {
      // A word that is an option itself is more likely the next option than this one's value: --prompt=--chat says so.
      if (i + 1 == arguments.size() || arguments[i + 1] == "--" ||
          find(std::string_view(arguments[i + 1]).substr(0, arguments[i + 1].find('='))))
        throw UsageError(option->name + " needs a value: " + option->name + " " + option->placeholder);
      give(*option, arguments[++i]);
    }
  }
  for (const Positional &positional : positionals)
    if (positional.required && !positional.wasGiven)
      throw UsageError("missing argument " + positional.placeholder + ": " + positional.help,
                       {"\"" + tool + " --help\" shows the usage"});
  return true;
}

std::string Options::help() const {
  std::ostringstream out;
  out << "usage: " << tool;
  for (const Positional &positional : positionals)
    out << (positional.required ? " " : " [") << positional.placeholder << (positional.repeats ? "..." : "")
        << (positional.required ? "" : "]");
  out << " [options]\n" << tool << " " << summary << "\n\n";
  size_t width = 0;
  auto left = [](const std::string &name, const std::string &placeholder) {
    return name + (placeholder.empty() ? "" : " " + placeholder);
  };
  constexpr size_t widest = 30;
  for (const Declared &option : options)
    width = std::max(width, std::min(widest, left(option.name, option.placeholder).size()));
  for (const Positional &positional : positionals)
    width = std::max(width, std::min(widest, positional.placeholder.size()));
  auto line = [&](const std::string &text, const std::string &help) {
    out << "  " << text;
    if (text.size() > width)
      out << "\n" << std::string(width + 2, ' ');
    else
      out << std::string(width - text.size(), ' ');
    out << "  " << help << "\n";
  };
  for (const Positional &positional : positionals)
    line(positional.placeholder, positional.help);
  if (!positionals.empty())
    out << "\n";
  for (const Declared &option : options)
    if (option.name.empty())
      out << "\n" << option.help << "\n";
    else
      line(left(option.name, option.placeholder), option.help);
  line("--help", "prints this");
  return out.str();
}

// -- The frame of a tool --

// Names and texts of files end up in errors: what would steer a terminal becomes "?", and a line has an end.
static std::string printable(std::string line) {
  constexpr size_t longest = 2000;
  if (line.size() > longest)
    line = line.substr(0, longest) + "... (" + std::to_string(line.size() - longest) + " more bytes)";
  for (char &c : line)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f)
      c = '?';
  return line;
}

void printError(const Error &error) {
  constexpr size_t mostLines = 25;
  std::vector<std::string> lines;
  auto addLines = [&](const std::string &text) {
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
      lines.push_back(printable(line));
  };
  addLines((error.place.empty() ? "error: " : error.place + ": error: ") + error.what());
  for (const std::string &note : error.notes)
    addLines("note: " + note);
  size_t shown = lines.size() <= mostLines ? lines.size() : mostLines - 1;
  std::string text;
  for (size_t i = 0; i < shown; ++i)
    text += lines[i] + "\n";
  if (shown < lines.size())
    text += "note: " + std::to_string(lines.size() - shown) + " more lines are not shown\n";
  std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), stderr); // one call, so that ranks do not interleave
}

// An exception that nobody can catch: thrown in a thread or through code that was compiled without them. Memory that has
// run out is the one that users meet.
static void endWithError() {
  try {
    if (std::exception_ptr exception = std::current_exception())
      std::rethrow_exception(exception);
    printError(Error("internal error: the program ended itself"));
  } catch (const std::bad_alloc &) {
    printError(Error("out of memory"));
  } catch (const Error &error) {
    printError(error);
  } catch (const std::exception &error) {
    printError(Error(std::string("internal error: ") + error.what()));
  } catch (...) {
    printError(Error("internal error: an exception of unknown kind"));
  }
  removeUnfinishedFiles();
  std::_Exit(1);
}

int runTool(int argc, char **argv, const std::function<int(int, char **)> &body) {
  // A file at the size limit is an error to report, as a full disk is, and no reason to be killed.
  ::signal(SIGXFSZ, SIG_IGN);
  endAtLostPages();
  std::set_terminate(endWithError);
  try {
    int status = body(argc, argv);
    if (std::fflush(stdout) != 0 || std::ferror(stdout))
      throw Error("cannot write the standard output: the disk is full or the reader has gone");
    return status;
  } catch (const UsageError &error) {
    printError(error);
    return 2;
  } catch (const Error &error) {
    printError(error);
  } catch (const std::bad_alloc &) {
    printError(Error("out of memory"));
  } catch (const std::length_error &) {
    printError(Error("out of memory: a size of the input is larger than any memory"));
  } catch (const std::filesystem::filesystem_error &error) {
    printError(Error("cannot read \"" + error.path1().string() + "\": " + error.code().message()));
  } catch (const std::system_error &error) {
    bool isFull = error.code() == std::errc::resource_unavailable_try_again || error.code() == std::errc::not_enough_memory;
    printError(
        Error(isFull ? "out of memory or processes: cannot start a thread" : std::string("internal error: ") + error.what()));
  } catch (const std::exception &error) {
    printError(Error(std::string("internal error: ") + error.what()));
  }
  return 1;
}

} // namespace tp

// tp-random-programs: draws programs and checks each in every form.
//
//   tp-random-programs --count 2000                 programs of the seeds 0 .. 1999; exit status 1 if any fails
//   tp-random-programs --seed 4711 --print          the program of a seed
//   tp-random-programs --seed 4711                  checks it alone
//   tp-random-programs --count 1000 --mutate        who notices that a collective is lost or stands twice
//   tp-random-programs --check find.mlir            checks a program of a file (global or laid out)
#include "Children.h"
#include "Mutations.h"
#include "Packs.h"

#include "tp/Support/Error.h"
#include "tp/Support/Options.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>

using namespace tp;
using namespace tp::random_programs;

namespace {

std::string readText(const std::string &path) {
  std::ifstream file(path);
  if (!file)
    throw Error(path + ": cannot be read");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void printFind(const Find &find) {
  std::printf("seed %llu (%s) fails: %s: %s%s\n", static_cast<unsigned long long>(find.seed), str(kindOf(find.seed)).c_str(),
              find.failure.stage.c_str(), find.failure.message.c_str(), find.onlyTheseInputs ? " (not with other inputs)" : "");
  std::fflush(stdout);
}

std::string percent(int64_t part, int64_t whole) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0f%%", whole ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0.0);
  return text;
}

void printTally(const Tally &tally, double seconds) {
  std::string kinds, ops;
  for (const auto &[name, count] : tally.kinds)
    kinds += (kinds.empty() ? "" : ", ") + name + " " + percent(count, tally.programs);
  int64_t all = 0;
  for (const auto &[name, count] : tally.ops)
    all += count;
  for (const auto &[name, count] : tally.ops)
    ops += (ops.empty() ? "" : ", ") + name + " " + percent(count, all);
  std::printf("programs: %s\nops: %s\n", kinds.c_str(), ops.c_str());
  auto number = [](int64_t value) { return static_cast<long long>(value); };
  std::printf("%lld programs: %lld agree in all forms, %lld of them compiled, %lld refused as they must or may be, %lld fail",
              number(tally.programs), number(tally.passed), number(tally.compiled), number(tally.refused),
              number(tally.confirmed()));
  if (int64_t others = static_cast<int64_t>(tally.finds.size()) - tally.confirmed())
    std::printf(", %lld more with one draw of inputs only", number(others));
  std::printf("; %.0f s\n", seconds);
}

void printMutations(const Mutations &found) {
  std::printf("%lld programs, %lld mutants: %lld refused by tp-verify-local, %lld wrong in numbers, %lld survive\n",
              static_cast<long long>(found.programs), static_cast<long long>(found.all), static_cast<long long>(found.byVerifier),
              static_cast<long long>(found.byNumbers), static_cast<long long>(found.all - found.byVerifier - found.byNumbers));
  for (const auto &[name, count] : found.survivors)
    std::printf("  %lld x %s (seed %llu)\n", static_cast<long long>(count), name.c_str(),
                static_cast<unsigned long long>(found.example.at(name)));
}

/// Where a long run stands: "next SEED" lines and one line per find.
uint64_t progressIn(const std::string &log, uint64_t first) {
  std::ifstream file(log);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("next "))
      first = std::stoull(line.substr(5));
  return first;
}

int run(int argc, char **argv) {
  Options options("tp-random-programs", "checks random programs in every form");
  int64_t first = 0, count = 2000, compileEvery = 1;
  std::optional<int64_t> seed;
  std::optional<std::string> check, log;
  bool print = false, mutations = false;
  options.add("--first", "SEED", first, "of the first program, a multiple of 8");
  options.add("--count", "N", count, "programs, a multiple of 8");
  options.add("--compile-every", "K", compileEvery, "compiles every K-th pack of 8 programs; 0: none");
  options.add("--log", "FILE", log, "where finds and progress go; a second run goes on where it ends");
  options.add("--seed", "SEED", seed, "one program only");
  options.addFlag("--print", print, "prints the program of --seed, laid out if that is its kind");
  options.add("--check", "FILE.mlir", check, "checks this program");
  options.addFlag("--mutate", mutations, "counts who notices that a collective is lost or stands twice");
  if (!options.parse(argc, argv))
    return 0;
  if (mutations) {
    printMutations(mutatePrograms(first, count));
    return 0;
  }

  if (seed && print) {
    ProgramText program = generate(*seed);
    if (program.kind != Kind::LaidOut) {
      std::printf("%s", program.text().c_str());
      return 0;
    }
    auto context = makeContext();
    std::printf("%s", laidOutText(*context, subjectOf(program)).c_str());
    return 0;
  }
  if (seed || check) {
    Subject subject = check ? Subject{readText(*check), Kind::Even, "", 0, static_cast<uint64_t>(seed.value_or(0))}
                            : subjectOf(generate(*seed));
    if (std::optional<Failure> failure = checkAlone(subject))
      throw Error(failure->stage + ": " + failure->message);
    std::printf("agrees in all forms\n");
    return 0;
  }

  uint64_t from = log ? progressIn(*log, first) : first;
  uint64_t end = first + count;
  std::ofstream logFile;
  if (log)
    logFile.open(*log, std::ios::app);
  size_t shown = 0;
  auto start = std::chrono::steady_clock::now();
  Tally tally = checkSeeds(from, end > from ? end - from : 0, compileEvery, [&](uint64_t next, const Tally &tally) {
    for (; shown < tally.finds.size(); ++shown) {
      const Find &find = tally.finds[shown];
      printFind(find);
      if (log)
        logFile << "find " << find.seed << " " << find.failure.stage << ": " << find.failure.message
                << (find.onlyTheseInputs ? " (not with other inputs)" : "") << "\n";
    }
    if (log)
      logFile << "next " << next << std::endl;
  });
  printTally(tally, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return tally.confirmed() ? 1 : 0;
}

} // namespace

int main(int argc, char **argv) { return runTool(argc, argv, run); }

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

/// Finds and roundings that have not been told yet.
class Reporter {
public:
  explicit Reporter(std::ofstream log) : log(std::move(log)) {}

  void tell(uint64_t next, const Tally &tally) {
    for (; finds < tally.finds.size(); ++finds) {
      const auto &[seed, failure] = tally.finds[finds];
      std::string text = "seed " + std::to_string(seed) + " (" + str(kindOf(seed)) + ")";
      std::printf("%s fails: %s: %s\n", text.c_str(), failure.stage.c_str(), failure.message.c_str());
      log << "find " << text << " " << failure.stage << ": " << failure.message << "\n";
    }
    for (; roundings < tally.roundings.size(); ++roundings)
      log << "roundings " << tally.roundings[roundings].seed << " " << tally.roundings[roundings].failure.message << "\n";
    std::fflush(stdout);
    log << "next " << next << " compiled " << tally.compiled << " refused " << tally.refused << std::endl;
  }

private:
  std::ofstream log;
  size_t finds = 0, roundings = 0;
};

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
  std::printf("%lld programs: %lld agree in all forms, %lld of them compiled, %lld by roundings only, %lld refused as they must "
              "or may be, "
              "%lld fail; %.0f s\n",
              number(tally.programs), number(tally.passed), number(tally.compiled), number(tally.roundings.size()),
              number(tally.refused), number(tally.finds.size()), seconds);
}

void printMutations(const Mutations &found) {
  std::printf("%lld programs, %lld mutants: %lld refused by tp-verify-local, %lld wrong in numbers, %lld survive\n",
              static_cast<long long>(found.programs), static_cast<long long>(found.all), static_cast<long long>(found.byVerifier),
              static_cast<long long>(found.byNumbers), static_cast<long long>(found.all - found.byVerifier - found.byNumbers));
  for (const auto &[name, count] : found.survivors)
    std::printf("  %lld x %s (seed %llu)\n", static_cast<long long>(count), name.c_str(),
                static_cast<unsigned long long>(found.example.at(name)));
}

/// Where a long run stands: its "next SEED" lines.
uint64_t progressIn(const std::string &log, uint64_t first) {
  std::ifstream file(log);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("next "))
      first = std::stoull(line.substr(5));
  return first;
}

int run(int argc, char **argv) {
  Options options("tp-random-programs", "checks random programs in every form");
  int64_t first = 0, count = 2000, compileEvery = 1, fullEvery = 1;
  std::optional<int64_t> seed;
  std::optional<std::string> check, log;
  bool print = false, mutations = false;
  options.add("--first", "SEED", first, "of the first program, a multiple of 8");
  options.add("--count", "N", count, "programs, a multiple of 8");
  options.add("--compile-every", "K", compileEvery, "compiles every K-th pack of 8 programs; 0: none");
  options.add("--full-every", "K", fullEvery, "optimises every K-th pack as tp-compile does, the others quickly");
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
  Reporter reporter(std::move(logFile));
  auto start = std::chrono::steady_clock::now();
  Compiling compiling{static_cast<uint64_t>(compileEvery), static_cast<uint64_t>(std::max<int64_t>(1, fullEvery))};
  Tally tally = checkSeeds(from, end > from ? end - from : 0, compiling,
                           [&](uint64_t next, const Tally &tally) { reporter.tell(next, tally); });
  printTally(tally, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return tally.finds.empty() ? 0 : 1;
}

} // namespace

int main(int argc, char **argv) { return runTool(argc, argv, run); }

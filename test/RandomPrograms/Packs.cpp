// A child works through packs until it dies; then the next one goes on behind what killed it. A pack whose module fails is compiled
// again program by program, in a child of its own.
#include "Packs.h"

#include "Children.h"

#include <algorithm>

namespace tp::random_programs {

static constexpr unsigned secondsEach = 60;
/// After so many packs a child makes place for a fresh one: contexts only grow.
static constexpr uint64_t packsPerChild = 16;

Subject subjectOf(const ProgramText &program) {
  return {program.text(), program.kind, program.mistake, program.seed, program.seed};
}

static void checkOne(const Subject &subject, Optimisation optimisation) {
  auto context = makeContext();
  std::vector<Checked> one;
  one.push_back(checkUpToLocal(*context, subject));
  if (!one[0].refused)
    checkCompiled(one, optimisation);
}

std::optional<Failure> checkAlone(const Subject &subject, Optimisation optimisation) {
  std::optional<Failure> failure;
  std::string death = inChild(
      [&](const Say &say) {
        try {
          checkOne(subject, optimisation);
        } catch (const Failure &failure) {
          say(failure.stage);
          say(failure.message);
        }
      },
      [&](const std::string &line) {
        if (failure)
          failure->message = line;
        else
          failure.emplace(Failure{line, ""});
      },
      secondsEach);
  return death.empty() ? failure : Failure{"death", death};
}

namespace {
class PackRunner {
public:
  PackRunner(uint64_t first, uint64_t end, const Compiling &compiling) : next(first), end(end), compiling(compiling) {}

  Tally tally;
  uint64_t next;

  /// Until `until` packs are done or a child dies.
  void runSome() {
    uint64_t begun = next, lastSeed = next;
    bool isCompiling = false;
    std::vector<std::pair<uint64_t, std::string>> suspects;
    std::string death = inChild([&](const Say &say) { child(say); },
                                [&](const std::string &line) {
                                  std::string rest = line.substr(2);
                                  switch (line[0]) {
                                  case 'S': // a seed begins
                                    lastSeed = std::stoull(rest);
                                    isCompiling = false;
                                    break;
                                  case 'P':
                                    ++tally.passed;
                                    break;
                                  case 'R':
                                    ++tally.refused;
                                    break;
                                  case 'F': {
                                    size_t bar = rest.find('\t');
                                    found(lastSeed, Failure{rest.substr(0, bar), rest.substr(bar + 1)});
                                    break;
                                  }
                                  case 'Q': { // roundings of a seed
                                    size_t bar = rest.find('\t');
                                    tally.roundings.push_back({std::stoull(rest), {"", rest.substr(bar + 1)}});
                                    break;
                                  }
                                  case 'C': // a module begins
                                    isCompiling = true;
                                    break;
                                  case 'A': // its programs are to be compiled alone
                                    suspects.push_back({begun, rest});
                                    break;
                                  case 'D': // a pack is done
                                    tally.compiled += std::stoll(rest);
                                    begun += packSize;
                                    isCompiling = false;
                                    break;
                                  }
                                },
                                secondsEach);
    next = begun;
    if (!death.empty()) {
      if (isCompiling) {
        suspects.push_back({begun, death});
      } else {
        found(lastSeed, Failure{"death", death});
        // The rest of its pack is not lost.
        for (uint64_t seed = lastSeed + 1; seed < begun + packSize; ++seed)
          alone(seed);
      }
      next = begun + packSize;
    }
    for (const auto &[pack, message] : suspects)
      compileAlone(pack, message);
    count(begunAt, next);
    begunAt = next;
  }

private:
  uint64_t end;
  Compiling compiling;
  uint64_t begunAt = next;

  Optimisation optimisationOf(uint64_t pack) const {
    return pack / packSize % compiling.fullEvery == 0 ? Optimisation::Full : Optimisation::Quick;
  }

  void count(uint64_t from, uint64_t to) {
    for (uint64_t seed = from; seed < to; ++seed) {
      ++tally.programs;
      ProgramText program = generate(seed);
      ++tally.kinds[str(program.kind)];
      for (const auto &[name, times] : program.ops)
        tally.ops[name] += times;
    }
  }

  void found(uint64_t seed, Failure failure) { tally.finds.push_back({seed, std::move(failure)}); }

  void alone(uint64_t seed) {
    if (std::optional<Failure> failure = checkAlone(subjectOf(generate(seed))))
      found(seed, *failure);
    else
      ++tally.passed;
  }

  void compileAlone(uint64_t pack, const std::string &message) {
    bool any = false;
    for (uint64_t seed = pack; seed < pack + packSize; ++seed) {
      std::optional<Failure> failure = checkAlone(subjectOf(generate(seed)), optimisationOf(pack));
      // What failed before the module has been reported already.
      if (!failure || !(failure->stage == "compiled" || failure->stage == "bytes" || failure->stage == "death"))
        continue;
      any = true;
      --tally.passed;
      found(seed, *failure);
    }
    if (!any)
      tally.finds.push_back({pack, {"pack", "the module of this pack fails, each of its programs alone does not: " + message}});
  }

  void child(const Say &say) {
    for (uint64_t pack = next; pack < std::min(end, next + packsPerChild * packSize); pack += packSize) {
      auto context = makeContext();
      std::vector<Checked> programs;
      std::vector<uint64_t> seeds;
      for (uint64_t seed = pack; seed < pack + packSize; ++seed) {
        stillAlive(secondsEach);
        say("S " + std::to_string(seed));
        try {
          Checked checked = checkUpToLocal(*context, subjectOf(generate(seed)));
          say(checked.refused ? "R " : "P ");
          if (!checked.refused) {
            programs.push_back(std::move(checked));
            seeds.push_back(seed);
          }
        } catch (const Failure &failure) {
          say("F " + failure.stage + "\t" + failure.message);
        }
      }
      bool compiles = compiling.every && pack / packSize % compiling.every == 0;
      if (compiles) {
        stillAlive(secondsEach);
        say("C ");
        try {
          checkCompiled(programs, optimisationOf(pack));
        } catch (const Failure &failure) {
          say("A " + failure.stage + ": " + failure.message);
        }
      }
      for (auto [program, seed] : llvm::zip_equal(programs, seeds))
        if (!program.roundings.empty())
          say("Q " + std::to_string(seed) + "\t" + program.roundings);
      say("D " + std::to_string(compiles ? programs.size() : 0));
    }
  }
};
} // namespace

Tally checkSeeds(uint64_t first, uint64_t count, const Compiling &compiling,
                 const std::function<void(uint64_t, const Tally &)> &done) {
  PackRunner runner(first, first + count, compiling);
  while (runner.next < first + count) {
    runner.runSome();
    done(runner.next, runner.tally);
  }
  return runner.tally;
}

} // namespace tp::random_programs

// A child works through packs until it dies; then the next one goes on behind what killed it. A pack whose module fails is compiled
// again program by program, in a child of its own.
#include "Packs.h"

#include "Children.h"

#include <algorithm>

namespace tp::random_programs {

static constexpr unsigned secondsEach = 60;
/// After so many packs a child makes place for a fresh one: contexts only grow.
static constexpr uint64_t packsPerChild = 16;

int64_t Tally::confirmed() const {
  return std::count_if(finds.begin(), finds.end(), [](const Find &find) { return !find.onlyTheseInputs; });
}

Subject subjectOf(const ProgramText &program) {
  return {program.text(), program.kind, program.mistake, program.seed, program.seed};
}

static void checkOne(const Subject &subject) {
  auto context = makeContext();
  std::vector<Checked> one;
  one.push_back(checkUpToLocal(*context, subject));
  if (!one[0].refused)
    checkCompiled(*context, one);
}

std::optional<Failure> checkAlone(const Subject &subject) {
  std::optional<Failure> failure;
  std::string death = inChild(
      [&](const Say &say) {
        try {
          checkOne(subject);
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

// Whether another draw of inputs lets the subject pass.
static bool passesWithOtherInputs(Subject subject) {
  subject.inputSeed += 1000003;
  return !checkAlone(subject);
}

static bool isNumeric(const Failure &failure) { return failure.message.find(" differs by ") != std::string::npos; }

namespace {
class PackRunner {
public:
  PackRunner(uint64_t first, uint64_t end, uint64_t compileEvery) : next(first), end(end), compileEvery(compileEvery) {}

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
                                    found(lastSeed, {rest.substr(0, bar), rest.substr(bar + 1)});
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
        found(lastSeed, {"death", death});
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
  uint64_t end, compileEvery;
  uint64_t begunAt = next;

  void count(uint64_t from, uint64_t to) {
    for (uint64_t seed = from; seed < to; ++seed) {
      ++tally.programs;
      ProgramText program = generate(seed);
      ++tally.kinds[str(program.kind)];
      for (const auto &[name, times] : program.ops)
        tally.ops[name] += times;
    }
  }

  void found(uint64_t seed, Failure failure) {
    Find find{seed, failure};
    if (isNumeric(failure))
      find.onlyTheseInputs = passesWithOtherInputs(subjectOf(generate(seed)));
    tally.finds.push_back(find);
  }

  void alone(uint64_t seed) {
    if (std::optional<Failure> failure = checkAlone(subjectOf(generate(seed))))
      found(seed, *failure);
    else
      ++tally.passed;
  }

  void compileAlone(uint64_t pack, const std::string &message) {
    bool any = false;
    for (uint64_t seed = pack; seed < pack + packSize; ++seed) {
      std::optional<Failure> failure = checkAlone(subjectOf(generate(seed)));
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
      for (uint64_t seed = pack; seed < pack + packSize; ++seed) {
        stillAlive(secondsEach);
        say("S " + std::to_string(seed));
        try {
          Checked checked = checkUpToLocal(*context, subjectOf(generate(seed)));
          say(checked.refused ? "R " : "P ");
          if (!checked.refused)
            programs.push_back(std::move(checked));
        } catch (const Failure &failure) {
          say("F " + failure.stage + "\t" + failure.message);
        }
      }
      bool compiles = compileEvery && pack / packSize % compileEvery == 0;
      if (compiles) {
        stillAlive(secondsEach);
        say("C ");
        try {
          checkCompiled(*context, programs);
        } catch (const Failure &failure) {
          say("A " + failure.stage + ": " + failure.message);
        }
      }
      say("D " + std::to_string(compiles ? programs.size() : 0));
    }
  }
};
} // namespace

Tally checkSeeds(uint64_t first, uint64_t count, uint64_t compileEvery,
                 const std::function<void(uint64_t, const Tally &)> &done) {
  PackRunner runner(first, first + count, compileEvery);
  while (runner.next < first + count) {
    runner.runSome();
    done(runner.next, runner.tally);
  }
  return runner.tally;
}

} // namespace tp::random_programs

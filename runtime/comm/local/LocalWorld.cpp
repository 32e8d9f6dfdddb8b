// Ranks that are threads of one process (tprt/World.h): they read and write one another's buffers. Per collective:
//   carded  (small) each rank puts its operand on its card (Meeting.h), waits once, and computes its result from the cards;
//   direct  barrier, each computes its result from the operands themselves, barrier before they may change;
//   sliced  (all-reduce) barrier, each reduces one slice and writes it into everybody's result, barrier.
// Whoever waits too long asks what the missing ranks are doing, and says so.
#include "comm/Pieces.h"
#include "comm/local/Meeting.h"
#include "devices/cpu/Kernels.h"
#include "tprt/World.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>

namespace tprt {

namespace {

using comm::Slice;
using local::Card;
using local::Meeting;
using local::Seat;

/// What the others may know about a rank.
struct Activity {
  /// Entries begun and ended. A rank with ended >= my begun will not come to any collective of my entry.
  std::atomic<int64_t> begun{0}, ended{0};
  /// The collective it has been waiting in for a while.
  std::mutex lock;
  std::optional<CollectiveCall> waitingIn;
};

class LocalWorld final : public World, public std::enable_shared_from_this<LocalWorld> {
public:
  LocalWorld(int64_t ranks, double timeout)
      : timeout(timeout), activities(ranks), crowded(ranks > static_cast<int64_t>(std::thread::hardware_concurrency())) {}
  int64_t size() const override { return static_cast<int64_t>(activities.size()); }
  int64_t firstHere() const override { return 0; }
  int64_t ranksHere() const override { return size(); }
  int64_t threadsPerRank() const override { return std::max<int64_t>(1, std::thread::hardware_concurrency() / size()); }
  std::unique_ptr<Communicator> communicator(int64_t rank) override;
  std::vector<std::string> collect(const std::string &, std::vector<std::string> mine) override { return mine; }

  Meeting &meeting(int64_t group, const std::vector<int64_t> &members) {
    std::lock_guard guard(lock);
    std::unique_ptr<Meeting> &place = meetings[{group, members}];
    if (!place)
      place = std::make_unique<Meeting>(members, crowded);
    return *place;
  }

  const double timeout;
  std::vector<Activity> activities;
  const bool crowded;
  std::atomic<bool> poisoned{false};

private:
  std::mutex lock;
  std::map<std::pair<int64_t, std::vector<int64_t>>, std::unique_ptr<Meeting>> meetings;
};

class LocalCommunicator final : public Communicator {
public:
  LocalCommunicator(std::shared_ptr<LocalWorld> world, int64_t rank) : world(std::move(world)), rank(rank) {}

  Clock::time_point perform(const CollectiveCall &call, const Group &group, const void *src, void *dst) override;
  void poison(const std::string &) override { world->poisoned = true; }
  void setRunning(bool running) override {
    Activity &mine = world->activities[rank];
    ++(running ? mine.begun : mine.ended);
  }

private:
  Meeting &meetingOf(const CollectiveCall &call, const Group &group);
  void wait(Meeting &meeting, const CollectiveCall &call, const Group &group);
  std::string whereIs(int64_t peer);
  void checkCalls(Meeting &meeting, size_t turn);

  std::shared_ptr<LocalWorld> world;
  const int64_t rank;
  /// By group index; a group never changes.
  std::vector<Meeting *> meetings;
  /// Of the call that runs, by index in its group.
  std::vector<const void *> operands;
  std::vector<comm::Source> sources;
};

std::unique_ptr<Communicator> LocalWorld::communicator(int64_t rank) {
  return std::make_unique<LocalCommunicator>(shared_from_this(), rank);
}

Meeting &LocalCommunicator::meetingOf(const CollectiveCall &call, const Group &group) {
  if (static_cast<int64_t>(meetings.size()) <= call.group)
    meetings.resize(call.group + 1);
  if (!meetings[call.group])
    meetings[call.group] = &world->meeting(call.group, group.members);
  return *meetings[call.group];
}

std::string LocalCommunicator::whereIs(int64_t peer) {
  Activity &activity = world->activities[peer];
  std::lock_guard guard(activity.lock);
  std::string text = "rank " + std::to_string(peer);
  if (activity.waitingIn)
    return text + " (waiting in " + activity.waitingIn->str() + ")";
  if (activity.ended >= world->activities[rank].begun)
    return text + " (its entry has ended)";
  return text + " (in no collective)";
}

/// Waits for the whole group; throws when another rank failed, a missing one has ended its entry, or time is up.
void LocalCommunicator::wait(Meeting &meeting, const CollectiveCall &call, const Group &group) {
  Activity &mine = world->activities[rank];
  auto fail = [&](const std::string &what, const std::vector<int64_t> &missing) {
    std::string peers;
    for (int64_t index : missing)
      peers += (peers.empty() ? "" : ", ") + whereIs(group.members[index]);
    throw tp::Error("rank " + std::to_string(rank) + " " + what + " " + call.str() + " over \"" + tp::str(group.parts) +
                    "\": missing " + peers);
  };
  std::optional<Clock::time_point> begin; // the first time that it takes long
  auto whenSlow = [&](const std::vector<int64_t> &missing) {
    if (world->poisoned)
      throw Poisoned("another rank failed");
    if (!begin) {
      begin = Clock::now();
      std::lock_guard guard(mine.lock);
      mine.waitingIn = call;
    }
    double seconds = std::chrono::duration<double>(Clock::now() - *begin).count();
    std::vector<int64_t> lost = meeting.lost(group.index, missing, [&](int64_t index) {
      return mine.begun > 0 && world->activities[group.members[index]].ended >= mine.begun;
    });
    if (!lost.empty())
      fail("waits in vain in", lost);
    if (seconds > world->timeout) {
      std::ostringstream text;
      text << "waited " << world->timeout << " s in";
      fail(text.str(), missing);
    }
  };
  meeting.arriveAndWait(group.index, std::ref(whenSlow));
  if (begin) {
    std::lock_guard guard(mine.lock);
    mine.waitingIn.reset();
  }
}

/// All ranks compare all calls with the first one's, so all find the same mismatch.
void LocalCommunicator::checkCalls(Meeting &meeting, size_t turn) {
  auto differs = [&](const Seat &seat) { return seat.cards[turn].call != meeting.seats[0].cards[turn].call; };
  auto other = std::find_if(meeting.seats.begin(), meeting.seats.end(), differs);
  if (other != meeting.seats.end())
    throw tp::Error("ranks called different collectives: rank " + std::to_string(meeting.members[0]) + " " +
                    meeting.seats[0].offers[turn].call.str() + ", rank " +
                    std::to_string(meeting.members[other - meeting.seats.begin()]) + " " + other->offers[turn].call.str());
}

/// Reduces slice `index` and writes it into everybody's result, block by block while it is in the nearest cache. In place is
/// safe: slice r of every operand is read by rank r alone, and before it is overwritten.
void reduceSliceForAll(const Meeting &meeting, size_t turn, const CollectiveCall &call, int64_t index,
                       const std::vector<const void *> &sources, void *dst) {
  int64_t element = tp::bytesOf(call.type), ranks = static_cast<int64_t>(sources.size());
  constexpr int64_t blockBytes = 16 * 1024;
  Slice own = comm::sliceOf(call.extent, index, ranks);
  for (int64_t begin = own.begin; begin < own.end; begin += blockBytes / element) {
    int64_t count = std::min(own.end - begin, blockBytes / element);
    char *block = static_cast<char *>(dst) + begin * element;
    cpu::kernels().reduceSources(call.type, call.reduction, sources.data(), ranks, begin, count, block);
    for (int64_t r = 0; r < ranks; ++r)
      if (r != index)
        std::memcpy(static_cast<char *>(meeting.seats[r].offers[turn].dst) + begin * element, block, count * element);
  }
}

Clock::time_point LocalCommunicator::perform(const CollectiveCall &call, const Group &group, const void *src, void *dst) {
  if (world->poisoned)
    throw Poisoned("another rank failed");
  int64_t ranks = group.size();
  if (ranks == 1) {
    Clock::time_point now = Clock::now();
    comm::assemble(call, 0, {comm::sourceIn(comm::partOf(call, 1), 0, src)}, dst);
    return now;
  }
  Meeting &meeting = meetingOf(call, group);
  Seat &seat = meeting.seats[group.index];
  size_t turn = seat.nextTurn();
  Card &card = seat.cards[turn];
  int64_t bytes = call.operandBytes(ranks);
  bool onCards = bytes <= local::cardBytes;
  if (onCards && bytes > 0 && comm::isRead(call, group.index))
    std::memcpy(card.operand, src, bytes);
  card.call = call.fingerprint();
  seat.offers[turn] = {call, src, dst};
  wait(meeting, call, group);
  // What is left to do with cards takes no time that a clock could tell.
  Clock::time_point arrived = onCards ? Clock::time_point::max() : Clock::now();
  checkCalls(meeting, turn);
  operands.resize(ranks);
  sources.resize(ranks);
  comm::Part part = comm::partOf(call, ranks);
  for (int64_t r = 0; r < ranks; ++r) {
    operands[r] = onCards ? meeting.seats[r].cards[turn].operand : meeting.seats[r].offers[turn].src;
    sources[r] = comm::sourceIn(part, group.index, operands[r]);
  }

  if (onCards) {
    comm::assemble(call, group.index, sources, dst);
  } else if (call.kind == tp::CollectiveKind::AllReduce) {
    reduceSliceForAll(meeting, turn, call, group.index, operands, dst);
    wait(meeting, call, group);
  } else if (call.kind == tp::CollectiveKind::Reduce && group.index != call.root) {
    // What is neutral may overwrite the operand only when the root has read it.
    wait(meeting, call, group);
    comm::assemble(call, group.index, sources, dst);
  } else {
    comm::assemble(call, group.index, sources, dst);
    wait(meeting, call, group);
  }
  return arrived;
}

} // namespace

std::shared_ptr<World> localWorld(int64_t ranks, double timeoutSeconds) {
  return std::make_shared<LocalWorld>(ranks, timeoutSeconds);
}

} // namespace tprt

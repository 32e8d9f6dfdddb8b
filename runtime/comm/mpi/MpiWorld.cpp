// Ranks that are processes (tprt/World.h). A collective over a group of n:
//   every rank sends every other a head that says what it calls: a mismatch is seen by all, and nobody gets ahead;
//   small parts travel with the heads, large ones follow from where they are to where they belong;
//   large all-reduce   each rank gets one slice of everybody's operand, reduces it, sends it to all: 2 (n-1)/n of the bytes.
// MPI only moves bytes. Sums are made by comm/Pieces in rank order, so the numbers are those of `local` to the bit.
#include "comm/Pieces.h"
#include "comm/mpi/Process.h"
#include "tprt/Wait.h"
#include "tprt/World.h"

#include <cstring>
#include <fstream>
#include <sched.h>
#include <type_traits>
#include <unistd.h>

namespace tprt {

namespace {

using mpi::Process;

/// Parts up to this size travel with the head.
constexpr int64_t inlineBytes = 16 * 1024;

/// What a rank says it calls.
struct Head {
  /// A tp::CollectiveKind, or `collecting`.
  int32_t kind, type, reduction, splitFirst;
  /// Which execution of an entry it is, counted from 1.
  int64_t run, site, group, root, outer, extent, middle, concat, inner, pairCount, pairs;
};
constexpr int32_t collecting = -1;

struct Envelope {
  Head head;
  char payload[inlineBytes];
};

Head headOf(const CollectiveCall &call, int64_t run) {
  Head head{static_cast<int32_t>(call.kind),
            static_cast<int32_t>(call.type),
            static_cast<int32_t>(call.reduction),
            call.splitFirst,
            run,
            call.site,
            call.group,
            call.root,
            call.outer,
            call.extent,
            call.middle,
            call.concat,
            call.inner,
            call.pairCount,
            0};
  for (int64_t i = 0; i < 2 * call.pairCount; ++i)
    head.pairs = static_cast<int64_t>(static_cast<uint64_t>(head.pairs) * 1000003 + static_cast<uint64_t>(call.pairs[i]) + 1);
  return head;
}

std::string textOf(const Head &head) {
  if (head.kind == collecting)
    return "the end of its entry";
  CollectiveCall call{.kind = static_cast<tp::CollectiveKind>(head.kind), .site = head.site, .group = head.group};
  call.type = static_cast<tp::DType>(head.type);
  call.reduction = static_cast<tp::Reduction>(head.reduction);
  call.outer = head.outer, call.extent = head.extent, call.middle = head.middle, call.concat = head.concat;
  call.inner = head.inner;
  return call.str();
}

/// What a process tells the others when it starts.
struct Facts {
  char host[160];
  int64_t process;
  cpu_set_t cores;
};

std::string firstLine(const char *path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

Facts ownFacts() {
  Facts facts{};
  // Processes of one host see the same boot and, outside containers of their own, the same process numbers.
  std::string host = firstLine("/proc/sys/kernel/random/boot_id");
  char space[64] = "";
  if (readlink("/proc/self/ns/pid", space, sizeof space - 1) > 0)
    host += std::string(" ") + space;
  std::strncpy(facts.host, host.c_str(), sizeof facts.host - 1);
  facts.process = getpid();
  sched_getaffinity(0, sizeof facts.cores, &facts.cores);
  return facts;
}

class MpiWorld final : public World, public std::enable_shared_from_this<MpiWorld> {
public:
  explicit MpiWorld(double timeoutSeconds) : process(timeoutSeconds) {}

  /// Learns who is on this host. Apart from the constructor, so that a failure here can be told to the others.
  void meetAll();

  int64_t size() const override { return process.size(); }
  int64_t firstHere() const override { return process.rank(); }
  int64_t ranksHere() const override { return 1; }
  int64_t threadsPerRank() const override { return threads; }
  std::unique_ptr<Communicator> communicator(int64_t rank) override;
  std::vector<std::string> collect(const std::string &what, std::vector<std::string> mine) override;
  Clock::duration clockAhead() override;
  void setActivity(std::function<std::string()> activity) override { process.watch().setActivity(std::move(activity)); }
  bool takeReport() override { return process.watch().takeReport(); }
  void leave(const std::string &why) override { process.leave(why); }
  void finish() override { process.finish(); }

  Process process;
  /// Kept here, where they outlive an exception: MPI may write into them until the process ends.
  std::vector<Envelope> incoming, outgoing;
  Process::Requests requests;

private:
  std::vector<std::string> collected;
  std::vector<bool> sameHost;
  int64_t threads = 1;
};

void MpiWorld::meetAll() {
  incoming.resize(size());
  outgoing.resize(size());
  Facts own = ownFacts();
  std::vector<std::string> all = collect("start", {std::string(reinterpret_cast<const char *>(&own), sizeof own)});
  int64_t sharing = 0;
  sameHost.resize(size());
  for (int64_t rank = 0; rank < size(); ++rank) {
    Facts other;
    std::memcpy(&other, all[rank].data(), sizeof other);
    sameHost[rank] = std::strcmp(other.host, own.host) == 0;
    if (!sameHost[rank])
      continue;
    // mpirun may have bound each rank to cores of its own.
    cpu_set_t common;
    CPU_AND(&common, &own.cores, &other.cores);
    sharing += CPU_COUNT(&common) > 0;
    if (rank != process.rank())
      process.follow(rank, static_cast<pid_t>(other.process));
  }
  threads = std::max<int64_t>(1, CPU_COUNT(&own.cores) / std::max<int64_t>(1, sharing));
}

std::vector<std::string> MpiWorld::collect(const std::string &what, std::vector<std::string> mine) {
  auto where = [&] { return "bringing together \"" + what + "\" of all ranks"; };
  Head &head = outgoing[0].head = {};
  head.kind = collecting;
  head.extent = static_cast<int64_t>(mine[0].size());
  for (int64_t peer = 0; peer < size(); ++peer)
    if (peer != process.rank()) {
      process.receive(requests, peer, mpi::headTag, &incoming[peer], sizeof(Envelope));
      process.send(requests, peer, mpi::headTag, &outgoing[0], sizeof(Head));
    }
  process.wait(requests, where, [&](const Process::Request &request) {
    if (const Head &other = incoming[request.peer].head; request.receiving && other.kind != collecting)
      throw tp::Error("ranks do different things: rank " + std::to_string(process.rank()) + " is " + where() + ", rank " +
                      std::to_string(request.peer) + " is in " + textOf(other));
  });
  collected.assign(size(), "");
  collected[process.rank()] = std::move(mine[0]);
  const std::string &own = collected[process.rank()];
  for (int64_t peer = 0; peer < size(); ++peer)
    if (peer != process.rank()) {
      collected[peer].resize(incoming[peer].head.extent);
      process.receive(requests, peer, mpi::bodyTag, collected[peer].data(), collected[peer].size());
      process.send(requests, peer, mpi::bodyTag, own.data(), own.size());
    }
  process.wait(requests, where);
  return std::move(collected);
}

Clock::duration MpiWorld::clockAhead() {
  // A question and its answer, some times; where the way was shortest, rank 0 read its clock nearest to the middle.
  constexpr int rounds = 10;
  static int64_t question, answer;
  auto where = [] { return std::string("comparing clocks"); };
  auto now = [] { return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count(); };
  int64_t best = std::numeric_limits<int64_t>::max(), ahead = 0;
  for (int64_t peer = 1; peer < size(); ++peer)
    for (int round = 0; round < rounds && process.rank() == 0 && !sameHost[peer]; ++round) {
      process.receive(requests, peer, mpi::bodyTag, &question, sizeof question);
      process.wait(requests, where);
      answer = now();
      process.send(requests, peer, mpi::bodyTag, &answer, sizeof answer);
      process.wait(requests, where);
    }
  for (int round = 0; round < rounds && process.rank() != 0 && !sameHost[0]; ++round) {
    int64_t asked = now();
    process.receive(requests, 0, mpi::bodyTag, &answer, sizeof answer);
    process.send(requests, 0, mpi::bodyTag, &question, sizeof question);
    process.wait(requests, where);
    int64_t answered = now();
    if (answered - asked < best)
      best = answered - asked, ahead = answer - (asked + answered) / 2;
  }
  return std::chrono::nanoseconds(ahead);
}

class MpiCommunicator final : public Communicator {
public:
  explicit MpiCommunicator(std::shared_ptr<MpiWorld> world) : world(std::move(world)), process(this->world->process) {}

  Clock::time_point perform(const CollectiveCall &call, const Group &group, const void *src, void *dst) override;
  /// The others are told when this process has reported why.
  void poison(const std::string &) override { process.watch().takeReport(); }
  void setRunning(bool running) override { runs += running; }

private:
  void meet(const CollectiveCall &call, const Group &group, int64_t payload, const void *src);
  void reduceInSlices(const CollectiveCall &call, const Group &group, const void *src, void *dst);
  std::vector<comm::Source> moveParts(const CollectiveCall &call, const Group &group, const void *src, void *dst);
  void wait(const CollectiveCall &call, const Group &group);
  /// Memory for the part of the peer with this index that comes in, or goes out packed.
  char *room(std::vector<std::vector<char>> &rooms, const Group &group, int64_t index, int64_t bytes);

  std::shared_ptr<MpiWorld> world;
  Process &process;
  int64_t runs = 0;
  std::vector<std::vector<char>> roomIn, roomOut;
};

std::unique_ptr<Communicator> MpiWorld::communicator(int64_t) { return std::make_unique<MpiCommunicator>(shared_from_this()); }

std::string placeOf(const CollectiveCall &call, const Group &group) {
  return call.str() + " over \"" + tp::str(group.parts) + "\"";
}

/// Copies the part that `reader` reads to `to`, without gaps.
void pack(const comm::Part &part, int64_t reader, const void *operand, char *to) {
  comm::Source source = comm::sourceIn(part, reader, operand);
  for (int64_t row = 0; row < part.rows && part.rowBytes > 0; ++row)
    std::memcpy(to + row * part.rowBytes, static_cast<const char *>(source.first) + row * source.stride, part.rowBytes);
}

char *MpiCommunicator::room(std::vector<std::vector<char>> &rooms, const Group &group, int64_t index, int64_t bytes) {
  if (static_cast<int64_t>(rooms.size()) < group.size())
    rooms.resize(group.size());
  if (static_cast<int64_t>(rooms[index].size()) < bytes)
    rooms[index] = std::vector<char>(bytes);
  return rooms[index].data();
}

void MpiCommunicator::wait(const CollectiveCall &call, const Group &group) {
  process.wait(world->requests, [&] { return placeOf(call, group); });
}

/// Exchanges heads with the whole group, and with them the parts where they have `payload` > 0 bytes.
void MpiCommunicator::meet(const CollectiveCall &call, const Group &group, int64_t payload, const void *src) {
  Head own = headOf(call, runs);
  comm::Part part = comm::partOf(call, group.size());
  for (int64_t index = 0; index < group.size(); ++index)
    if (int64_t peer = group.members[index]; index != group.index) {
      process.receive(world->requests, peer, mpi::headTag, &world->incoming[peer], sizeof(Envelope));
      Envelope &envelope = world->outgoing[index];
      envelope.head = own;
      int64_t bytes = payload > 0 && comm::reads(call, index, group.index) ? payload : 0;
      if (bytes > 0)
        pack(part, index, src, envelope.payload);
      process.send(world->requests, peer, mpi::headTag, &envelope, sizeof(Head) + bytes);
    }
  // Compared as they come: a rank that calls something else may keep the others from ever coming.
  process.wait(
      world->requests, [&] { return placeOf(call, group); },
      [&](const Process::Request &request) {
        const Head &other = world->incoming[request.peer].head;
        if (!request.receiving || std::memcmp(&own, &other, sizeof own) == 0)
          return;
        process.watch().takeReport();
        std::string again = own.run == other.run
                                ? ""
                                : " in execution " + std::to_string(other.run) + " of an entry, here " + std::to_string(own.run);
        throw tp::Error("ranks called different collectives: rank " + std::to_string(process.rank()) + " " +
                        placeOf(call, group) + ", rank " + std::to_string(request.peer) + " " + textOf(other) +
                        (own.group == other.group ? "" : " over another group") + again);
      });
}

/// Each rank reduces one slice for all. In place is safe: what is sent has left before it is overwritten.
void MpiCommunicator::reduceInSlices(const CollectiveCall &call, const Group &group, const void *src, void *dst) {
  int64_t ranks = group.size(), element = tp::bytesOf(call.type);
  auto sliceBytes = [&](int64_t index) {
    comm::Slice slice = comm::sliceOf(call.extent, index, ranks);
    return std::pair(slice.begin * element, (slice.end - slice.begin) * element);
  };
  auto [ownBegin, ownBytes] = sliceBytes(group.index);
  std::vector<comm::Source> sources(ranks, {static_cast<const char *>(src) + ownBegin, ownBytes});
  for (int64_t index = 0; index < ranks; ++index)
    if (int64_t peer = group.members[index]; index != group.index) {
      sources[index].first = room(roomIn, group, index, ownBytes);
      process.receive(world->requests, peer, mpi::bodyTag, roomIn[index].data(), ownBytes);
      auto [begin, bytes] = sliceBytes(index);
      process.send(world->requests, peer, mpi::bodyTag, static_cast<const char *>(src) + begin, bytes);
    }
  wait(call, group);
  CollectiveCall share = call;
  share.extent = ownBytes / element;
  char *result = static_cast<char *>(dst);
  comm::assemble(share, group.index, sources, result + ownBegin);
  for (int64_t index = 0; index < ranks; ++index)
    if (int64_t peer = group.members[index]; index != group.index) {
      auto [begin, bytes] = sliceBytes(index);
      process.receive(world->requests, peer, mpi::bodyTag, result + begin, bytes);
      process.send(world->requests, peer, mpi::bodyTag, result + ownBegin, ownBytes);
    }
  wait(call, group);
}

/// Moves large parts between the ranks of the group; what comes in goes where it belongs in `dst` if it can stay there.
std::vector<comm::Source> MpiCommunicator::moveParts(const CollectiveCall &call, const Group &group, const void *src, void *dst) {
  using tp::CollectiveKind;
  comm::Part part = comm::partOf(call, group.size());
  std::vector<comm::Source> sources(group.size());
  bool gathers = (call.kind == CollectiveKind::AllGather || call.kind == CollectiveKind::Gather) && call.outer == 1;
  for (int64_t index = 0; index < group.size(); ++index)
    if (int64_t peer = group.members[index]; index != group.index) {
      if (comm::reads(call, group.index, index)) {
        char *place = gathers                                  ? static_cast<char *>(dst) + index * part.bytes()
                      : call.kind == CollectiveKind::Broadcast ? static_cast<char *>(dst)
                                                               : room(roomIn, group, index, part.bytes());
        sources[index] = {place, part.rowBytes};
        process.receive(world->requests, peer, mpi::bodyTag, place, part.bytes());
      }
      if (comm::reads(call, index, group.index)) {
        const void *data = comm::sourceIn(part, index, src).first;
        if (part.rows > 1) {
          pack(part, index, src, room(roomOut, group, index, part.bytes()));
          data = roomOut[index].data();
        }
        process.send(world->requests, peer, mpi::bodyTag, data, part.bytes());
      }
    }
  wait(call, group);
  return sources;
}

Clock::time_point MpiCommunicator::perform(const CollectiveCall &call, const Group &group, const void *src, void *dst) {
  int64_t ranks = group.size();
  comm::Part part = comm::partOf(call, ranks);
  comm::Source own = comm::sourceIn(part, group.index, src);
  if (ranks == 1) {
    Clock::time_point now = Clock::now();
    comm::assemble(call, 0, {own}, dst);
    return now;
  }
  process.lookForEvent([&] { return placeOf(call, group); });
  bool together = part.bytes() <= inlineBytes;
  meet(call, group, together ? part.bytes() : 0, src);
  Clock::time_point arrived = Clock::now();
  if (call.kind == tp::CollectiveKind::AllReduce && !together) {
    reduceInSlices(call, group, src, dst);
    return arrived;
  }
  std::vector<comm::Source> sources(ranks);
  if (together) {
    for (int64_t index = 0; index < ranks; ++index)
      sources[index] = {world->incoming[group.members[index]].payload, part.rowBytes};
  } else {
    sources = moveParts(call, group, src, dst);
  }
  sources[group.index] = own;
  comm::assemble(call, group.index, sources, dst);
  return arrived;
}

} // namespace

std::shared_ptr<World> mpiWorld(double timeoutSeconds) {
  if (!mpi::isLaunched())
    return localWorld(1, timeoutSeconds);
  auto world = std::make_shared<MpiWorld>(timeoutSeconds);
  world->meetAll();
  return world;
}

} // namespace tprt

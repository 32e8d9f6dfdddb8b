// Joining by simulation: a program without branches can be followed step by step.
//
// Every write makes a new version of a buffer's contents; a copy hands a version on. Two buffers may be one if at no time
// both are still needed (read later, or kept after the function) while they hold different versions, and no function that
// cannot work in place reads one while it writes the other. Groups of joined buffers are followed like single ones.
#include "Joining.h"

#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace tp::memory {

llvm::MapVector<Value, SmallVector<Access>> accessesOf(func::FuncOp function) {
  llvm::MapVector<Value, SmallVector<Access>> accesses;
  int64_t time = 0;
  for (Operation &op : function.front()) {
    ++time;
    if (!isa<rt::RuntimeCall>(op))
      continue;
    auto accessTo = [&](Value root) -> Access & {
      SmallVector<Access> &list = accesses[root];
      if (list.empty() || list.back().op != &op)
        list.push_back({time, &op});
      return list.back();
    };
    SmallVector<MemoryEffects::EffectInstance> effects;
    cast<MemoryEffectOpInterface>(op).getEffects(effects);
    for (const MemoryEffects::EffectInstance &effect : effects) {
      Value value = effect.getValue();
      if (!value)
        continue;
      Access &access = accessTo(rt::rootOf(value));
      if (isa<MemoryEffects::Read>(effect.getEffect())) {
        access.reads = true;
        access.overwrites = false;
      }
      if (isa<MemoryEffects::Write>(effect.getEffect())) {
        auto copy = dyn_cast<rt::CopyOp>(op);
        auto gemm = dyn_cast<rt::GemmOp>(op);
        bool isAll = !value.getDefiningOp<rt::ViewOp>() && !(copy && !copy.getWhole());
        if (gemm && gemm.getAccumulate())
          access.reads = true;
        access.writes = true;
        access.overwrites = isAll && !access.reads;
      }
    }
  }
  return accesses;
}

namespace {

/// Buffers that are one.
struct Group {
  SmallVector<Value> members;
  /// The member that is not ours to place: an argument, state, parameter or constant.
  Value fixed;
  SmallVector<Access> accesses;
  /// Whether its contents matter before the first and after the last access.
  bool aliveAtStart = false, aliveAtEnd = false;
  /// Bytes: a number, and the dynamic sizes it is multiplied with; nothing where they are not known.
  std::optional<std::pair<int64_t, SmallVector<Value>>> size;
};

class Joiner {
public:
  explicit Joiner(func::FuncOp function) : function(function) {
    auto accesses = accessesOf(function);
    for (auto &[root, list] : accesses) {
      Group *group = new Group;
      owned.emplace_back(group);
      group->members.push_back(root);
      group->accesses = list;
      auto type = cast<MemRefType>(root.getType());
      int64_t bytes = std::max<int64_t>(1, type.getElementType().isIndex() ? 8 : type.getElementTypeBitWidth() / 8);
      for (int64_t extent : type.getShape())
        bytes *= ShapedType::isDynamic(extent) ? 1 : extent;
      if (auto buffer = root.getDefiningOp<rt::BufferOp>()) {
        SmallVector<Value> sizes(buffer.getSizes());
        llvm::sort(sizes, [](Value a, Value b) { return a.getAsOpaquePointer() < b.getAsOpaquePointer(); });
        group->size = {bytes, sizes};
      } else {
        group->fixed = root;
        auto argument = dyn_cast<BlockArgument>(root);
        bool isOutput = argument && function.getArgAttr(argument.getArgNumber(), rt::outputAttrName);
        group->aliveAtStart = !isOutput;
        group->aliveAtEnd = true;
        if (type.hasStaticShape())
          group->size = {bytes, {}};
      }
      groups[root] = group;
    }
  }

  void run() {
    SmallVector<rt::CopyOp> copies;
    for (auto copy : function.front().getOps<rt::CopyOp>())
      if (copy.getWhole())
        copies.push_back(copy);
    for (rt::CopyOp copy : copies)
      tryJoin(rt::rootOf(copy.getSrc()), rt::rootOf(copy.getDst()), /*sizesAgree=*/true);
    for (auto call : function.front().getOps<rt::RuntimeCall>())
      for (auto [read, written] : call.getInPlacePairs()) {
        Value from = call->getOperand(read), to = call->getOperand(written);
        if (!from.getDefiningOp<rt::ViewOp>() && !to.getDefiningOp<rt::ViewOp>())
          tryJoin(from, to, /*sizesAgree=*/false);
      }
    replaceMembers();
    for (rt::CopyOp copy : copies)
      if (rt::rootOf(copy.getSrc()) == rt::rootOf(copy.getDst()))
        copy.erase();
  }

private:
  // Accesses of both groups by time; an op that touches both is one step.
  struct Step {
    const Access *a = nullptr, *b = nullptr;
    Operation *op() const { return a ? a->op : b->op; }
  };

  /// The accesses [begin, end) of a group.
  struct Range {
    size_t begin, end;
  };

  // The accesses of `group` from the first to the last of `other`'s.
  static Range within(const Group &group, const Group &other) {
    if (other.accesses.empty())
      return {0, 0};
    auto before = [](const Access &access, int64_t time) { return access.time < time; };
    auto begin = llvm::lower_bound(group.accesses, other.accesses.front().time, before);
    auto end = llvm::lower_bound(group.accesses, other.accesses.back().time + 1, before);
    return {size_t(begin - group.accesses.begin()), size_t(end - group.accesses.begin())};
  }

  // The accesses of `group` that can clash with those of `other`. Outside its own accesses a buffer that is not alive at the start
  // or the end is needed by nobody, so only the time of the shorter-lived one has to be followed: a residual stream, which is
  // joined along the whole program, would else be followed anew for each layer.
  static Range relevant(const Group &group, const Group &other) {
    return other.aliveAtStart || other.aliveAtEnd ? Range{0, group.accesses.size()} : within(group, other);
  }

  static SmallVector<Step> mergedSteps(const Group &a, Range inA, const Group &b, Range inB) {
    SmallVector<Step> steps;
    size_t i = inA.begin, j = inB.begin;
    while (i < inA.end || j < inB.end) {
      bool takesA = j == inB.end || (i < inA.end && a.accesses[i].time <= b.accesses[j].time);
      bool takesB = i == inA.end || (j < inB.end && b.accesses[j].time <= a.accesses[i].time);
      Step step;
      if (takesA)
        step.a = &a.accesses[i++];
      if (takesB)
        step.b = &b.accesses[j++];
      steps.push_back(step);
    }
    return steps;
  }

  // Whether the buffer is needed before its k-th access: read before it is overwritten, or kept.
  static bool isNeededBefore(const Group &group, size_t k) {
    if (k == 0 && !group.aliveAtStart)
      return false;
    for (; k < group.accesses.size(); ++k)
      if (group.accesses[k].reads || group.accesses[k].overwrites)
        return group.accesses[k].reads;
    return group.aliveAtEnd;
  }

  // The same for every access of a range, and for what follows it.
  static SmallVector<bool> neededBefore(const Group &group, Range range) {
    SmallVector<bool> needed(range.end - range.begin + 1);
    bool later = isNeededBefore(group, range.end);
    needed.back() = later;
    for (size_t k = range.end; k-- > range.begin;) {
      const Access &access = group.accesses[k];
      later = access.reads || (later && !access.overwrites);
      needed[k - range.begin] = later;
    }
    if (range.begin == 0)
      needed[0] = needed[0] && group.aliveAtStart;
    return needed;
  }

  bool isMember(const Group &group, Value buffer) const { return groups.lookup(rt::rootOf(buffer)) == &group; }

  // Whether `op`, which reads one group and writes the other, may do so when they are one.
  bool worksInPlace(Operation *op, const Group &read, const Group &written) const {
    auto pairs = cast<rt::RuntimeCall>(op).getInPlacePairs();
    SmallVector<MemoryEffects::EffectInstance> effects;
    cast<MemoryEffectOpInterface>(op).getEffects(effects);
    for (OpOperand &from : op->getOpOperands()) {
      if (!isa<MemRefType>(from.get().getType()) || !isMember(read, from.get()))
        continue;
      for (OpOperand &to : op->getOpOperands()) {
        if (&from == &to || !isa<MemRefType>(to.get().getType()) || !isMember(written, to.get()))
          continue;
        bool isWritten = llvm::any_of(effects, [&](const MemoryEffects::EffectInstance &effect) {
          return effect.getEffectValue<OpOperand *>() == &to && isa<MemoryEffects::Write>(effect.getEffect());
        });
        bool isPair = llvm::is_contained(pairs, std::pair(from.getOperandNumber(), to.getOperandNumber()));
        bool isDirect = !from.get().getDefiningOp<rt::ViewOp>() && !to.get().getDefiningOp<rt::ViewOp>();
        if (isWritten && !(isPair && isDirect))
          return false;
      }
    }
    return true;
  }

  bool canJoin(const Group &a, const Group &b) const {
    Range inA = relevant(a, b), inB = relevant(b, a);
    SmallVector<bool> neededA = neededBefore(a, inA), neededB = neededBefore(b, inB);
    int64_t versionA = 1, versionB = 2, versions = 2;
    if (neededA[0] && neededB[0])
      return false;
    size_t doneA = 0, doneB = 0;
    for (const Step &step : mergedSteps(a, inA, b, inB)) {
      doneA += step.a != nullptr;
      doneB += step.b != nullptr;
      auto copy = dyn_cast<rt::CopyOp>(step.op());
      bool isHandOver = copy && copy.getWhole() && step.a && step.b;
      if (isHandOver) {
        step.a->writes ? versionA = versionB : versionB = versionA;
      } else {
        if (step.a && step.b) {
          if (step.a->writes && step.b->writes)
            return false;
          if (step.a->writes && step.b->reads && !worksInPlace(step.op(), b, a))
            return false;
          if (step.b->writes && step.a->reads && !worksInPlace(step.op(), a, b))
            return false;
        }
        if (step.a && step.a->writes)
          versionA = ++versions;
        if (step.b && step.b->writes)
          versionB = ++versions;
      }
      bool touchesA = neededA[doneA] || (step.a && step.a->writes);
      bool touchesB = neededB[doneB] || (step.b && step.b->writes);
      if (touchesA && touchesB && versionA != versionB)
        return false;
    }
    return true;
  }

  void tryJoin(Value x, Value y, bool sizesAgree) {
    Group *a = groups.lookup(x), *b = groups.lookup(y);
    if (!a || !b || a == b || (a->fixed && b->fixed))
      return;
    if (!sizesAgree && !(a->size && b->size && *a->size == *b->size))
      return;
    if (!canJoin(*a, *b))
      return;
    if (a->accesses.size() < b->accesses.size())
      std::swap(a, b);
    // What stands in `a` outside the time of `b` stays as it is.
    SmallVector<Access> merged;
    Range between = within(*a, *b);
    for (const Step &step : mergedSteps(*a, between, *b, {0, b->accesses.size()})) {
      if (!step.a || !step.b) {
        merged.push_back(step.a ? *step.a : *step.b);
        continue;
      }
      auto copy = dyn_cast<rt::CopyOp>(step.op());
      if (copy && copy.getWhole())
        continue; // from itself to itself: it will be gone
      Access both = *step.a;
      both.reads |= step.b->reads;
      both.writes |= step.b->writes;
      both.overwrites = both.writes && !both.reads;
      merged.push_back(both);
    }
    auto place = a->accesses.erase(a->accesses.begin() + between.begin, a->accesses.begin() + between.end);
    a->accesses.insert(place, merged.begin(), merged.end());
    a->members.append(b->members);
    a->aliveAtStart |= b->aliveAtStart;
    a->aliveAtEnd |= b->aliveAtEnd;
    if (!a->fixed)
      a->fixed = b->fixed;
    if (!a->size)
      a->size = b->size;
    for (Value member : b->members)
      groups[member] = a;
  }

  void replaceMembers() {
    for (auto &group : owned) {
      if (groups.lookup(group->members.front()) != group.get() || group->members.size() == 1)
        continue;
      // The first buffer stands before all uses of the others.
      Value kept = group->fixed;
      if (!kept) {
        kept = group->members.front();
        for (Value member : group->members)
          if (member.getDefiningOp()->isBeforeInBlock(kept.getDefiningOp()))
            kept = member;
      }
      for (Value member : group->members) {
        if (member == kept)
          continue;
        Value replacement = kept;
        if (member.getType() != kept.getType()) {
          OpBuilder builder(member.getContext());
          builder.setInsertionPointAfterValue(member);
          Value zero = arith::ConstantOp::create(builder, member.getLoc(), builder.getI64IntegerAttr(0));
          replacement = rt::ViewOp::create(builder, member.getLoc(), member.getType(), kept, zero);
        }
        member.replaceAllUsesWith(replacement);
        member.getDefiningOp()->erase();
      }
    }
  }

  func::FuncOp function;
  std::vector<std::unique_ptr<Group>> owned;
  DenseMap<Value, Group *> groups;
};

} // namespace

void joinBuffers(func::FuncOp function) { Joiner(function).run(); }

} // namespace tp::memory

// Reads names from locations. An importer names ops with NameLoc; a program of a person has lines.
#include "tp/Analysis/Where.h"

#include "dialects/tp/Tp.h"

using namespace mlir;

namespace tp {

std::string whereOf(Operation *op) { return whereOf(op->getLoc(), op->getParentOfType<func::FuncOp>(), op->getName()); }

std::string whereOf(Location own, func::FuncOp function, OperationName op) {
  std::string name;
  int64_t line = -1;
  auto look = [&](Location location) {
    if (auto named = dyn_cast<NameLoc>(location); named && name.empty())
      name = named.getName().str();
    if (auto file = dyn_cast<FileLineColLoc>(location); file && line < 0)
      line = file.getLine();
    return WalkResult::advance();
  };
  // Nearly all are a name or a line; a walk costs three times what the rest does.
  look(own);
  if (name.empty() && line < 0)
    own->walk(look);
  if (!name.empty())
    return name;
  std::string prefix = function ? function.getName().str() + ":" : "";
  return prefix + (line >= 0 ? std::to_string(line) : op.getStringRef().str());
}

std::string withoutLayerNumbers(StringRef text) {
  std::string result;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && llvm::isDigit(text[end]))
      ++end;
    // A name's part begins after a dot and ends before one (or with the name).
    bool isPart =
        end > i && i > 0 && text[i - 1] == '.' && (end == text.size() || !(llvm::isAlnum(text[end]) || text[end] == '_'));
    if (isPart)
      result += '*';
    else
      result += text.substr(i, std::max<size_t>(end - i, 1));
    i = std::max(end, i + 1);
  }
  return result;
}

std::string describe(Operation *op) {
  std::string name = op->getName().getStringRef().str();
  Location loc = op->getLoc();
  if (auto named = dyn_cast<NameLoc>(loc))
    return name + " (" + named.getName().str() + ")";
  if (auto file = dyn_cast<FileLineColLoc>(loc))
    return name + " at line " + std::to_string(file.getLine());
  return name;
}

std::string describe(BlockArgument argument) {
  int64_t number = argument.getArgNumber();
  if (auto numbers = argument.getOwner()->getParentOp()->getAttrOfType<DenseI64ArrayAttr>(argumentNumbersAttrName))
    number = numbers[number];
  return "argument " + std::to_string(number);
}

void copyReason(Operation *from, Operation *to) {
  for (StringRef name : {StringRef(whyAttrName), StringRef(causeAttrName)})
    if (Attribute note = from->getAttr(name))
      to->setAttr(name, note);
}

} // namespace tp

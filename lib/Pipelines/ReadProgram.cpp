// The forked process answers on a pipe: in the first byte how it went, then for bytecode with the program's text. What is wrong
// it says at once: MLIR's parsers often crash after a diagnostic, with what they had not understood. For text it need not answer
// with the program: this process reads the same bytes again, now that they are known to be survivable.
#include "tp/Pipelines/ReadProgram.h"

#include "tp/Support/AtomicFile.h"
#include "tp/Support/Error.h"
#include "tp/Support/MappedFile.h"

#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MemoryBufferRef.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace mlir;

namespace tp {

namespace {

enum Answer : char { readable = 'r', wrong = 'w', outOfMemory = 'm' };

int answerPipe = -1;

void send(StringRef bytes) {
  while (!bytes.empty()) {
    ssize_t sent = ::write(answerPipe, bytes.data(), bytes.size());
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent <= 0)
      ::_exit(1);
    bytes = bytes.drop_front(static_cast<size_t>(sent));
  }
}

void send(Answer answer, StringRef text) {
  send(StringRef(reinterpret_cast<const char *>(&answer), 1));
  send(text);
}

[[noreturn]] void end(Answer answer, StringRef text = "") {
  send(answer, text);
  ::_exit(0);
}

/// "mlp.mlir:9:10\n" and the message; an empty line where there is no place.
std::string textOf(Diagnostic &diagnostic) {
  std::string place;
  if (auto known = dyn_cast<FileLineColLoc>(diagnostic.getLocation()); known && known.getLine())
    place = known.getFilename().str() + ":" + std::to_string(known.getLine()) + ":" + std::to_string(known.getColumn());
  return place + "\n" + diagnostic.str();
}

/// Far more than any program needs that MLIR can read: 0.7 s and 8 GiB, and per MiB of the file 1 s and 64 MiB.
void limit(size_t bytes) {
  double seconds = 0.7 + static_cast<double>(bytes) / (1 << 20);
  itimerval timer{};
  timer.it_value.tv_sec = static_cast<time_t>(seconds);
  timer.it_value.tv_usec = static_cast<suseconds_t>((seconds - static_cast<double>(timer.it_value.tv_sec)) * 1e6);
  ::setitimer(ITIMER_PROF, &timer, nullptr);
  rlimit noCore{0, 0};
  ::setrlimit(RLIMIT_CORE, &noCore);
#if !__has_feature(address_sanitizer) // it reserves terabytes
  rlimit space{};
  ::getrlimit(RLIMIT_AS, &space);
  space.rlim_cur = std::min<rlim_t>(space.rlim_cur, (rlim_t(8) << 30) + 64 * rlim_t(bytes));
  ::setrlimit(RLIMIT_AS, &space);
#endif
}

[[noreturn]] void readApart(const std::string &bytes, const std::string &name, const ParserConfig &config, bool isBytecode) {
  for (int number : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGPROF, SIGXCPU})
    std::signal(number, SIG_DFL);
  // A crash is told in one line by the other process. A sanitizer's report is a find of ours.
#if !__has_feature(address_sanitizer)
  ::close(STDERR_FILENO);
#endif
  limit(bytes.size());
  llvm::remove_bad_alloc_error_handler();
  llvm::install_bad_alloc_error_handler([](void *, const char *, bool) { end(outOfMemory); });
  std::set_new_handler([] { end(outOfMemory); });
  llvm::remove_fatal_error_handler();
  llvm::install_fatal_error_handler([](void *, const char *reason, bool) { end(wrong, std::string("\n") + reason); });

  MLIRContext context(config.getContext()->getDialectRegistry(), MLIRContext::Threading::DISABLED);
  context.allowUnregisteredDialects(config.getContext()->allowsUnregisteredDialects());
  context.printOpOnDiagnostic(false);
  bool saysWhy = false;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (saysWhy || diagnostic.getSeverity() != DiagnosticSeverity::Error)
      return;
    saysWhy = true;
    send(wrong, textOf(diagnostic));
  });
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(bytes, ParserConfig(&context, config.shouldVerifyAfterParse()), name);
  if (saysWhy)
    ::_exit(0);
  if (!module)
    end(wrong);
  std::string text;
  if (isBytecode) {
    llvm::raw_string_ostream out(text);
    // With the places of the source that the bytecode was made from, where it has kept them.
    module->print(out, OpPrintingFlags().enableDebugInfo());
  }
  end(readable, text);
}

} // namespace

OwningOpRef<ModuleOp> readProgramFrom(const std::string &bytes, const std::string &name, const ParserConfig &config) {
  if (const char *apart = std::getenv("TP_READ_APART"); apart && StringRef(apart) == "0")
    return parseSourceString<ModuleOp>(bytes, config, name);
  bool isBytecode = mlir::isBytecode(llvm::MemoryBufferRef(bytes, name));
  std::string kind = isBytecode ? "bytecode" : "text";
  int ends[2];
  if (::pipe(ends) != 0)
    throw Error("cannot make a pipe: " + std::string(std::strerror(errno)));
  pid_t child = ::fork();
  if (child < 0)
    throw Error("cannot start a process to read " + name + ": " + std::strerror(errno));
  if (child == 0) {
    ::close(ends[0]);
    answerPipe = ends[1];
    readApart(bytes, name, config, isBytecode);
  }
  ::close(ends[1]);
  std::string answer = readAll(ends[0]);
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;

  std::vector<std::string> remedy = {
      isBytecode
          ? "make it again from the program's text, or give the text itself"
          : "an op is not written as its dialect writes it, in a way that MLIR does not expect; undo the last edits to find it"};
  if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGPROF || WTERMSIG(status) == SIGXCPU))
    throw Error(name + ": MLIR's reader of " + kind + " does not come to an end on this program", remedy);
  if (!answer.empty() && answer[0] == outOfMemory)
    throw Error(name + ": reading it takes too much memory; out of memory", remedy);
  auto [place, message] = StringRef(answer).drop_front(!answer.empty()).split('\n');
  bool died = !WIFEXITED(status) || WEXITSTATUS(status) != 0 || answer.empty();
  if (died && !message.empty()) {
    Error error(message.str());
    error.place = place.empty() ? name : place.str();
    throw error;
  }
  if (died)
    throw Error(name + ": MLIR's reader of " + kind + " crashes on this program" +
                    (WIFSIGNALED(status) ? std::string(" (") + ::strsignal(WTERMSIG(status)) + ")" : ""),
                remedy);
  if (!isBytecode)
    return parseSourceString<ModuleOp>(bytes, config, name);
  if (answer[0] == wrong)
    throw Error(name + ": cannot be read as bytecode: " + (message.empty() ? "MLIR does not say why" : message.str()), remedy);
  return parseSourceString<ModuleOp>(StringRef(answer).drop_front(), config, name);
}

OwningOpRef<ModuleOp> readProgram(const std::string &path, const ParserConfig &config) {
  if (path == "-")
    return readProgramFrom(readFile("/dev/stdin"), path, config);
  // A copy, because MLIR's lexer needs a zero behind the text. MappedFile says why a path cannot be read, and takes no pipes.
  return readProgramFrom(std::string(MappedFile(path).text()), path, config);
}

} // namespace tp

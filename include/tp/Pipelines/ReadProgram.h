// Programs from files that may be anything.
//
// MLIR's readers crash on some damaged programs, and its reader of bytecode can run for ever or damage the heap. So a process
// forked for it reads each program first, under limits of time and memory; what it does not survive is an error like any other.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"

#include <string>

namespace tp {

/// The program in the file `path` ("-" is standard input), text or bytecode. Bytecode reaches this process as the text that the
/// other one printed. Throws Error where the file is not readable, its reader crashes, hangs or runs out of memory, and where
/// bytecode is wrong. TP_READ_APART=0 in the environment reads in this process only, for debuggers and for valgrind, which is slower than
/// the limit of time allows. Returns null where text is wrong: what is, has gone to the diagnostics of the config's context.
mlir::OwningOpRef<mlir::ModuleOp> readProgram(const std::string &path, const mlir::ParserConfig &config);

/// The same for the bytes of a file; `name` stands for its path in errors.
mlir::OwningOpRef<mlir::ModuleOp> readProgramFrom(const std::string &bytes, const std::string &name,
                                                  const mlir::ParserConfig &config);

} // namespace tp

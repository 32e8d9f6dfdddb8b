// LLVM's part: translate, embed the manifest, optimise, and make an object for one instruction set.
//
// The target is the instruction set's level (x86-64-v3 or -v4) and nothing finer, so that a module made here runs on every
// processor of that level. The manifest is plain text behind a marker, so that it is found without loading the module.
#include "tp/Conversion/Emit.h"

#include "tp/Support/Error.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

namespace tp {

std::string detectIsa() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  auto hasAll = [&](std::initializer_list<const char *> names) {
    return llvm::all_of(names, [&](const char *name) { return features.lookup(name); });
  };
  if (!hasAll({"avx2", "fma", "bmi", "bmi2", "f16c", "lzcnt", "movbe"}))
    return "x86-64";
  return hasAll({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}) ? "x86-64-v4" : "x86-64-v3";
}

static std::unique_ptr<llvm::TargetMachine> targetMachine(const std::string &isa, Optimisation optimisation) {
  static const bool initialised = [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    return true;
  }();
  (void)initialised;
  llvm::Triple triple("x86_64-unknown-linux-gnu");
  std::string problem;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, problem);
  if (!target)
    throw Error("LLVM cannot compile for x86-64: " + problem);
  llvm::TargetOptions options;
  // Products and sums may be one rounding: what the runtime's own kernels do too.
  options.AllowFPOpFusion = llvm::FPOpFusion::Fast;
  std::string features = isa == "x86-64-v4" ? "-prefer-256-bit" : "";
  auto level = optimisation == Optimisation::Full ? llvm::CodeGenOptLevel::Default : llvm::CodeGenOptLevel::None;
  std::unique_ptr<llvm::TargetMachine> machine(
      target->createTargetMachine(triple, isa, features, options, llvm::Reloc::PIC_, std::nullopt, level));
  if (!machine)
    throw Error("LLVM has no target machine for " + isa);
  return machine;
}

static void embedManifest(llvm::Module &module, const std::string &manifest) {
  llvm::LLVMContext &context = module.getContext();
  const std::string marker = "TPM-MANIFEST-1\n";
  llvm::Constant *text = llvm::ConstantDataArray::getString(context, marker + manifest, /*AddNull=*/true);
  auto *holder = new llvm::GlobalVariable(module, text->getType(), /*isConstant=*/true, llvm::GlobalValue::InternalLinkage, text,
                                          "tpm_manifest_text");
  llvm::Type *byte = llvm::Type::getInt8Ty(context);
  llvm::Constant *begin =
      llvm::ConstantExpr::getGetElementPtr(byte, holder, llvm::ConstantInt::get(llvm::Type::getInt64Ty(context), marker.size()));
  llvm::GlobalAlias::create(byte, 0, llvm::GlobalValue::ExternalLinkage, "tpm_manifest", begin, &module);
}

static void optimise(llvm::Module &module, llvm::TargetMachine &machine, Optimisation optimisation) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = true;
  tuning.SLPVectorization = true;
  llvm::PassBuilder passes(&machine, tuning);
  passes.registerModuleAnalyses(modules);
  passes.registerCGSCCAnalyses(components);
  passes.registerFunctionAnalyses(functions);
  passes.registerLoopAnalyses(loops);
  passes.crossRegisterProxies(loops, functions, components, modules);
  if (optimisation == Optimisation::Full)
    passes.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
  else
    passes.buildO0DefaultPipeline(llvm::OptimizationLevel::O0).run(module, modules);
}

ObjectCode compileObject(mlir::ModuleOp module, const std::string &isa, const std::string &manifest, bool wantsText,
                         Optimisation optimisation) {
  mlir::registerBuiltinDialectTranslation(*module.getContext());
  mlir::registerLLVMDialectTranslation(*module.getContext());
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = mlir::translateModuleToLLVMIR(module, context, "tpm");
  if (!code)
    throw Error("the program cannot be translated to LLVM IR");
  std::unique_ptr<llvm::TargetMachine> machine = targetMachine(isa, optimisation);
  code->setTargetTriple(machine->getTargetTriple());
  code->setDataLayout(machine->createDataLayout());
  embedManifest(*code, manifest);
  for (llvm::Function &function : *code)
    if (!function.isDeclaration()) {
      function.addFnAttr("target-cpu", isa);
      function.addFnAttr("prefer-vector-width", isa == "x86-64-v4" ? "512" : "256");
      function.addFnAttr(llvm::Attribute::NoUnwind);
      // An entry is thousands of calls in a row, with nothing to gain between them.
      if (!function.hasLocalLinkage()) {
        function.addFnAttr(llvm::Attribute::OptimizeNone);
        function.addFnAttr(llvm::Attribute::NoInline);
      }
    }
  optimise(*code, *machine, optimisation);

  ObjectCode result;
  if (wantsText) {
    llvm::raw_string_ostream out(result.text);
    code->print(out, nullptr);
  }
  llvm::SmallVector<char, 0> object;
  llvm::raw_svector_ostream out(object);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, out, nullptr, llvm::CodeGenFileType::ObjectFile))
    throw Error("LLVM cannot write objects for " + isa);
  passes.run(*code);
  result.object.assign(object.begin(), object.end());
  return result;
}

} // namespace tp

// All phases at once, as tp-opt runs them: from a graph without a mesh to calls of the runtime.
// RUN: tp-opt %s --tp-pipeline='mesh=tp=4 shard=arg1=[_,tp] target=cpu' | FileCheck %s
// RUN: not tp-opt %s --tp-pipeline='mesh=tp=4 shard=arg1' 2>&1 | FileCheck %s --check-prefix=MALFORMED

// CHECK: llvm.func @tpm_main
// CHECK: llvm.call @tprt_all_reduce
// MALFORMED: error: "arg1": has no pattern or no dimensions in brackets
func.func @main(%x: tensor<8x64xf32>, %a: tensor<64x256xf32>, %b: tensor<256x64xf32>) -> tensor<8x64xf32> {
  %h = nn.contract "bh,hf->bf" %x, %a : tensor<8x64xf32>, tensor<64x256xf32> -> tensor<8x256xf32>
  %y = nn.contract "bf,fh->bh" %h, %b : tensor<8x256xf32>, tensor<256x64xf32> -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}

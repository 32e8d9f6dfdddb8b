// An op becomes the call that runtime/functions.def lists, element types are read off the buffers, and nothing but LLVM is left.
// RUN: tp-opt %s --tp-lower --tp-memory --tp-emit | FileCheck %s

// CHECK:       llvm.func @tprt_rms_norm(!llvm.ptr, i64, !llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64, f64)
// CHECK:       llvm.func @tpm_main(%[[CTX:.*]]: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %[[N:.*]]: i64)
// bf16 is 2.
// CHECK-DAG:     %[[BF16:.*]] = llvm.mlir.constant(2 : i64)
// CHECK-DAG:     %[[WIDTH:.*]] = llvm.mlir.constant(64 : i64)
// CHECK-DAG:     %[[EPSILON:.*]] = llvm.mlir.constant(1.000000e-05 : f64)
// CHECK:         llvm.call @tprt_rms_norm(%[[CTX]], %[[BF16]], %{{.*}}, %{{.*}}, %{{.*}}, %[[N]], %[[WIDTH]], %[[EPSILON]])
// CHECK-NOT:   tprt.
// CHECK-NOT:   memref
func.func @main(%x: tensor<1x?x64xbf16>, %w: tensor<64xbf16>) -> tensor<1x?x64xbf16> attributes {nn.max_dynamic = 8 : i64} {
  %y = nn.rms_norm %x, %w epsilon 1.0e-5 : tensor<1x?x64xbf16>, tensor<64xbf16> -> tensor<1x?x64xbf16>
  return %y : tensor<1x?x64xbf16>
}

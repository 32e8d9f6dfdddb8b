// Parts of unequal width: q|k|v of grouped heads, out of a declared parameter used in two entries, which stays one set of weights.
// RUN: tp-opt %s --tp-normalize | FileCheck %s
// RUN: tp-opt %s --tp-test-numbers='passes=tp-normalize' -o /dev/null 2>&1 | FileCheck %s --check-prefix=NUMBERS
// NUMBERS-NOT: other numbers
// NUMBERS: same numbers

tp.mesh @mesh [tp = 2]

// CHECK: nn.parameter @w.0 : tensor<64x64xf32> {source = {offsets = array<i64: 0, 0>, sizes = array<i64: 64, 64>, tensor = "qkv"}, tp.layout = #tp.layout<@mesh, [{tp}, {}]>}
// CHECK: nn.parameter @w.1 : tensor<32x64xf32> {source = {offsets = array<i64: 64, 0>, sizes = array<i64: 32, 64>, tensor = "qkv"}, tp.layout = #tp.layout<@mesh, [{tp}, {}]>}
// CHECK: nn.parameter @w.2 : tensor<32x64xf32> {source = {offsets = array<i64: 96, 0>, sizes = array<i64: 32, 64>, tensor = "qkv"}, tp.layout = #tp.layout<@mesh, [{tp}, {}]>}
// CHECK-NOT: nn.parameter
nn.parameter @w : tensor<128x64xf32> {source = {tensor = "qkv"}, tp.layout = #tp.layout<@mesh, [{tp}, {}]>}

// CHECK-LABEL: @prefill
// CHECK-DAG: nn.get @w.0
// CHECK-DAG: nn.get @w.1
// CHECK-DAG: nn.get @w.2
// CHECK-NOT: nn.slice
func.func @prefill(%x: tensor<8x64xf32>) -> (tensor<8x64xf32>, tensor<8x32xf32>, tensor<8x32xf32>) {
  %w = nn.get @w : tensor<128x64xf32>
  %p = nn.contract "sh,fh->sf" %x, %w : tensor<8x64xf32>, tensor<128x64xf32> -> tensor<8x128xf32>
  %q = nn.slice %p offsets [0, 0] sizes [8, 64] strides [1, 1] : tensor<8x128xf32> -> tensor<8x64xf32>
  %k = nn.slice %p offsets [0, 64] sizes [8, 32] strides [1, 1] : tensor<8x128xf32> -> tensor<8x32xf32>
  %v = nn.slice %p offsets [0, 96] sizes [8, 32] strides [1, 1] : tensor<8x128xf32> -> tensor<8x32xf32>
  return %q, %k, %v : tensor<8x64xf32>, tensor<8x32xf32>, tensor<8x32xf32>
}

// CHECK-LABEL: @decode
// CHECK: nn.get @w.2
// CHECK-NOT: nn.get
func.func @decode(%x: tensor<1x64xf32>) -> tensor<1x32xf32> {
  %w = nn.get @w : tensor<128x64xf32>
  %p = nn.contract "sh,fh->sf" %x, %w : tensor<1x64xf32>, tensor<128x64xf32> -> tensor<1x128xf32>
  %v = nn.slice %p offsets [0, 96] sizes [1, 32] strides [1, 1] : tensor<1x128xf32> -> tensor<1x32xf32>
  return %v : tensor<1x32xf32>
}

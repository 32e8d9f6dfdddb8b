// What has no name in nn and no rule is said to stay whole.
// RUN: tp-opt %s --tp-normalize --remarks-filter=tp-normalize --remark-format=emitRemark --verify-diagnostics

func.func @main(%x: tensor<8x64xf32>) -> tensor<8x64xf32> {
  // expected-remark @below {{'tensor.generate' has no sharding rule: it stays whole in every dimension}}
  %y = tensor.generate {
  ^bb0(%i: index, %j: index):
    %e = tensor.extract %x[%i, %j] : tensor<8x64xf32>
    tensor.yield %e : f32
  } : tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}

// A function that calls itself is refused.
// RUN: tp-opt %s --tp-normalize --verify-diagnostics

func.func @main(%x: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %y = func.call @loop(%x) : (tensor<8x64xf32>) -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}
// expected-error @below {{calls itself, directly or through others; a program of tensors cannot be recursive}}
func.func private @loop(%x: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %y = func.call @loop(%x) : (tensor<8x64xf32>) -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}

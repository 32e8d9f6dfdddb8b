// A function that calls itself is refused, and one without a body that is called.
// RUN: tp-opt %s --tp-normalize --split-input-file --verify-diagnostics

func.func @main(%x: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %y = func.call @loop(%x) : (tensor<8x64xf32>) -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}
// expected-error @below {{calls itself, directly or through others; a program of tensors cannot be recursive}}
func.func private @loop(%x: tensor<8x64xf32>) -> tensor<8x64xf32> {
  %y = func.call @loop(%x) : (tensor<8x64xf32>) -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}

// -----

func.func @calls_nothing(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @below {{calls @missing, which has no body; a program needs all of it}}
  %y = func.call @missing(%x) : (tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}
// expected-note @below {{declared here}}
func.func private @missing(tensor<8xf32>) -> tensor<8xf32>

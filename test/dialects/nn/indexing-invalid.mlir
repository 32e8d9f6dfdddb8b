// Ops that make or follow indices refuse operands that do not fit.
// RUN: tp-opt %s --split-input-file --verify-diagnostics

func.func @iota_c2() {
  // expected-error@+1 {{'nn.iota' op has a dynamic result, and needs `like` to tell its size}}
  %i = nn.iota dim 0 : tensor<?xi32>
  return
}

// -----

func.func @embedding_c1(%ids: tensor<2xf32>, %table: tensor<9x4xf32>) {
  // expected-error@+1 {{'nn.embedding' op ids has elements of type 'f32', needs integers}}
  %x = nn.embedding %ids, %table : tensor<2xf32>, tensor<9x4xf32> -> tensor<2x4xf32>
  return
}

// -----

func.func @embedding_c2(%ids: tensor<2xi32>, %table: tensor<9x4xf32>) {
  // expected-error@+1 {{'nn.embedding' op result has shape 2x9, needs 2x4}}
  %x = nn.embedding %ids, %table : tensor<2xi32>, tensor<9x4xf32> -> tensor<2x9xf32>
  return
}

// -----

func.func @gather_c1(%x: tensor<2x3xf32>, %i: tensor<2xi32>) {
  // expected-error@+1 {{'nn.gather' op needs 0 <= batch <= axis < 2, but batch is 1 and axis 0}}
  %y = nn.gather %x, %i axis 0 batch 1 : tensor<2x3xf32>, tensor<2xi32> -> tensor<2x3xf32>
  return
}

// -----

func.func @gather_c2(%x: tensor<2x3xf32>, %i: tensor<4xi32>) {
  // expected-error@+1 {{'nn.gather' op batch is 2 in the operand and 4 in the indices}}
  %y = nn.gather %x, %i axis 1 batch 1 : tensor<2x3xf32>, tensor<4xi32> -> tensor<2xf32>
  return
}

// -----

func.func @gather_c3(%x: tensor<2x3xf32>, %i: tensor<2xi32>) {
  // expected-error@+1 {{'nn.gather' op result has shape 3, needs 2}}
  %y = nn.gather %x, %i axis 1 batch 1 : tensor<2x3xf32>, tensor<2xi32> -> tensor<3xf32>
  return
}

// -----

func.func @cache_update_c1(%c: tensor<1x8x2xf32>, %f: tensor<1x3x4xf32>, %p: tensor<1x3xi32>) {
  // expected-error@+1 {{'nn.cache_update' op fresh rows has shape 1x3x4, needs 1x3x2}}
  %n = nn.cache_update %c, %f, %p : tensor<1x8x2xf32>, tensor<1x3x4xf32>, tensor<1x3xi32> -> tensor<1x8x2xf32>
  return
}

// -----

func.func @max_dynamic_is_positive() attributes {nn.max_dynamic = 0 : i64} { // expected-error {{'func.func' op has nn.max_dynamic = 0 : i64, needs a positive i64, on a function}}
  return
}

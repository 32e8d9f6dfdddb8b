// What propagation refuses: a wish carried to heads that do not divide, a program that is laid out already, a call.
// RUN: tp-opt %s --tp-propagate --split-input-file --verify-diagnostics

tp.mesh @mesh [tp = 2]
// expected-note@+1 {{the split comes from the wish [{}, {tp}] on argument 1}}
func.func @heads(%x: tensor<4x72xf32>, %w: tensor<72x72xf32> {tp.layout = #tp.layout<@mesh, [{}, {tp}]>}) -> tensor<4x9x8xf32> {
  %q = nn.contract "bh,hf->bf" %x, %w : tensor<4x72xf32>, tensor<72x72xf32> -> tensor<4x72xf32>
  // expected-error@+1 {{has a dimension of 9 that does not divide over "tp"=2; sizes that do: 1, 3, 9}}
  %r = nn.reshape %q : tensor<4x72xf32> -> tensor<4x9x8xf32>
  return %r : tensor<4x9x8xf32>
}

// -----

tp.mesh @mesh [tp = 2]
func.func @laid_out(%x: tensor<4x8xf32, #tp.layout<@mesh, [{}, {tp}]>>) -> tensor<4x8xf32, #tp.layout<@mesh, [{}, {}]>> {
  // expected-error@+1 {{has a layout in its type already: tp-propagate needs the global form}}
  %y = tp.reshard %x : tensor<4x8xf32, #tp.layout<@mesh, [{}, {tp}]>> -> tensor<4x8xf32, #tp.layout<@mesh, [{}, {}]>>
  return %y : tensor<4x8xf32, #tp.layout<@mesh, [{}, {}]>>
}

// -----

tp.mesh @mesh [tp = 2]
func.func private @layer(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  return %x : tensor<4x8xf32>
}
func.func @calls(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error@+1 {{is a call: tp-propagate needs flat functions; run --tp-normalize first}}
  %y = call @layer(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

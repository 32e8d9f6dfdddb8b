// Parameters and states: a symbol that is none, a type that differs from the declared one, a wish that does not fit.
// RUN: tp-opt %s --split-input-file --verify-diagnostics

func.func @get_c1() {
  // expected-error@+1 {{'nn.get' op @w is neither a parameter nor a state of this module}}
  %w = nn.get @w : tensor<4xf32>
  return
}

// -----

// expected-note@+1 {{declared here}}
nn.parameter @w : tensor<8xf32>
func.func @get_c2() {
  // expected-error@+1 {{'nn.get' op has type 'tensor<4xf32>', but @w is declared as 'tensor<8xf32>'}}
  %w = nn.get @w : tensor<4xf32>
  return
}

// -----

tp.mesh @mesh [tp = 2]
// expected-note@+1 {{declared here}}
nn.parameter @w : tensor<8xf32, #tp.layout<@mesh, [{tp}]>>
func.func @get_c2_layout() {
  // expected-error@+1 {{'nn.get' op has type 'tensor<8xf32, #tp.layout<@mesh, [{}]>>', but @w is declared as 'tensor<8xf32, #tp.layout<@mesh, [{tp}]>>'}}
  %w = nn.get @w : tensor<8xf32, #tp.layout<@mesh, [{}]>>
  return
}

// -----

nn.parameter @w : tensor<4xf32>
func.func @set_c1(%x: tensor<4xf32>) {
  // expected-error@+1 {{'nn.set' op @w is not a state of this module}}
  nn.set @w, %x : tensor<4xf32>
  return
}

// -----

// expected-note@+1 {{the mesh is tp=4}}
tp.mesh @mesh [tp = 4]
// expected-error@+1 {{'nn.parameter' op tp.layout: dimension 0 of size 10 does not divide over "tp"=4}}
nn.parameter @w : tensor<10x4xf32> {tp.layout = #tp.layout<@mesh, [{tp}, {}]>}

// -----

tp.mesh @mesh [tp = 4]
// expected-error@+1 {{'nn.parameter' op has type 'tensor<4x4xf32>', but one rank's part of 'tensor<8x4xf32, #tp.layout<@mesh, [{tp}, {}]>>' is 'tensor<2x4xf32>'}}
nn.parameter @w : tensor<4x4xf32> {tp.global = tensor<8x4xf32, #tp.layout<@mesh, [{tp}, {}]>>}

// A program in another form is refused, with the phase that should have run.
// RUN: tp-opt %s --tp-partition --split-input-file --verify-diagnostics

tp.mesh @mesh [tp = 2]
// expected-error@+1 {{tp-partition needs the laid-out form: run --tp-propagate first ('tensor<8xf32>' has no layout)}}
func.func @global_form(%x: tensor<8xf32>) -> tensor<8xf32> {
  return %x : tensor<8xf32>
}

// -----

tp.mesh @mesh [tp = 2]
// expected-error@+1 {{tp-partition needs the laid-out form, and this program is in the local form already}}
func.func @local_form(%x: tensor<8xf32> {tp.global = tensor<16xf32, #tp.layout<@mesh, [{tp}]>>}) {
  return
}

// A wish that Propagate should have removed is refused in a laid-out program.
// RUN: tp-opt %s --tp-verify-layouts --verify-diagnostics

tp.mesh @mesh [tp = 2]

func.func @main(%x: tensor<4x8xf32, #tp.layout<@mesh, [{}, {tp}]>>) -> tensor<4x8xf32, #tp.layout<@mesh, [{}, {tp}]>> {
  // expected-error @below {{'tp.constrain' op is a wish: a laid-out program has none, Propagate has turned it into a layout}}
  %y = tp.constrain %x to <@mesh, [{}, {tp}]> : tensor<4x8xf32, #tp.layout<@mesh, [{}, {tp}]>>
  return %y : tensor<4x8xf32, #tp.layout<@mesh, [{}, {tp}]>>
}

// A layer with two key heads over four ranks: half of the axis splits the key heads, the other half their query heads.
module {
  tp.mesh @mesh [tp = 4]
  func.func @main(%arg0: tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>> {nn.name = "arg0"}, %arg1: tensor<64xf32, #tp.layout<@mesh, [{}]>> {nn.name = "arg1", tp.parameter}, %arg2: tensor<64x64xf32, #tp.layout<@mesh, [{}, {tp}]>> {nn.name = "arg2", tp.parameter}, %arg3: tensor<64x16xf32, #tp.layout<@mesh, [{}, {tp(1)2}]>> {nn.name = "arg3", tp.parameter}, %arg4: tensor<64x16xf32, #tp.layout<@mesh, [{}, {tp(1)2}]>> {nn.name = "arg4", tp.parameter}, %arg5: tensor<64x64xf32, #tp.layout<@mesh, [{tp}, {}]>> {nn.name = "arg5", tp.parameter}, %arg6: tensor<64xf32, #tp.layout<@mesh, [{}]>> {nn.name = "arg6", tp.parameter}, %arg7: tensor<64x256xf32, #tp.layout<@mesh, [{}, {tp}]>> {nn.name = "arg7", tp.parameter}, %arg8: tensor<256x64xf32, #tp.layout<@mesh, [{tp}, {}]>> {nn.name = "arg8", tp.parameter}) -> (tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>> {nn.name = "result0"}) {
    %0 = nn.rms_norm %arg0, %arg1 epsilon 1.000000e-05 : tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, tensor<64xf32, #tp.layout<@mesh, [{}]>> -> tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>
    %1 = nn.contract "bsh,hf->bsf" %0, %arg2 : tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, tensor<64x64xf32, #tp.layout<@mesh, [{}, {tp}]>> -> tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>
    %2 = nn.contract "bsh,hf->bsf" %0, %arg3 : tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, tensor<64x16xf32, #tp.layout<@mesh, [{}, {tp(1)2}]>> -> tensor<2x8x16xf32, #tp.layout<@mesh, [{}, {}, {tp(1)2}]>>
    %3 = nn.contract "bsh,hf->bsf" %0, %arg4 : tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, tensor<64x16xf32, #tp.layout<@mesh, [{}, {tp(1)2}]>> -> tensor<2x8x16xf32, #tp.layout<@mesh, [{}, {}, {tp(1)2}]>>
    %4 = nn.reshape %1 : tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {tp}]>> -> tensor<2x8x2x4x8xf32, #tp.layout<@mesh, [{}, {}, {tp(1)2}, {tp(2)2}, {}]>>
    %5 = nn.reshape %2 : tensor<2x8x16xf32, #tp.layout<@mesh, [{}, {}, {tp(1)2}]>> -> tensor<2x8x2x8xf32, #tp.layout<@mesh, [{}, {}, {tp(1)2}, {}]>>
    %6 = nn.reshape %3 : tensor<2x8x16xf32, #tp.layout<@mesh, [{}, {}, {tp(1)2}]>> -> tensor<2x8x2x8xf32, #tp.layout<@mesh, [{}, {}, {tp(1)2}, {}]>>
    %7 = nn.contract "bskgd,btkd->bkgst" %4, %5 : tensor<2x8x2x4x8xf32, #tp.layout<@mesh, [{}, {}, {tp(1)2}, {tp(2)2}, {}]>>, tensor<2x8x2x8xf32, #tp.layout<@mesh, [{}, {}, {tp(1)2}, {}]>> -> tensor<2x2x4x8x8xf32, #tp.layout<@mesh, [{}, {tp(1)2}, {tp(2)2}, {}, {}]>>
    %8 = nn.softmax %7 dim 4 : tensor<2x2x4x8x8xf32, #tp.layout<@mesh, [{}, {tp(1)2}, {tp(2)2}, {}, {}]>> -> tensor<2x2x4x8x8xf32, #tp.layout<@mesh, [{}, {tp(1)2}, {tp(2)2}, {}, {}]>>
    %9 = nn.contract "bkgst,btkd->bskgd" %8, %6 : tensor<2x2x4x8x8xf32, #tp.layout<@mesh, [{}, {tp(1)2}, {tp(2)2}, {}, {}]>>, tensor<2x8x2x8xf32, #tp.layout<@mesh, [{}, {}, {tp(1)2}, {}]>> -> tensor<2x8x2x4x8xf32, #tp.layout<@mesh, [{}, {}, {tp(1)2}, {tp(2)2}, {}]>>
    %10 = nn.reshape %9 : tensor<2x8x2x4x8xf32, #tp.layout<@mesh, [{}, {}, {tp(1)2}, {tp(2)2}, {}]>> -> tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>
    %11 = nn.contract "bsf,fh->bsh" %10, %arg5 : tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>, tensor<64x64xf32, #tp.layout<@mesh, [{tp}, {}]>> -> tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}], partial = sum<tp>>>
    %12 = tp.reshard %11 {tp.why = "nn.contract at line 23 reduces a dimension split over {tp} by the wish [{}, {tp}] on argument 2; its uses need it as [{}, {}, {}]"} : tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}], partial = sum<tp>>> -> tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>
    %13 = nn.map %arg0, %12 : (tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>) -> tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>> {
    ^bb0(%arg9: f32, %arg10: f32):
      %21 = arith.addf %arg9, %arg10 : f32
      nn.yield %21 : f32
    }
    %14 = nn.rms_norm %13, %arg6 epsilon 1.000000e-05 : tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, tensor<64xf32, #tp.layout<@mesh, [{}]>> -> tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>
    %15 = nn.contract "bsh,hf->bsf" %14, %arg7 : tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, tensor<64x256xf32, #tp.layout<@mesh, [{}, {tp}]>> -> tensor<2x8x256xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>
    %16 = nn.map %15 : (tensor<2x8x256xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>) -> tensor<2x8x256xf32, #tp.layout<@mesh, [{}, {}, {tp}]>> {
    ^bb0(%arg9: f32):
      %21 = math.erf %arg9 : f32
      nn.yield %21 : f32
    }
    %17 = nn.map %15, %16 : (tensor<2x8x256xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>, tensor<2x8x256xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>) -> tensor<2x8x256xf32, #tp.layout<@mesh, [{}, {}, {tp}]>> {
    ^bb0(%arg9: f32, %arg10: f32):
      %21 = arith.mulf %arg9, %arg10 : f32
      nn.yield %21 : f32
    }
    %18 = nn.contract "bsf,fh->bsh" %17, %arg8 : tensor<2x8x256xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>, tensor<256x64xf32, #tp.layout<@mesh, [{tp}, {}]>> -> tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}], partial = sum<tp>>>
    %19 = tp.reshard %18 {tp.why = "nn.contract at line 41 reduces a dimension split over {tp} by the wish [{}, {tp}] on argument 7; its uses need it as [{}, {}, {}]"} : tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}], partial = sum<tp>>> -> tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>
    %20 = nn.map %13, %19 : (tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>) -> tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>> {
    ^bb0(%arg9: f32, %arg10: f32):
      %21 = arith.addf %arg9, %arg10 : f32
      nn.yield %21 : f32
    }
    return %20 : tensor<2x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>
  }
}


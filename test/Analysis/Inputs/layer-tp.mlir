// A transformer layer with grouped heads, laid out over tp.
module {
  tp.mesh @mesh [tp = 4]
  nn.parameter @n1 : tensor<64xf32, #tp.layout<@mesh, [{}]>>
  nn.parameter @wq : tensor<64x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
  nn.parameter @wk : tensor<32x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
  nn.parameter @wv : tensor<32x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
  nn.parameter @wo : tensor<64x64xf32, #tp.layout<@mesh, [{}, {tp}]>>
  nn.parameter @n2 : tensor<64xf32, #tp.layout<@mesh, [{}]>>
  nn.parameter @wg : tensor<128x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
  nn.parameter @wu : tensor<128x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
  nn.parameter @wd : tensor<64x128xf32, #tp.layout<@mesh, [{}, {tp}]>>
  func.func @layer(%arg0: tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, %arg1: tensor<4x8xi32, #tp.layout<@mesh, [{}, {}]>>) -> tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>> {
    %0 = nn.get @n1 : tensor<64xf32, #tp.layout<@mesh, [{}]>>
    %1 = nn.rms_norm %arg0, %0 epsilon 1.000000e-05 : tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, tensor<64xf32, #tp.layout<@mesh, [{}]>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>
    %2 = nn.get @wq : tensor<64x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
    %3 = nn.get @wk : tensor<32x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
    %4 = nn.get @wv : tensor<32x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
    %5 = nn.contract "bsh,fh->bsf" %1, %2 : tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, tensor<64x64xf32, #tp.layout<@mesh, [{tp}, {}]>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>
    %6 = nn.contract "bsh,fh->bsf" %1, %3 : tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, tensor<32x64xf32, #tp.layout<@mesh, [{tp}, {}]>> -> tensor<4x8x32xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>
    %7 = nn.contract "bsh,fh->bsf" %1, %4 : tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, tensor<32x64xf32, #tp.layout<@mesh, [{tp}, {}]>> -> tensor<4x8x32xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>
    %8 = nn.reshape %5 : tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {tp}]>> -> tensor<4x8x8x8xf32, #tp.layout<@mesh, [{}, {}, {tp}, {}]>>
    %9 = nn.reshape %6 : tensor<4x8x32xf32, #tp.layout<@mesh, [{}, {}, {tp}]>> -> tensor<4x8x4x8xf32, #tp.layout<@mesh, [{}, {}, {tp}, {}]>>
    %10 = nn.reshape %7 : tensor<4x8x32xf32, #tp.layout<@mesh, [{}, {}, {tp}]>> -> tensor<4x8x4x8xf32, #tp.layout<@mesh, [{}, {}, {tp}, {}]>>
    %11 = nn.rope %8, %arg1 frequencies [1.000000e+00, 1.000000e-01, 1.000000e-02, 1.000000e-03] attention_factor 1.000000e+00 : tensor<4x8x8x8xf32, #tp.layout<@mesh, [{}, {}, {tp}, {}]>>, tensor<4x8xi32, #tp.layout<@mesh, [{}, {}]>> -> tensor<4x8x8x8xf32, #tp.layout<@mesh, [{}, {}, {tp}, {}]>>
    %12 = nn.rope %9, %arg1 frequencies [1.000000e+00, 1.000000e-01, 1.000000e-02, 1.000000e-03] attention_factor 1.000000e+00 : tensor<4x8x4x8xf32, #tp.layout<@mesh, [{}, {}, {tp}, {}]>>, tensor<4x8xi32, #tp.layout<@mesh, [{}, {}]>> -> tensor<4x8x4x8xf32, #tp.layout<@mesh, [{}, {}, {tp}, {}]>>
    %13 = nn.attention %11, %12, %10 scale 3.500000e-01 causal : tensor<4x8x8x8xf32, #tp.layout<@mesh, [{}, {}, {tp}, {}]>>, tensor<4x8x4x8xf32, #tp.layout<@mesh, [{}, {}, {tp}, {}]>>, tensor<4x8x4x8xf32, #tp.layout<@mesh, [{}, {}, {tp}, {}]>> -> tensor<4x8x8x8xf32, #tp.layout<@mesh, [{}, {}, {tp}, {}]>>
    %14 = nn.reshape %13 : tensor<4x8x8x8xf32, #tp.layout<@mesh, [{}, {}, {tp}, {}]>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>
    %15 = nn.get @wo : tensor<64x64xf32, #tp.layout<@mesh, [{}, {tp}]>>
    %16 = nn.contract "bsh,fh->bsf" %14, %15 : tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>, tensor<64x64xf32, #tp.layout<@mesh, [{}, {tp}]>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}], partial = sum<tp>>>
    %17 = tp.reshard %16 {tp.why = "nn.contract (attn.o_proj) reduces a dimension split over {tp} by the wish [{tp}, {}] on @wq; its uses need it as [{}, {}, {}]"} : tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}], partial = sum<tp>>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>
    %18 = nn.map %arg0, %17 : (tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>) -> tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>> {
    ^bb0(%arg2: f32, %arg3: f32):
      %30 = arith.addf %arg2, %arg3 : f32
      nn.yield %30 : f32
    }
    %19 = nn.get @n2 : tensor<64xf32, #tp.layout<@mesh, [{}]>>
    %20 = nn.rms_norm %18, %19 epsilon 1.000000e-05 : tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, tensor<64xf32, #tp.layout<@mesh, [{}]>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>
    %21 = nn.get @wg : tensor<128x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
    %22 = nn.get @wu : tensor<128x64xf32, #tp.layout<@mesh, [{tp}, {}]>>
    %23 = nn.get @wd : tensor<64x128xf32, #tp.layout<@mesh, [{}, {tp}]>>
    %24 = nn.contract "bsh,fh->bsf" %20, %21 : tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, tensor<128x64xf32, #tp.layout<@mesh, [{tp}, {}]>> -> tensor<4x8x128xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>
    %25 = nn.contract "bsh,fh->bsf" %20, %22 : tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, tensor<128x64xf32, #tp.layout<@mesh, [{tp}, {}]>> -> tensor<4x8x128xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>
    %26 = nn.map %24, %25 : (tensor<4x8x128xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>, tensor<4x8x128xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>) -> tensor<4x8x128xf32, #tp.layout<@mesh, [{}, {}, {tp}]>> {
    ^bb0(%arg2: f32, %arg3: f32):
      %30 = math.tanh %arg2 : f32
      %31 = arith.mulf %30, %arg3 : f32
      nn.yield %31 : f32
    }
    %27 = nn.contract "bsf,hf->bsh" %26, %23 : tensor<4x8x128xf32, #tp.layout<@mesh, [{}, {}, {tp}]>>, tensor<64x128xf32, #tp.layout<@mesh, [{}, {tp}]>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}], partial = sum<tp>>>
    %28 = tp.reshard %27 {tp.why = "nn.contract (mlp.down_proj) reduces a dimension split over {tp} by the wish [{tp}, {}] on @wg; its uses need it as [{}, {}, {}]"} : tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}], partial = sum<tp>>> -> tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>
    %29 = nn.map %18, %28 : (tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>, tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>) -> tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>> {
    ^bb0(%arg2: f32, %arg3: f32):
      %30 = arith.addf %arg2, %arg3 : f32
      nn.yield %30 : f32
    }
    return %29 : tensor<4x8x64xf32, #tp.layout<@mesh, [{}, {}, {}]>>
  }
}


// One instruction set's kernels, as a table.
#include "devices/cpu/kernels/Blocked.h"
#include "devices/cpu/kernels/Functions.h"

#define TPRT_TEXT2(x) #x
#define TPRT_TEXT(x) TPRT_TEXT2(x)

namespace TPRT_KERNELS {

const Kernels table = {
    .isa = "x86-64-" TPRT_TEXT(TPRT_ISA),
    .reduceSources = reduceSources,
    .gemmFewRows = gemmFewRows,
    .packRows = packRows,
    .packedRows = rowsOfStrip,
    .gemmBlock = gemmBlock,
    .gemmScratch = gemmScratch,
    .panelWidth = columnsOfPanel,
    .storedFewRows = storedFewRows,
    .storedBlock = storedBlock,
    .attention = attention,
    .attentionScratch = attentionScratch,
    .rmsNorm = rmsNorm,
    .layerNorm = layerNorm,
    .softmaxRows = softmaxRows,
    .softmaxColumns = softmaxColumns,
    .rope = rope,
    .reduce = reduce,
    .convert = convert,
};

} // namespace TPRT_KERNELS

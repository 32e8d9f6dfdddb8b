/* The loop of collectives-tp.cpp on MPI, for comparison: one line "kind bytes microseconds" for each batch of calls. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { AllReduce, AllGather, ReduceScatter, AllToAll };

static void call(int kind, const float *src, float *dst, int count, int piece) {
  if (kind == AllReduce)
    MPI_Allreduce(src, dst, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
  else if (kind == AllGather)
    MPI_Allgather(src, piece, MPI_FLOAT, dst, piece, MPI_FLOAT, MPI_COMM_WORLD);
  else if (kind == ReduceScatter)
    MPI_Reduce_scatter_block(src, dst, piece, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
  else
    MPI_Alltoall(src, piece, MPI_FLOAT, dst, piece, MPI_FLOAT, MPI_COMM_WORLD);
}

int main(int argc, char **argv) {
  static const char *const names[] = {"all_reduce", "all_gather", "reduce_scatter", "all_to_all"};
  int rank, ranks;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  int batches = atoi(argv[1]);
  for (int i = 2; i < argc; ++i) {
    long long bytes = atoll(argv[i]);
    int count = (int)(bytes / 4), piece = count / ranks;
    float *src = malloc(bytes), *dst = malloc(bytes);
    for (int j = 0; j < count; ++j)
      src[j] = 1, dst[j] = 0;
    for (int kind = AllReduce; kind <= (piece > 0 ? AllToAll : AllReduce); ++kind) {
      long long fit = (32LL << 20) / (bytes + 1);
      int calls = fit < 4 ? 4 : fit > 2000 ? 2000 : (int)fit;
      for (int batch = -1; batch < batches; ++batch) {
        MPI_Barrier(MPI_COMM_WORLD);
        double begin = MPI_Wtime();
        for (int c = 0; c < calls; ++c)
          call(kind, src, dst, count, piece);
        if (rank == 0 && batch >= 0)
          printf("%s %lld %.3f\n", names[kind], bytes, (MPI_Wtime() - begin) / calls * 1e6);
      }
    }
    free(src);
    free(dst);
  }
  MPI_Finalize();
  return 0;
}

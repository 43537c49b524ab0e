// SPDX-License-Identifier: Apache-2.0
#include "tensor/cuda_backend.h"
#include "tensor/cuda_context.h"

namespace duhdr::cuda {

class Graph {
 public:
  Graph(int index, const std::function<void()>& work) : stream_(context_of(Device::cuda(index)).stream) {
    // Relaxed: the allocator may ask for memory meanwhile, which is no work of the stream.
    DUHDR_CUDA(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed));
    cudaGraph_t graph = nullptr;
    try {
      work();
    } catch (...) {
      (void)cudaStreamEndCapture(stream_, &graph);
      if (graph) (void)cudaGraphDestroy(graph);
      (void)cudaGetLastError();  // of the capture that has been given up: the next launch must not report it
      throw;
    }
    DUHDR_CUDA(cudaStreamEndCapture(stream_, &graph));
    const cudaError_t status = cudaGraphInstantiate(&executable_, graph, 0);
    (void)cudaGraphDestroy(graph);
    DUHDR_CUDA(status);
  }

  ~Graph() {
    (void)cudaStreamSynchronize(stream_);
    (void)cudaGraphExecDestroy(executable_);
  }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  void launch() { DUHDR_CUDA(cudaGraphLaunch(executable_, stream_)); }

 private:
  cudaStream_t stream_;  // of the context, which is never destroyed
  cudaGraphExec_t executable_ = nullptr;
};

std::shared_ptr<Graph> record(int index, const std::function<void()>& work) {
  return std::make_shared<Graph>(index, work);
}

void launch(Graph& graph) { graph.launch(); }

}  // namespace duhdr::cuda

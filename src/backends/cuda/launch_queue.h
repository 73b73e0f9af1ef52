#pragma once
// Launches wait here until somebody needs a result, and then go to the device in one go: as a graph, where they come in
// a sequence that is known. A decoder's step is some two hundred small kernels, and starting each by itself takes the
// host longer than the device needs to run it.
//
// A sequence that comes for the first time is launched plainly: a prompt of an odd length never pays for a graph. When
// it comes again it becomes one; from then on only the arguments that have changed are set. Common to the GPU and the
// stand-in.
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

#include "backends/cuda/driver.h"

namespace ft::FT_GPU {

/// Since the start.
struct LaunchCounts {
    int64_t plain = 0;      ///< sequences that were launched command by command
    int64_t graphs = 0;     ///< sequences launched as a graph
    int64_t built = 0;      ///< graphs made
    int64_t arguments = 0;  ///< commands of graphs that were given new arguments
};

class LaunchQueue {
  public:
    /// Sequences shorter than this are launched plainly.
    static constexpr size_t shortest_graph = 4;

    /// Of sequences `most_sequences` are known at most, one or more; the least recently used is forgotten.
    LaunchQueue(Driver& driver, bool graphs, size_t most_sequences)
        : driver_(driver), graphs_(graphs), most_sequences_(most_sequences) {}

    Commands& waiting() { return waiting_; }
    bool empty() const { return waiting_.empty(); }
    /// Hands over what waits. When that fails nothing waits any more, and nobody knows what of it was done.
    void flush();
    /// Before memory is given back that they may know. The device is done with them.
    void forget_graphs() { sequences_.clear(); }

    const LaunchCounts& counts() const { return counts_; }

  private:
    struct Sequence {
        uint64_t topology = 0;
        Commands commands;  // as they were last
        std::unique_ptr<Graph> graph;
    };

    /// Null: it goes plainly.
    Graph* graph_of_running();
    void set_up(Sequence& sequence);
    void remember_running(uint64_t topology);

    Driver& driver_;
    bool graphs_;
    const size_t most_sequences_;
    Commands waiting_, running_;
    std::list<Sequence> sequences_;  // the most recently used first
    LaunchCounts counts_;
};

}  // namespace ft::FT_GPU

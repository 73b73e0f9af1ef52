#include "backends/cuda/launch_queue.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/error.h"
#include "base/start_timeline.h"

namespace ft::FT_GPU {

void LaunchQueue::flush() {
    if (waiting_.empty()) return;
    std::swap(waiting_, running_);
    waiting_.clear();
    if (Graph* graph = graph_of_running()) {
        ++counts_.graphs;
        graph->launch();
        start_timeline().reached("first_graph", "weights");  // the self-check has graphs, too
    } else {
        ++counts_.plain;
        driver_.run(running_);
    }
}

Graph* LaunchQueue::graph_of_running() {
    if (!graphs_ || running_.size() < shortest_graph) return nullptr;
    const uint64_t topology = running_.topology();
    const auto known = std::find_if(sequences_.begin(), sequences_.end(), [&](const Sequence& sequence) {
        return sequence.topology == topology && sequence.commands.has_topology_of(running_);
    });
    if (known == sequences_.end()) {
        remember_running(topology);
        return nullptr;
    }
    sequences_.splice(sequences_.begin(), sequences_, known);
    try {
        set_up(*known);
    } catch (const Error& error) {
        // Without room for graphs they are forgotten, and made again when there may be room.
        if (error.code() != ErrorCode::out_of_memory) {
            spdlog::warn("the GPU's work is launched piece by piece from now on, which is slower: {}", error.what());
            graphs_ = false;
        }
        driver_.synchronize();
        sequences_.clear();
        return nullptr;
    }
    return known->graph.get();
}

void LaunchQueue::set_up(Sequence& sequence) {
    if (sequence.graph == nullptr) {
        sequence.graph = std::make_unique<Graph>(driver_, running_);
        ++counts_.built;
    } else {
        for (size_t i = 0; i < running_.size(); ++i) {
            if (running_.has_arguments_of(sequence.commands, i)) continue;
            sequence.graph->set_arguments(running_, i);
            ++counts_.arguments;
        }
    }
    std::swap(sequence.commands, running_);
}

void LaunchQueue::remember_running(uint64_t topology) {
    if (sequences_.size() == most_sequences_) {
        // The device may still be at it.
        if (sequences_.back().graph != nullptr) driver_.synchronize();
        sequences_.pop_back();
    }
    sequences_.push_front({topology, running_, nullptr});
}

}  // namespace ft::FT_GPU

#pragma once
// Cross-attention probabilities kept for word times, and what is made of them.
#include <span>
#include <vector>

#include "backends/cpu/engine.h"

namespace ft::cpu {

/// The probabilities as cross_attention_step gives them: a block [items, heads wanted, T] a layer.
class CpuAttentionTrace : public AttentionTrace {
  public:
    CpuAttentionTrace(int64_t items, int heads);

    /// Takes a layer's block. Throws Error{internal} when it does not fit.
    void add(int first_head, int heads, std::vector<float> block);
    /// T probabilities. Throws Error{internal} when the head was not traced.
    const float* row(int head, int64_t item) const;
    int64_t items() const { return items_; }
    int64_t t() const { return t_; }

  private:
    struct Head {
        size_t block = 0;
        int64_t place = 0, stride = 0;  // of the head in its block, and heads in that block; stride 0: not traced
    };

    int64_t items_, t_ = 0;
    std::vector<Head> heads_;
    std::vector<std::vector<float>> blocks_;
};

/// See Backend::alignment_matrix; `out` [text.size, text.frames]. Scratch is of the engine.
void alignment_matrix(Engine& engine, const CpuAttentionTrace& trace, std::span<const int32_t> trace_heads,
                      const TracedText& text, float* out);

}  // namespace ft::cpu

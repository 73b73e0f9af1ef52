#pragma once
// Which heads of the decoder listen to what they write.
#include <utility>
#include <vector>

#include "model/model_source.h"

namespace ft {

using HeadList = std::vector<std::pair<int, int>>;  // (layer, head), ascending, each once

/// OpenAI's published list for a network of this shape; empty when it published none. (large-v1 has the shape of
/// large-v2: it gets that one's.)
HeadList known_alignment_heads(const ModelConfig& config);

/// Of the checkpoint's list what the network has; where nothing is left, the known list. May be empty.
HeadList alignment_heads(const GenerationConfig& generation, const ModelConfig& config);

/// Where to look for them without a list: all heads of the upper half of the layers, where all published ones but a few
/// are.
HeadList alignment_head_candidates(const ModelConfig& config);

}  // namespace ft

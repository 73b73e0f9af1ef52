#include "decoding/alignment_heads.h"

#include <algorithm>

namespace ft {

namespace {

struct Known {
    int decoder_layers, decoder_heads, vocabulary;
    HeadList heads;
};

constexpr int english = 51864, multilingual = 51865, with_cantonese = 51866;

/// tiny, base, small and medium, each for English only and for all languages; large-v2, large-v3, large-v3-turbo.
std::vector<Known> known_lists() {
    return {
        {4, 6, english, {{1, 0}, {2, 0}, {2, 5}, {3, 0}, {3, 1}, {3, 2}, {3, 3}, {3, 4}}},
        {4, 6, multilingual, {{2, 2}, {3, 0}, {3, 2}, {3, 3}, {3, 4}, {3, 5}}},
        {6, 8, english, {{3, 3}, {4, 7}, {5, 1}, {5, 5}, {5, 7}}},
        {6, 8, multilingual, {{3, 1}, {4, 2}, {4, 3}, {4, 7}, {5, 1}, {5, 2}, {5, 4}, {5, 6}}},
        {12,
         12,
         english,
         {{6, 6},
          {7, 0},
          {7, 3},
          {7, 8},
          {8, 2},
          {8, 5},
          {8, 7},
          {9, 0},
          {9, 4},
          {9, 8},
          {9, 10},
          {10, 0},
          {10, 1},
          {10, 2},
          {10, 3},
          {10, 6},
          {10, 11},
          {11, 2},
          {11, 4}}},
        {12, 12, multilingual, {{5, 3}, {5, 9}, {8, 0}, {8, 4}, {8, 7}, {8, 8}, {9, 0}, {9, 7}, {9, 9}, {10, 5}}},
        {24,
         16,
         english,
         {{11, 4},
          {14, 1},
          {14, 12},
          {14, 14},
          {15, 4},
          {16, 0},
          {16, 4},
          {16, 9},
          {17, 12},
          {17, 14},
          {18, 7},
          {18, 10},
          {18, 15},
          {20, 0},
          {20, 3},
          {20, 9},
          {20, 14},
          {21, 12}}},
        {24, 16, multilingual, {{13, 15}, {15, 4}, {15, 15}, {16, 1}, {20, 0}, {23, 4}}},
        {32, 20, multilingual, {{10, 12}, {13, 17}, {16, 11}, {16, 12}, {16, 13}, {17, 15}, {17, 16}, {18, 4},
                                {18, 11}, {18, 19}, {19, 11}, {21, 2},  {21, 3},  {22, 3},  {22, 9},  {22, 12},
                                {23, 5},  {23, 7},  {23, 13}, {25, 5},  {26, 1},  {26, 12}, {27, 15}}},
        {32,
         20,
         with_cantonese,
         {{7, 0}, {10, 17}, {12, 18}, {13, 12}, {16, 1}, {17, 14}, {19, 11}, {21, 4}, {24, 1}, {25, 6}}},
        {4, 20, with_cantonese, {{2, 4}, {2, 11}, {3, 3}, {3, 6}, {3, 11}, {3, 14}}},
    };
}

}  // namespace

HeadList known_alignment_heads(const ModelConfig& config) {
    for (Known& known : known_lists()) {
        if (known.decoder_layers == config.decoder_layers && known.decoder_heads == config.decoder_heads &&
            known.vocabulary == config.vocabulary) {
            return std::move(known.heads);
        }
    }
    return {};
}

HeadList alignment_heads(const GenerationConfig& generation, const ModelConfig& config) {
    HeadList heads;
    for (const auto& [layer, head] : generation.alignment_heads) {
        if (layer >= 0 && layer < config.decoder_layers && head >= 0 && head < config.decoder_heads)
            heads.emplace_back(layer, head);
    }
    if (heads.empty()) return known_alignment_heads(config);
    std::sort(heads.begin(), heads.end());
    heads.erase(std::unique(heads.begin(), heads.end()), heads.end());
    return heads;
}

HeadList alignment_head_candidates(const ModelConfig& config) {
    HeadList heads;
    for (int layer = config.decoder_layers / 2; layer < config.decoder_layers; ++layer) {
        for (int head = 0; head < config.decoder_heads; ++head) heads.emplace_back(layer, head);
    }
    return heads;
}

}  // namespace ft

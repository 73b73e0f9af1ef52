#include "decoding/alignment_heads.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ft {
namespace {

ModelConfig shape(int layers, int heads, int vocabulary) {
    ModelConfig config;
    config.decoder_layers = layers;
    config.decoder_heads = heads;
    config.vocabulary = vocabulary;
    return config;
}

TEST(AlignmentHeads, PublishedSizesHaveTheirLists) {
    struct Case {
        ModelConfig config;
        size_t count;
    };
    const Case cases[] = {{shape(4, 6, 51864), 8},    {shape(4, 6, 51865), 6},    {shape(6, 8, 51864), 5},
                          {shape(6, 8, 51865), 8},    {shape(12, 12, 51864), 19}, {shape(12, 12, 51865), 10},
                          {shape(24, 16, 51864), 18}, {shape(24, 16, 51865), 6},  {shape(32, 20, 51865), 23},
                          {shape(32, 20, 51866), 10}, {shape(4, 20, 51866), 6}};
    for (const Case& c : cases) {
        const HeadList heads = known_alignment_heads(c.config);
        EXPECT_EQ(heads.size(), c.count) << c.config.decoder_layers << " layers";
        EXPECT_TRUE(std::is_sorted(heads.begin(), heads.end()));
        EXPECT_EQ(std::adjacent_find(heads.begin(), heads.end()), heads.end());
        for (const auto& [layer, head] : heads) {
            EXPECT_LT(layer, c.config.decoder_layers);
            EXPECT_LT(head, c.config.decoder_heads);
        }
    }
    EXPECT_EQ(known_alignment_heads(shape(12, 12, 51865)),
              (HeadList{{5, 3}, {5, 9}, {8, 0}, {8, 4}, {8, 7}, {8, 8}, {9, 0}, {9, 7}, {9, 9}, {10, 5}}));
    EXPECT_TRUE(known_alignment_heads(shape(2, 2, 500)).empty());
    EXPECT_TRUE(known_alignment_heads(shape(2, 12, 51865)).empty()) << "a distilled decoder";
}

TEST(AlignmentHeads, TheCheckpointsListComesFirstAsFarAsTheNetworkHasIt) {
    const ModelConfig small = shape(12, 12, 51865), tiny = shape(2, 2, 500);
    GenerationConfig generation;
    EXPECT_EQ(alignment_heads(generation, small), known_alignment_heads(small)) << "no list";
    EXPECT_TRUE(alignment_heads(generation, tiny).empty());
    generation.alignment_heads = {{11, 3}, {2, 1}, {2, 1}, {12, 0}, {3, 12}, {-1, 0}};
    EXPECT_EQ(alignment_heads(generation, small), (HeadList{{2, 1}, {11, 3}}));
    generation.alignment_heads = {{20, 0}};
    EXPECT_EQ(alignment_heads(generation, small), known_alignment_heads(small)) << "the list of another model";
    EXPECT_EQ(alignment_head_candidates(tiny), (HeadList{{1, 0}, {1, 1}}));
    EXPECT_EQ(alignment_head_candidates(shape(1, 2, 500)), (HeadList{{0, 0}, {0, 1}}));
}

}  // namespace
}  // namespace ft

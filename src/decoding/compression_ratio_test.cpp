#include "decoding/compression_ratio.h"

#include <gtest/gtest.h>

#include <string>

namespace ft {
namespace {

std::string repeated(const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

// The quotients are those of Python's len(b) / len(zlib.compress(b)).
TEST(CompressionRatio, EqualsPythonsZlib) {
    EXPECT_FLOAT_EQ(compression_ratio("Hej!"), 4.0F / 12);
    EXPECT_FLOAT_EQ(compression_ratio("Det var en gång en liten flicka som bodde i skogen med sin mormor."),
                    67.0F / 67);
    EXPECT_FLOAT_EQ(compression_ratio(repeated("Ja, ja, ", 30)), 240.0F / 18);
    EXPECT_FLOAT_EQ(compression_ratio(repeated("å", 1000)), 2000.0F / 25);
}

TEST(CompressionRatio, OfNothingIsZero) {
    EXPECT_EQ(compression_ratio(""), 0.0F);
}

}  // namespace
}  // namespace ft

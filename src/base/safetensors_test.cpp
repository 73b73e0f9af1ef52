#include "base/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "base/error.h"

namespace ft {
namespace {

std::string with_header(const std::string& json, size_t data_bytes) {
    std::string file(8, '\0');
    for (size_t i = 0; i < 8; ++i) file[i] = static_cast<char>((uint64_t{json.size()} >> (8 * i)) & 0xFF);
    return file + json + std::string(data_bytes, 'x');
}

SafetensorsHeader parse(const std::string& file) {
    // A copy of exactly this size on the heap, so that the address sanitizer sees every byte read past the end.
    std::vector<std::byte> bytes(file.size());
    if (!file.empty()) std::memcpy(bytes.data(), file.data(), file.size());
    return parse_safetensors(bytes, "m.safetensors");
}

/// The sentence of the Error{bad_model} that the file causes.
std::string complaint(const std::string& file) {
    try {
        parse(file);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_model);
        EXPECT_NE(std::string(error.what()).find("m.safetensors"), std::string::npos);
        return error.what();
    }
    return "accepted";
}

std::string tensor(const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

TEST(Safetensors, FindsEveryTensor) {
    const std::string json = R"({"__metadata__":{"format":"pt"},"b":)" + tensor("F32", "[2,3]", "[0,24]") + R"(,"a":)" +
                             tensor("BF16", "[]", "[24,26]") + R"(,"empty":)" + tensor("F16", "[0,7]", "[26,26]") +
                             R"(,"new":)" + tensor("F4", "[3]", "[26,28]") + "}";
    const SafetensorsHeader header = parse(with_header(json, 28));
    ASSERT_EQ(header.entries.size(), 4U);
    EXPECT_EQ(header.metadata.at("format"), "pt");
    const size_t data = 8 + json.size();
    const SafetensorsEntry* b = header.find("b");
    ASSERT_NE(b, nullptr);
    EXPECT_EQ(b->dtype, "F32");
    EXPECT_EQ(b->shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(b->begin, data);
    EXPECT_EQ(b->size(), 24U);
    ASSERT_NE(header.find("a"), nullptr);
    EXPECT_TRUE(header.find("a")->shape.empty());
    EXPECT_EQ(header.find("a")->begin, data + 24);
    EXPECT_EQ(header.find("empty")->size(), 0U);
    EXPECT_EQ(header.find("c"), nullptr);
    EXPECT_TRUE(parse(with_header("{}", 0)).entries.empty());
}

TEST(Safetensors, RefusesWhatIsNoHeader) {
    EXPECT_NE(complaint("").find("too short"), std::string::npos);
    EXPECT_NE(complaint(std::string(7, '\0')).find("too short"), std::string::npos);
    EXPECT_NE(complaint(std::string(8, '\xFF')).find("16 MiB"), std::string::npos);
    EXPECT_NE(complaint(with_header("{}", 0).substr(0, 9)).find("inside its header"), std::string::npos);
    EXPECT_NE(complaint(with_header("{\"a\":", 0)).find("no JSON"), std::string::npos);
    EXPECT_NE(complaint(with_header("[]", 0)).find("no JSON object"), std::string::npos);
    EXPECT_NE(complaint(with_header("{\"\xFF\":1}", 0)).find("no JSON"), std::string::npos);
    EXPECT_NE(complaint(with_header(std::string(100000, '['), 0)).find("deeply"), std::string::npos);
    EXPECT_NE(complaint(with_header(R"({"__metadata__":1})", 0)).find("__metadata__"), std::string::npos);
    EXPECT_NE(complaint(with_header(R"({"__metadata__":{"a":1}})", 0)).find("__metadata__"), std::string::npos);
}

TEST(Safetensors, RefusesTensorsThatDoNotFit) {
    const auto one = [](const std::string& value, size_t bytes) {
        return complaint(with_header("{\"t\":" + value + "}", bytes));
    };
    EXPECT_EQ(one(tensor("F32", "[2]", "[0,8]"), 8), "accepted");
    EXPECT_NE(one("7", 8).find("\"t\" is no JSON object"), std::string::npos);
    EXPECT_NE(one(R"({"shape":[2],"data_offsets":[0,8]})", 8).find("no dtype"), std::string::npos);
    EXPECT_NE(one(R"({"dtype":"F32","data_offsets":[0,8]})", 8).find("no shape"), std::string::npos);
    EXPECT_NE(one(R"({"dtype":"F32","shape":[2]})", 8).find("no data_offsets"), std::string::npos);
    EXPECT_NE(one(tensor("F32", "[2]", "[0,8,9]"), 8).find("no data_offsets"), std::string::npos);
    EXPECT_NE(one(tensor("F32", "[-2]", "[0,8]"), 8).find("whole numbers"), std::string::npos);
    EXPECT_NE(one(tensor("F32", "[2.0]", "[0,8]"), 8).find("whole numbers"), std::string::npos);
    EXPECT_NE(one(tensor("F32", "[2]", "[0.0,8]"), 8).find("whole numbers"), std::string::npos);
    EXPECT_NE(one(tensor("F32", "[2]", "[8,0]"), 8).find("before it begins"), std::string::npos);
    EXPECT_NE(one(tensor("F32", "[3]", "[0,8]"), 8).find("does not fit"), std::string::npos);
    EXPECT_NE(one(tensor("F32", "[2]", "[0,8]"), 7).find("truncated"), std::string::npos);
    EXPECT_NE(one(tensor("F32", "[2]", "[0,8]"), 9).find("after the last"), std::string::npos);
    EXPECT_NE(one(tensor("F32", "[1]", "[4,8]"), 8).find("gaps"), std::string::npos);
    EXPECT_NE(one(tensor("F32", "[18446744073709551615]", "[0,8]"), 8).find("impossible"), std::string::npos);
    // 2^62 × 4 elements of 4 bytes wrap around to 0 in 64 bits.
    EXPECT_NE(one(tensor("F32", "[4611686018427387904,4]", "[0,0]"), 0).find("impossible"), std::string::npos);
    EXPECT_NE(one(tensor("F32", "[2]", "[0,18446744073709551615]"), 8).find("truncated"), std::string::npos);
    const std::string twice = "{\"t\":" + tensor("U8", "[1]", "[0,1]") + ",\"t\":" + tensor("U8", "[1]", "[1,2]") + "}";
    EXPECT_NE(complaint(with_header(twice, 2)).find("twice"), std::string::npos);
    const std::string overlap =
        "{\"t\":" + tensor("U8", "[2]", "[0,2]") + ",\"u\":" + tensor("U8", "[2]", "[1,3]") + "}";
    EXPECT_NE(complaint(with_header(overlap, 3)).find("overlap"), std::string::npos);
}

TEST(Safetensors, KeepsErrorsOnOneShortLine) {
    const std::string name = "\\n" + std::string(5000, 'n');
    const std::string text = complaint(with_header("{\"" + name + "\":1}", 0));
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_LT(text.size(), 300U);
}

}  // namespace
}  // namespace ft

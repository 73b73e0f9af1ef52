#include "base/user_input.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace ft {
namespace {

TEST(UserInput, ReadNumbersWholly) {
    EXPECT_EQ(parse_integer("n", "-3", -5, 5), -3);
    EXPECT_DOUBLE_EQ(parse_number("x", "2.4", 0, 3), 2.4);
    EXPECT_FALSE(parse_optional_number("x", "None", 0, 3).has_value());
    for (const char* bad : {"", "3x", " 3", "nan", "inf", "1e99", "4"})
        EXPECT_THROW(parse_number("x", bad, 0, 3), Error) << bad;
    for (const char* bad : {"", "1.5", "99999999999999999999", "6"})
        EXPECT_THROW(parse_integer("n", bad, 0, 5), Error) << bad;
}

TEST(UserInput, SaysNameValueAndRange) {
    try {
        parse_integer("--threads", "many", 0, 8);
        FAIL();
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "--threads many: must be a whole number from 0 to 8");
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    }
}

TEST(UserInput, MemoryHasAUnit) {
    EXPECT_EQ(parse_memory("m", "800MB"), 800000000U);
    EXPECT_EQ(parse_memory("m", "0.5gib"), size_t{1} << 29);
    for (const char* bad : {"", "4", "GB", "4 GB", "4TB", "0MB", "-1GB", "nanGB", "1e30GB", "4GBx"})
        EXPECT_THROW(parse_memory("m", bad), Error) << bad;
}

TEST(UserInput, ListsHaveNoBlanksAndNoEmptyParts) {
    EXPECT_EQ(split_list(" a, b c ,,d,"), (std::vector<std::string>{"a", "b c", "d"}));
    EXPECT_TRUE(split_list(" , ").empty());
}

TEST(UserInput, GuessOnlyWhatIsNear) {
    EXPECT_EQ(nearest_word("languag", {"language", "task"}), "language");
    EXPECT_EQ(nearest_word("prot", {"host", "port"}), "port") << "two letters have changed places";
    EXPECT_EQ(nearest_word("trop", {"host", "port"}), "");
    EXPECT_EQ(nearest_word("beam", {"language", "task"}), "");
    EXPECT_EQ(nearest_word("", {"language"}), "");
    EXPECT_EQ(nearest_word(std::string(1 << 20, 'l'), {"language"}), "") << "at once";
}

}  // namespace
}  // namespace ft

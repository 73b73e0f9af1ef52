#include "decoding/language.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"

namespace ft {
namespace {

TEST(Language, FindsCodesNamesAndTags) {
    for (const char* text : {"sv", "SV", "swedish", "Swedish", "SWEDISH", "svenska", "sv-SE", "sv_se", "swe"}) {
        EXPECT_EQ(find_language(text), "sv") << text;
    }
    EXPECT_EQ(find_language("nb"), "no");
    EXPECT_EQ(find_language("nb-NO"), "no");
    EXPECT_EQ(find_language("Haitian Creole"), "ht");
    EXPECT_EQ(find_language("flemish"), "nl");
    EXPECT_EQ(find_language("bokmål"), "no");
    EXPECT_EQ(find_language("haw"), "haw");
    for (const char* text : {"", " ", "klingon", "xx", "xx-SE", "s", "swedish-sv", "-", "sv SE", "auto"}) {
        EXPECT_EQ(find_language(text), "") << text;
    }
}

TEST(Language, HasTheHundredLanguagesOnceEach) {
    std::set<std::string_view> codes, names;
    for (const Language& language : languages()) {
        codes.insert(language.code);
        names.insert(language.name);
        EXPECT_EQ(find_language(language.name), language.code);
        EXPECT_EQ(find_language(language.code), language.code);
        EXPECT_EQ(language_name(language.code), language.name);
    }
    EXPECT_EQ(codes.size(), 100u);
    EXPECT_EQ(names.size(), 100u);
    EXPECT_EQ(languages()[0].code, "en");    // token 50259
    EXPECT_EQ(languages()[14].code, "sv");   // token 50273
    EXPECT_EQ(languages()[99].code, "yue");  // large-v3 only
    EXPECT_EQ(language_name("xx"), "");
}

TEST(Language, RefusesUnknownOnesByName) {
    EXPECT_EQ(parse_language("Svenska"), "sv");
    EXPECT_EQ(parse_language("auto"), "auto");
    try {
        parse_language("klingon");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        EXPECT_NE(std::string(error.what()).find("klingon"), std::string::npos);
    }
}

}  // namespace
}  // namespace ft

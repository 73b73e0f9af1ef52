// Times, encodings, XML and values of DynamoDB.
#include <gtest/gtest.h>

#include <algorithm>

#include "aws/attribute_json.h"
#include "aws/encoding.h"
#include "aws/surroundings.h"
#include "aws/times.h"
#include "aws/xml.h"
#include "base/error.h"

namespace ft::aws {
namespace {

TimePoint at(int64_t seconds) {
    return TimePoint(std::chrono::seconds(seconds));
}

TEST(Times, AreReadAndWritten) {
    EXPECT_EQ(basic_time(at(1440938160)), "20150830T123600Z");
    EXPECT_EQ(iso_time(at(1440938160)), "2015-08-30T12:36:00Z");
    EXPECT_EQ(parse_iso_time("2015-08-30T12:36:00Z"), at(1440938160));
    EXPECT_EQ(parse_iso_time("2015-08-30T12:36:00.999Z"), at(1440938160));
    EXPECT_EQ(parse_iso_time("2015-08-30T14:36:00+02:00"), at(1440938160));
    EXPECT_EQ(parse_iso_time("2015-08-30T11:06:00-0130"), at(1440938160));
    EXPECT_EQ(parse_iso_time("2024-02-29T00:00:00Z"), at(1709164800));
    EXPECT_EQ(parse_http_time("Sun, 30 Aug 2015 12:36:00 GMT"), at(1440938160));
}

TEST(Times, WhatIsNoneIsNothing) {
    for (const char* text :
         {"", "2015", "2015-08-30", "2015-08-30T12:36:00", "2015-08-30 12:36:00Z", "2015-13-30T12:36:00Z",
          "2023-02-29T00:00:00Z", "2015-08-30T24:36:00Z", "2015-08-30T12:36:00Zx", "9999-08-30T12:36:00Z",
          "2015-08-30T12:36:00+2", "-015-08-30T12:36:00Z"}) {
        EXPECT_FALSE(parse_iso_time(text)) << text;
    }
    EXPECT_FALSE(parse_http_time(""));
    EXPECT_FALSE(parse_http_time("yesterday"));
}

TEST(Surroundings, AreTheMachines) {
    const Surroundings real = real_surroundings();
    EXPECT_EQ(real.variable("FT_TEST_OF_A_VARIABLE_THAT_IS_NOT_SET"), "");
    EXPECT_NE(real.variable("PATH"), "");
    EXPECT_GT(real.now(), at(1772280000));
    double least = 1, most = 0;
    for (int i = 0; i < 1000; ++i) {
        const double chance = real.random();
        least = std::min(least, chance);
        most = std::max(most, chance);
    }
    EXPECT_GE(least, 0);
    EXPECT_LT(most, 1);
    EXPECT_GT(most - least, 0.5);
}

TEST(Encoding, PercentCodesGoBothWays) {
    EXPECT_EQ(percent_decode("a%20b%2Fc%"), "a b/c%");
    EXPECT_EQ(percent_decode("%zz%4"), "%zz%4");
    EXPECT_EQ(percent_decode("%41"), "A");
    EXPECT_EQ(encode_path("a/å b//c+"), "a/%C3%A5%20b//c%2B");
    EXPECT_EQ(form_encode("a b+c%"), "a+b%2Bc%25");
    EXPECT_EQ(form_decode("a+b%2Bc%25"), "a b+c%");
    EXPECT_EQ(from_hex("00ff7A"), std::string("\0\xff\x7a", 3));
}

TEST(Xml, BecomesATree) {
    const auto root = parse_xml(
        "<?xml version=\"1.0\"?>\n<a:Root xmlns:a=\"x\" y=\"z\"> <List><item>1 &amp; 2</item>"
        "<item> b </item><other/></List><Empty/>\n</a:Root>");
    ASSERT_TRUE(root);
    EXPECT_EQ(root->name, "Root");
    EXPECT_EQ(root->text, "");
    EXPECT_EQ(root->text_at("List/item"), "1 & 2");
    ASSERT_EQ(root->all("List", "item").size(), 2U);
    EXPECT_EQ(root->all("List", "item")[1]->text, " b ");
    EXPECT_EQ(root->text_at("List/none/deeper"), "");
    EXPECT_TRUE(root->all("Nothing", "item").empty());
    EXPECT_NE(root->find("Empty"), nullptr);
}

TEST(Xml, WhatIsNoneIsNothing) {
    for (const char* text : {"", "text", "<a>", "<a></b>", "<a/><b/>", "<a>&undefined;</a>", "<a>\xff</a>"}) {
        EXPECT_FALSE(parse_xml(text)) << text;
    }
    EXPECT_FALSE(parse_xml("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"));
    std::string deep;
    for (int i = 0; i < 1000; ++i) deep += "<a>";
    for (int i = 0; i < 1000; ++i) deep += "</a>";
    EXPECT_FALSE(parse_xml(deep));
}

TEST(Xml, EscapedTextComesBack) {
    const std::string text = "a<b>&\"c\"\rd";
    const auto root = parse_xml("<a>" + xml_escape(text) + "</a>");
    ASSERT_TRUE(root);
    EXPECT_EQ(root->text, text);
}

TEST(AttributeValue, GoesThroughJsonUnchanged) {
    const Item item{{"null", {}},
                    {"text", "åäö"},
                    {"empty", ""},
                    {"yes", true},
                    {"whole", int64_t{-9007199254740993}},
                    {"real", 0.1},
                    {"binary", Binary{std::string("\0\xff", 2)}},
                    {"set", StringSet{"a", "b"}},
                    {"list", List{1, "two", Item{{"three", 3}}}},
                    {"map", Item{{"inner", Item{{"deep", false}}}}}};
    const Item read = item_from_json(nlohmann::json::parse(item_to_json(item).dump()));
    EXPECT_EQ(read, item);
    EXPECT_EQ(read.at("whole").integer(), -9007199254740993);
    EXPECT_EQ(read.at("real").real(), 0.1);
    EXPECT_EQ(read.at("list").list().at(2).map().at("three").integer(), 3);
    EXPECT_EQ(item_to_json({{"a", 5}}).dump(), R"({"a":{"N":"5"}})");
}

TEST(AttributeValue, OfAnotherTypeIsAnError) {
    EXPECT_THROW((void)AttributeValue("text").integer(), Error);
    EXPECT_THROW((void)AttributeValue(1).text(), Error);
    EXPECT_THROW((void)AttributeValue(Number{"1.5"}).integer(), Error);
    EXPECT_THROW((void)AttributeValue(Number{"99999999999999999999"}).integer(), Error);
    EXPECT_THROW(AttributeValue(1.0 / 0.0), Error);
    for (const char* json : {R"({"a":1})", R"({"a":{}})", R"({"a":{"S":1}})", R"({"a":{"X":"y"}})",
                             R"({"a":{"S":"b","N":"1"}})", R"({"a":{"SS":[1]}})", "[]"}) {
        EXPECT_THROW(item_from_json(nlohmann::json::parse(json)), Error) << json;
    }
}

}  // namespace
}  // namespace ft::aws

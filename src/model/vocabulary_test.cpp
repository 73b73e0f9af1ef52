#include "model/vocabulary.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "model/generation_config.h"
#include "model/testing/tiny_checkpoint.h"

namespace ft {
namespace {

template <typename Function>
std::string error_of(Function function, ErrorCode code = ErrorCode::bad_model) {
    try {
        function();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), code) << error.what();
        return error.what();
    }
    ADD_FAILURE() << "no error";
    return {};
}

TEST(Printable, EveryByteComesBackAndIsAPrintableCharacter) {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) {
        const std::string one(1, static_cast<char>(byte));
        all += one;
        EXPECT_EQ(from_printable(to_printable(one)), one) << byte;
        EXPECT_GT(static_cast<unsigned char>(to_printable(one)[0]), 0x20) << byte;
    }
    EXPECT_EQ(from_printable(to_printable(all)), all);
    // Known from GPT-2's vocabulary: "Ġ" is the space, "Ċ" the line feed, "Ã¥" the two bytes of å.
    EXPECT_EQ(to_printable(" \n"), "ĠĊ");
    EXPECT_EQ(from_printable("Ã¥"), "å");
}

TEST(Printable, WhatIsNotInTheTableStays) {
    EXPECT_EQ(from_printable("日 a"), "日 a");
    EXPECT_EQ(from_printable("\xC3"), "\xC3");
    EXPECT_EQ(from_printable("\xC4"), "\xC4");
}

TEST(Vocabulary, NamesTimestamps) {
    EXPECT_EQ(timestamp_name(0), "<|0.00|>");
    EXPECT_EQ(timestamp_name(51), "<|1.02|>");
    EXPECT_EQ(timestamp_name(1500), "<|30.00|>");
}

TEST(Vocabulary, FillsTimestampsAndUnusedIdsIn) {
    const TokenNames names = {{0, "Ġ"}, {1, "a"}, {2, "<|endoftext|>"}, {4, "<|notimestamps|>"}};
    const Vocabulary vocabulary = make_vocabulary(names, 7, true, "x");
    EXPECT_EQ(vocabulary.tokens, (std::vector<std::string>{" ", "a", "<|endoftext|>", "<|unused_3|>",
                                                           "<|notimestamps|>", "<|0.00|>", "<|0.02|>"}));
    EXPECT_EQ(vocabulary.first_special, 2);
}

TEST(Vocabulary, SaysWhatDoesNotFit) {
    EXPECT_NE(error_of([] {
                  make_vocabulary({{0, "a"}, {1, "<|endoftext|>"}, {7, "b"}}, 7, true, "dir");
              }).find("dir: has token 7"),
              std::string::npos);
    EXPECT_NE(error_of([] {
                  make_vocabulary({{1, "a"}, {2, "<|endoftext|>"}}, 7, true, "dir");
              }).find("no token 0"),
              std::string::npos);
    EXPECT_NE(error_of([] { make_vocabulary({{0, "a"}}, 7, true, "dir"); }).find("<|endoftext|>"), std::string::npos);
    EXPECT_NE(error_of([] { make_vocabulary({}, 7, true, "dir"); }).find("<|endoftext|>"), std::string::npos);
}

TEST(Vocabulary, ReadsEveryForm) {
    const TokenNames expected = {{0, "a"}, {1, "<|endoftext|>"}};
    EXPECT_EQ(
        parse_tokenizer_json(R"({"model":{"vocab":{"a":0}},"added_tokens":[{"id":1,"content":"<|endoftext|>"}]})", "x"),
        expected);
    EXPECT_EQ(parse_token_ids_json(R"({"a":0,"<|endoftext|>":1})", "x"), expected);
    EXPECT_EQ(parse_tokenizer_config_json(
                  R"({"added_tokens_decoder":{"1":{"content":"<|endoftext|>"},"0":{"content":"a"}}})", "x"),
              expected);
    EXPECT_EQ(parse_vocabulary_lines("a\n<|endoftext|>\n"), expected);
    EXPECT_EQ(parse_vocabulary_lines("a\n<|endoftext|>"), expected);
    EXPECT_EQ(parse_vocabulary_array(R"(["a","<|endoftext|>"])", "x"), expected);
}

TEST(Vocabulary, RefusesWhatIsNoVocabulary) {
    for (const char* text :
         {"", "[]", "{", R"({"model":{}})", R"({"model":{"vocab":[["a",0]]}})", R"({"model":{"vocab":{"a":-1}}})",
          R"({"model":{"vocab":{"a":1.5}}})", R"({"model":{"vocab":{"a":99999999999999999999}}})",
          R"({"model":{"vocab":{"a":0,"b":0}}})", R"({"model":{"vocab":{"a":0}},"added_tokens":[{"id":1}]})",
          R"({"model":{"vocab":{"a":0}},"added_tokens":[7]})"}) {
        error_of([&] { parse_tokenizer_json(text, "tokenizer.json"); });
    }
    error_of([] { parse_vocabulary_array("[1]", "x"); });
    error_of([] { parse_vocabulary_array("{}", "x"); });
    error_of([] { parse_tokenizer_config_json(R"({"added_tokens_decoder":{"1x":{"content":"a"}}})", "x"); });
}

TEST(Generation, FindsSpecialTokensByName) {
    const TinyCheckpoint tiny = make_tiny_checkpoint();
    const GenerationConfig generation = derive_generation(tiny.config, tiny.vocabulary, "x");
    const auto name = [&](int32_t id) {
        return id < 0 ? std::string("none") : tiny.vocabulary.tokens[static_cast<size_t>(id)];
    };
    EXPECT_EQ(name(generation.end_of_text), "<|endoftext|>");
    EXPECT_EQ(name(generation.start_of_transcript), "<|startoftranscript|>");
    EXPECT_EQ(name(generation.transcribe), "<|transcribe|>");
    EXPECT_EQ(name(generation.translate), "<|translate|>");
    EXPECT_EQ(name(generation.start_of_previous), "<|startofprev|>");
    EXPECT_EQ(name(generation.no_speech), "<|nospeech|>");
    EXPECT_EQ(name(generation.no_timestamps), "<|notimestamps|>");
    EXPECT_EQ(name(generation.timestamp_begin), "<|0.00|>");
    EXPECT_EQ(name(generation.languages.at("sv")), "<|sv|>");
    EXPECT_EQ(name(generation.languages.at("haw")), "<|haw|>");
    EXPECT_EQ(generation.languages.size(), 100u);
    EXPECT_EQ(name(generation.begin_suppress.at(0)), " ");
}

TEST(Generation, TheOlderNameOfNoSpeechIsKnownAndAMissingStartIsNamed) {
    TinyCheckpoint tiny = make_tiny_checkpoint();
    for (std::string& token : tiny.vocabulary.tokens) {
        if (token == "<|nospeech|>") token = "<|nocaptions|>";
    }
    EXPECT_EQ(derive_generation(tiny.config, tiny.vocabulary, "x").no_speech, tiny.generation.no_speech);
    for (std::string& token : tiny.vocabulary.tokens) {
        if (token == "<|startoftranscript|>") token = "<|other|>";
    }
    EXPECT_NE(error_of([&] { derive_generation(tiny.config, tiny.vocabulary, "x"); }).find("<|startoftranscript|>"),
              std::string::npos);
}

TEST(Generation, ReadsListsOfHuggingFace) {
    const TinyCheckpoint tiny = make_tiny_checkpoint();
    const auto parse = [&](const char* text) {
        return parse_hf_generation(text, tiny.config, tiny.vocabulary, "generation_config.json");
    };
    const GenerationConfig plain = parse("{}");
    EXPECT_TRUE(plain.suppress.empty());
    EXPECT_TRUE(plain.begin_suppress.empty());
    EXPECT_EQ(plain.max_initial_timestamp, 50);
    const GenerationConfig listed =
        parse(R"({"suppress_tokens":[9,3,3,1000000],"begin_suppress_tokens":[2],"max_initial_timestamp_index":7,
        "alignment_heads":[[1,0],[5,9],[-1,0],[0,1]],"is_multilingual":false})");
    EXPECT_EQ(listed.suppress, (std::vector<int32_t>{3, 9}));
    EXPECT_EQ(listed.begin_suppress, (std::vector<int32_t>{2}));
    EXPECT_EQ(listed.max_initial_timestamp, 7);
    EXPECT_EQ(listed.alignment_heads, (std::vector<std::pair<int, int>>{{1, 0}, {0, 1}}))
        << "heads of another network must go";
    EXPECT_TRUE(listed.languages.empty());
    EXPECT_EQ(parse(R"({"suppress_tokens":[-1]})").suppress, tiny.generation.suppress);
    for (const char* text : {R"({"suppress_tokens":7})", R"({"suppress_tokens":["a"]})", R"({"alignment_heads":[[1]]})",
                             R"({"alignment_heads":5})", R"({"max_initial_timestamp_index":-1})"}) {
        EXPECT_NE(error_of([&] { parse(text); }).find("generation_config.json"), std::string::npos) << text;
    }
}

TEST(Generation, NonSpeechTokensAreBracketsAndNotesButNeverTheSpace) {
    const TinyCheckpoint tiny = make_tiny_checkpoint();
    std::vector<std::string> names;
    for (const int32_t id : non_speech_tokens(tiny.vocabulary))
        names.push_back(tiny.vocabulary.tokens[static_cast<size_t>(id)]);
    const auto has = [&](const char* token) { return std::find(names.begin(), names.end(), token) != names.end(); };
    for (const char* token : {"(", "[", "\"", " -", " '", " (", " \xE2", "\xE2\x99"}) EXPECT_TRUE(has(token)) << token;
    for (const char* token : {" ", "-", "'", "a", " d", ".", ",", "?"}) EXPECT_FALSE(has(token)) << token;
}

}  // namespace
}  // namespace ft

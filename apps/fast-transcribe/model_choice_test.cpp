#include "model_choice.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"

namespace ft {
namespace {

/// A machine on which some models are.
struct Machine {
    std::set<std::string> models;
    std::string notice;

    LocatedModel choose(const std::string& given) {
        return choose_model(
            given,
            [this](const std::string& name) {
                if (name == "broken") throw Error(ErrorCode::permission, "broken: may not be read");
                if (!models.count(name)) throw Error(ErrorCode::not_found, "{} is not here", name);
                LocatedModel located;
                located.name.given = name;
                return located;
            },
            [this](const std::string& sentence) { notice = sentence; });
    }
};

TEST(ModelChoice, TakesTheBestThatIsThere) {
    Machine both{{"kb-whisper-small", "whisper-base"}, ""};
    EXPECT_EQ(both.choose("").name.given, "kb-whisper-small");
    EXPECT_EQ(both.notice, "");
    Machine spare{{"whisper-base"}, ""};
    EXPECT_EQ(spare.choose("").name.given, "whisper-base");
    EXPECT_NE(spare.notice.find("model pull kb-whisper-small"), std::string::npos);
    EXPECT_EQ(both.choose("whisper-base").name.given, "whisper-base");
    EXPECT_EQ(both.notice, "") << "who asks for a model gets it without remarks";
}

TEST(ModelChoice, SaysHowToGetOne) {
    Machine none;
    try {
        none.choose("");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::not_found);
        EXPECT_NE(std::string(error.what()).find("fast-transcribe model pull kb-whisper-small"), std::string::npos);
    }
    EXPECT_THROW(none.choose("kb-whisper-large"), Error);
    EXPECT_THROW(none.choose("broken"), Error);
}

}  // namespace
}  // namespace ft

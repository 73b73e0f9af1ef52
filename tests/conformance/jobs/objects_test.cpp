// Objects: whole or not at all, ranges, lists, and keys that lead nowhere else.
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "suite.h"

namespace ft::conformance {
namespace {

class Objects : public JobsSuite {
  protected:
    std::vector<std::string> keys(const std::string& prefix, const std::string& after = "", int limit = 100) {
        std::vector<std::string> all;
        for (const ObjectInfo& info : objects->list(prefix, after, limit)) all.push_back(info.key);
        return all;
    }
    ErrorCode code_of(const std::function<void()>& call) {
        try {
            call();
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::internal;
    }
};
INSTANTIATE_TEST_SUITE_P(Stores, Objects, every_store);

TEST_P(Objects, PutGetReplaceRemove) {
    const std::string binary("a\0\xff\n", 4);
    const ObjectInfo first = objects->put("results/job_1/1/a.txt", binary);
    EXPECT_EQ(first.size_bytes, 4);
    EXPECT_EQ(objects->get("results/job_1/1/a.txt"), binary);
    const ObjectInfo second = objects->put("results/job_1/1/a.txt", "longer than before");
    EXPECT_NE(second.etag, first.etag);
    EXPECT_EQ(objects->get("results/job_1/1/a.txt"), "longer than before");
    EXPECT_EQ(objects->stat("results/job_1/1/a.txt")->etag, second.etag);
    objects->put("empty", "");
    EXPECT_EQ(objects->get("empty"), "");
    objects->remove("results/job_1/1/a.txt");
    objects->remove("results/job_1/1/a.txt");
    EXPECT_FALSE(objects->stat("results/job_1/1/a.txt"));
    EXPECT_EQ(code_of([&] { objects->get("results/job_1/1/a.txt"); }), ErrorCode::not_found);
    EXPECT_EQ(code_of([&] { objects->read("results/none", 0, 1); }), ErrorCode::not_found);
}

TEST_P(Objects, NothingIsSeenBeforeCommit) {
    {
        const auto writer = objects->create("inputs/job_1/audio");
        writer->append(std::as_bytes(std::span("half", 4)));
        EXPECT_FALSE(objects->stat("inputs/job_1/audio"));
        EXPECT_TRUE(keys("").empty());
    }
    EXPECT_TRUE(keys("").empty());
    const auto writer = objects->create("inputs/job_1/audio");
    for (int i = 0; i < 3; ++i) writer->append(std::as_bytes(std::span("abc", 3)));
    EXPECT_EQ(writer->commit().size_bytes, 9);
    EXPECT_EQ(objects->get("inputs/job_1/audio"), "abcabcabc");
}

TEST_P(Objects, Ranges) {
    objects->put("a", "0123456789");
    EXPECT_EQ(objects->read("a", 0, 3), "012");
    EXPECT_EQ(objects->read("a", 7, 100), "789");
    EXPECT_EQ(objects->read("a", 10, 5), "");
    EXPECT_EQ(objects->read("a", 1000, 5), "");
    EXPECT_EQ(objects->read("a", 3, 0), "");
    EXPECT_EQ(code_of([&] { objects->read("a", -1, 5); }), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of([&] { objects->read("a", 0, -5); }), ErrorCode::invalid_argument);
}

TEST_P(Objects, ListsInTheOrderOfBytesPageByPage) {
    const std::vector<std::string> expected = {"a-b",   "a-b/",  "a.b",        "a/1",   "a/1-0/x",
                                               "a/1.0", "a/1/2", "a0/0/0/0/0", "b/2/3", "b/2/4"};
    std::vector<std::string> all;
    for (const std::string& key : expected) {
        if (key == "a-b/" || key == "a/1") continue;  // no key is another's folder
        all.push_back(key);
    }
    for (auto key = all.rbegin(); key != all.rend(); ++key) objects->put(*key, "x");
    EXPECT_EQ(keys(""), all);
    for (int limit = 1; limit < 4; ++limit) {
        std::vector<std::string> paged;
        std::string after;
        for (auto page = keys("", after, limit); !page.empty(); page = keys("", after, limit)) {
            EXPECT_LE(page.size(), static_cast<size_t>(limit));
            paged.insert(paged.end(), page.begin(), page.end());
            after = page.back();
        }
        EXPECT_EQ(paged, all) << limit;
    }
    EXPECT_EQ(keys("a/1"), (std::vector<std::string>{"a/1-0/x", "a/1.0", "a/1/2"}));
    EXPECT_EQ(keys("a/"), (std::vector<std::string>{"a/1-0/x", "a/1.0", "a/1/2"}));
    EXPECT_EQ(keys("b/2/", "b/2/3"), std::vector<std::string>{"b/2/4"});
    EXPECT_TRUE(keys("c/").empty());
    EXPECT_EQ(objects->remove_all("a/"), 3);
    EXPECT_EQ(keys("a"), (std::vector<std::string>{"a-b", "a.b", "a0/0/0/0/0"}));
}

TEST_P(Objects, KeysThatAreNone) {
    for (const std::string& key :
         {std::string(), std::string("/etc/passwd"), std::string("../x"), std::string("a/../../x"), std::string("a//b"),
          std::string("a/"), std::string("."), std::string("a/./b"), std::string(".hidden"), std::string("a/.hidden"),
          std::string("a\\b"), std::string("a\0b", 3), std::string("å"), std::string("a b"), std::string("a\n"),
          std::string(513, 'a')}) {
        for (const auto& call :
             std::vector<std::function<void()>>{[&] { objects->create(key); }, [&] { objects->stat(key); },
                                                [&] { objects->read(key, 0, 1); }, [&] { objects->remove(key); },
                                                [&] {
                                                    objects->fetch({"object:" + key, "", "", "", 0}, folder.path());
                                                }})
            EXPECT_EQ(code_of(call), ErrorCode::invalid_argument) << key;
    }
    EXPECT_EQ(code_of([&] { objects->list("../", "", 1); }), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of([&] { objects->remove_all("a/../"); }), ErrorCode::invalid_argument);
}

TEST_P(Objects, FetchChecksThatItIsTheSame) {
    const ObjectInfo info = objects->put("inputs/job_1/audio", "sound");
    const auto copy = objects->fetch({"object:inputs/job_1/audio", "", "", info.etag, 5}, folder.path() / "scratch");
    EXPECT_EQ(read_file(copy->path()), "sound");
    const auto fetch = [&](JobInput input) {
        return code_of([&] { objects->fetch(input, folder.path() / "scratch"); });
    };
    EXPECT_EQ(fetch({"object:inputs/job_1/audio", "", "", info.etag, 6}), ErrorCode::not_found);
    EXPECT_EQ(fetch({"object:inputs/job_2/audio", "", "", "", 0}), ErrorCode::not_found);
    EXPECT_EQ(fetch({"/etc/passwd", "", "", "", 0}), ErrorCode::unsupported);
    EXPECT_EQ(fetch({"file:///etc/passwd", "", "", "", 0}), ErrorCode::unsupported);
    objects->put("inputs/job_1/audio", "other");
    EXPECT_EQ(fetch({"object:inputs/job_1/audio", "", "", info.etag, 5}), ErrorCode::not_found);
}

TEST_P(Objects, ReadersSeeTheOldOrTheNew) {
    objects->put("a", std::string(100000, 'x'));
    std::thread writer([&] {
        for (int i = 0; i < 20; ++i) objects->put("a", std::string(100000, i % 2 ? 'x' : 'y'));
    });
    for (int i = 0; i < 50; ++i) {
        const std::string seen = objects->get("a");
        EXPECT_EQ(seen, std::string(100000, seen.front()));
    }
    writer.join();
}

}  // namespace
}  // namespace ft::conformance

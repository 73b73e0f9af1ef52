// The page as a browser gets it: its files, their heads, and that nothing in them reaches out.
#include <fmt/format.h>

#include <fstream>
#include <regex>

#include "base/file.h"
#include "server/page/page_files.h"
#include "server/testing/service_fixture.h"

namespace ft {
namespace {

class Page : public ServiceTest {
  protected:
    HttpResponse get_unless(const std::string& path, const std::string& etag) {
        HttpRequest request;
        request.url = path;
        request.headers = {"If-None-Match: " + etag};
        return send(request);
    }
};

TEST_F(Page, EveryFileIsWhatLiesInTheSource) {
    ASSERT_GT(page_files().size(), 10U);
    for (const PageFile& file : page_files()) {
        const HttpResponse response = get("/page/" + std::string(file.name));
        EXPECT_EQ(response.status, 200) << file.name;
        EXPECT_EQ(response.body, read_file(std::string(FT_SOURCE_DIR) + "/src/server/page/" + std::string(file.name)))
            << file.name;
        EXPECT_EQ(response.header("etag"), file.etag);
        EXPECT_EQ(response.header("x-content-type-options"), "nosniff");
        EXPECT_EQ(response.header("cache-control"), "no-cache");
    }
    EXPECT_EQ(get("/").body, get("/page/index.html").body);
    EXPECT_EQ(get("/").header("content-type"), "text/html; charset=utf-8");
    EXPECT_EQ(get("/page/app.js").header("content-type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(get("/page/page.css").header("content-type"), "text/css; charset=utf-8");
    EXPECT_EQ(get("/page/icon.svg").header("content-type"), "image/svg+xml");
}

TEST_F(Page, ThePolicyAllowsItsOwnFilesOnly) {
    for (const char* path : {"/", "/page/app.js"}) {
        const std::string policy = get(path).header("content-security-policy");
        EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
        EXPECT_NE(policy.find("script-src 'self';"), std::string::npos);
        EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
        EXPECT_EQ(policy.find("unsafe"), std::string::npos);
        EXPECT_EQ(policy.find("http"), std::string::npos);
        EXPECT_EQ(policy.find('*'), std::string::npos);
    }
}

TEST_F(Page, WhatABrowserHasIsNotSentAgain) {
    const std::string etag = get("/").header("etag");
    EXPECT_EQ(get_unless("/", etag).status, 304);
    EXPECT_EQ(get_unless("/", etag).body, "");
    EXPECT_EQ(get_unless("/", "W/" + etag + ", \"x\"").status, 304);
    EXPECT_EQ(get_unless("/", "*").status, 304);
    EXPECT_EQ(get_unless("/", "\"another\"").status, 200);
}

TEST_F(Page, NothingElseIsThere) {
    for (const char* path : {"/page/", "/page/page_files.h", "/page/none.js", "/page/..%2Fpage.css", "/page/a/b"})
        EXPECT_EQ(get(path).status, 404) << path;
    EXPECT_EQ(post("/").status, 405);
}

TEST_F(Page, IsThereBeforeAKeyIs) {
    server_options_.gate.keys = ApiKeys::parse(std::string(64, 'a') + " anna", "keys");
    EXPECT_EQ(get("/").status, 200);
    EXPECT_EQ(get("/page/app.js").status, 200);
    EXPECT_EQ(get("/jobs").status, 401);
}

/// Without a browser: the rules that the browser's test sees at work.
TEST(PageSource, KeepsItsRules) {
    for (const PageFile& file : page_files()) {
        const std::string text(file.bytes);
        for (const char* never :
             {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "https://",
              "style=\"", "onclick=", "<script>", "<style>", "localStorage.key"})
            EXPECT_EQ(text.find(never), std::string::npos) << file.name << " has " << never;
        EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 400) << file.name;
        // "http://www.w3.org/…" is the name of a namespace.
        const std::regex address("http://(?!www\\.w3\\.org/)");
        EXPECT_FALSE(std::regex_search(text, address)) << file.name;
    }
}

/// No text outside dictionary.js: the page's frame has none, and both languages have the same entries.
TEST(PageSource, TheFrameHasNoText) {
    for (const PageFile& file : page_files()) {
        if (file.name != "index.html") continue;
        const std::string body = std::string(file.bytes).substr(file.bytes.find("<body"));
        EXPECT_FALSE(std::regex_search(body, std::regex(">[^<]*[A-Za-z][^<]*<"))) << body;
    }
}

}  // namespace
}  // namespace ft

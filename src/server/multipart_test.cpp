#include "server/multipart.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"

namespace ft {
namespace {

struct Part {
    PartHead head;
    std::string body;
    bool ended = false;
};

struct Recorder : PartSink {
    std::vector<Part> parts;
    void begin_part(const PartHead& head) override { parts.push_back({head, "", false}); }
    void part_bytes(std::string_view bytes) override { parts.back().body += bytes; }
    void end_part() override { parts.back().ended = true; }
};

std::vector<Part> parse(const std::string& body, size_t step, const std::string& boundary = "XX") {
    Recorder recorder;
    MultipartParser parser(boundary, recorder);
    for (size_t at = 0; at < body.size(); at += step) parser.push(std::string_view(body).substr(at, step));
    parser.finish();
    return recorder.parts;
}

std::string failure(const std::string& body) {
    try {
        parse(body, 7);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        return error.what();
    }
    return "";
}

const std::string one_of_each =
    "--XX\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n"
    "--XX \t\r\nContent-Type: audio/wav\r\ncontent-disposition: FORM-DATA; name=file; filename=\"a "
    "\\\"b\\\".wav\"\r\n\r\n"
    "bytes\r\n--X\r\n--\r\n\x01more\r\n"
    "--XX\r\nContent-Disposition: form-data; filename*=utf-8''%C3%A5%20.mp3; name=\"last\"\r\n\r\n\r\n--XX--\r\nrest";

TEST(Multipart, PartsAreTheSameHoweverTheBytesCome) {
    for (size_t step = 1; step <= one_of_each.size(); ++step) {
        const std::vector<Part> parts = parse(one_of_each, step);
        ASSERT_EQ(parts.size(), 3U) << step;
        EXPECT_EQ(parts[0].head.name, "model");
        EXPECT_FALSE(parts[0].head.filename.has_value());
        EXPECT_EQ(parts[0].body, "whisper-1");
        EXPECT_EQ(parts[1].head.name, "file");
        EXPECT_EQ(parts[1].head.filename, "a \"b\".wav");
        EXPECT_EQ(parts[1].head.content_type, "audio/wav");
        EXPECT_EQ(parts[1].body.substr(0, 14), "bytes\r\n--X\r\n--");
        EXPECT_EQ(parts[2].head.filename, "å .mp3");
        EXPECT_EQ(parts[2].body, "");
        for (const Part& part : parts) EXPECT_TRUE(part.ended);
    }
}

TEST(Multipart, APreambleAndNoPartsAreFine) {
    EXPECT_EQ(parse("hello\r\n--XX--", 3).size(), 0U);
    EXPECT_EQ(parse("--XX--", 1).size(), 0U);
}

TEST(Multipart, SaysWhatIsBroken) {
    EXPECT_NE(failure("").find("ends before"), std::string::npos);
    EXPECT_NE(failure("--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nno end").find("ends before"),
              std::string::npos);
    EXPECT_NE(failure("--XXY\r\n").find("behind a boundary"), std::string::npos);
    EXPECT_NE(failure("--XX" + std::string(10000, ' ')).find("behind a boundary"), std::string::npos);
    EXPECT_NE(failure("--XX\r\n\r\nx\r\n--XX--").find("Content-Disposition"), std::string::npos);
    EXPECT_NE(failure("--XX\r\nno colon here\r\n\r\nx").find("no colon"), std::string::npos);
    EXPECT_NE(failure("--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx").find("does not end"),
              std::string::npos);
    EXPECT_NE(failure("--XX\r\n" + std::string(1 << 20, 'a')).find("8192 bytes"), std::string::npos);
    std::string many;
    for (int i = 0; i < 100; ++i) many += "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n";
    EXPECT_NE(failure(many + "--XX--").find("more than 64 parts"), std::string::npos);
}

TEST(Multipart, TheBoundaryIsFoundInTheContentType) {
    EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=abc"), "abc");
    EXPECT_EQ(multipart_boundary("Multipart/Form-Data; charset=utf-8; Boundary=\"a b;c\""), "a b;c");
    for (const std::string& bad : std::vector<std::string>{
             "", "multipart/form-data", "multipart/mixed; boundary=x", "text/plain", "multipart/form-data; boundary=",
             "multipart/form-data; boundary=" + std::string(71, 'x'), "multipart/form-data; boundary=\"x"})
        EXPECT_THROW(multipart_boundary(bad), Error) << bad;
}

}  // namespace
}  // namespace ft

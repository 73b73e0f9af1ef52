#include "serve_options.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"

namespace ft {
namespace {

std::string failure(const std::vector<std::string>& arguments) {
    try {
        parse_serve_arguments(arguments);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        return error.what();
    }
    return "";
}

TEST(ServeOptions, AreReadFromFlags) {
    const ServeOptions options = parse_serve_arguments({"--port",
                                                        "0",
                                                        "--host=::1",
                                                        "--data",
                                                        "d",
                                                        "--api-keys",
                                                        "k",
                                                        "--max_upload_mb",
                                                        "10",
                                                        "--workers",
                                                        "3",
                                                        "--keep_days",
                                                        "0.5",
                                                        "--allow_network",
                                                        "10.0.0.0/8",
                                                        "--allow_network",
                                                        "fd00::/8",
                                                        "--allow-http",
                                                        "--language",
                                                        "auto",
                                                        "--model",
                                                        "tiny",
                                                        "--compute_type",
                                                        "float32"});
    EXPECT_EQ(options.port, 0);
    EXPECT_EQ(options.host, "::1");
    EXPECT_EQ(options.data, "d");
    EXPECT_EQ(options.api_keys, "k");
    EXPECT_EQ(options.longest_upload_mb, 10);
    EXPECT_EQ(options.workers, 3);
    EXPECT_EQ(options.keep_days, 0.5);
    EXPECT_EQ(options.allow_networks.size(), 2U);
    EXPECT_TRUE(options.allow_http);
    EXPECT_EQ(finish_options(options.defaults).decode.language, "auto");
    EXPECT_EQ(options.engine.model, "tiny");
    EXPECT_EQ(options.engine.backend.precision, Precision::float32);
}

TEST(ServeOptions, SayWhatIsWrong) {
    EXPECT_EQ(failure({"--port", "70000"}), "--port 70000: must be a whole number from 0 to 65535");
    EXPECT_EQ(failure({"--prot", "1"}), "unknown flag --prot; did you mean --port?");
    EXPECT_NE(failure({"talk.mp3"}).find("flags only"), std::string::npos);
    EXPECT_NE(failure({"--allow_network", "10.0.0.0/99"}), "");
    EXPECT_NE(failure({"--chunk_length", "31"}).find("--chunk_length 31"), std::string::npos);
    EXPECT_NE(failure({"--quiet", "--verbose"}).find("exclude"), std::string::npos);
}

TEST(ServeOptions, HelpNamesEveryFlagOfItsOwn) {
    const std::string help = serve_help();
    for (const char* flag :
         {"--host", "--port", "--data", "--api_keys", "--workers", "--max_queue", "--language", "--model"})
        EXPECT_NE(help.find(flag), std::string::npos) << flag;
}

TEST(ServeOptions, DataLieWhereTheUserKeepsData) {
    std::map<std::string, std::string> variables = {{"HOME", "/h"}};
    const auto folder = [&] { return default_data_folder([&](const char* name) { return variables[name]; }).string(); };
    EXPECT_EQ(folder(), "/h/.local/share/fast-transcribe/service");
    variables["XDG_DATA_HOME"] = "/x";
    EXPECT_EQ(folder(), "/x/fast-transcribe/service");
    variables["FAST_TRANSCRIBE_HOME"] = "/f";
    EXPECT_EQ(folder(), "/f/service");
    variables.clear();
    EXPECT_THROW(folder(), Error);
}

}  // namespace
}  // namespace ft

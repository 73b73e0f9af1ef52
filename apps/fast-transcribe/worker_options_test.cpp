#include "worker_options.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"

namespace ft {
namespace {

using Variables = std::map<std::string, std::string>;

WorkerCommandOptions parse(const std::vector<std::string>& arguments, const Variables& variables) {
    return parse_worker_arguments(arguments, [&](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::string() : found->second;
    });
}

std::string failure(const std::vector<std::string>& arguments, const Variables& variables) {
    try {
        parse(arguments, variables);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        return error.what();
    }
    return "";
}

TEST(WorkerOptions, ComeFromTheMachinesEnvironment) {
    const WorkerCommandOptions options = parse({}, {{"FT_BUCKET", "b"},
                                                    {"FT_TABLE", "t"},
                                                    {"FT_IMAGE_PARAMETER", "/transcriber/ami-id"},
                                                    {"FT_WEBHOOK_SECRET_PARAMETER", "/transcriber/secret"},
                                                    {"FT_DEADLINE_MIN", "180"},
                                                    {"FT_IDLE_S", "30"},
                                                    {"FT_IMAGE_CHECK", "strict"},
                                                    {"FT_ALLOW_NETWORKS", "10.0.0.0/8, fd00::/8"},
                                                    {"FT_ALLOW_HTTP", "true"},
                                                    {"FT_NO_GPU", "give_back"}});
    EXPECT_EQ(options.allow_networks.size(), 2U);
    EXPECT_TRUE(options.allow_http);
    EXPECT_EQ(options.bucket, "b");
    EXPECT_EQ(options.table, "t");
    EXPECT_EQ(options.image_parameter, "/transcriber/ami-id");
    EXPECT_EQ(options.webhook_secret_parameter, "/transcriber/secret");
    EXPECT_EQ(options.deadline_min, 180);
    EXPECT_EQ(options.idle_s, 30);
    EXPECT_EQ(options.image_check, ImagePolicy::strict);
    EXPECT_EQ(options.no_gpu, NoGpuPolicy::give_back);
    EXPECT_EQ(options.engine.backend.name, "cuda");
    EXPECT_FALSE(options.engine.otherwise);
    EXPECT_EQ(options.power_off, std::nullopt);
    EXPECT_EQ(options.price_usd_hour, std::nullopt);
}

TEST(WorkerOptions, AMachineWhoseGpuFailsGoesOnWithItsCpu) {
    for (const char* device : {"auto", "cuda"}) {
        const EngineOptions engine = parse({"--bucket", "b", "--device", device, "--threads", "3"}, {}).engine;
        EXPECT_EQ(engine.backend.name, "cuda");
        ASSERT_TRUE(engine.otherwise) << device;
        EXPECT_EQ(engine.otherwise->name, "cpu");
        EXPECT_EQ(engine.otherwise->precision, Precision::int8);
        EXPECT_EQ(engine.otherwise->threads, 3);
    }
    const EngineOptions exact = parse({"--bucket", "b", "--device", "cuda", "--compute_type", "float32"}, {}).engine;
    ASSERT_TRUE(exact.otherwise);
    EXPECT_EQ(exact.otherwise->precision, Precision::float32);
    EXPECT_FALSE(parse({"--bucket", "b", "--device", "cpu"}, {}).engine.otherwise);
}

TEST(WorkerOptions, FlagsGoBeforeTheEnvironment) {
    const WorkerCommandOptions options =
        parse({"--bucket=c", "--idle-s", "0", "--job_id", "job_1", "--launch_seq", "2", "--power_off", "none",
               "--price_usd_hour", "0.16", "--model", "whisper-base", "--allow_network", "127.0.0.1", "--allow_http"},
              {{"FT_BUCKET", "b"}, {"FT_IDLE_S", "60"}});
    EXPECT_EQ(options.bucket, "c");
    EXPECT_EQ(options.idle_s, 0);
    EXPECT_EQ(options.job_id, "job_1");
    EXPECT_EQ(options.launch_seq, 2);
    EXPECT_EQ(options.power_off, "none");
    EXPECT_EQ(options.price_usd_hour, 0.16);
    EXPECT_EQ(options.engine.model, "whisper-base");
    EXPECT_TRUE(options.allow_http);
    EXPECT_EQ(options.table, "transcription-jobs");
    EXPECT_GE(options.engine.width, 1);
}

TEST(WorkerOptions, RefuseWhatMakesNoSenseAndNameItsPlace) {
    const Variables good = {{"FT_BUCKET", "b"}};
    EXPECT_NE(failure({}, {}).find("FT_BUCKET"), std::string::npos);
    EXPECT_NE(failure({}, {{"FT_BUCKET", "b"}, {"FT_IDLE_S", "long"}}).find("FT_IDLE_S long"), std::string::npos);
    EXPECT_NE(failure({}, {{"FT_BUCKET", "b"}, {"FT_IMAGE_CHECK", "maybe"}}).find("off, log, strict"),
              std::string::npos);
    EXPECT_NE(failure({"--deadline_min", "-1"}, good).find("--deadline_min -1"), std::string::npos);
    EXPECT_NE(failure({"--job_id", "a/b"}, good).find("no job's id"), std::string::npos);
    EXPECT_NE(failure({"--launch_seq", "1"}, good).find("--job_id"), std::string::npos);
    EXPECT_NE(failure({"talk.mp3"}, good).find("talk.mp3"), std::string::npos);
    EXPECT_NE(failure({"--price_usd_hour", "0"}, good), "");
    EXPECT_NE(failure({"--no_gpu", "panic"}, good), "");
    EXPECT_NE(worker_help().find("[FT_BUCKET]"), std::string::npos);
}

}  // namespace
}  // namespace ft

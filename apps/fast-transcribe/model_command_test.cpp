#include "model_command.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/testing/temporary_folder.h"
#include "model/packed_model.h"
#include "model/testing/tiny_checkpoint.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

/// `fast-transcribe model …` with a small random model, in a store of the test's own.
class ModelCommandTest : public testing::Test {
  protected:
    void SetUp() override {
        TinyOptions tiny;
        tiny.d_model = 64, tiny.layers = 1;
        write_tiny_folder(make_tiny_checkpoint(tiny), model_);
    }

    /// The exit code; what was asked wrongly is thrown, as of the program's own parse.
    int run(std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {model_.string(), "--model_dir", (folder_.path() / "store").string()});
        std::reverse(arguments.begin(), arguments.end());
        CLI::App app;
        int exit_code = 0;
        add_model_command(app, exit_code);
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        const auto keep = [this] {
            out_ = testing::internal::GetCapturedStdout();
            err_ = testing::internal::GetCapturedStderr();
        };
        try {
            app.parse(arguments);
        } catch (...) {
            keep();
            throw;
        }
        keep();
        return exit_code;
    }

    std::string refusal(const std::vector<std::string>& arguments) {
        try {
            run(arguments);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
            return error.what();
        }
        ADD_FAILURE() << "it was packed";
        return "";
    }

    std::vector<fs::path> packed() const {
        std::vector<fs::path> files;
        for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
            if (entry.path().extension() == ".ftm") files.push_back(entry.path());
        }
        return files;
    }

    /// What `model pack` says that it made.
    fs::path file() const {
        return out_.substr(model_.string().size() + 2, out_.find('\n') - model_.string().size() - 2);
    }

    test::TemporaryFolder folder_;
    fs::path model_ = folder_.path() / "my-model";
    std::string out_, err_;
};

TEST_F(ModelCommandTest, PacksForEitherDeviceInWhatItTakesByItself) {
    EXPECT_EQ(run({"model", "pack"}), 0) << err_;
    EXPECT_NO_THROW(PackedModel::open(file(), "cpu-int8-v3", true)) << out_;
    EXPECT_EQ(run({"model", "pack", "--device", "cuda"}), 0) << err_;
    EXPECT_NO_THROW(PackedModel::open(file(), "cuda-f16-v1", true)) << out_;
    EXPECT_EQ(packed().size(), 2u);
    EXPECT_EQ(run({"model", "pack", "--device", "cuda", "--compute_type", "float16"}), 0) << err_;
    EXPECT_NE(out_.find("(was ready)"), std::string::npos) << out_;
}

TEST_F(ModelCommandTest, PacksWhatIsAskedFor) {
    const struct {
        const char *device, *type, *packing;
    } forms[] = {{"cpu", "int8", "cpu-int8-v3"},
                 {"cpu", "float32", "cpu-f32-v1"},
                 {"cuda", "float16", "cuda-f16-v1"},
                 {"cuda", "int8_float16", "cuda-i8-v1"},
                 {"cuda", "float32", "cuda-f32-v1"}};
    for (const auto& form : forms) {
        EXPECT_EQ(run({"model", "pack", "--device", form.device, "--compute-type", form.type}), 0) << err_;
        EXPECT_NO_THROW(PackedModel::open(file(), form.packing, true)) << out_;
    }
    EXPECT_EQ(packed().size(), std::size(forms));
}

TEST_F(ModelCommandTest, WhatDoesNotFitTogetherIsOneSentence) {
    EXPECT_NE(refusal({"model", "pack", "--compute_type", "float16"}).find("--device cuda"), std::string::npos);
    EXPECT_NE(refusal({"model", "pack", "--device", "cpu", "--compute_type", "int8_float16"}).find("--device cuda"),
              std::string::npos);
    EXPECT_NE(refusal({"model", "pack", "--device", "cuda", "--compute_type", "int8"}).find("int8_float16"),
              std::string::npos);
    EXPECT_NE(refusal({"model", "pack", "--device", "cuda", "--compute_type", "int7"}).find("int7"), std::string::npos);
    EXPECT_THROW(run({"model", "pack", "--device", "tpu"}), CLI::ParseError);
    EXPECT_EQ(packed().size(), 0u);
}

TEST_F(ModelCommandTest, VerifyLooksAtEveryPackedFile) {
    ASSERT_EQ(run({"model", "pack"}), 0) << err_;
    ASSERT_EQ(run({"model", "pack", "--device", "cuda", "--compute_type", "int8_float16"}), 0) << err_;
    const fs::path gpu = file();
    EXPECT_EQ(run({"model", "verify"}), 0) << err_;
    for (const fs::path& file : packed()) EXPECT_NE(out_.find(file.string() + ": good"), std::string::npos) << out_;
    std::string damaged = read_file(gpu, size_t{1} << 30);
    damaged[damaged.size() - 100] = static_cast<char>(damaged[damaged.size() - 100] ^ 1);
    write_file_atomically(gpu, damaged);
    EXPECT_EQ(run({"model", "verify"}), 1);
    EXPECT_NE(err_.find("model pack " + model_.string() + " --device cuda --compute_type int8_float16"),
              std::string::npos)
        << err_;
    EXPECT_EQ(run({"model", "pack", "--device", "cuda", "--compute_type", "int8_float16"}), 0) << err_;
    EXPECT_EQ(run({"model", "verify"}), 0) << err_;
}

}  // namespace
}  // namespace ft

#include <gtest/gtest.h>

#include "base/error.h"
#include "tensor/backend.h"

namespace ft {
namespace {

ErrorCode code_of(const BackendOptions& options) {
    try {
        make_backend(options);
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "make_backend accepted what it must refuse";
    return ErrorCode::internal;
}

TEST(Registry, MakesTheReference) {
    const auto backend = make_backend({"reference", Precision::float32, 1, ""});
    EXPECT_EQ(backend->info().name, "reference");
    EXPECT_EQ(backend->info().precision, Precision::float32);
    EXPECT_EQ(backend->info().packing, "reference-f32-v1");
}

TEST(Registry, RefusesWhatItCannotDo) {
    EXPECT_EQ(code_of({"tpu", Precision::float32, 1, ""}), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of({"reference", Precision::float32, -1, ""}), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of({"reference", Precision::int8, 1, ""}), ErrorCode::unsupported);
    EXPECT_EQ(code_of({"reference", Precision::float32, 1, "avx2"}), ErrorCode::unsupported);
    EXPECT_EQ(code_of({"cuda", Precision::int8, 0, ""}), ErrorCode::unsupported);
}

TEST(Registry, SaysWhatToDoWhereNoGpuCanBeUsed) {
    try {
        EXPECT_EQ(make_backend({"cuda", Precision::float16, 0, ""})->info().name, "cuda");
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unsupported);
        EXPECT_NE(std::string(error.what()).find("--device cpu"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace ft

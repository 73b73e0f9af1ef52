#pragma once
// Where the golden tests find what they read.
#include <filesystem>

namespace ft {

inline const std::filesystem::path source = FT_SOURCE_DIR;
inline const std::filesystem::path model_folder = source / "build" / "models" / "whisper-base";

}  // namespace ft

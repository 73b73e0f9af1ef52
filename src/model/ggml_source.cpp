#include "base/error.h"
#include "model/source_formats.h"

namespace ft {

std::unique_ptr<ModelSource> open_ggml(const SourceFiles& files) {
    throw Error(ErrorCode::unsupported, "{}: ggml is not read yet", files.weights.front().string());
}

}  // namespace ft

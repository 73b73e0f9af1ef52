#pragma once
// A file as it was when the program was built (cmake/EmbeddedFiles.cmake).
#include <string_view>
#include <vector>

namespace ft {

struct EmbeddedFile {
    std::string_view name;   ///< "app.js"
    std::string_view etag;   ///< with its quotes; of the content
    std::string_view bytes;  ///< the whole content
};

}  // namespace ft

#pragma once
// The files of the page, as they were when the program was built.
#include <string_view>
#include <vector>

namespace ft {

struct PageFile {
    std::string_view name;   ///< "app.js"
    std::string_view etag;   ///< with its quotes; of the content
    std::string_view bytes;  ///< the whole content
};

const std::vector<PageFile>& page_files();

}  // namespace ft

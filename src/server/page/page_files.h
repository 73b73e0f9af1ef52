#pragma once
// The files of the page, as they were when the program was built.
#include "base/embedded_file.h"

namespace ft {

const std::vector<EmbeddedFile>& page_files();

}  // namespace ft

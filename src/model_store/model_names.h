#pragma once
// What users, the hub and folders call one model.
#include <string>
#include <vector>

#include "model_store/model_store.h"

namespace ft {

/// "kb-whisper-small@strict" for ("KBLab/kb-whisper-small", "strict"); the repository where it has no short name.
std::string display_name(const std::string& repository, const std::string& revision);

/// "models--KBLab--kb-whisper-small", as the hub's own cache names it.
std::string repository_folder_name(const std::string& repository);
/// The way back; "" when the folder's name is none of these.
std::string repository_of_folder(const std::string& folder_name);

/// Names under which a plain folder of a hub's model may lie in a models folder: "whisper-base",
/// "openai--whisper-base", with "@revision" where that is not main.
std::vector<std::string> plain_folder_names(const ModelName& name);

/// Forty lower-case hexadecimal digits.
bool is_commit(const std::string& text);

}  // namespace ft

// Which files make a model: of a repository on the hub, and of a folder here.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "model_store/repository_folder.h"

namespace ft {

namespace fs = std::filesystem;

namespace {

const char* const kIndex = "model.safetensors.index.json";

/// "model-00001-of-00002.safetensors"
bool is_shard(const std::string& name) {
    const std::string pattern = "model-00000-of-00000.safetensors";
    if (name.size() != pattern.size()) return false;
    for (size_t i = 0; i < name.size(); ++i) {
        const bool digit = name[i] >= '0' && name[i] <= '9';
        if (pattern[i] == '0' ? !digit : name[i] != pattern[i]) return false;
    }
    return true;
}

nlohmann::json read_json(const fs::path& path) {
    try {
        return nlohmann::json::parse(read_file(path), nullptr, false);
    } catch (const Error&) {
        return nlohmann::json(nlohmann::json::value_t::discarded);
    }
}

bool is_file(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

/// Whether the index can be read and every file that it names is there.
bool has_all_shards(const fs::path& folder) {
    const nlohmann::json index = read_json(folder / kIndex);
    if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object()) return false;
    std::set<std::string> shards;
    for (const auto& entry : index["weight_map"].items()) {
        if (!entry.value().is_string()) return false;
        shards.insert(entry.value().get<std::string>());
    }
    const auto here = [&folder](const std::string& shard) {
        return shard.find('/') == std::string::npos && is_file(folder / shard);
    };
    return !shards.empty() && std::all_of(shards.begin(), shards.end(), here);
}

}  // namespace

std::optional<fs::path> usable_weights(const fs::path& folder) {
    const bool vocabulary = is_file(folder / "tokenizer.json") || is_file(folder / "vocab.json");
    if (is_file(folder / "config.json") && vocabulary &&
        (is_file(folder / "model.safetensors") || has_all_shards(folder)))
        return folder;
    const bool own_vocabulary = is_file(folder / "vocabulary.txt") || is_file(folder / "vocabulary.json");
    if (is_file(folder / "model.bin") && own_vocabulary) return folder;
    if (is_file(folder / "ggml-model.bin")) return folder / "ggml-model.bin";
    return std::nullopt;
}

bool is_whisper(const fs::path& folder) {
    if (!is_file(folder / "config.json")) return true;
    const nlohmann::json config = read_json(folder / "config.json");
    if (!config.is_object()) return false;
    if (config.contains("model_type")) return config["model_type"] == "whisper";
    // CTranslate2's own configuration of a Whisper model.
    return config.contains("suppress_ids") || config.contains("lang_ids") || config.contains("alignment_heads");
}

std::vector<std::string> select_files(const std::vector<std::string>& files) {
    const std::set<std::string> all(files.begin(), files.end());
    std::vector<std::string> chosen;
    const auto take = [&](std::initializer_list<const char*> names) {
        for (const char* name : names) {
            if (all.count(name) != 0) chosen.emplace_back(name);
        }
    };
    take({"config.json", "generation_config.json", "preprocessor_config.json", "tokenizer.json", "vocab.json",
          "merges.txt", "added_tokens.json"});
    const bool described =
        all.count("config.json") != 0 && (all.count("tokenizer.json") != 0 || all.count("vocab.json") != 0);
    if (described && all.count("model.safetensors") != 0) {
        take({"model.safetensors"});
    } else if (described && all.count(kIndex) != 0) {
        take({kIndex});
        std::copy_if(all.begin(), all.end(), std::back_inserter(chosen), is_shard);
    } else if (all.count("model.bin") != 0 && (all.count("vocabulary.txt") != 0 || all.count("vocabulary.json") != 0)) {
        take({"vocabulary.txt", "vocabulary.json", "model.bin"});
    } else if (all.count("ggml-model.bin") != 0) {
        take({"ggml-model.bin"});
    } else {
        return {};
    }
    return chosen;
}

}  // namespace ft

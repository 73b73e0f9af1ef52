// What lies at a path: decides the format and lists the files that belong to it.
#include "model/model_source.h"

#include <sys/stat.h>

#include <cstring>
#include <set>

#include "base/error.h"
#include "base/mapped_file.h"
#include "model/json_reading.h"
#include "model/packed_model.h"
#include "model/source_formats.h"

namespace ft {

namespace fs = std::filesystem;

namespace {

constexpr const char* index_name = "model.safetensors.index.json";

/// The shards that an index names, in order, each once. Names must not leave the folder.
std::vector<fs::path> shards_of(const fs::path& index) {
    const std::string where = index.string();
    const auto object = parse_json_object(read_text(index), where);
    const auto* map = find_member(object, "weight_map");
    if (map == nullptr || !map->is_object() || map->empty()) {
        throw Error(ErrorCode::bad_model, "{}: has no \"weight_map\"; fetch the file again", where);
    }
    std::set<std::string> names;
    for (const auto& [tensor, file] : map->items()) {
        const std::string name = file.is_string() ? file.get<std::string>() : std::string();
        if (name.empty() || name.front() == '.' ||
            name.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos ||
            fs::path(name).extension() != ".safetensors") {
            throw Error(ErrorCode::bad_model,
                        "{}: tensor {} is said to lie in a file whose name is no plain .safetensors name", where,
                        tensor);
        }
        names.insert(name);
    }
    std::vector<fs::path> files = {index};
    for (const std::string& name : names) files.push_back(index.parent_path() / name);
    return files;
}

SourceFormat format_of_file(const fs::path& path) {
    const MappedFile file(path);
    const auto bytes = file.bytes();
    const std::string_view head(reinterpret_cast<const char*>(bytes.data()), std::min<size_t>(bytes.size(), 32));
    if (head.substr(0, 4) == "lmgg") return SourceFormat::ggml;  // 0x67676d6c, little endian
    if (head.substr(0, 4) == "GGUF" || head.substr(0, 4) == "PK\3\4" || head.substr(0, 2) == "\x80\x02") {
        throw Error(ErrorCode::unsupported,
                    "{}: is a {} file; give the model as safetensors, CTranslate2 or whisper.cpp's ggml", path.string(),
                    head[0] == 'G' ? "GGUF" : "PyTorch");
    }
    if (path.extension() == ".safetensors") return SourceFormat::safetensors;
    if (head.find("WhisperSpec") != std::string_view::npos) return SourceFormat::ctranslate2;
    throw Error(ErrorCode::bad_model,
                "{}: is no Whisper model in a known format (safetensors, CTranslate2, whisper.cpp's ggml)",
                path.string());
}

std::vector<fs::path> existing(const fs::path& folder, std::initializer_list<const char*> names) {
    std::vector<fs::path> files;
    for (const char* name : names) {
        if (is_there(folder / name)) files.push_back(folder / name);
    }
    return files;
}

SourceFiles with_texts(SourceFormat format, const fs::path& folder, std::vector<fs::path> weights) {
    SourceFiles files{format, folder, std::move(weights), {}};
    if (format != SourceFormat::ggml) {
        files.texts =
            existing(folder, {"config.json", "generation_config.json", "tokenizer.json", "vocab.json",
                              "added_tokens.json", "tokenizer_config.json", "vocabulary.json", "vocabulary.txt"});
    }
    return files;
}

SourceFiles files_of_folder(const fs::path& folder) {
    if (is_there(folder / "model.safetensors")) {
        return with_texts(SourceFormat::safetensors, folder, {folder / "model.safetensors"});
    }
    if (is_there(folder / index_name))
        return with_texts(SourceFormat::safetensors, folder, shards_of(folder / index_name));
    for (const char* name : {"model.bin", "ggml-model.bin"}) {
        if (is_there(folder / name)) return with_texts(format_of_file(folder / name), folder, {folder / name});
    }
    if (is_there(folder / "pytorch_model.bin")) {
        throw Error(ErrorCode::unsupported,
                    "{}: holds only pytorch_model.bin; give the model as safetensors, CTranslate2 or ggml",
                    folder.string());
    }
    throw Error(ErrorCode::not_found, "{}: holds no model (model.safetensors, {}, model.bin or ggml-model.bin)",
                folder.string(), index_name);
}

std::string fingerprint_of(const std::vector<fs::path>& files) {
    std::string result;
    for (const fs::path& path : files) {
        struct stat status {};
        if (::stat(path.c_str(), &status) != 0) {
            throw Error(ErrorCode::not_found, "{}: cannot be read: {}", path.string(), std::strerror(errno));
        }
        result += fmt::format("{}:{}:{}.{:09};", path.filename().string(), status.st_size, status.st_mtim.tv_sec,
                              status.st_mtim.tv_nsec);
    }
    return result;
}

}  // namespace

std::vector<fs::path> SourceFiles::all() const {
    std::vector<fs::path> files = weights;
    files.insert(files.end(), texts.begin(), texts.end());
    return files;
}

SourceFiles find_source_files(const fs::path& path) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (status.type() == fs::file_type::not_found)
        throw Error(ErrorCode::not_found, "{}: does not exist", path.string());
    if (error) throw Error(ErrorCode::permission, "{}: cannot be read: {}", path.string(), error.message());
    if (status.type() == fs::file_type::directory) return files_of_folder(path);
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    if (path.filename() == index_name) return with_texts(SourceFormat::safetensors, folder, shards_of(path));
    return with_texts(format_of_file(path), folder, {path});
}

std::unique_ptr<ModelSource> open_model_source(const fs::path& path) {
    const SourceFiles files = find_source_files(path);
    switch (files.format) {
        case SourceFormat::safetensors:
            return open_safetensors(files);
        case SourceFormat::ctranslate2:
            return open_ctranslate2(files);
        case SourceFormat::ggml:
            return open_ggml(files);
    }
    throw Error(ErrorCode::internal, "unknown format of {}", path.string());
}

std::string fingerprint(const ModelSource& source) {
    return fingerprint_of(source.files());
}
std::string fingerprint(const fs::path& path) {
    return fingerprint_of(find_source_files(path).all());
}

}  // namespace ft

#include "doctor_facts.h"

#include <unistd.h>

#include <cstdlib>
#include <set>

#include "base/error.h"
#include "model/model_source.h"
#include "model/packed_model.h"
#include "model_store/model_store.h"

namespace ft {

namespace {

namespace fs = std::filesystem;

uint64_t bytes_below(const fs::path& path) {
    std::error_code error;
    if (fs::is_regular_file(path, error)) return fs::file_size(path, error);
    uint64_t bytes = 0;
    for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
        std::error_code ignored;
        if (entry.is_regular_file(ignored)) bytes += entry.file_size(ignored);
    }
    return bytes;
}

/// Opens the checkpoint and looks for its packed files: without reading all weights, which `model verify` does.
DoctorFacts::Model examine_model(const LocatedModel& located, const ModelStore& store) {
    DoctorFacts::Model model{located.name.given, located.path, bytes_below(located.path), "", {}};
    try {
        open_model_source(located.path);
        for (const BackendOptions& form : packed_forms()) {
            if (store.find_packed(located, make_packer(form)->packing()))
                model.packed.push_back(form.name + " " + std::string(to_string(form.precision)));
        }
    } catch (const std::exception& error) {
        model.problem = error.what();
    }
    return model;
}

void gather_models(const ModelStore& store, DoctorFacts& facts) {
    std::set<std::string> seen;
    const auto add = [&](const std::string& name, bool may_be_default) {
        try {
            const LocatedModel located = store.locate(parse_model_name(name));
            if (may_be_default && facts.default_model.empty()) facts.default_model = name;
            if (seen.insert(located.path.string()).second) facts.models.push_back(examine_model(located, store));
        } catch (const Error& error) {
            if (error.code() != ErrorCode::not_found) facts.models.push_back({name, "", 0, error.what(), {}});
        }
    };
    add("kb-whisper-small", true);
    add("whisper-base", true);
    for (const ModelStore::Listed& listed : store.list()) add(listed.name, false);
}

void gather_cache(const ModelStore& store, DoctorFacts& facts) {
    LocatedModel any;
    any.name = parse_model_name("kb-whisper-small");
    any.path = fs::current_path() / "kb-whisper-small";  // need not exist: only where its packed file would go is asked
    facts.cache = store.writable_packed_path(any, make_packer({})->packing()).parent_path();
    // The folder may not exist before the first use: then the nearest one above it has to be writable.
    fs::path folder = facts.cache;
    std::error_code error;
    while (!fs::exists(folder, error) && folder.has_parent_path() && folder != folder.parent_path())
        folder = folder.parent_path();
    facts.cache_writable = ::access(folder.c_str(), W_OK | X_OK) == 0;
    const fs::space_info space = fs::space(folder, error);
    if (!error) facts.cache_free_bytes = space.available;
}

void gather_store(const fs::path& model_dir, DoctorFacts& facts) {
    try {
        StoreOptions options;
        options.model_dir = model_dir;
        options.allow_network = false;
        const ModelStore store(options);
        gather_models(store, facts);
        facts.vad_model = store.voice_activity_model();
        gather_cache(store, facts);
    } catch (const std::exception& error) {
        facts.tests.push_back({"model store", error.what(), false});
    }
    if (!model_dir.empty()) facts.model_folders.push_back(model_dir.string());
    for (const char* name : {"FAST_TRANSCRIBE_HOME", "HF_HOME"}) {
        if (const char* value = std::getenv(name)) facts.model_folders.emplace_back(value);
    }
    facts.model_folders.push_back((facts.cache.parent_path() / "models").string());
}

}  // namespace

DoctorFacts gather_facts(const fs::path& model_dir) {
    DoctorFacts facts;
    gather_machine(facts);
    facts.gpu = gather_gpu();
    if (!facts.gpu.devices.empty()) facts.gpu.engine_problem = examine_gpu_engine();
    facts.libraries = gather_libraries(make_backend({})->info());
    gather_store(model_dir, facts);
    for (DoctorFacts::Test& test : run_self_tests()) facts.tests.push_back(std::move(test));
    return facts;
}

}  // namespace ft

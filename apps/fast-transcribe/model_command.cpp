#include "model_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli_flags.h"
#include "model/packed_model.h"
#include "model_store/model_store.h"
#include "model_store/prepared_model.h"
#include "tensor/backend.h"

namespace ft {

namespace {

struct ModelCommandOptions {
    std::vector<std::string> names;
    std::string model_dir;
    std::string device = "cpu", compute_type = "auto";
};

ModelStore make_store(const ModelCommandOptions& options) {
    StoreOptions store;
    store.model_dir = options.model_dir;
    return ModelStore(store);
}

std::string megabytes(uint64_t bytes) {
    return bytes < 1000000 ? fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6)
                           : fmt::format("{} MB", (bytes + 500000) / 1000000);
}

/// How far a pull is: one line that is redrawn on a terminal, a line for each tenth elsewhere.
class PullMeter {
  public:
    explicit PullMeter(std::string name) : name_(std::move(name)), terminal_(::isatty(STDERR_FILENO) == 1) {}
    ~PullMeter() {
        if (terminal_ && drawn_) std::cerr << "\r\033[K" << std::flush;
    }

    void show(const PullProgress& progress) {
        const auto now = Clock::now();
        if (progress.total_bytes == 0) {
            if (terminal_ && (!drawn_ || now - shown_ > kRedraw))
                draw(fmt::format("{}: {}", name_, progress.file), now);
            return;
        }
        if (tenth_ < 0) {
            begin_ = now;
            begin_bytes_ = progress.done_bytes;
        }
        const int percent = static_cast<int>(100.0 * static_cast<double>(progress.done_bytes) /
                                             static_cast<double>(progress.total_bytes));
        const double seconds = std::chrono::duration<double>(now - begin_).count();
        const double speed =
            seconds > 0
                ? static_cast<double>(progress.done_bytes - std::min(begin_bytes_, progress.done_bytes)) / seconds / 1e6
                : 0;
        const std::string line =
            fmt::format("{}: {} of {} ({} %), {:.1f} MB/s, {}", name_, megabytes(progress.done_bytes),
                        megabytes(progress.total_bytes), percent, speed, progress.file);
        if (terminal_ && (!drawn_ || now - shown_ > kRedraw)) draw(line, now);
        if (!terminal_ && percent / 10 > tenth_) std::cerr << line << std::endl;
        tenth_ = std::max(tenth_, percent / 10);
    }

  private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds kRedraw{100};

    void draw(const std::string& line, Clock::time_point now) {
        std::cerr << "\r\033[K" << line << std::flush;
        shown_ = now;
        drawn_ = true;
    }

    std::string name_;
    bool terminal_, drawn_ = false;
    int tenth_ = -1;
    Clock::time_point shown_, begin_;
    uint64_t begin_bytes_ = 0;
};

/// Does the same for every name; what fails is said, and the rest is still done.
void for_each_model(const std::vector<ModelName>& names, int& exit_code,
                    const std::function<void(const ModelName&)>& work) {
    for (const ModelName& name : names) {
        try {
            work(name);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::invalid_argument || error.code() == ErrorCode::cancelled) throw;
            std::cerr << "fast-transcribe: " << error.what() << std::endl;
            exit_code = 1;
        }
    }
}

/// All before any work begins: a misspelt name is said at once.
std::vector<ModelName> parse_names(const std::vector<std::string>& names) {
    std::vector<ModelName> result;
    for (const std::string& name : names) result.push_back(parse_model_name(name));
    return result;
}

void pull_models(const ModelCommandOptions& options, int& exit_code) {
    const ModelStore store = make_store(options);
    for_each_model(parse_names(options.names), exit_code, [&](const ModelName& name) {
        const LocatedModel model = [&] {
            PullMeter meter(name.given);
            return store.pull(name, [&meter](const PullProgress& progress) { meter.show(progress); });
        }();
        std::cout << name.given << ": " << model.path.string()
                  << (model.commit.empty() ? "" : ", commit " + model.commit.substr(0, 12)) << std::endl;
    });
}

void list_models(const ModelCommandOptions& options) {
    const std::vector<ModelStore::Listed> models = make_store(options).list();
    if (models.empty())
        std::cout << "no models are on this machine; get one with: fast-transcribe model pull kb-whisper-small"
                  << std::endl;
    for (const ModelStore::Listed& model : models) {
        std::cout << fmt::format("{:<28} {:<12} {:>9}  {}\n", model.name,
                                 model.commit.empty() ? "-" : model.commit.substr(0, 12), megabytes(model.bytes),
                                 model.path.string());
    }
    std::cout << std::flush;
}

/// All packed files that there are of this model, for whatever device; returns how many are damaged.
int verify_packed(const ModelStore& store, const ModelName& name) {
    int damaged = 0;
    const LocatedModel model = store.locate(name);
    for (const BackendOptions& form : packed_forms()) {
        const std::string packing = make_packer(form)->packing();
        const auto file = store.find_packed(model, packing);
        if (!file) continue;
        try {
            PackedModel::open(*file, packing, /*verify_weights=*/true);
            std::cout << file->string() << ": good" << std::endl;
        } catch (const Error& error) {
            std::cerr << fmt::format(
                "fast-transcribe: {} (it is made again by: fast-transcribe model pack {} --device {} --compute_type "
                "{})\n",
                error.what(), name.given, form.name, to_string(form.precision));
            ++damaged;
        }
    }
    return damaged;
}

std::vector<ModelName> names_of_all(const ModelStore& store) {
    std::vector<ModelName> names;
    for (const ModelStore::Listed& model : store.list()) {
        // A plain folder's name need not be one that the hub knows.
        names.push_back(parse_model_name(model.commit.empty() ? model.path.string() : model.name));
    }
    return names;
}

void verify_models(const ModelCommandOptions& options, int& exit_code) {
    const ModelStore store = make_store(options);
    const std::vector<ModelName> names = options.names.empty() ? names_of_all(store) : parse_names(options.names);
    if (names.empty()) std::cout << "no models are on this machine" << std::endl;
    for_each_model(names, exit_code, [&](const ModelName& name) {
        const VerifyReport report = store.verify(name);
        for (const std::string& sentence : report.wrong) std::cerr << "fast-transcribe: " << sentence << std::endl;
        if (!report.wrong.empty()) {
            exit_code = 1;
            if (name.path.empty()) {
                std::cerr << fmt::format(
                    "fast-transcribe: get it anew with: fast-transcribe model remove {0} && fast-transcribe model pull "
                    "{0}\n",
                    name.given);
            }
            return;
        }
        std::cout << fmt::format("{}: {} files are as published", name.given, report.checked.size());
        if (!report.unknown.empty())
            std::cout << fmt::format(", of {} nobody has said what they should be", report.unknown.size());
        std::cout << std::endl;
        if (verify_packed(store, name) > 0) exit_code = 1;
    });
}

void pack_models(const ModelCommandOptions& options, int& exit_code) {
    const ModelStore store = make_store(options);
    BackendOptions form;
    set_compute_type(form, options.device, options.compute_type);
    const std::unique_ptr<WeightPacker> packer = make_packer(form);
    for_each_model(parse_names(options.names), exit_code, [&](const ModelName& name) {
        const PreparedModel prepared =
            prepare_packed_model(store.locate(name), store, *packer,
                                 [](const std::string& sentence) { std::cerr << sentence << std::endl; });
        std::cout << name.given << ": " << prepared.file.string() << (prepared.packed_now ? "" : " (was ready)")
                  << std::endl;
    });
}

void remove_models(const ModelCommandOptions& options, int& exit_code) {
    const ModelStore store = make_store(options);
    for_each_model(parse_names(options.names), exit_code, [&](const ModelName& name) {
        store.remove(name);
        std::cout << name.given << ": removed" << std::endl;
    });
}

using Run = std::function<void(const ModelCommandOptions&)>;

/// A subcommand with its names; `need_names` says whether it can do without.
CLI::App* add(CLI::App& parent, const char* word, const char* help, bool takes_names, bool needs_names, const Run& run,
              const std::shared_ptr<ModelCommandOptions>& options) {
    CLI::App* command = parent.add_subcommand(word, help);
    if (takes_names) {
        CLI::Option* names = command->add_option("names", options->names,
                                                 "kb-whisper-small, kb-whisper-small@strict, owner/repository, …");
        if (needs_names) names->required();
    }
    command->add_option("--model_dir,--model-dir", options->model_dir, "where models are kept");
    command->callback([run, options] { run(*options); });
    return command;
}

}  // namespace

void add_model_command(CLI::App& app, int& exit_code) {
    CLI::App* model = app.add_subcommand("model", "models: get, list, check, prepare, delete");
    model->require_subcommand(1);
    const auto options = std::make_shared<ModelCommandOptions>();
    add(
        *model, "pull", "download what is missing of a model, resumed and checked", true, true,
        [&exit_code](const ModelCommandOptions& o) { pull_models(o, exit_code); }, options);
    add(
        *model, "list", "models on this machine: name, commit, size, place", false, false,
        [](const ModelCommandOptions& o) { list_models(o); }, options);
    add(
        *model, "verify", "check every file against what the hub said (all models when none is named)", true, false,
        [&exit_code](const ModelCommandOptions& o) { verify_models(o, exit_code); }, options);
    CLI::App* pack = add(
        *model, "pack", "prepare a model as its first use would, for a CPU or a GPU, which need not be of this machine",
        true, true, [&exit_code](const ModelCommandOptions& o) { pack_models(o, exit_code); }, options);
    pack->add_option("--device", options->device, "cpu or cuda (default cpu)")->check(CLI::IsMember({"cpu", "cuda"}));
    pack->add_option("--compute_type,--compute-type", options->compute_type,
                     "cpu: int8 or float32; cuda: float16, int8_float16 or float32 (default: int8 or float16, as what "
                     "transcribes takes)");
    add(
        *model, "remove", "delete a model and what was prepared of it", true, true,
        [&exit_code](const ModelCommandOptions& o) { remove_models(o, exit_code); }, options);
}

}  // namespace ft

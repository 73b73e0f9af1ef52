#pragma once
// Names → files: what a user calls a model becomes a folder or file with weights, fetched when it must be.
//
// Where models lie, in the order of the search (each folder holds models--Owner--name/ in the layout of the hub's own
// cache, plain folders named like the model, and silero_vad_16k.safetensors):
//   1. /opt/transcribe/models, when it exists
//   2. --model_dir
//   3. $FAST_TRANSCRIBE_HOME/models
//   4. $XDG_CACHE_HOME/fast-transcribe/models or ~/.cache/fast-transcribe/models
//   5. the hub's own cache ($HF_HUB_CACHE, $HF_HOME/hub or ~/.cache/huggingface/hub), which is only read
// Downloads go to --model_dir when given, else to $FAST_TRANSCRIBE_HOME when set, else to the first of 1 and 4 that can
// be written.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ft {

/// "kb-whisper-small@strict" → repository and revision; a path stays a path.
struct ModelName {
    std::string given;           ///< as the user wrote it
    std::string repository;      ///< "KBLab/kb-whisper-small"; empty for a path
    std::string revision;        ///< "main" unless given; "standard" is "main"
    std::filesystem::path path;  ///< an existing folder or file; empty for a hub name
};

/// Known short names: kb-whisper-{tiny,base,small,medium,large}[@standard|subtitle|strict],
/// whisper-{tiny,base,small,medium,large-v3,large-v3-turbo}; any owner/repo[@revision]; any path. A known short name
/// wins over a folder of that name in the current folder (write ./whisper-base for that one); an existing path wins
/// over owner/repo. Throws Error{invalid_argument} listing the known names, Error{not_found} for a path where nothing
/// is.
ModelName parse_model_name(const std::string& name);

/// The short names, in the order in which help texts show them.
const std::vector<std::string>& known_model_names();

struct LocatedModel {
    ModelName name;
    std::filesystem::path path;  ///< what open_model_source() opens
    std::string commit;          ///< the hub's commit of a snapshot, if any
};

/// How far a pull is: bytes of all its files together, and the file that is on its way now.
struct PullProgress {
    std::string file;
    uint64_t done_bytes = 0, total_bytes = 0;
};
/// Called on the pulling thread for every piece that arrives and at least once a second while waiting; may throw to
/// stop the pull (what has arrived is kept for the next one).
using PullProgressFunction = std::function<void(const PullProgress&)>;

struct StoreOptions {
    std::filesystem::path model_dir;  ///< --model_dir; empty: not given
    bool allow_network = true;        ///< false: pull() finds what is here and downloads nothing
    // What the world is made of; tests put in their own.
    std::filesystem::path system_dir = "/opt/transcribe/models";
    std::function<std::string(const char*)> environment;          ///< "" when unset; default: getenv
    std::function<void(std::chrono::milliseconds)> wait;          ///< default: sleeps
    std::chrono::seconds connect_timeout{15}, stall_timeout{30};  ///< stall: under 1 KiB/s for that long
};

/// What a check of the files found.
struct VerifyReport {
    std::vector<std::string> checked;  ///< files whose SHA-256 (or git hash) is what the hub said
    std::vector<std::string> wrong;    ///< one sentence for each file that is damaged or missing
    std::vector<std::string> unknown;  ///< files for which nobody has said what they should be
};

class StorePlaces;

/// Immutable after construction: any number of threads and processes may use stores over the same folders.
class ModelStore {
  public:
    explicit ModelStore(StoreOptions options = {});

    /// Finds a model on this machine. Throws Error{not_found} that names the command that would get it.
    LocatedModel locate(const ModelName& name) const;
    /// Downloads what is missing (resumed, checked by SHA-256, atomic; safe against other processes doing the same).
    /// Where the hub cannot be reached and a copy is here, that one is taken with a warning in the log.
    /// Throws Error{not_found, permission, network, io} with what to do; may be repeated at will.
    LocatedModel pull(const ModelName& name, const PullProgressFunction& progress = {}) const;
    struct Listed {
        std::string name, commit;
        std::filesystem::path path;
        uint64_t bytes = 0;
    };
    /// Every Whisper model found, in the order of the search.
    std::vector<Listed> list() const;
    /// Recomputes the hash of every file against what the hub said. Throws Error{not_found} like locate().
    VerifyReport verify(const ModelName& name) const;
    /// Deletes the model, what no other revision of it uses, and its packed files. Throws Error{not_found}, and
    /// Error{permission} for what lies in a place that is only read, Error{invalid_argument} for a path.
    void remove(const ModelName& name) const;

    /// silero_vad_16k.safetensors, or empty when it is nowhere.
    std::filesystem::path voice_activity_model() const;
    /// The packed file of a located model for a packing, in whatever place there is one.
    std::optional<std::filesystem::path> find_packed(const LocatedModel& model, const std::string& packing) const;
    /// It, else where it is to be written. Throws Error{permission} when there is neither.
    std::filesystem::path packed_path(const LocatedModel& model, const std::string& packing) const;
    /// Where it can be written: for a caller that found the file at packed_path() outdated or damaged, and could not
    /// replace it there. Beside the models, else in the cache, else in a private folder of the temporary one.
    std::filesystem::path writable_packed_path(const LocatedModel& model, const std::string& packing) const;

  private:
    std::optional<LocatedModel> find(const ModelName& name) const;
    std::optional<LocatedModel> find_snapshot(const ModelName& name, const std::string& commit) const;
    /// Packed files of this model, whatever the packing.
    std::vector<std::filesystem::path> packed_files(const LocatedModel& model) const;

    StoreOptions options_;
    std::shared_ptr<const StorePlaces> places_;
};

}  // namespace ft

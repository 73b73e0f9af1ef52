#pragma once
// What is to be done on the device, as data: kernels with their arguments, and moves of memory. Common to the GPU and
// the stand-in.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "backends/cuda/names.h"

namespace ft::FT_GPU {

struct Grid {
    int x = 1, y = 1, z = 1;
    bool operator==(const Grid&) const = default;
};

struct Command {
    enum class Kind : uint8_t {
        kernel,
        upload,  ///< from memory of the host that stays as it is until the command has run
        copy,    ///< within the device
        clear,   ///< zeros
    };
    Kind kind = Kind::kernel;
    // A kernel:
    const char* name = "";
    const void* function = nullptr;
    void (*call)(const void* function, void* const* arguments) = nullptr;  // as a plain function: for the stand-in
    Grid grid;
    int threads = 0;
    size_t shared_bytes = 0;
    size_t first_argument = 0, arguments = 0;  // in the list's
    // Everything else:
    void* to = nullptr;
    const void* from = nullptr;
    size_t bytes = 0;
};

/// Commands in order. Two lists have one topology when they differ in arguments and addresses at most.
class Commands {
  public:
    bool empty() const { return commands_.empty(); }
    size_t size() const { return commands_.size(); }
    const Command& operator[](size_t i) const { return commands_[i]; }
    void clear() {
        commands_.clear();
        places_.clear();
        words_.clear();
    }

    template <typename... Parameters>
    void add_kernel(const char* name, void (*kernel)(Parameters...), Grid grid, int threads, size_t shared_bytes,
                    const std::remove_cvref_t<Parameters>&... values) {
        static_assert(sizeof...(Parameters) <= most_arguments);
        static_assert((std::is_trivially_copyable_v<std::remove_cvref_t<Parameters>> && ...));
        // Arguments are compared byte by byte (has_arguments_of): no gaps.
        static_assert(((std::is_floating_point_v<std::remove_cvref_t<Parameters>> ||
                        std::has_unique_object_representations_v<std::remove_cvref_t<Parameters>>)&&...));
        Command command;
        command.name = name;
        command.function = reinterpret_cast<const void*>(kernel);
        command.call = &call_with<Parameters...>;
        command.grid = grid;
        command.threads = threads;
        command.shared_bytes = shared_bytes;
        command.first_argument = places_.size();
        command.arguments = sizeof...(Parameters);
        (add_argument(&values, sizeof(values)), ...);
        commands_.push_back(command);
    }
    void add_move(Command::Kind kind, void* to, const void* from, size_t bytes) {
        Command command;
        command.kind = kind;
        command.to = to;
        command.from = from;
        command.bytes = bytes;
        commands_.push_back(command);
    }

    static constexpr size_t most_arguments = 16;
    /// Where a kernel's arguments lie, as long as the list stays as it is; null from Command::arguments on. By value,
    /// as this is asked for every launch.
    std::array<void*, most_arguments> arguments_of(const Command& command) const {
        std::array<void*, most_arguments> pointers{};
        for (size_t i = 0; i < command.arguments; ++i) pointers[i] = argument(command.first_argument + i);
        return pointers;
    }

    uint64_t topology() const {
        uint64_t hash = 14695981039346656037ULL;  // FNV-1a over words
        const auto mix = [&](uint64_t word) { hash = (hash ^ word) * 1099511628211ULL; };
        for (const Command& c : commands_) {
            mix(static_cast<uint64_t>(c.kind));
            mix(reinterpret_cast<uintptr_t>(c.function));
            for (const int size : {c.grid.x, c.grid.y, c.grid.z, c.threads}) mix(static_cast<uint64_t>(size));
            mix(c.shared_bytes);
            mix(c.bytes);
        }
        return hash;
    }
    bool has_topology_of(const Commands& other) const {
        // A kernel's function decides on the sizes of its arguments.
        return std::equal(commands_.begin(), commands_.end(), other.commands_.begin(), other.commands_.end(),
                          [](const Command& a, const Command& b) {
                              return a.kind == b.kind && a.function == b.function && a.grid == b.grid &&
                                     a.threads == b.threads && a.shared_bytes == b.shared_bytes && a.bytes == b.bytes;
                          });
    }
    /// Of two lists with one topology.
    bool has_arguments_of(const Commands& other, size_t i) const {
        const Command &mine = commands_[i], &theirs = other.commands_[i];
        if (mine.to != theirs.to || mine.from != theirs.from) return false;
        for (size_t a = 0; a < mine.arguments; ++a) {
            const size_t place = mine.first_argument + a;
            if (std::memcmp(argument(place), other.argument(theirs.first_argument + a), places_[place].bytes) != 0)
                return false;
        }
        return true;
    }
    void take_arguments_of(const Commands& other, size_t i) {
        Command& mine = commands_[i];
        const Command& theirs = other.commands_[i];
        mine.to = theirs.to;
        mine.from = theirs.from;
        for (size_t a = 0; a < mine.arguments; ++a) {
            const size_t place = mine.first_argument + a;
            std::memcpy(argument(place), other.argument(theirs.first_argument + a), places_[place].bytes);
        }
    }

  private:
    struct alignas(16) Word {
        std::byte bytes[16];
    };
    struct Place {
        size_t word = 0, bytes = 0;
    };

    void add_argument(const void* value, size_t bytes) {
        places_.push_back({words_.size(), bytes});
        words_.resize(words_.size() + (bytes + sizeof(Word) - 1) / sizeof(Word));
        std::memcpy(argument(places_.size() - 1), value, bytes);
    }
    void* argument(size_t place) const { return const_cast<Word*>(words_.data() + places_[place].word); }

    template <typename... Parameters>
    static void call_with(const void* function, void* const* arguments) {
        const auto kernel = reinterpret_cast<void (*)(Parameters...)>(const_cast<void*>(function));
        [&]<size_t... i>(std::index_sequence<i...>) {
            kernel(*static_cast<std::remove_cvref_t<Parameters>*>(arguments[i])...);
        }
        (std::index_sequence_for<Parameters...>());
    }

    std::vector<Command> commands_;
    std::vector<Place> places_;
    std::vector<Word> words_;
};

}  // namespace ft::FT_GPU

#include "model/packed_format.h"

#include <cstring>

#include "base/error.h"
#include "model/model_config.h"

namespace ft {

namespace {

class MetaWriter {
  public:
    template <typename Number>
    void number(Number value) {
        const auto* raw = reinterpret_cast<const std::byte*>(&value);
        bytes.insert(bytes.end(), raw, raw + sizeof value);
    }
    void count(size_t value) { number(static_cast<uint32_t>(value)); }
    void text(std::string_view value) {
        count(value.size());
        const auto* raw = reinterpret_cast<const std::byte*>(value.data());
        bytes.insert(bytes.end(), raw, raw + value.size());
    }
    void tokens(const std::vector<int32_t>& values) {
        count(values.size());
        for (const int32_t value : values) number(value);
    }
    std::vector<std::byte> bytes;
};

class MetaReader {
  public:
    MetaReader(std::span<const std::byte> bytes, const std::string& where) : rest_(bytes), where_(where) {}

    template <typename Number>
    Number number() {
        Number value{};
        std::memcpy(&value, take(sizeof value).data(), sizeof value);
        return value;
    }
    /// A count of things that take at least `each` bytes: never more than the rest can hold, so it is safe to reserve.
    size_t count(size_t each) {
        const size_t value = number<uint32_t>();
        if (value > rest_.size() / each) damaged();
        return value;
    }
    std::string_view text() {
        const auto raw = take(count(1));
        return {reinterpret_cast<const char*>(raw.data()), raw.size()};
    }
    std::vector<int32_t> tokens(int vocabulary) {
        std::vector<int32_t> values(count(sizeof(int32_t)));
        for (int32_t& value : values) value = token(0, vocabulary);
        return values;
    }
    int32_t token(int32_t lowest, int vocabulary) {
        const auto value = number<int32_t>();
        if (value < lowest || value >= vocabulary) damaged();
        return value;
    }
    void expect_end() const {
        if (!rest_.empty()) damaged();
    }
    [[noreturn]] void damaged() const {
        throw Error(ErrorCode::bad_model, "{}: is damaged (its description makes no sense); pack the model again",
                    where_);
    }

  private:
    std::span<const std::byte> take(size_t size) {
        if (size > rest_.size()) damaged();
        const auto taken = rest_.first(size);
        rest_ = rest_.subspan(size);
        return taken;
    }

    std::span<const std::byte> rest_;
    const std::string& where_;
};

void write_generation(MetaWriter& out, const GenerationConfig& generation) {
    for (const auto field : packed_token_fields) out.number(generation.*field);
    out.number(int32_t{generation.max_initial_timestamp});
    out.count(generation.languages.size());
    for (const auto& [code, id] : generation.languages) {
        out.text(code);
        out.number(id);
    }
    out.tokens(generation.suppress);
    out.tokens(generation.begin_suppress);
    out.count(generation.alignment_heads.size());
    for (const auto& [layer, head] : generation.alignment_heads) {
        out.number(int32_t{layer});
        out.number(int32_t{head});
    }
}

GenerationConfig read_generation(MetaReader& in, const ModelConfig& config) {
    GenerationConfig generation;
    for (const auto field : packed_token_fields) generation.*field = in.token(-1, config.vocabulary);
    generation.max_initial_timestamp = in.number<int32_t>();
    if (generation.max_initial_timestamp < 0) in.damaged();
    for (size_t left = in.count(8); left > 0; --left) {
        std::string code(in.text());
        generation.languages.emplace(std::move(code), in.token(0, config.vocabulary));
    }
    generation.suppress = in.tokens(config.vocabulary);
    generation.begin_suppress = in.tokens(config.vocabulary);
    for (size_t left = in.count(8); left > 0; --left) {
        const auto layer = in.number<int32_t>(), head = in.number<int32_t>();
        if (layer < 0 || layer >= config.decoder_layers || head < 0 || head >= config.decoder_heads) in.damaged();
        generation.alignment_heads.emplace_back(layer, head);
    }
    return generation;
}

}  // namespace

std::vector<std::byte> write_packed_meta(const PackedMeta& meta) {
    MetaWriter out;
    out.text(meta.packing);
    out.text(meta.fingerprint);
    for (const auto field : packed_config_fields) out.number(int32_t{meta.config.*field});
    write_generation(out, meta.generation);
    out.number(meta.vocabulary.first_special);
    out.count(meta.vocabulary.tokens.size());
    for (const std::string& token : meta.vocabulary.tokens) out.text(token);
    out.count(meta.entries.size());
    for (const PackedMeta::Entry& entry : meta.entries) {
        out.text(entry.name);
        out.number(entry.offset);
        out.number(entry.size);
        out.number(entry.checksum);
    }
    return std::move(out.bytes);
}

PackedMeta read_packed_meta(std::span<const std::byte> bytes, const std::string& where) {
    MetaReader in(bytes, where);
    PackedMeta meta;
    meta.packing = in.text();
    meta.fingerprint = in.text();
    for (const auto field : packed_config_fields) meta.config.*field = in.number<int32_t>();
    check_model_config(meta.config, where);
    meta.generation = read_generation(in, meta.config);
    meta.vocabulary.first_special = in.token(0, meta.config.vocabulary);
    const size_t tokens = in.count(4);
    if (tokens != static_cast<size_t>(meta.config.vocabulary)) in.damaged();
    meta.vocabulary.tokens.reserve(tokens);
    for (size_t id = 0; id < tokens; ++id) meta.vocabulary.tokens.emplace_back(in.text());
    const size_t entries = in.count(4 + 3 * 8);
    meta.entries.reserve(entries);
    for (size_t i = 0; i < entries; ++i) {
        std::string name(in.text());
        if (i > 0 && meta.entries.back().name >= name) in.damaged();
        const auto offset = in.number<uint64_t>(), size = in.number<uint64_t>(), checksum = in.number<uint64_t>();
        meta.entries.push_back({std::move(name), offset, size, checksum});
    }
    in.expect_end();
    return meta;
}

}  // namespace ft

// CTranslate2's model.bin (binary version 6): u32 version, text specification, u32 revision, u32 count, then for each
// variable: text name, u8 rank, u32 dimensions…, u8 type, u32 bytes, data; then u32 count and pairs (alias, name).
// A text is a u16 length and that many bytes, the last of them zero.
#include "model/ctranslate2_file.h"

#include "base/error.h"
#include "model/byte_reader.h"

namespace ft {

namespace {

constexpr uint32_t binary_version = 6;
constexpr uint32_t most_variables = 1 << 16;

/// 0 for a type that CTranslate2 does not have.
size_t size_of_type(Ct2Type type) {
    switch (type) {
        case Ct2Type::f32:
        case Ct2Type::i32:
            return 4;
        case Ct2Type::i16:
        case Ct2Type::f16:
        case Ct2Type::bf16:
            return 2;
        case Ct2Type::i8:
            return 1;
    }
    return 0;
}

std::string read_name(ByteReader& in) {
    return in.name(in.number<uint16_t>());
}

Ct2Variable read_variable(ByteReader& in, const std::string& name, const std::string& where) {
    Ct2Variable variable;
    variable.name = name;
    const int rank = in.number<uint8_t>();
    uint64_t elements = 1;
    for (int i = 0; i < rank; ++i) {
        const auto size = in.number<uint32_t>();
        if (size != 0 && elements > (uint64_t{1} << 40) / size) {
            throw Error(ErrorCode::bad_model, "{}: variable {} is absurdly large; the file is damaged", where, name);
        }
        elements *= size;
        variable.shape.push_back(size);
    }
    variable.type = static_cast<Ct2Type>(in.number<uint8_t>());
    const auto bytes = in.number<uint32_t>();
    const size_t element = size_of_type(variable.type);
    if (element == 0 || elements * element != bytes) {
        throw Error(ErrorCode::bad_model,
                    "{}: variable {} has {} bytes of type {}, which does not fit its {} elements; the file is damaged",
                    where, name, bytes, static_cast<int>(variable.type), elements);
    }
    variable.bytes = in.take(bytes);
    return variable;
}

}  // namespace

Ct2Variables read_ctranslate2_variables(std::span<const std::byte> bytes, const std::string& where) {
    ByteReader in(bytes, where);
    const auto version = in.number<uint32_t>();
    if (version != binary_version) {
        throw Error(
            ErrorCode::unsupported,
            "{}: is no CTranslate2 model of binary version {} (it says {}); convert it with a current CTranslate2",
            where, binary_version, version);
    }
    const std::string specification = read_name(in);
    if (specification != "WhisperSpec") {
        throw Error(ErrorCode::unsupported, "{}: is a CTranslate2 model of kind \"{}\", but only Whisper can be run",
                    where, specification);
    }
    in.number<uint32_t>();  // the revision only concerns CTranslate2's own flags
    Ct2Variables variables;
    const auto count = in.number<uint32_t>();
    if (count > most_variables)
        throw Error(ErrorCode::bad_model, "{}: claims {} variables; the file is damaged", where, count);
    for (uint32_t i = 0; i < count; ++i) {
        std::string name = read_name(in);
        Ct2Variable variable = read_variable(in, name, where);
        if (!variables.emplace(name, std::move(variable)).second) {
            throw Error(ErrorCode::bad_model, "{}: holds variable {} twice; the file is damaged", where, name);
        }
    }
    const auto aliases = in.left() == 0 ? 0 : in.number<uint32_t>();
    for (uint32_t i = 0; i < aliases; ++i) {
        std::string alias = read_name(in);
        const auto target = variables.find(read_name(in));
        if (target == variables.end())
            throw Error(ErrorCode::bad_model, "{}: alias {} points nowhere; the file is damaged", where, alias);
        const Ct2Variable copy = target->second;
        variables.insert_or_assign(std::move(alias), copy);
    }
    return variables;
}

}  // namespace ft

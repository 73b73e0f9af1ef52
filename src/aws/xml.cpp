#include "aws/xml.h"

#include <expat.h>

#include <algorithm>
#include <memory>

namespace ft::aws {

namespace {

constexpr size_t kDeepest = 64;
constexpr size_t kLongest = size_t{64} << 20;

struct ParserDeleter {
    void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};

/// What expat's callbacks share. They are called from C: no exception may leave them.
struct Reader {
    XML_Parser parser;
    XmlElement root;
    std::vector<XmlElement*> open;
    bool failed = false;

    void stop() {
        failed = true;
        XML_StopParser(parser, XML_FALSE);
    }
};

void on_start(void* user, const XML_Char* name, const XML_Char**) {
    Reader& reader = *static_cast<Reader*>(user);
    if (reader.failed) return;
    if (reader.open.size() >= kDeepest) return reader.stop();
    try {
        const std::string_view whole(name);
        const size_t colon = whole.find(':');
        XmlElement element;
        element.name = colon == std::string_view::npos ? whole : whole.substr(colon + 1);
        if (reader.open.empty()) {
            reader.root = std::move(element);
            reader.open.push_back(&reader.root);
        } else {
            // Only the innermost element's list grows, so pointers to the open ones stay good.
            reader.open.back()->children.push_back(std::move(element));
            reader.open.push_back(&reader.open.back()->children.back());
        }
    } catch (...) {
        reader.stop();
    }
}

void on_end(void* user, const XML_Char*) {
    Reader& reader = *static_cast<Reader*>(user);
    if (reader.failed) return;
    XmlElement& element = *reader.open.back();
    if (!element.children.empty()) {
        const size_t begin = element.text.find_first_not_of(" \t\r\n");
        if (begin == std::string::npos) element.text.clear();
    }
    reader.open.pop_back();
}

void on_text(void* user, const XML_Char* text, int length) {
    Reader& reader = *static_cast<Reader*>(user);
    if (reader.failed) return;
    try {
        reader.open.back()->text.append(text, static_cast<size_t>(length));
    } catch (...) {
        reader.stop();
    }
}

void on_document_type(void* user, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    static_cast<Reader*>(user)->stop();
}

}  // namespace

const XmlElement* XmlElement::child(std::string_view wanted) const {
    const auto found =
        std::find_if(children.begin(), children.end(), [&](const XmlElement& c) { return c.name == wanted; });
    return found == children.end() ? nullptr : &*found;
}

const XmlElement* XmlElement::find(std::string_view path) const {
    const XmlElement* element = this;
    while (element != nullptr && !path.empty()) {
        const size_t slash = std::min(path.find('/'), path.size());
        element = element->child(path.substr(0, slash));
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return element;
}

std::string XmlElement::text_at(std::string_view path) const {
    const XmlElement* element = find(path);
    return element == nullptr ? std::string() : element->text;
}

std::vector<const XmlElement*> XmlElement::all(std::string_view path, std::string_view item) const {
    std::vector<const XmlElement*> result;
    const XmlElement* list = find(path);
    if (list == nullptr) return result;
    for (const XmlElement& element : list->children) {
        if (element.name == item) result.push_back(&element);
    }
    return result;
}

std::optional<XmlElement> parse_xml(std::string_view text) {
    // S3 sends blanks while it works; expat wants the declaration to be the first thing.
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    if (text.size() > kLongest) return std::nullopt;
    const std::unique_ptr<std::remove_pointer_t<XML_Parser>, ParserDeleter> parser(XML_ParserCreate(nullptr));
    if (!parser) return std::nullopt;
    Reader reader{parser.get(), {}, {}, false};
    XML_SetUserData(parser.get(), &reader);
    XML_SetElementHandler(parser.get(), on_start, on_end);
    XML_SetCharacterDataHandler(parser.get(), on_text);
    XML_SetStartDoctypeDeclHandler(parser.get(), on_document_type);
    const XML_Status status = XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), XML_TRUE);
    if (status != XML_STATUS_OK || reader.failed) return std::nullopt;
    return std::move(reader.root);
}

std::string xml_escape(std::string_view text) {
    std::string result;
    for (const char c : text) {
        switch (c) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '"':
                result += "&quot;";
                break;
            case '\r':
                result += "&#13;";  // else a reader makes it a line feed
                break;
            default:
                result += c;
        }
    }
    return result;
}

}  // namespace ft::aws

#pragma once
// XML answers of S3 and the query services, read with expat into a small tree.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ft::aws {

/// Attributes are left out: nothing of AWS is told by them here. Prefixes of names are dropped.
struct XmlElement {
    std::string name;
    std::string text;  ///< of this element alone; empty when it has children and only blanks between them
    std::vector<XmlElement> children;

    /// The first child of that name; null when there is none.
    const XmlElement* child(std::string_view name) const;
    /// Follows "a/b/c" through first children; null when one is missing.
    const XmlElement* find(std::string_view path) const;
    /// Text of find(path); empty when missing.
    std::string text_at(std::string_view path) const;
    /// The children called `item` of find(path); none when missing. The elements belong to this tree.
    std::vector<const XmlElement*> all(std::string_view path, std::string_view item) const;
};

/// Nothing when it is not well-formed, declares a document type (the way in for entity bombs), or nests deeper than 64.
std::optional<XmlElement> parse_xml(std::string_view text);

/// `text` with & < > and quotes escaped, for requests.
std::string xml_escape(std::string_view text);

}  // namespace ft::aws

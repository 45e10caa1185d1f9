// The little XML that S3 answers with: flat elements in known places. Pure; input is hostile.
//
// No parser of documents: an element is what stands between <Name> and the next </Name>. Answers
// have no attributes there but the namespace of the outermost element.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tapiary::server {

// The content of the first element of this name, as it stands; empty when there is none.
std::string_view XmlElement(std::string_view xml, std::string_view name);
// The contents of all of them, at most `max`.
std::vector<std::string_view> XmlElements(std::string_view xml, std::string_view name,
                                          std::size_t max);
// The same text with the five named entities resolved; others stay.
std::string XmlText(std::string_view content);
std::string XmlEscape(std::string_view text);
// The <Code> of an <Error>, letters and digits only, at most 60; or "".
std::string S3ErrorCode(std::string_view xml);

}  // namespace tapiary::server

#include "server/evidence/verify_case.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"
#include "server/evidence/case_archive.h"
#include "server/evidence/signed_text.h"
#include "server/evidence/zip_reader.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxManifest = 4u << 20;
constexpr std::size_t kMaxLine = 1u << 20;
constexpr const char* kManifest = "manifest.json";
constexpr const char* kSignature = "manifest.jws";
constexpr const char* kStatements = "completeness.ndjson";

struct Expected {
  std::string digest;  // hex
  std::uint64_t bytes = 0;
};

class CaseVerifier {
 public:
  CaseVerifier(ZipReader reader, const CaseOptions& options, const VerifyVisitor& visitor)
      : reader_(std::move(reader)), options_(options), visitor_(visitor) {
    for (const ZipEntry& entry : reader_.entries()) total_ += entry.bytes;
  }
  base::Result<CaseCounts> Run();

 private:
  void Tell(FindingCode code, const std::string& item, const std::string& text) {
    ++counts_.findings;
    if (visitor_.finding) visitor_.finding({code, "", base::EscapeBytes(item), text});
  }
  base::Result<std::string> Small(const char* name) const;
  base::Result<> ReadManifest();
  void CheckSignature();
  base::Result<> CheckMember(const ZipEntry& entry);
  void CheckStatement(std::string_view line, std::uint64_t number);

  ZipReader reader_;
  const CaseOptions& options_;
  const VerifyVisitor& visitor_;
  CaseCounts counts_;
  std::string manifest_;
  uplink::PublicKey key_{};
  std::map<std::string, Expected> expected_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

base::Result<std::string> CaseVerifier::Small(const char* name) const {
  const auto found = std::ranges::find(reader_.entries(), name, &ZipEntry::name);
  if (found == reader_.entries().end() || found->bytes > kMaxManifest) {
    return base::MakeError(base::ErrorCode::kCorrupt,
                           std::string("no case of a collector: it has no ") + name);
  }
  std::string text;
  TAPIARY_TRY(reader_.Read(*found, [&text](std::string_view piece) -> base::Result<> {
    text += piece;
    return {};
  }));
  return text;
}

std::string TextOf(const Json& json, const char* name) {
  const auto member = json.find(name);
  return member != json.end() && member->is_string() ? member->get<std::string>() : std::string();
}

// base64url without padding, 32 bytes.
std::optional<uplink::PublicKey> ReadKey(const Json& json) {
  if (!json.contains("collector") || !json["collector"].is_object()) return std::nullopt;
  std::string text = TextOf(json["collector"], "x");
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  const auto bytes = base::FromBase64(text + "=");
  uplink::PublicKey key{};
  if (!bytes || bytes->size() != key.size()) return std::nullopt;
  std::ranges::copy(*bytes, key.begin());
  return key;
}

base::Result<> CaseVerifier::ReadManifest() {
  const auto bad = [](const char* what) {
    return base::MakeError(base::ErrorCode::kCorrupt, std::string("manifest.json: ") + what);
  };
  TAPIARY_ASSIGN(manifest_, Small(kManifest));
  const Json json = Json::parse(manifest_, nullptr, false);
  if (!json.is_object() || TextOf(json, "format") != kCaseFormat)
    return bad("no case of version 1");
  const auto key = ReadKey(json);
  if (!key || !json.contains("members") || !json["members"].is_array()) return bad("not whole");
  key_ = *key;
  counts_.key = base::ToHex(key_);
  counts_.made = base::EscapeBytes(TextOf(json, "made"));
  counts_.by = base::EscapeBytes(TextOf(json, "by"));
  if (const auto missing = json.find("missing_parts_of_capture");
      missing != json.end() && missing->is_number_unsigned()) {
    counts_.missing_parts = missing->get<std::uint64_t>();
  }
  for (const Json& member : json["members"]) {
    if (!member.is_object() || !member.contains("bytes") || !member["bytes"].is_number_unsigned()) {
      return bad("not whole");
    }
    const Expected expected{TextOf(member, "sha256"), member["bytes"].get<std::uint64_t>()};
    if (!expected_.emplace(TextOf(member, "name"), expected).second) return bad("a name twice");
  }
  return {};
}

void CaseVerifier::CheckSignature() {
  std::string wanted = options_.key;
  std::ranges::transform(wanted, wanted.begin(), [](unsigned char c) { return std::tolower(c); });
  counts_.key_known = !wanted.empty() && wanted == counts_.key;
  if (!wanted.empty() && !counts_.key_known) {
    Tell(FindingCode::kUnsigned, kManifest,
         "signed with the key " + counts_.key + ", not with the one that was given");
  }
  auto text = Small(kSignature);
  if (!text) return Tell(FindingCode::kUnsigned, kSignature, text.error().message);
  while (!text->empty() && text->back() == '\n') text->pop_back();
  const auto signed_text = OpenSignedText(key_, *text);
  if (!signed_text) return Tell(FindingCode::kUnsigned, kSignature, "the signature is not good");
  if (*signed_text != manifest_) {
    Tell(FindingCode::kAltered, kManifest, "not what was signed (manifest.jws has that)");
  }
}

// A line is a statement with its signature as the last member; nothing is parsed.
void CaseVerifier::CheckStatement(std::string_view line, std::uint64_t number) {
  constexpr std::string_view kMember = ",\"jws\":\"";
  const std::string where = fmt::format("{} line {}", kStatements, number);
  const std::size_t at = line.rfind(kMember);
  if (at == line.npos || !line.ends_with("\"}")) {
    return Tell(FindingCode::kAltered, where, "no signed statement");
  }
  const std::size_t begin = at + kMember.size();
  const auto opened = OpenSignedText(key_, line.substr(begin, line.size() - 2 - begin));
  if (!opened) return Tell(FindingCode::kUnsigned, where, "the signature is not good");
  if (*opened != std::string(line.substr(0, at)) + "}") {
    return Tell(FindingCode::kAltered, where, "not what was signed");
  }
  ++counts_.statements;
}

base::Result<> CaseVerifier::CheckMember(const ZipEntry& entry) {
  base::Sha256 hash;
  const bool statements = entry.name == kStatements;
  std::string line;
  std::uint64_t lines = 0;
  bool too_long = false;
  bool stopped = false;
  const auto take = [&](std::string_view piece) -> base::Result<> {
    hash.Update(base::AsBytes(piece));
    done_ += piece.size();
    counts_.bytes += piece.size();
    stopped = visitor_.progress && !visitor_.progress(done_, total_);
    if (stopped) return base::MakeError(base::ErrorCode::kUnavailable, "stopped");
    if (!statements) return {};
    for (const char c : piece) {
      if (c != '\n') {
        too_long = too_long || line.size() >= kMaxLine;
        if (!too_long) line += c;
        continue;
      }
      CheckStatement(too_long ? std::string_view() : line, ++lines);
      line.clear();
      too_long = false;
    }
    return {};
  };
  const auto read = reader_.Read(entry, take);
  if (stopped) return read.error();
  if (!read && read.error().code != base::ErrorCode::kCorrupt) return read.error();
  if (statements && !line.empty()) CheckStatement(line, ++lines);
  if (entry.name == kManifest || entry.name == kSignature) return {};
  const auto expected = expected_.find(entry.name);
  if (expected == expected_.end()) {
    Tell(FindingCode::kAdded, entry.name, "the manifest has no such member");
    return {};
  }
  const Expected what = expected->second;
  expected_.erase(expected);
  ++counts_.members;
  if (!read) {
    Tell(FindingCode::kAltered, entry.name, read.error().message);
  } else if (base::ToHex(hash.Finish()) != what.digest || entry.bytes != what.bytes) {
    Tell(FindingCode::kAltered, entry.name, "its digest is not the manifest's");
  }
  return {};
}

base::Result<CaseCounts> CaseVerifier::Run() {
  TAPIARY_TRY(ReadManifest());
  CheckSignature();
  if (const auto layout = reader_.CheckLayout(); !layout) {
    if (layout.error().code != base::ErrorCode::kCorrupt) return layout.error();
    Tell(FindingCode::kAdded, "the archive", layout.error().message);
  }
  std::set<std::string> names;
  for (const ZipEntry& entry : reader_.entries()) {
    if (!names.insert(entry.name).second) {
      Tell(FindingCode::kAdded, entry.name, "a second member of this name");
      continue;
    }
    TAPIARY_TRY(CheckMember(entry));
  }
  for (const auto& [name, what] : expected_) {
    Tell(FindingCode::kMissing, name, "the manifest names it");
  }
  return counts_;
}

}  // namespace

base::Result<CaseCounts> VerifyCase(const std::string& path, const CaseOptions& options,
                                    const VerifyVisitor& visitor) {
  const base::UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    return base::MakeError(base::ErrorCode::kNotFound, path + ": cannot be opened");
  }
  auto reader = ZipReader::Open(file.get());
  if (!reader) return reader.error().WithContext(path);
  auto counts = CaseVerifier(std::move(*reader), options, visitor).Run();
  if (!counts) return counts.error().WithContext(path);
  return counts;
}

}  // namespace tapiary::server

#include "server/evidence/case_archive.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "server/evidence/signed_text.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kFillBytes = 128 * 1024;

}  // namespace

CaseArchive::CaseArchive(std::vector<CaseMember> members, std::function<std::string()> manifest,
                         const uplink::SigningKey& key)
    : members_(std::move(members)),
      manifest_(std::move(manifest)),
      key_(key),
      made_ns_(base::WallNow()),
      zip_(made_ns_) {}

base::Result<std::size_t> CaseArchive::Read(std::span<char> buffer) {
  if (at_ == out_.size() && !ended_) {
    const auto filled = Fill();
    if (!filled) {
      base::LogError("case ended early: {}", base::EscapeBytes(filled.error().message));
      return filled.error();
    }
  }
  const std::size_t size = std::min(buffer.size(), out_.size() - at_);
  std::copy_n(out_.begin() + static_cast<std::ptrdiff_t>(at_), size, buffer.begin());
  at_ += size;
  return size;
}

base::Result<> CaseArchive::Fill() {
  out_.clear();
  at_ = 0;
  while (out_.size() < kFillBytes) {
    if (done_.size() == members_.size()) return Seal();
    CaseMember& member = members_[done_.size()];
    if (!open_) TAPIARY_TRY(zip_.Begin(member.name, out_));
    open_ = true;
    TAPIARY_ASSIGN(const std::string piece, member.next());
    if (!piece.empty()) {
      TAPIARY_TRY(zip_.Write(piece, out_));
      continue;
    }
    TAPIARY_ASSIGN(ZipMember done, zip_.End(out_));
    done_.push_back(std::move(done));
    member.next = nullptr;  // and what it holds
    open_ = false;
  }
  return {};
}

base::Result<> CaseArchive::Add(const std::string& name, const std::string& text) {
  TAPIARY_TRY(zip_.Begin(name, out_));
  TAPIARY_TRY(zip_.Write(text, out_));
  TAPIARY_ASSIGN(ZipMember done, zip_.End(out_));
  done_.push_back(std::move(done));
  return {};
}

std::string CaseArchive::Manifest() const {
  Json json = {{"format", kCaseFormat}, {"made", base::FormatTime(made_ns_)}};
  const Json more = Json::parse(manifest_(), nullptr, false);
  if (more.is_object()) json.update(more);
  json["collector"] = Json::parse(KeyJson(key_.public_key()));
  json["members"] = Json::array();
  for (const ZipMember& member : done_) {
    json["members"].push_back(
        {{"name", member.name}, {"bytes", member.bytes}, {"sha256", base::ToHex(member.digest)}});
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

base::Result<> CaseArchive::Seal() {
  std::string sums;
  for (const ZipMember& member : done_)
    sums += base::ToHex(member.digest) + "  " + member.name + "\n";
  TAPIARY_TRY(Add("SHA256SUMS", sums));
  const std::string manifest = Manifest();
  TAPIARY_TRY(Add("manifest.json", manifest));
  TAPIARY_TRY(Add("manifest.jws", SignedText(key_, manifest) + "\n"));
  zip_.Finish(out_);
  ended_ = true;
  return {};
}

}  // namespace tapiary::server

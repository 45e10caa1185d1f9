// CaseArchive: a case as one ZIP archive, made as the client reads: members of any length, then
// SHA256SUMS, manifest.json with the digest of each member, and manifest.jws, the manifest signed
// by the collector. Format: docs/formats/case.md. Memory does not grow. A pool thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/evidence/zip_writer.h"
#include "server/http/handler.h"
#include "uplink/wire/signing.h"

namespace tapiary::server {

inline constexpr const char* kCaseFormat = "tapiary-case-1";

struct CaseMember {
  std::string name;
  std::function<base::Result<std::string>()>
      next;  // pieces of up to some MiB; an empty one ends it
};

class CaseArchive : public BodySource {
 public:
  // `manifest` is asked after the last member: a JSON object without what is added here (format,
  // made, collector, members). The key must outlive it.
  CaseArchive(std::vector<CaseMember> members, std::function<std::string()> manifest,
              const uplink::SigningKey& key);
  base::Result<std::size_t> Read(std::span<char> buffer) override;

 private:
  base::Result<> Fill();
  base::Result<> Seal();
  base::Result<> Add(const std::string& name, const std::string& text);
  [[nodiscard]] std::string Manifest() const;

  std::vector<CaseMember> members_;
  std::function<std::string()> manifest_;
  const uplink::SigningKey& key_;
  const std::int64_t made_ns_;
  ZipWriter zip_;
  std::vector<ZipMember> done_;
  bool open_ = false;  // the member of done_.size()
  bool ended_ = false;
  std::vector<std::uint8_t> out_;
  std::size_t at_ = 0;
};

}  // namespace tapiary::server

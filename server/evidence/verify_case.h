// VerifyCase: checks a case's archive (docs/formats/case.md) without a collector: that each member
// is as the manifest says, none is missing or added, and the manifest and the statements of
// completeness are signed by the key that the archive names, or better one that the caller knows.
//
// The archive may have been made by anybody. Memory does not grow with it. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "server/evidence/verify.h"

namespace tapiary::server {

struct CaseCounts {
  std::uint64_t members = 0;
  std::uint64_t bytes = 0;
  std::uint64_t statements = 0;  // of completeness, with a good signature
  std::uint64_t findings = 0;
  // How often capture.pcapng says that packets are missing, as they were at the collector already.
  std::uint64_t missing_parts = 0;
  std::string key{};  // hex, that it is signed with
  std::string made{};
  std::string by{};
  bool key_known = false;  // it is the one that was asked for
};

struct CaseOptions {
  std::string key{};  // hex: the key that must have signed; empty: whichever the archive names
};

// kCorrupt for what is no case at all. The findings' `sensor` is empty, `item` a member's name.
base::Result<CaseCounts> VerifyCase(const std::string& path, const CaseOptions& options,
                                    const VerifyVisitor& visitor);

}  // namespace tapiary::server

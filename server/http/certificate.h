// The collector's own certificate: made once, ECDSA P-256, for those who have none of their own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tapiary::server {

// Writes certificate (0644) and key (0600) unless both are there. Subject names: `names`, the
// host's name, localhost, 127.0.0.1 and ::1. Ten years, usable as its own CA in a client's ca_file.
// One that has less than 30 days left at `now_ns` is made anew for the same key.
base::Result<> EnsureCertificate(const std::string& certificate_file, const std::string& key_file,
                                 const std::vector<std::string>& names,
                                 std::int64_t now_ns = base::WallNow());
// kInvalid names the first that is neither a host name nor an address.
base::Result<> CheckCertificateNames(const std::vector<std::string>& names);
// Those of `names` that the first certificate in a PEM file is not for.
base::Result<std::vector<std::string>> NamesNotIn(const std::string& certificate_file,
                                                  const std::vector<std::string>& names);
// The end of the first certificate in a PEM file, in ns since the epoch.
base::Result<std::int64_t> CertificateEnd(const std::string& certificate_file);
inline constexpr std::int64_t kRenewBeforeNs = 30 * base::kNanosPerDay;
// SHA-256 of the certificate, as "AB:CD:...", for people to compare.
base::Result<std::string> CertificateFingerprint(const std::string& certificate_file);

}  // namespace tapiary::server

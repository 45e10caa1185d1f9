// The collector's own certificate: made once, ECDSA P-256, for those who have none of their own.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace tapiary::server {

// Writes certificate (0644) and key (0600) unless both are there. Subject names: `names`, the
// host's name, localhost, 127.0.0.1 and ::1. Ten years, usable as its own CA in a client's ca_file.
base::Result<> EnsureCertificate(const std::string& certificate_file, const std::string& key_file,
                                 const std::vector<std::string>& names);
// SHA-256 of the certificate, as "AB:CD:...", for people to compare.
base::Result<std::string> CertificateFingerprint(const std::string& certificate_file);

}  // namespace tapiary::server

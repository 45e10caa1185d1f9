// Signature Version 4 for S3 requests (AWS "Authenticating Requests: Using the Authorization
// Header"). Own, since libcurl 7.88 sorts no query strings and sends no payload hash. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tapiary::server {

// Secret: goes into no log, error or dump.
struct S3Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // of temporary credentials, else empty
};

using S3Fields = std::vector<std::pair<std::string, std::string>>;

struct S3Signable {
  std::string method;
  std::string path;          // as sent: percent-encoded, begins with '/'
  S3Fields query;            // plain
  S3Fields headers;          // to be signed besides the three below; names in lower case
  std::string host;          // as in the Host header: with the port unless it is the scheme's own
  std::string payload_hash;  // SHA-256 in hex
};

// Everything but A-Z a-z 0-9 - . _ ~ as %XX; '/' stays when `keep_slash`.
std::string S3Encode(std::string_view text, bool keep_slash);
// Encoded and sorted, without '?'.
std::string S3Query(const S3Fields& query);
// The headers that make the request a signed one: authorization, x-amz-date, x-amz-content-sha256
// and, with temporary credentials, x-amz-security-token.
S3Fields S3Sign(const S3Signable& request, const S3Credentials& credentials,
                const std::string& region, std::int64_t time_ns);

// Text of an AWS credentials file: its [default] section, or what comes before the first one.
base::Result<S3Credentials> ParseS3Credentials(std::string_view text);
// From the file when one is named, else from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
// AWS_SESSION_TOKEN. kInvalid says what is missing and where, never what is there.
base::Result<S3Credentials> LoadS3Credentials(const std::string& file);

}  // namespace tapiary::server

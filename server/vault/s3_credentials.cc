// The keys, from a file or the environment.
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.h"
#include "base/log.h"
#include "server/vault/s3_signer.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxFile = 64 * 1024;

base::Error Invalid(std::string message) {
  return base::MakeError(base::ErrorCode::kInvalid, std::move(message));
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// They become part of a header.
bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

base::Result<S3Credentials> Checked(S3Credentials credentials, const char* access_key,
                                    const char* secret_key) {
  if (credentials.access_key.empty()) return Invalid(std::string(access_key) + " is missing");
  if (credentials.secret_key.empty()) return Invalid(std::string(secret_key) + " is missing");
  if (!IsPrintable(credentials.access_key) || !IsPrintable(credentials.secret_key) ||
      !IsPrintable(credentials.session_token)) {
    return Invalid("a key holds blanks or characters that keys do not have");
  }
  return credentials;
}

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(Trim(value));
}

}  // namespace

base::Result<S3Credentials> ParseS3Credentials(std::string_view text) {
  S3Credentials credentials;
  bool wanted = true;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = Trim(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.starts_with('[')) wanted = line == "[default]";
    const std::size_t equals = line.find('=');
    if (!wanted || line.starts_with('#') || line.starts_with(';') ||
        equals == std::string_view::npos) {
      continue;
    }
    const std::string_view name = Trim(line.substr(0, equals));
    const std::string_view value = Trim(line.substr(equals + 1));
    if (name == "aws_access_key_id") credentials.access_key = value;
    if (name == "aws_secret_access_key") credentials.secret_key = value;
    if (name == "aws_session_token") credentials.session_token = value;
  }
  return Checked(std::move(credentials), "aws_access_key_id", "aws_secret_access_key");
}

base::Result<S3Credentials> LoadS3Credentials(const std::string& file) {
  if (file.empty()) {
    S3Credentials credentials;
    credentials.access_key = Environment("AWS_ACCESS_KEY_ID");
    credentials.secret_key = Environment("AWS_SECRET_ACCESS_KEY");
    credentials.session_token = Environment("AWS_SESSION_TOKEN");
    auto checked = Checked(std::move(credentials), "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
    if (!checked) return checked.error().WithContext("environment");
    return checked;
  }
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0 && (status.st_mode & 0007) != 0) {
    base::LogWarning("{} is open to every user of this host: chmod 600", file);
  }
  auto text = base::ReadFile(file, kMaxFile);
  if (!text) return Invalid(text.error().message);
  auto parsed = ParseS3Credentials(*text);
  if (!parsed) return parsed.error().WithContext(file);
  return parsed;
}

}  // namespace tapiary::server

#include "server/vault/s3_vault.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <charconv>

#include "base/clock.h"
#include "base/file.h"
#include "server/vault/object_name.h"
#include "server/vault/s3_client.h"
#include "server/vault/s3_upload.h"
#include "server/vault/s3_xml.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxRead = 1u << 30;
constexpr std::size_t kPageItems = 1000;
constexpr std::size_t kMaxPageBytes = 4u << 20;

base::Error Unavailable(std::string message) {
  return base::MakeError(base::ErrorCode::kUnavailable, std::move(message));
}

// "bytes 5-9/100"
struct ContentRange {
  std::uint64_t first = 0, last = 0, total = 0;
};
bool Take(std::string_view* text, char end, std::uint64_t* number) {
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), *number);
  if (parsed.ec != std::errc()) return false;
  text->remove_prefix(static_cast<std::size_t>(parsed.ptr - text->data()));
  if (end == '\0') return text->empty();
  if (!text->starts_with(end)) return false;
  text->remove_prefix(1);
  return true;
}
bool ParseContentRange(std::string_view text, ContentRange* range) {
  if (!text.starts_with("bytes ")) return false;
  text.remove_prefix(6);
  return Take(&text, '-', &range->first) && Take(&text, '/', &range->last) &&
         Take(&text, '\0', &range->total) && range->first <= range->last &&
         range->last < range->total;
}

class S3Vault final : public Vault {
 public:
  explicit S3Vault(const S3Options& options) : options_(options), client_(options) {}

  base::Result<std::unique_ptr<PendingObject>> Create(std::string_view hint) override {
    TAPIARY_ASSIGN(std::string name, MakeObjectName(options_.tag, hint));
    return MakeS3Pending(client_, options_, std::move(name));
  }
  base::Result<std::string> ReadRange(const std::string& name, std::uint64_t offset,
                                      std::size_t size) override;
  base::Result<std::uint64_t> Size(const std::string& name) override {
    TAPIARY_TRY(CheckObjectName(name));
    return S3ObjectSize(client_, options_.prefix + name);
  }
  base::Result<> Delete(const std::string& name) override;
  base::Result<> ForEach(const ObjectVisitor& visit) override;
  base::Result<std::uint64_t> RemoveLeftovers(std::int64_t min_age_ns) override;
  base::Result<> Check() override;

 private:
  [[nodiscard]] S3Request Request(const char* method, const std::string& name) const {
    S3Request request;
    request.method = method;
    request.key = options_.prefix + name;
    return request;
  }

  const S3Options options_;
  S3Client client_;
};

base::Result<std::string> S3Vault::ReadRange(const std::string& name, std::uint64_t offset,
                                             std::size_t size) {
  TAPIARY_TRY(CheckObjectName(name));
  if (size > kMaxRead || offset > static_cast<std::uint64_t>(INT64_MAX)) {
    return base::MakeError(base::ErrorCode::kTooLarge, "vault: range too large");
  }
  if (size == 0) {
    TAPIARY_TRY(Size(name));
    return std::string();
  }
  S3Request request = Request("GET", name);
  request.headers = {{"range", fmt::format("bytes={}-{}", offset, offset + size - 1)}};
  request.max_answer = std::max<std::size_t>(size, 64u * 1024);
  TAPIARY_ASSIGN(S3Answer answer, client_.SendRaw(request));
  const auto ends = [&](std::uint64_t at) {
    return base::MakeError(base::ErrorCode::kCorrupt,
                           fmt::format("vault: {} ends at {}, before {}", name, at, offset + size));
  };
  if (answer.status == 416) return ends(offset);
  if (answer.status != 206) return client_.ErrorFor(request, answer);
  ContentRange range;
  if (!ParseContentRange(answer.content_range, &range) || range.first != offset ||
      range.last - range.first >= size) {
    return Unavailable("vault: the store answers with another range than asked for");
  }
  if (range.last - range.first + 1 < size && range.last + 1 == range.total)
    return ends(range.total);
  if (answer.body.size() != size || range.last - range.first + 1 != size) {
    return Unavailable("vault: the store answers with another length than it says");
  }
  return std::move(answer.body);
}

base::Result<> S3Vault::Delete(const std::string& name) {
  TAPIARY_TRY(CheckObjectName(name));
  const auto answer = client_.Send(Request("DELETE", name));
  if (answer || answer.error().code == base::ErrorCode::kNotFound) return {};
  return answer.error();
}

// Ages are right by the store's time, whatever our clock says.
std::int64_t StoreNow(const S3Answer& answer) {
  return S3StoreTime(answer).value_or(base::WallNow());
}

// False for what Create could not have made.
bool ReadContents(std::string_view item, const std::string& prefix, std::int64_t now_ns,
                  ObjectInfo* object) {
  const std::string key = XmlText(XmlElement(item, "Key"));
  if (!key.starts_with(prefix)) return false;
  object->name = key.substr(prefix.size());
  const auto changed = base::ParseTime(XmlElement(item, "LastModified"));
  std::string_view size = XmlElement(item, "Size");
  if (!IsObjectName(object->name) || !changed || !Take(&size, '\0', &object->bytes)) return false;
  object->age_ns = now_ns - *changed;
  return true;
}

base::Result<> S3Vault::ForEach(const ObjectVisitor& visit) {
  std::string token;
  std::string last_key;
  do {
    S3Request request;
    request.method = "GET";
    request.query = {{"list-type", "2"}, {"prefix", options_.prefix}};
    if (!token.empty()) request.query.emplace_back("continuation-token", token);
    request.max_answer = kMaxPageBytes;
    TAPIARY_ASSIGN(const S3Answer answer, client_.Send(request));
    std::string newest = last_key;
    for (const std::string_view item : XmlElements(answer.body, "Contents", kPageItems)) {
      newest = std::max(newest, XmlText(XmlElement(item, "Key")));
      ObjectInfo object;
      if (!ReadContents(item, options_.prefix, StoreNow(answer), &object)) continue;
      if (!visit(object)) return {};
    }
    if (XmlElement(answer.body, "IsTruncated") != "true") return {};
    token = XmlText(XmlElement(answer.body, "NextContinuationToken"));
    if (token.empty() || newest <= last_key) return Unavailable("vault: a listing without end");
    last_key = newest;
  } while (true);
}

base::Result<std::uint64_t> S3Vault::RemoveLeftovers(std::int64_t min_age_ns) {
  std::uint64_t removed = 0;
  std::string key_marker;
  std::string upload_marker;
  while (true) {
    S3Request request;
    request.method = "GET";
    request.query = {{"uploads", ""}, {"prefix", options_.prefix}};
    if (!key_marker.empty()) {
      request.query.emplace_back("key-marker", key_marker);
      request.query.emplace_back("upload-id-marker", upload_marker);
    }
    request.max_answer = kMaxPageBytes;
    TAPIARY_ASSIGN(const S3Answer answer, client_.Send(request));
    for (const std::string_view item : XmlElements(answer.body, "Upload", kPageItems)) {
      const std::string key = XmlText(XmlElement(item, "Key"));
      const auto begun = base::ParseTime(XmlElement(item, "Initiated"));
      const bool ours = key.starts_with(options_.prefix) &&
                        HasTag(std::string_view(key).substr(options_.prefix.size()), options_.tag);
      if (!ours || !begun || StoreNow(answer) - *begun < min_age_ns) continue;
      TAPIARY_TRY(AbortS3Upload(client_, key, XmlText(XmlElement(item, "UploadId"))));
      ++removed;
    }
    const std::string next = XmlText(XmlElement(answer.body, "NextKeyMarker"));
    if (XmlElement(answer.body, "IsTruncated") != "true" || next <= key_marker) return removed;
    key_marker = next;
    upload_marker = XmlText(XmlElement(answer.body, "NextUploadIdMarker"));
  }
}

// A write, since a store that only reads is no place for evidence. Always the same key, no object's
// name: nothing grows, and nothing that is read depends on it.
base::Result<> S3Vault::Check() {
  S3Request request = Request("PUT", "probe");
  request.once = true;
  request.text = "Tapiary writes here whether it may.\n";
  const auto answer = client_.Send(request);
  if (answer) return {};
  base::Error error = answer.error();
  error.code = base::ErrorCode::kUnavailable;
  return error;
}

bool IsPlain(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [more](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
  });
}

}  // namespace

base::Result<> CheckS3Options(const S3Options& options) {
  const auto invalid = [](const char* text) {
    return base::MakeError(base::ErrorCode::kInvalid, text);
  };
  constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const std::string& endpoint = options.endpoint;
  const std::size_t at = endpoint.find("://");
  const std::string scheme = endpoint.substr(0, at == std::string::npos ? 0 : at);
  const std::string host = at == std::string::npos ? "" : endpoint.substr(at + 3);
  if ((scheme != "http" && scheme != "https") || host.empty() ||
      !IsPlain(host, std::string(kUpper) + ".-_:[]")) {
    return invalid("vault.s3.endpoint: give https://HOST or https://HOST:PORT, no path");
  }
  if (options.bucket.size() < 3 || options.bucket.size() > 63 || !IsPlain(options.bucket, ".-")) {
    return invalid("vault.s3.bucket: 3 to 63 lower-case letters, digits, dots and hyphens");
  }
  if (options.region.empty() || !IsPlain(options.region, std::string(kUpper) + "-_")) {
    return invalid("vault.s3.region: letters, digits and hyphens");
  }
  if (options.prefix.size() > 200 || options.prefix.starts_with('/') ||
      options.prefix.find("..") != std::string::npos ||
      !IsPlain(options.prefix, std::string(kUpper) + ".-_/")) {
    return invalid("vault.s3.prefix: letters, digits, . - _ and /, not first a /");
  }
  if (!IsObjectTag(options.tag)) return invalid("vault: a wrong tag");
  return {};
}

base::Result<std::unique_ptr<Vault>> OpenS3Vault(const S3Options& options) {
  TAPIARY_TRY(CheckS3Options(options));
  TAPIARY_TRY(base::MakeFolders(options.scratch_folder, 0700));
  return std::unique_ptr<Vault>(std::make_unique<S3Vault>(options));
}

}  // namespace tapiary::server

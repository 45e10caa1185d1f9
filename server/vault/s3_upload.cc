#include "server/vault/s3_upload.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <vector>

#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "server/vault/s3_xml.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxParts = 10'000;

// Whatever keeps the store from taking an object is our trouble, not the sender's.
base::Error CannotStore(base::Error error) {
  error.code = base::ErrorCode::kUnavailable;
  return error;
}

base::Error CannotScratch(int errno_value, const std::string& what) {
  return CannotStore(base::Error::FromErrno(errno_value, "vault: " + what));
}

class PendingUpload final : public PendingObject {
 public:
  PendingUpload(S3Client& client, const S3Options& options, std::string name, base::UniqueFd fd)
      : client_(client), options_(options), name_(std::move(name)), fd_(std::move(fd)) {
    part_.emplace();
    whole_.emplace();
  }

  base::Result<> Append(base::Bytes bytes) override;
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  base::Result<std::string> ReadRange(std::uint64_t offset, std::size_t size) override;
  base::Result<std::string> Commit() override;

 private:
  void Hash(base::Bytes bytes);
  [[nodiscard]] S3Request Request(const char* method) const {
    S3Request request;
    request.method = method;
    request.key = options_.prefix + name_;
    return request;
  }
  base::Result<> Upload();
  base::Result<> PutWhole();
  base::Result<> PutParts();
  base::Result<std::string> PutPart(const std::string& upload, std::size_t number);
  base::Result<> Complete(const std::string& upload, const std::string& parts);

  S3Client& client_;
  const S3Options& options_;
  std::string name_;
  base::UniqueFd fd_;
  std::uint64_t size_ = 0;
  // Hashed while appended, so that nothing is read twice.
  std::optional<base::Sha256> whole_;
  std::optional<base::Sha256> part_;
  std::uint64_t part_size_ = 0;
  std::vector<std::string> part_hashes_;
};

void PendingUpload::Hash(base::Bytes bytes) {
  whole_->Update(bytes);
  while (!bytes.empty()) {
    const auto size = static_cast<std::size_t>(
        std::min<std::uint64_t>(bytes.size(), options_.part_bytes - part_size_));
    part_->Update(bytes.first(size));
    part_size_ += size;
    bytes = bytes.subspan(size);
    if (part_size_ < options_.part_bytes) continue;
    part_hashes_.push_back(base::ToHex(part_->Finish()));
    part_.emplace();
    part_size_ = 0;
  }
}

base::Result<> PendingUpload::Append(base::Bytes bytes) {
  if (auto written = base::WriteAll(fd_.get(), bytes, "vault: scratch file"); !written) {
    return CannotStore(written.error());
  }
  Hash(bytes);
  size_ += bytes.size();
  return {};
}

base::Result<std::string> PendingUpload::ReadRange(std::uint64_t offset, std::size_t size) {
  if (offset > size_ || size > size_ - offset) {
    return base::MakeError(
        base::ErrorCode::kCorrupt,
        fmt::format("vault: {} ends at {}, before {}+{}", name_, size_, offset, size));
  }
  std::string out(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(fd_.get(), out.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return CannotScratch(got < 0 ? errno : EIO, "cannot read the scratch file");
    done += static_cast<std::size_t>(got);
  }
  return out;
}

base::Result<> PendingUpload::PutWhole() {
  S3Request request = Request("PUT");
  request.fd = fd_.get();
  request.size = size_;
  request.payload_hash = base::ToHex(whole_->Finish());
  const auto put = client_.Send(request);
  if (!put) return put.error();
  return {};
}

// The part's ETag, by which it is named at the end.
base::Result<std::string> PendingUpload::PutPart(const std::string& upload, std::size_t number) {
  S3Request request = Request("PUT");
  request.query = {{"partNumber", std::to_string(number + 1)}, {"uploadId", upload}};
  request.fd = fd_.get();
  request.offset = number * options_.part_bytes;
  request.size = std::min(options_.part_bytes, size_ - request.offset);
  request.payload_hash = part_hashes_[number];
  TAPIARY_ASSIGN(const S3Answer answer, client_.Send(request));
  if (answer.etag.empty() || answer.etag.size() > 200) {
    return base::MakeError(base::ErrorCode::kUnavailable, "vault: a part without an ETag");
  }
  return answer.etag;
}

// The answer may be 200 and hold an error, or be lost: only the object itself tells.
base::Result<> PendingUpload::Complete(const std::string& upload, const std::string& parts) {
  S3Request request = Request("POST");
  request.query = {{"uploadId", upload}};
  request.text = "<CompleteMultipartUpload>" + parts + "</CompleteMultipartUpload>";
  auto answer = client_.Send(request);
  if (answer && S3ErrorCode(answer->body).empty()) return {};
  base::Error error = answer ? client_.ErrorFor(request, *answer) : answer.error();
  const auto there = S3ObjectSize(client_, request.key);
  if (there && *there == size_) return {};
  return error;
}

base::Result<> PendingUpload::PutParts() {
  if (part_size_ > 0) part_hashes_.push_back(base::ToHex(part_->Finish()));
  if (part_hashes_.size() > kMaxParts) {
    return base::MakeError(base::ErrorCode::kUnavailable, "vault: more parts than S3 takes");
  }
  S3Request begin = Request("POST");
  begin.query = {{"uploads", ""}};
  TAPIARY_ASSIGN(const S3Answer begun, client_.Send(begin));
  const std::string upload = XmlText(XmlElement(begun.body, "UploadId"));
  if (upload.empty() || upload.size() > 1024) {
    return base::MakeError(base::ErrorCode::kUnavailable, "vault: the store names no upload");
  }
  std::string parts;
  base::Result<> done;
  for (std::size_t i = 0; i < part_hashes_.size() && done; ++i) {
    auto etag = PutPart(upload, i);
    if (!etag) {
      done = etag.error();
      break;
    }
    parts += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1,
                         XmlEscape(*etag));
  }
  if (done) done = Complete(upload, parts);
  if (done) return {};
  if (const auto aborted = AbortS3Upload(client_, begin.key, upload); !aborted) {
    base::LogWarning("{}; its parts stay until the next sweep", aborted.error().message);
  }
  return done;
}

base::Result<> PendingUpload::Upload() {
  TAPIARY_TRY(size_ <= options_.part_bytes ? PutWhole() : PutParts());
  // The store verified each part's digest; a proxy between may still have lied about the rest.
  TAPIARY_ASSIGN(const std::uint64_t there, S3ObjectSize(client_, options_.prefix + name_));
  if (there == size_) return {};
  return base::MakeError(base::ErrorCode::kUnavailable,
                         fmt::format("vault: {} is {} bytes there, not {}", name_, there, size_));
}

base::Result<std::string> PendingUpload::Commit() {
  const auto uploaded = Upload();
  if (uploaded) return name_;
  S3Request remove = Request("DELETE");  // it may be there, its answer lost
  static_cast<void>(client_.SendRaw(remove));
  return CannotStore(uploaded.error());
}

}  // namespace

base::Result<std::unique_ptr<PendingObject>> MakeS3Pending(S3Client& client,
                                                           const S3Options& options,
                                                           std::string name) {
  base::UniqueFd fd(::open(options.scratch_folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd.valid()) {
    return CannotScratch(errno, "cannot make a scratch file in " + options.scratch_folder);
  }
  return std::unique_ptr<PendingObject>(
      std::make_unique<PendingUpload>(client, options, std::move(name), std::move(fd)));
}

base::Result<std::uint64_t> S3ObjectSize(S3Client& client, const std::string& key) {
  S3Request request;
  request.method = "HEAD";
  request.key = key;
  TAPIARY_ASSIGN(const S3Answer answer, client.SendRaw(request));
  if (answer.status == 200) {
    std::uint64_t size = 0;
    const char* const end = answer.content_length.data() + answer.content_length.size();
    const auto parsed = std::from_chars(answer.content_length.data(), end, size);
    if (parsed.ec == std::errc() && parsed.ptr == end) return size;
    return base::MakeError(base::ErrorCode::kUnavailable, "vault: the store tells no size");
  }
  // An answer to HEAD has no body that would tell which thing is not there or not allowed.
  S3Request bucket;
  bucket.method = "GET";
  bucket.query = {{"list-type", "2"}, {"max-keys", "1"}, {"prefix", key}};
  TAPIARY_TRY(client.Send(bucket));
  return client.ErrorFor(request, answer);
}

base::Result<> AbortS3Upload(S3Client& client, const std::string& key, const std::string& upload) {
  S3Request request;
  request.method = "DELETE";
  request.key = key;
  request.query = {{"uploadId", upload}};
  const auto answer = client.Send(request);
  if (answer || answer.error().code == base::ErrorCode::kNotFound) return {};
  return answer.error();
}

}  // namespace tapiary::server

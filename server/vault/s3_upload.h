// Inside the S3 vault: a pending object as a nameless local file, and its way into the bucket.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "server/vault/s3_client.h"
#include "server/vault/vault.h"

namespace tapiary::server {

// `client` and `options` must outlive it.
base::Result<std::unique_ptr<PendingObject>> MakeS3Pending(S3Client& client,
                                                           const S3Options& options,
                                                           std::string name);
// The size that the store tells; kNotFound, also told from a bucket that is not there.
base::Result<std::uint64_t> S3ObjectSize(S3Client& client, const std::string& key);
// Ends a multipart upload that was not completed; success when it is gone.
base::Result<> AbortS3Upload(S3Client& client, const std::string& key, const std::string& upload);

}  // namespace tapiary::server

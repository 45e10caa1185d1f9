// S3Vault: the vault in a bucket of an S3-compatible object store.
//
// A pending object is a nameless local file in `scratch_folder`: ingest reads a segment back to
// check it before Commit, and what is refused never crosses the network. Commit uploads: one PUT up
// to `part_bytes`, else multipart, each with the SHA-256 that the store verifies; the object is
// visible only whole (CO-15). Any thread. For operators: docs/vault.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "server/vault/s3_signer.h"
#include "server/vault/vault.h"

namespace tapiary::server {

struct S3Options {
  std::string endpoint;  // "https://HOST[:PORT]", or http
  std::string region = "us-east-1";
  std::string bucket;
  std::string prefix;         // put before every name, "tapiary/" say
  bool virtual_host = false;  // BUCKET.HOST in place of HOST/BUCKET
  std::string ca_file;
  S3Credentials credentials;
  std::string scratch_folder;            // holds what is being received; for as long as that takes
  std::string tag;                       // as OpenFileVault's
  std::uint64_t part_bytes = 32u << 20;  // stores take no less than 5 MiB
  std::int64_t connect_timeout_ns = 5'000'000'000;
  std::int64_t stall_ns = 15'000'000'000;
  std::int64_t first_wait_ns = 200'000'000;  // before the first repetition
  int attempts = 4;
};

// kInvalid says which one is wrong and why. Reads no credentials.
base::Result<> CheckS3Options(const S3Options& options);
// Does not talk to the store: a collector starts without it and answers 503 until it is there.
base::Result<std::unique_ptr<Vault>> OpenS3Vault(const S3Options& options);

}  // namespace tapiary::server

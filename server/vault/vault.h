// Vault: the collector's packet store. Objects are written once, never changed, and named by us.
//
// Writing is in two steps, so that nothing half-written is ever visible (CO-15): a temporary object
// takes the bytes, Commit syncs and renames it. FileVault keeps objects in a folder; the S3 vault
// of a later version has the same interface. Any thread; one PendingObject has one user.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/byte_cursor.h"
#include "base/result.h"

namespace tapiary::server {

class PendingObject {
 public:
  virtual ~PendingObject() = default;  // without Commit the bytes are removed
  virtual base::Result<> Append(base::Bytes bytes) = 0;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // What was appended so far can be read back before Commit, for checks.
  virtual base::Result<std::string> ReadRange(std::uint64_t offset, std::size_t size) = 0;
  // Durable under the returned name when this succeeds. Nothing more may be called.
  virtual base::Result<std::string> Commit() = 0;
};

class Vault {
 public:
  virtual ~Vault() = default;
  // `hint` (a sensor's name, say) becomes part of the name where its characters allow; the rest is
  // made here and unique. kUnavailable when there is no room.
  virtual base::Result<std::unique_ptr<PendingObject>> Create(std::string_view hint) = 0;
  // Exactly `size` bytes; kCorrupt when the object ends before. kNotFound: no such object. Names
  // that Create could not have made are kInvalid (CO-06).
  virtual base::Result<std::string> ReadRange(const std::string& name, std::uint64_t offset,
                                              std::size_t size) = 0;
  virtual base::Result<std::uint64_t> Size(const std::string& name) = 0;
  // Success when it is not there (any more).
  virtual base::Result<> Delete(const std::string& name) = 0;
};

// Objects below `folder`; makes it (0700) and removes temporary leftovers of an earlier life.
base::Result<std::unique_ptr<Vault>> OpenFileVault(const std::string& folder);

}  // namespace tapiary::server

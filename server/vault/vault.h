// Vault: the collector's packet store. Objects are written once, never changed, and named by us.
//
// Writing is in two steps, so that nothing half-written is ever visible (CO-15): a pending object
// takes the bytes, Commit makes it durable and visible at once. FileVault keeps objects in a
// folder, S3Vault (s3_vault.h) in a bucket; both behave the same. Any thread; one PendingObject has
// one user.
#pragma once

#include <cstdint>
#include <functional>
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
  // Durable under the returned name when this succeeds. Nothing more may be called. Whatever keeps
  // the vault from taking it is our trouble, not the sender's: kUnavailable.
  virtual base::Result<std::string> Commit() = 0;
};

struct ObjectInfo {
  std::string name;
  std::uint64_t bytes = 0;
  std::int64_t age_ns = 0;  // since it became visible, by the store's own clock where it has one
};
using ObjectVisitor = std::function<bool(const ObjectInfo& object)>;  // false ends the walk

class Vault {
 public:
  virtual ~Vault() = default;
  // `hint` (a sensor's name, say) becomes part of the name where its characters allow; the rest is
  // made here and unique. kUnavailable when there is no room.
  virtual base::Result<std::unique_ptr<PendingObject>> Create(std::string_view hint) = 0;
  // Exactly `size` bytes; kCorrupt when the object ends before or its disk cannot read it.
  // kNotFound: no such object. Names that Create could not have made are kInvalid (CO-06).
  virtual base::Result<std::string> ReadRange(const std::string& name, std::uint64_t offset,
                                              std::size_t size) = 0;
  // This will be read soon: a store that can begins to fetch it. Returns at once; nothing happens
  // when there is no such object.
  virtual void WillRead(const std::string& name, std::uint64_t offset, std::size_t size) {
    (void)name, (void)offset, (void)size;
  }
  virtual base::Result<std::uint64_t> Size(const std::string& name) = 0;
  // Success when it is not there (any more).
  virtual base::Result<> Delete(const std::string& name) = 0;
  // Every visible object, in no order that counts; those that come or go meanwhile may be missed.
  virtual base::Result<> ForEach(const ObjectVisitor& visit) = 0;
  // Removes unfinished writes (temporary files, multipart uploads) of this catalog's collectors
  // that began at least `min_age_ns` ago; the number of them.
  virtual base::Result<std::uint64_t> RemoveLeftovers(std::int64_t min_age_ns) = 0;
  // Whether it would take an object now; the error says what to do. For health probes.
  virtual base::Result<> Check() = 0;
};

// Objects below `folder`; makes it (0700) and removes temporary leftovers of an earlier life.
// `tag` (object_name.h) marks new objects as those of one catalog; it may be empty.
base::Result<std::unique_ptr<Vault>> OpenFileVault(const std::string& folder,
                                                   const std::string& tag = "");

}  // namespace tapiary::server

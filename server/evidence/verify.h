// Verify: walks catalog and vault and names every item that is missing, added or altered.
//
// What was made is known from the facts that the sensors signed (docs/formats/evidence.md), so that
// nobody who can change database and packets, but has no sensor's key, goes unseen. Reads in pages;
// memory does not grow with what is stored. Changes nothing. One thread; the collector may run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "server/catalog/catalog.h"
#include "server/vault/vault.h"

namespace tapiary::server {

enum class FindingCode : std::uint8_t {
  kMissing,   // it was told or received, and is not there
  kAdded,     // it is there, and no sensor has told of it
  kAltered,   // it is not what was told or received
  kUnsigned,  // facts without a good signature of a trusted key
  kForked,    // the sensor told two histories
  kHole,      // nobody told what was made: the facts with it were dropped, or are gone
};
std::string_view ToString(FindingCode code);

struct Finding {
  FindingCode code = FindingCode::kMissing;
  std::string sensor;
  std::string item;  // "segments 17/3", "chain 17: numbers 4 to 9", an object's name
  std::string text;  // what is wrong
};

struct VerifyCounts {
  std::uint64_t items = 0;         // of segments, flows, facts and uploaded captures
  std::uint64_t bytes = 0;         // read and hashed
  std::uint64_t signed_facts = 0;  // whose signature is good
  std::uint64_t told = 0;          // items named in signed facts
  std::uint64_t untold = 0;        // received lately and not named yet, or of unsigned sensors
  std::uint64_t dropped = 0;       // named, and dropped by the sensor, which says so
  std::uint64_t waiting = 0;       // named, and still to come
  std::uint64_t removed = 0;       // by retention
  std::uint64_t undigested = 0;    // uploaded segments stored before their digests were
  std::uint64_t findings = 0;
};

struct VerifyOptions {
  std::string sensor{};  // empty: all, and objects that belong to none
  bool objects = true;   // read every object; else only that it is there with its size
  // What was told longer ago than this and has not come is missing, however slow the uplink is;
  // what came longer ago and is not told is added.
  std::int64_t grace_ns = base::kNanosPerDay;
  std::int64_t now_ns = 0;  // 0: the present
  std::string tag{};        // of this catalog's objects
  std::int64_t orphan_age_ns = base::kNanosPerDay;
};

struct VerifyVisitor {
  std::function<void(const Finding& finding)> finding;
  // How much of how much is done; now and then. False ends with kUnavailable.
  std::function<bool(std::uint64_t done, std::uint64_t total)> progress;
};

// kNotFound when the sensor is not known. Other errors: catalog or vault could not be read.
base::Result<VerifyCounts> VerifyStore(const Catalog& catalog, Vault& vault,
                                       const VerifyOptions& options, const VerifyVisitor& visitor);

}  // namespace tapiary::server

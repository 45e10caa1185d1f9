// Starting a spool: folder, lock, epoch, the traces of an unclean stop, broken stores, recovery.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/log.h"
#include "base/text.h"
#include "uplink/spool/spool_impl.h"
#include "uplink/wire/wire.h"

namespace tapiary::uplink {

namespace {

using base::ErrorCode;
using base::MakeError;

// The folder must be usable as the user that runs (CAP-14). A full disk is not a reason to end.
base::Result<> ProbeFolder(const std::string& path) {
  const std::string probe = path + "/.probe";
  const std::string renamed = path + "/.probe2";
  const base::UniqueFd fd(open(probe.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) {
    if (errno == ENOSPC || errno == EDQUOT) return {};
    const int error = errno;
    return base::Error::FromErrno(error,
                                  fmt::format("spool folder {} as user id {}", path, geteuid()));
  }
  if (rename(probe.c_str(), renamed.c_str()) != 0 || unlink(renamed.c_str()) != 0) {
    const int error = errno;
    return base::Error::FromErrno(error,
                                  fmt::format("spool folder {} as user id {}", path, geteuid()));
  }
  return {};
}

base::Result<base::UniqueFd> LockFolder(const std::string& path) {
  const std::string file = path + "/lock";
  base::UniqueFd fd(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) {
    const int error = errno;
    return base::Error::FromErrno(error, file);
  }
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return MakeError(ErrorCode::kExists,
                     fmt::format("spool folder {} is used by another process", path));
  }
  return fd;
}

}  // namespace

Encode EncodeGaps(std::vector<capture::GapRecord> gaps) {
  return [gaps = std::move(gaps)](std::uint64_t epoch, std::uint64_t seq, const Seal* seal) {
    FactBatch batch;
    batch.gaps = gaps;
    return EncodeFacts(std::move(batch), epoch, seq, seal);
  };
}

base::Result<> Spool::Impl::Start() {
  TAPIARY_TRY(base::MakeFolders(options.path, 0700));
  TAPIARY_TRY(ProbeFolder(options.path));
  TAPIARY_ASSIGN(lock, LockFolder(options.path));
  TAPIARY_TRY(ChooseEpoch());
  if (options.evidence) LoadKey();
  const auto ready = EnsureStore();
  if (!ready && ready.error().code != ErrorCode::kIo) return ready;
  return {};
}

// Beside the store there is a file with the epoch, so that a store that had to be moved aside never
// makes an epoch begin twice.
base::Result<> Spool::Impl::ChooseEpoch() {
  const std::string file = options.path + "/epoch";
  const auto text = base::ReadFile(file, 64);
  if (text) {
    std::from_chars(text->data(), text->data() + text->size(), previous_epoch);
  } else if (text.error().code != ErrorCode::kNotFound) {
    return text.error();
  }
  const std::int64_t wall_ms = std::max<std::int64_t>(options.now() / base::kNanosPerMilli, 1);
  epoch = std::max(previous_epoch + 1, static_cast<std::uint64_t>(wall_ms));
  if (epoch > kMaxEpoch) {
    return MakeError(ErrorCode::kCorrupt, fmt::format("{}: epoch {} is too large", file, epoch));
  }
  const auto written = base::WriteFileDurably(file, base::AsBytes(std::to_string(epoch)), 0600);
  if (!written) base::LogWarning("{}: {}", file, written.error().message);
  return {};
}

// Capture matters more than evidence: without a key that can be kept there is none in this run, and
// the collector says so.
void Spool::Impl::LoadKey() {
  const std::string path = options.path + "/evidence.key";
  auto loaded = SigningKey::LoadOrMake(path);
  if (!loaded && loaded.error().code == ErrorCode::kCorrupt) {
    base::LogError("spool: {}; it was moved aside, and a new key is made", loaded.error().message);
    const std::string aside = fmt::format("{}.broken-{}", path, epoch);
    if (rename(path.c_str(), aside.c_str()) == 0) loaded = SigningKey::LoadOrMake(path);
  }
  if (!loaded) {
    base::LogError("spool: items are not signed: {}", loaded.error().message);
    return;
  }
  signing_key.emplace(std::move(*loaded));
  evidence.SetKey(&*signing_key);
}

base::Result<> Spool::Impl::EnsureStore() {
  if (store && begun && !failed) return {};
  const std::int64_t now_ns = base::SteadyNow();
  if (now_ns < retry_at_ns) return MakeError(ErrorCode::kUnavailable, trouble);
  const bool was_failed = failed;
  base::Result<> result;
  if (!store) {
    result = OpenStore();
  } else if (failed) {
    result = store->Recover();
  }
  if (result) {
    failed = false;
    if (!begun) result = BeginEpoch();
  }
  if (!result) {
    Fail(result.error());
    return result;
  }
  if (was_failed) base::LogInfo("spool: writes work again");
  trouble.clear();
  return {};
}

base::Result<> Spool::Impl::EnsureReadable() {
  if (store && begun) return {};
  return EnsureStore();
}

void Spool::Impl::Fail(const base::Error& error) {
  if (!failed) base::LogError("spool: read-only: {}", error.message);
  failed = true;
  trouble = error.message;
  retry_at_ns = base::SteadyNow() + options.retry_ns;
}

base::Result<> Spool::Impl::OpenStore() {
  const std::string path = options.path + "/store";
  TAPIARY_TRY(base::MakeFolders(path, 0700));
  auto opened = Store::Open(path, options.max_bytes);
  if (!opened && opened.error().code == ErrorCode::kCorrupt) {
    TAPIARY_TRY(MoveAside(opened.error()));
    TAPIARY_TRY(base::MakeFolders(path, 0700));
    opened = Store::Open(path, options.max_bytes);
  }
  if (!opened) return opened.error();
  store = std::move(*opened);
  return {};
}

base::Result<> Spool::Impl::MoveAside(const base::Error& why) {
  store.reset();
  const std::string from = options.path + "/store";
  std::string to = fmt::format("{}/broken-{}", options.path, epoch);
  for (int i = 2; access(to.c_str(), F_OK) == 0; ++i) {
    to = fmt::format("{}/broken-{}-{}", options.path, epoch, i);
  }
  if (rename(from.c_str(), to.c_str()) != 0) {
    const int error = errno;
    return base::Error::FromErrno(error, fmt::format("moving {} to {}", from, to));
  }
  base::LogError("spool: store is broken ({}); it was moved to {}", why.message, to);
  const std::int64_t now_ns = options.now();
  // What it held is not known: everything since the epoch before began, whose number is its time.
  const auto since_ns = static_cast<std::int64_t>(std::min<std::uint64_t>(
                            previous_epoch, INT64_MAX / base::kNanosPerMilli)) *
                        base::kNanosPerMilli;
  for (const char* kind : {"packets", "flows", "facts"}) {
    start_gaps.push_back({kind, "", std::min(since_ns, now_ns), now_ns, 0, 0, "spool-corrupt"});
  }
  return {};
}

// What the epoch before may have lost; empty after a clean stop.
base::Result<std::vector<capture::GapRecord>> Spool::Impl::UncleanGaps() {
  std::vector<capture::GapRecord> gaps;
  TAPIARY_ASSIGN(const auto stored, store->Get(Family::kMeta, kEpochKey));
  TAPIARY_ASSIGN(const auto clean, store->Get(Family::kMeta, kCleanKey));
  if (!stored || clean) return gaps;
  TAPIARY_ASSIGN(const auto alive, store->Get(Family::kMeta, kAliveKey));
  const std::int64_t now_ns = options.now();
  std::int64_t last_ns = now_ns;
  if (alive) {
    TAPIARY_ASSIGN(const std::uint64_t number, ParseNumber(*alive));
    last_ns = static_cast<std::int64_t>(number);
  }
  for (const auto& [kind, delay_ns] :
       {std::pair("packets", options.packet_delay_ns), {"flows", options.flow_delay_ns}}) {
    const std::int64_t from_ns = std::min(last_ns, now_ns) - delay_ns;
    gaps.push_back({kind, "", from_ns, now_ns, 0, 0, "unclean-stop"});
  }
  return gaps;
}

base::Result<> Spool::Impl::BeginEpoch() {
  Change change(*this);
  std::vector<SegmentQueue::Closed> closed;
  const auto load = [&]() -> base::Result<std::vector<capture::GapRecord>> {
    TAPIARY_ASSIGN(const auto stored, store->Get(Family::kMeta, kEpochKey));
    std::uint64_t stored_epoch = 0;
    if (stored) {
      TAPIARY_ASSIGN(stored_epoch, ParseNumber(*stored));
    }
    // Only without the epoch file, and with a clock that went back. Flow ids may carry the epoch
    // already, so it stays as it is; the store cannot.
    if (stored_epoch >= epoch) return MakeError(ErrorCode::kCorrupt, "its epoch is newer");
    TAPIARY_ASSIGN(closed, segments.Load(*store, change.batch, epoch));
    TAPIARY_TRY(flows.Load(*store, epoch));
    TAPIARY_TRY(facts.Load(*store, epoch));
    TAPIARY_TRY(evidence.Load(*store, epoch));
    return UncleanGaps();
  };
  const auto unclean = load();
  if (!unclean) {
    if (unclean.error().code != ErrorCode::kCorrupt) return unclean.error();
    TAPIARY_TRY(MoveAside(unclean.error()));
    TAPIARY_TRY(OpenStore());
    return BeginEpoch();
  }
  // Not kept when the write fails: the next try finds them again.
  std::vector<capture::GapRecord> gaps = start_gaps;
  gaps.insert(gaps.end(), unclean->begin(), unclean->end());
  change.flows = flows.state();
  change.facts = facts.state();
  change.evidence = evidence.Begin();
  alive_ns = options.now();
  for (const SegmentQueue::Closed& one : closed) {
    if (one.digest) evidence.AddItem(change.evidence, Kind::kPackets, one.place, *one.digest);
  }
  if (!gaps.empty()) AppendFacts(change, alive_ns, EncodeGaps(std::move(gaps)));
  change.batch.Put(Family::kMeta, kEpochKey, NumberValue(epoch));
  change.batch.Put(Family::kMeta, kAliveKey, NumberValue(static_cast<std::uint64_t>(alive_ns)));
  change.batch.Delete(Family::kMeta, kCleanKey);
  TAPIARY_TRY(WriteChange(change, true, Store::Room::kKeepReserve));
  Set(change);
  start_gaps.clear();
  begun = true;
  if (!unclean->empty()) base::LogWarning("spool: the sensor was not stopped cleanly before");
  return {};
}

}  // namespace tapiary::uplink

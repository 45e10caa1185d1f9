#include "server/audit/access_log.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

constexpr std::chrono::seconds kWriteEvery{1};
constexpr std::int64_t kCountEveryNs = 60 * base::kNanosPerSecond;
constexpr std::int64_t kTrimEveryNs = base::kNanosPerHour;
constexpr std::size_t kDetailBytes = 4096;
constexpr std::size_t kEndsWaiting = 10'000;

std::string Cut(std::string text) {
  if (text.size() <= kDetailBytes) return text;
  std::size_t end = kDetailBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "... (cut)";
}

std::int64_t Signed(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX));
}

base::Result<std::int64_t> Insert(SqlWriter& writer, const Access& access, std::int64_t uses,
                                  std::int64_t last_ns) {
  const std::vector<SqlValue> values{access.time_ns,
                                     base::EscapeBytes(access.actor),
                                     base::EscapeBytes(access.action),
                                     Cut(base::EscapeBytes(access.detail)),
                                     base::EscapeBytes(access.peer),
                                     std::int64_t{access.status},
                                     Signed(access.bytes),
                                     uses,
                                     last_ns};
  std::int64_t id = 0;
  TAPIARY_TRY(
      writer.Query("INSERT INTO audit (time_ns, actor, action, detail, peer, status, bytes, uses, "
                   "last_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                   values, [&id](const SqlRow& row) {
                     id = row.Int(0);
                     return true;
                   }));
  return id;
}

// One row's worth of accesses.
struct Entry {
  Access first;
  std::int64_t id = 0;  // 0: not written yet
  std::int64_t uses = 1;
  std::uint64_t bytes = 0;
  std::int64_t last_ns = 0;
  std::int64_t written_uses = 0;
  std::uint64_t written_bytes = 0;
  std::int64_t written_ns = 0;
  [[nodiscard]] bool written() const {
    return id != 0 && written_uses == uses && written_bytes == bytes;
  }
};

struct EndOf {
  std::int64_t id = 0;
  std::int64_t time_ns = 0;
  std::uint64_t bytes = 0;
  std::string outcome;
};

// How many rows an actor got this minute.
struct Rate {
  std::int64_t minute = 0;
  int rows = 0;
};

using Key = std::tuple<std::string, std::string, std::string, std::string>;

}  // namespace

struct AccessLog::Impl {
  Impl(Catalog& its_catalog, AccessLogOptions its_options)
      : catalog(its_catalog), options(its_options) {}

  void Add(Access access);
  [[nodiscard]] bool MayHaveRow(const Access& access);
  [[nodiscard]] bool MakeRoom(std::int64_t now_ns);
  base::Result<> Write(bool all);
  base::Result<> WriteRows(SqlWriter& writer, std::vector<std::pair<Key, Entry>>* work,
                           const std::vector<EndOf>& ended, std::uint64_t lost) const;
  [[nodiscard]] std::vector<std::pair<Key, Entry>> Due(bool all, std::int64_t now_ns);
  void Run();

  Catalog& catalog;
  const AccessLogOptions options;
  std::mutex writing;  // one Write at a time

  std::mutex mutex;  // guards all below
  std::condition_variable changed;
  bool stop = false;
  std::map<Key, Entry> entries;
  std::map<std::string, Rate> rates;
  std::vector<EndOf> ends;
  std::uint64_t unwritten = 0;  // accesses that found no place
  std::thread thread;
};

bool AccessLog::Impl::MayHaveRow(const Access& access) {
  if (rates.size() >= options.entries) rates.clear();
  Rate& rate = rates[access.actor];
  const std::int64_t minute = access.time_ns / base::kNanosPerMinute;
  if (rate.minute != minute) rate = {minute, 0};
  return ++rate.rows <= options.rows_per_minute;
}

// Written and old ones go; when all of them wait for the catalog there is no room.
bool AccessLog::Impl::MakeRoom(std::int64_t now_ns) {
  if (entries.size() < options.entries) return true;
  std::erase_if(entries, [&](const auto& one) {
    const Entry& entry = one.second;
    return entry.written() && now_ns - entry.first.time_ns >= options.same_ns / 10;
  });
  return entries.size() < options.entries;
}

void AccessLog::Impl::Add(Access access) {
  Key key{access.actor, access.peer, access.action, access.same};
  auto found = entries.find(key);
  const auto fits = [&](const auto& at) {
    const std::int64_t age_ns = access.time_ns - at->second.first.time_ns;
    return at != entries.end() && age_ns >= 0 && age_ns < options.same_ns;
  };
  // One that is over gives way once all of it is written; until then it counts on.
  const auto over = [&](const auto& at) { return at->second.written(); };
  if (found != entries.end() && !fits(found) && over(found)) {
    entries.erase(found);
    found = entries.end();
  }
  if (found == entries.end() && !MayHaveRow(access)) {
    access.detail =
        fmt::format("more than {} a minute; not kept one by one", options.rows_per_minute);
    std::get<3>(key).clear();
    found = entries.find(key);
  }
  if (found != entries.end()) {
    Entry& entry = found->second;
    entry.uses += access.uses;
    entry.bytes += access.bytes;
    entry.last_ns = access.time_ns;
    return;
  }
  if (!MakeRoom(access.time_ns)) {
    ++unwritten;
    return;
  }
  Entry& entry = entries[key];
  entry.uses = access.uses;
  entry.bytes = access.bytes;
  entry.last_ns = access.time_ns;
  entry.first = std::move(access);
}

std::vector<std::pair<Key, Entry>> AccessLog::Impl::Due(bool all, std::int64_t now_ns) {
  std::vector<std::pair<Key, Entry>> due;
  for (const auto& [key, entry] : entries) {
    const bool waited = all || now_ns - entry.written_ns >= kCountEveryNs;
    if (entry.id == 0 || (!entry.written() && waited)) due.emplace_back(key, entry);
  }
  return due;
}

base::Result<> AccessLog::Impl::WriteRows(SqlWriter& writer,
                                          std::vector<std::pair<Key, Entry>>* work,
                                          const std::vector<EndOf>& ended,
                                          std::uint64_t lost) const {
  for (auto& [key, entry] : *work) {
    if (entry.id == 0) {
      Access access = entry.first;
      access.bytes = entry.bytes;
      TAPIARY_ASSIGN(entry.id, Insert(writer, access, entry.uses, entry.last_ns));
      continue;
    }
    const std::vector<SqlValue> values{entry.uses, Signed(entry.bytes), entry.last_ns, entry.id};
    TAPIARY_TRY(
        writer.Execute("UPDATE audit SET uses = ?, bytes = ?, last_ns = ? WHERE id = ?", values));
  }
  for (const EndOf& end : ended) {
    const std::vector<SqlValue> values{Signed(end.bytes), end.time_ns, end.outcome, end.id};
    TAPIARY_TRY(writer.Execute("UPDATE audit SET bytes = ?, last_ns = ?, outcome = ? WHERE id = ?",
                               values));
  }
  if (lost == 0) return {};
  return AddAudit(writer, "collector", "audit-gap",
                  fmt::format("{} searches are not in the audit: the catalog was away", lost));
}

base::Result<> AccessLog::Impl::Write(bool all) {
  const std::lock_guard one_at_a_time(writing);
  std::vector<std::pair<Key, Entry>> work;
  std::vector<EndOf> ended;
  std::uint64_t lost = 0;
  const std::int64_t now_ns = base::WallNow();
  {
    const std::lock_guard lock(mutex);
    work = Due(all, now_ns);
    ended = ends;
    lost = unwritten;
  }
  if (!work.empty() || !ended.empty() || lost != 0) {
    // A transaction may run twice: it begins with what was there.
    std::vector<std::pair<Key, Entry>> written;
    TAPIARY_TRY(catalog.Write([&](SqlWriter& writer) {
      written = work;
      return WriteRows(writer, &written, ended, lost);
    }));
    work = std::move(written);
  }
  const std::lock_guard lock(mutex);
  ends.erase(ends.begin(), ends.begin() + static_cast<std::ptrdiff_t>(ended.size()));
  unwritten -= lost;
  for (const auto& [key, entry] : work) {
    const auto found = entries.find(key);
    if (found == entries.end()) continue;
    found->second.id = entry.id;
    found->second.written_uses = entry.uses;
    found->second.written_bytes = entry.bytes;
    found->second.written_ns = now_ns;
  }
  std::erase_if(entries, [&](const auto& one) {
    const Entry& entry = one.second;
    return entry.written() && now_ns - entry.first.time_ns >= options.same_ns;
  });
  return {};
}

void AccessLog::Impl::Run() {
  std::int64_t trim_ns = base::SteadyNow() + base::kNanosPerMinute;
  bool failed = false;
  std::unique_lock lock(mutex);
  while (!stop) {
    changed.wait_for(lock, kWriteEvery, [this] { return stop; });
    lock.unlock();
    const auto written = Write(stop);
    if (!written && !failed) {
      base::LogWarning("audit: {}; searches wait to be written", written.error().message);
    }
    failed = !written;
    if (base::SteadyNow() >= trim_ns) {
      const auto trimmed = TrimAudit(catalog, options, base::WallNow());
      if (!trimmed) base::LogWarning("audit: {}", trimmed.error().message);
      trim_ns = base::SteadyNow() + kTrimEveryNs;
    }
    lock.lock();
  }
}

AccessLog::AccessLog(Catalog& catalog, AccessLogOptions options)
    : impl_(new Impl(catalog, options)) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->Run(); });
}

AccessLog::~AccessLog() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stop = true;
  }
  impl_->changed.notify_all();
  impl_->thread.join();
  if (const auto written = Flush(); !written) {
    base::LogWarning("audit: the last searches are not written: {}", written.error().message);
  }
}

void AccessLog::Note(Access access) {
  if (access.time_ns == 0) access.time_ns = base::WallNow();
  const std::lock_guard lock(impl_->mutex);
  impl_->Add(std::move(access));
}

base::Result<std::int64_t> AccessLog::Begin(const Access& access) {
  Access timed = access;
  if (timed.time_ns == 0) timed.time_ns = base::WallNow();
  std::int64_t id = 0;
  TAPIARY_TRY(impl_->catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_ASSIGN(id, Insert(writer, timed, 1, timed.time_ns));
    return {};
  }));
  return id;
}

base::Result<bool> AccessLog::BeginSame(const Access& access) {
  Access timed = access;
  if (timed.time_ns == 0) timed.time_ns = base::WallNow();
  const Key key{timed.actor, timed.peer, timed.action, timed.same};
  {
    const std::lock_guard lock(impl_->mutex);
    const auto found = impl_->entries.find(key);
    if (found != impl_->entries.end() && found->second.id != 0 &&
        (!found->second.written() ||
         timed.time_ns - found->second.first.time_ns < impl_->options.same_ns)) {
      return false;
    }
  }
  Entry entry;
  TAPIARY_ASSIGN(entry.id, Begin(timed));
  entry.bytes = entry.written_bytes = timed.bytes;
  entry.written_uses = entry.uses;
  entry.last_ns = entry.written_ns = timed.time_ns;
  entry.first = std::move(timed);
  const std::lock_guard lock(impl_->mutex);
  if (impl_->MakeRoom(entry.last_ns)) impl_->entries.insert_or_assign(key, std::move(entry));
  return true;
}

void AccessLog::End(std::int64_t id, std::uint64_t bytes, std::string outcome) {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->ends.size() >= kEndsWaiting) return;  // the row says that it began
  impl_->ends.push_back({id, base::WallNow(), bytes, std::move(outcome)});
}

base::Result<> AccessLog::Flush() {
  return impl_->Write(true);
}

}  // namespace tapiary::server

#include "capture/source/dpdk_eal.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_version.h>
#include <stdio.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/text.h"

namespace tapiary::capture {

namespace {

constexpr std::size_t kMaxWords = 64;  // lines kept of what went wrong
constexpr std::size_t kMaxLine = 500;

std::atomic<bool> running = false;

// What EAL says; written by any thread of its, under a lock.
struct Words {
  std::mutex mutex;
  std::string line;
  std::vector<std::string> errors;
};

Words& TheWords() {
  static Words words;
  return words;
}

base::LogLevel LevelOf(int level) {
  if (level <= static_cast<int>(RTE_LOG_ERR)) return base::LogLevel::kWarning;
  if (level == static_cast<int>(RTE_LOG_WARNING)) return base::LogLevel::kInfo;
  return base::LogLevel::kDebug;
}

void Say(Words& words, int level) {
  const std::string text = base::EscapeBytes(std::exchange(words.line, {}));
  if (text.empty()) return;
  base::LogAt(LevelOf(level), "dpdk: {}", text);
  if (level <= static_cast<int>(RTE_LOG_ERR) && words.errors.size() < kMaxWords) {
    words.errors.push_back(text);
  }
}

// Behind EAL's log stream; a message may come in pieces.
ssize_t WriteWords(void* /*cookie*/, const char* data, std::size_t size) {
  Words& words = TheWords();
  const std::lock_guard lock(words.mutex);
  const int level = rte_log_cur_msg_loglevel();
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] == '\n') {
      Say(words, level);
    } else if (words.line.size() < kMaxLine) {
      words.line.push_back(data[i]);
    }
  }
  return static_cast<ssize_t>(size);
}

void TakeWords() {
  // Lives as long as the process, as EAL's threads may.
  static FILE* const stream = [] {
    cookie_io_functions_t functions{};
    functions.write = WriteWords;
    FILE* made = ::fopencookie(nullptr, "w", functions);
    if (made != nullptr) ::setvbuf(made, nullptr, _IOLBF, 0);
    return made;
  }();
  if (stream != nullptr) rte_openlog_stream(stream);
}

std::string AllWords() {
  Words& words = TheWords();
  const std::lock_guard lock(words.mutex);
  std::string all;
  for (const std::string& line : words.errors) all += (all.empty() ? "" : "; ") + line;
  return all;
}

struct ThreadEntry {
  bool entered = false;
  ~ThreadEntry() {
    if (entered && running) rte_thread_unregister();
  }
};

}  // namespace

base::Result<std::shared_ptr<DpdkEal>> DpdkEal::Start(const DpdkPlan& plan) {
  static std::atomic<bool> started = false;
  if (started.exchange(true)) {
    return base::MakeError(base::ErrorCode::kConflict,
                           "DPDK can be started only once a process; restart the sensor");
  }
  auto eal = std::shared_ptr<DpdkEal>(new DpdkEal(plan.arguments));
  for (std::string& argument : eal->arguments_) eal->argv_.push_back(argument.data());
  base::LogAt(base::LogLevel::kDebug, "dpdk: {}", plan.CommandLine());
  TakeWords();
  int result = -1;
  int error = 0;
  std::thread starter([&eal, &result, &error] {
    result = rte_eal_init(static_cast<int>(eal->argv_.size()), eal->argv_.data());
    error = rte_errno;
  });
  starter.join();
  if (result < 0) {
    const std::string words = AllWords();
    return base::MakeError(
        base::ErrorCode::kUnavailable,
        fmt::format("rte_eal_init: {}{}{}", rte_strerror(error), words.empty() ? "" : ": ", words));
  }
  running = true;
  eal->folder_ = rte_eal_get_runtime_dir();
  base::LogInfo("{}: {} MiB {} hugepages, runtime folder {}, no telemetry socket", rte_version(),
                plan.memory_bytes >> 20, plan.hugepages ? "in" : "without", eal->folder_);
  return eal;
}

DpdkEal::~DpdkEal() {
  if (!running.exchange(false)) return;
  rte_eal_cleanup();
  ::rmdir(folder_.c_str());  // ours alone, by its prefix; empty, unless something went wrong
}

std::string DpdkEal::WordsAbout(const DpdkPort& port) {
  std::vector<std::string> names = {port.device};
  const std::size_t equals = port.arguments.find('=');
  if (equals != port.arguments.npos) {
    const std::size_t comma = port.arguments.find(',', equals);
    names.push_back(port.arguments.substr(equals + 1, comma - equals - 1));
  }
  Words& words = TheWords();
  const std::lock_guard lock(words.mutex);
  for (const std::string& line : words.errors) {
    for (const std::string& name : names) {
      if (!name.empty() && line.find(name) != line.npos) return line;
    }
  }
  return {};
}

std::size_t DpdkEal::WordsSaid() {
  Words& words = TheWords();
  const std::lock_guard lock(words.mutex);
  return words.errors.size();
}

std::string DpdkEal::WordsSince(std::size_t said) {
  Words& words = TheWords();
  const std::lock_guard lock(words.mutex);
  return said < words.errors.size() ? words.errors[said] : std::string();
}

void DpdkEal::EnterThread() {
  thread_local ThreadEntry entry;
  if (entry.entered || rte_lcore_id() != LCORE_ID_ANY) return;
  entry.entered = rte_thread_register() == 0;
  if (!entry.entered) base::LogInfo("dpdk: a worker without a cache of buffers");
}

}  // namespace tapiary::capture

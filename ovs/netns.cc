#include "ovs/netns.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "ovs/netdev.h"
#include "ovs/process.h"

namespace tapiary::ovs {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFolder = "/run/netns";  // where iproute2 keeps them

std::string PathOf(const std::string& name) {
  return std::string(kFolder) + "/" + name;
}

// A pidfd, if the process is (still) in the namespace: a number that was given to another process
// meanwhile is not signalled.
base::UniqueFd OpenIfIn(pid_t pid, const struct stat& network_namespace) {
  base::UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  struct stat status {};
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/net";
  if (stat(path.c_str(), &status) != 0 || status.st_ino != network_namespace.st_ino ||
      status.st_dev != network_namespace.st_dev) {
    fd.reset();
  }
  return fd;
}

void SignalAll(const std::string& name, int signal) {
  struct stat status {};
  if (stat(PathOf(name).c_str(), &status) != 0) return;
  for (const pid_t pid : ProcessesIn(name)) {
    const base::UniqueFd fd = OpenIfIn(pid, status);
    if (fd.valid()) syscall(SYS_pidfd_send_signal, fd.get(), signal, nullptr, 0);
  }
}

bool WaitEmpty(const std::string& name, std::int64_t nanos) {
  const std::int64_t deadline = base::SteadyNow() + nanos;
  while (!ProcessesIn(name).empty()) {
    if (base::SteadyNow() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

// A port number and address as a socket address; 0 when it is no address.
socklen_t ToSocketAddress(const std::string& address, std::uint16_t port, sockaddr_storage* out) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(out);
  if (inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    return sizeof(*v4);
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(out);
  if (inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) != 1) return 0;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  return sizeof(*v6);
}

}  // namespace

std::vector<std::string> ListNamespaces() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(kFolder, error)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

NamespaceOwner OwnerOf(const std::string& name, std::string_view testbed) {
  struct stat status {};
  if (stat(PathOf(name).c_str(), &status) != 0) return NamespaceOwner::kAbsent;
  const auto links = ListLinks(name);
  // iproute2 makes the file first and mounts the namespace on it then.
  if (!links) return status.st_size == 0 ? NamespaceOwner::kUnfinished : NamespaceOwner::kForeign;
  bool pristine = ProcessesIn(name).empty();
  for (const LinkInfo& link : *links) {
    if (link.name == "lo" && link.alias == LinkMark(testbed)) return NamespaceOwner::kOurs;
    // Tunnel modules put their fallback devices, down, into each new namespace.
    pristine = pristine && !link.up && link.alias.empty();
  }
  return pristine ? NamespaceOwner::kUnfinished : NamespaceOwner::kForeign;
}

base::Result<> MakeNamespace(const std::string& name, std::string_view testbed) {
  TAPIARY_TRY(RunChecked({"ip", "netns", "add", name}));
  TAPIARY_TRY(
      RunChecked({"ip", "-n", name, "link", "set", "dev", "lo", "alias", LinkMark(testbed), "up"}));
  return {};
}

base::Result<> DeleteNamespace(const std::string& name) {
  const auto deleted = RunChecked({"ip", "netns", "delete", name});
  std::error_code error;
  if (!fs::exists(PathOf(name), error)) return {};
  // A file without a namespace mounted on it, left by a killed `ip netns add`.
  if (fs::remove(PathOf(name), error)) return {};
  return deleted.error();
}

base::Result<> InNamespace(const std::string& name, const std::function<base::Result<>()>& body) {
  const base::UniqueFd before(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  const base::UniqueFd inside(open(PathOf(name).c_str(), O_RDONLY | O_CLOEXEC));
  if (!before.valid() || !inside.valid()) {
    return base::Error::FromErrno(errno, "network namespace " + name);
  }
  if (setns(inside.get(), CLONE_NEWNET) != 0) {
    return base::Error::FromErrno(errno, "cannot enter network namespace " + name);
  }
  base::Result<> result = body();
  if (setns(before.get(), CLONE_NEWNET) != 0) {
    return base::Error::FromErrno(errno, "cannot leave network namespace " + name);
  }
  return result;
}

std::vector<pid_t> ProcessesIn(const std::string& name) {
  std::vector<pid_t> pids;
  struct stat wanted {};
  if (stat(PathOf(name).c_str(), &wanted) != 0) return pids;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string text = entry.path().filename().string();
    pid_t pid = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) continue;
    struct stat status {};
    if (pid == getpid() || stat((entry.path() / "ns/net").c_str(), &status) != 0) continue;
    if (status.st_ino == wanted.st_ino && status.st_dev == wanted.st_dev) pids.push_back(pid);
  }
  return pids;
}

base::Result<> EndProcessesIn(const std::string& name) {
  SignalAll(name, SIGTERM);
  if (WaitEmpty(name, 2 * base::kNanosPerSecond)) return {};
  SignalAll(name, SIGKILL);
  if (WaitEmpty(name, 3 * base::kNanosPerSecond)) return {};
  return base::MakeError(base::ErrorCode::kTimeout,
                         "processes in network namespace " + name + " do not end");
}

bool AcceptsTcp(const std::string& name, const std::string& address, std::uint16_t port) {
  sockaddr_storage target{};
  const socklen_t size = ToSocketAddress(address, port, &target);
  if (size == 0) return false;
  base::UniqueFd fd;
  // A socket stays in the namespace in which it was made.
  const auto made = InNamespace(name, [&]() -> base::Result<> {
    fd = base::UniqueFd(socket(target.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return {};
  });
  if (!made || !fd.valid()) return false;
  const timeval limit{0, 500'000};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&target), size) == 0;
}

}  // namespace tapiary::ovs

#include "server/dissect/confinement.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "base/text.h"

namespace tapiary::server {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the numbers of system calls are not known here"
#endif

// Refused with EPERM. A dissector reads a file and writes to a pipe; what it may need besides
// (memory, threads, clocks) is not here.
constexpr int kRefused[] = {
    // The network, and what reaches the kernel's other ends:
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    SYS_io_uring_setup,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    // Other processes:
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kill,
    SYS_tkill,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_pidfd_send_signal,
    // Other views of the system:
    SYS_unshare,
    SYS_setns,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_fsopen,
    SYS_open_tree,
    SYS_move_mount,
    SYS_open_by_handle_at,
    SYS_init_module,
    SYS_finit_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_swapon,
    SYS_acct,
    SYS_personality,
#ifdef SYS_fork
    SYS_fork,
    SYS_vfork,
#endif
};

constexpr int kFirstOwnFd = 10;

sock_filter Load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
sock_filter Return(std::uint32_t action) {
  return BPF_STMT(BPF_RET | BPF_K, action);
}
// Skips the next instruction unless the loaded word is `value`.
sock_filter Unless(std::uint32_t value) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
}

std::vector<sock_filter> MakeProgram() {
  constexpr std::uint32_t kOtherNumbers = 0x40000000;  // x32's
  std::vector<sock_filter> program{
      Load(offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
      Return(SECCOMP_RET_KILL_PROCESS),
      Load(offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kOtherNumbers, 0, 1),
      Return(SECCOMP_RET_KILL_PROCESS),
  };
  for (const int number : kRefused) {
    program.push_back(Unless(static_cast<std::uint32_t>(number)));
    program.push_back(Return(SECCOMP_RET_ERRNO | EPERM));
  }
  // The flags of clone3 are in memory, out of reach here: the C library then uses clone.
  program.push_back(Unless(SYS_clone3));
  program.push_back(Return(SECCOMP_RET_ERRNO | ENOSYS));
  // clone: threads only.
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3));
  program.push_back(Load(offsetof(seccomp_data, args)));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0));
  program.push_back(Return(SECCOMP_RET_ERRNO | EPERM));
  program.push_back(Return(SECCOMP_RET_ALLOW));
  return program;
}

// Allows reading below `path`; a path that is not there needs no rule.
void AllowReading(int rules, const char* path) {
  const base::UniqueFd fd(::open(path, O_PATH | O_CLOEXEC));
  if (!fd.valid()) return;
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE;
  if (S_ISDIR(status.st_mode)) rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
  rule.parent_fd = fd.get();
  ::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

// Everything that the first version of Landlock can refuse is, but for reading the system's files.
base::UniqueFd MakeFileRules(const std::string& program) {
  landlock_ruleset_attr attribute{};
  attribute.handled_access_fs = (std::uint64_t{LANDLOCK_ACCESS_FS_MAKE_SYM} << 1) - 1;
  const base::UniqueFd made(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attribute, sizeof attribute, 0)));
  if (!made.valid()) return {};
  // Away from the descriptors that the child gives new meanings.
  base::UniqueFd rules(::fcntl(made.get(), F_DUPFD_CLOEXEC, kFirstOwnFd));
  for (const char* path :
       {"/usr", "/lib", "/lib64", "/bin", "/etc", "/dev/null", "/dev/urandom", program.c_str()}) {
    AllowReading(rules.get(), path);
  }
  return rules;
}

rlimit Both(std::int64_t value) {
  return {static_cast<rlim_t>(value), static_cast<rlim_t>(value)};
}

struct UserIds {
  uid_t user = 0;
  gid_t group = 0;
};

base::Result<UserIds> FindUser(const std::string& name) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr || found->pw_uid == 0) {
    return base::MakeError(base::ErrorCode::kPermission,
                           fmt::format("dissect.user: there is no user '{}' other than root",
                                       base::EscapeBytes(std::string_view(name).substr(0, 60))));
  }
  return UserIds{found->pw_uid, found->pw_gid};
}

}  // namespace

base::Result<> CheckHelperUser(const std::string& user) {
  TAPIARY_TRY(FindUser(user));
  return {};
}

base::Result<Confinement> Confinement::Make(const HelperLimits& limits, const std::string& user,
                                            const std::string& program) {
  Confinement made;
  made.limits_ = {
      {RLIMIT_CPU, Both(limits.cpu_s)}, {RLIMIT_AS, Both(limits.memory_bytes)},
      {RLIMIT_FSIZE, Both(0)},  // a pipe is no file
      {RLIMIT_CORE, Both(0)},           {RLIMIT_NOFILE, Both(64)},
      {RLIMIT_MEMLOCK, Both(0)},        {RLIMIT_MSGQUEUE, Both(0)},
  };
  made.program_ = MakeProgram();
  made.rules_ = MakeFileRules(program);
  if (::geteuid() != 0) return made;
  TAPIARY_ASSIGN(const UserIds ids, FindUser(user));
  made.changes_user_ = true;
  made.user_ = ids.user;
  made.group_ = ids.group;
  return made;
}

const char* Confinement::Apply() const {
  if (changes_user_) {
    // Where root is not all of it (a container), there may be no namespace to have: then no socket
    // alone must do.
    ::unshare(CLONE_NEWNET | CLONE_NEWIPC);
  }
  for (const Limit& limit : limits_) {
    if (::setrlimit(limit.resource, &limit.value) != 0) return "setrlimit";
  }
  if (changes_user_) {
    if (::setgroups(0, nullptr) != 0) return "setgroups";
    if (::setresgid(group_, group_, group_) != 0) return "setresgid";
    if (::setresuid(user_, user_, user_) != 0) return "setresuid";
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return "no_new_privs";
  if (rules_.valid() && ::syscall(SYS_landlock_restrict_self, rules_.get(), 0) != 0) {
    return "landlock";
  }
  const sock_fprog program{static_cast<unsigned short>(program_.size()),
                           const_cast<sock_filter*>(program_.data())};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) return "seccomp";
  return nullptr;
}

}  // namespace tapiary::server

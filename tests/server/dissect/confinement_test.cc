// A program that has been taken over by a packet tries what it likes.
#include "server/dissect/confinement.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "server/dissect/helper.h"
#include "tests/server/dissect/script.h"

namespace tapiary::server {
namespace {

using test::Script;

// Prints what it can do, by name.
constexpr const char* kTries = R"py(
import ctypes, json, os, sys
done = []
def attempt(name, call):
    try:
        call()
        done.append(name)
    except OSError:
        pass
own = os.stat(sys.argv[0]).st_ino  # Python's own descriptor
for fd in range(4, 64):
    attempt('descriptor', lambda: os.fstat(fd).st_ino == own or done.append('fd %d' % fd))
done = [name for name in done if name != 'descriptor']
libc = ctypes.CDLL(None, use_errno=True)
def syscall(name, *args):
    if getattr(libc, name)(*args) < 0:
        raise OSError(ctypes.get_errno())
for family in (1, 2, 10, 16, 17):
    attempt('socket', lambda: syscall('socket', family, 1, 0))
pair = (ctypes.c_int * 2)()
attempt('socketpair', lambda: syscall('socketpair', 1, 1, 0, pair))
attempt('fork', lambda: os.fork() or os._exit(0))
attempt('kill', lambda: os.kill(PARENT, 0))
attempt('ptrace', lambda: syscall('ptrace', 16, PARENT, 0, 0))
attempt('unshare', lambda: syscall('unshare', 0x10000000))
attempt('write', lambda: os.write(os.open('FOLDER/new', os.O_CREAT | os.O_WRONLY), b'x'))
attempt('change', lambda: os.write(os.open('FOLDER/secret', os.O_WRONLY), b'x'))
attempt('unlink', lambda: os.unlink('FOLDER/secret'))
attempt('pcap', lambda: os.write(3, b'x'))
attempt('reopen', lambda: os.write(os.open('/proc/self/fd/3', os.O_WRONLY), b'x'))
attempt('shadow', lambda: open('/etc/shadow').read())
attempt('memory', lambda: open('/proc/%d/mem' % PARENT, 'rb').read(1))
attempt('read', lambda: open('FOLDER/secret').read())
attempt('list', lambda: os.listdir('FOLDER'))
import threading
t = threading.Thread(target=lambda: done.append('thread'))
t.start(); t.join()
print(json.dumps({'done': sorted(set(done)), 'uid': os.getuid(), 'groups': os.getgroups(),
                  'env': sorted(k for k in os.environ if k != 'LC_CTYPE')}))
)py";

std::string Filled(std::string text, const std::string& folder) {
  for (const auto& [word, value] :
       {std::pair<std::string, std::string>{"FOLDER", folder},
        std::pair<std::string, std::string>{"PARENT", std::to_string(::getpid())}}) {
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos;) {
      text.replace(at, word.size(), value);
    }
  }
  return text;
}

TEST(Confinement, NothingButReadingAndAnswering) {
  const std::string folder =
      testing::TempDir() + "tapiary_confinement_" + std::to_string(::getpid());
  ASSERT_EQ(::mkdir(folder.c_str(), 0777), 0);
  ::chmod(folder.c_str(), 0777);
  std::ofstream(folder + "/secret") << "vault";
  ::chmod((folder + "/secret").c_str(), 0666);
  const Script script(Filled(kTries, folder));
  const auto file = MakeMemoryFile();
  ASSERT_TRUE(file);
  ASSERT_TRUE(SealMemoryFile(*file));
  HelperCommand command;
  command.program = script.path();
  command.file = &*file;
  const auto answer = RunHelper(command);
  ASSERT_TRUE(answer) << answer.error().message;
  const auto seen = nlohmann::json::parse(*answer);
  const auto confinement = Confinement::Make(command.limits, command.user, command.program);
  ASSERT_TRUE(confinement);
  std::vector<std::string> allowed{"thread"};
  if (!confinement->limits_files()) {  // a kernel without Landlock
    for (const char* name : {"change", "list", "read", "unlink", "write"})
      allowed.emplace_back(name);
  }
  for (const auto& name : seen["done"]) {
    EXPECT_THAT(allowed, testing::Contains(name.get<std::string>()));
  }
  EXPECT_THAT(seen["done"].get<std::vector<std::string>>(), testing::Contains("thread"));
  if (::geteuid() == 0) {
    EXPECT_NE(seen["uid"], 0);
    EXPECT_TRUE(seen["groups"].empty());
  }
  EXPECT_EQ(seen["env"].size(), 5u) << seen;
  ::unlink((folder + "/secret").c_str());
  ::unlink((folder + "/new").c_str());
  ::rmdir(folder.c_str());
}

TEST(Confinement, RootNeedsAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const HelperLimits limits;
  for (const char* user : {"root", "no-such-user", ""}) {
    const auto made = Confinement::Make(limits, user, "/bin/true");
    ASSERT_FALSE(made) << user;
    EXPECT_EQ(made.error().code, base::ErrorCode::kPermission);
  }
}

TEST(Confinement, AnotherUserIsOneThatIsThere) {
  EXPECT_TRUE(CheckHelperUser("nobody"));
  for (const char* user : {"root", "no-such-user", ""}) {
    const auto checked = CheckHelperUser(user);
    ASSERT_FALSE(checked) << user;
    EXPECT_TRUE(checked.error().message.starts_with("dissect.user: ")) << user;
  }
}

}  // namespace
}  // namespace tapiary::server

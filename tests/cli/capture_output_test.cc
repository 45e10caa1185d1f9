// Where packets go: files, pipes whose reader leaves, terminals.
#include "cli/capture_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/clock.h"

namespace tapiary::cli {
namespace {

std::string Path(const std::string& name) {
  return testing::TempDir() + "tapiary_output_" + std::to_string(getpid()) + "_" + name;
}

TEST(CaptureOutput, AFileIsMadeWithTheFirstBytesAndNotBefore) {
  const std::string path = Path("file");
  {
    auto output = CaptureOutput::Open(path);
    ASSERT_TRUE(output);
    EXPECT_TRUE(output->is_file());
    EXPECT_FALSE(std::filesystem::exists(path));
    ASSERT_TRUE(output->Write("a longer one"));
    ASSERT_TRUE(output->Close());
  }
  EXPECT_EQ(*base::ReadFile(path, 100), "a longer one");
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 077, 0u);
  {
    auto output = CaptureOutput::Open(path);  // what is there stays until something comes
    ASSERT_TRUE(output->Close());
    EXPECT_EQ(*base::ReadFile(path, 100), "a longer one");
    ASSERT_TRUE(output->Write("other"));
  }
  EXPECT_EQ(*base::ReadFile(path, 100), "other");
  std::filesystem::remove(path);
}

TEST(CaptureOutput, NoFolderAndAFullDiskAreErrors) {
  auto output = CaptureOutput::Open(Path("none") + "/file");
  ASSERT_TRUE(output);
  EXPECT_FALSE(output->Write("x"));
  EXPECT_FALSE(output->begun());
  EXPECT_FALSE(output->ended());
  auto full = CaptureOutput::Open("/dev/full");
  ASSERT_TRUE(full);
  EXPECT_FALSE(full->is_file());
  EXPECT_FALSE(full->Write("x"));
  EXPECT_FALSE(full->ended());
}

TEST(CaptureOutput, AReaderWhoLeavesEndsIt) {
  const std::string path = Path("fifo");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  base::UniqueFd reader(open(path.c_str(), O_RDONLY | O_NONBLOCK));
  auto output = CaptureOutput::Open(path);
  ASSERT_TRUE(output);
  EXPECT_FALSE(output->is_file());
  ASSERT_TRUE(output->Write("x"));
  output->Wait(1);
  EXPECT_FALSE(output->ended());
  reader.reset();
  const std::int64_t before = base::SteadyNow();
  output->Wait(20'000);  // nothing is written, and it is told at once
  EXPECT_LT(base::SteadyNow() - before, 10 * base::kNanosPerSecond);
  EXPECT_TRUE(output->ended());
  EXPECT_TRUE(output->reader_left());
  EXPECT_FALSE(output->Write("x"));
  std::filesystem::remove(path);
}

TEST(CaptureOutput, ASlowReaderGetsEverything) {
  const std::string path = Path("slow");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  std::size_t read_bytes = 0;
  std::thread reader([&] {
    const base::UniqueFd fd(open(path.c_str(), O_RDONLY));
    char buffer[4096];
    for (ssize_t size = 0; (size = read(fd.get(), buffer, sizeof buffer)) > 0;) {
      read_bytes += static_cast<std::size_t>(size);
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  });
  {
    auto output = CaptureOutput::Open(path);
    ASSERT_TRUE(output);
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(output->Write(std::string(100'000, 'x')));
  }
  reader.join();
  EXPECT_EQ(read_bytes, 3'000'000u);
  std::filesystem::remove(path);
}

TEST(CaptureOutput, ATerminalIsRefused) {
  const base::UniqueFd terminal(posix_openpt(O_RDWR | O_NOCTTY));
  ASSERT_TRUE(terminal.valid());
  ASSERT_EQ(grantpt(terminal.get()), 0);
  ASSERT_EQ(unlockpt(terminal.get()), 0);
  const auto output = CaptureOutput::Open(ptsname(terminal.get()));
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, base::ErrorCode::kInvalid);
}

}  // namespace
}  // namespace tapiary::cli
